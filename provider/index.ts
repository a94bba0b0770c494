/** The provider's face to programs and components. */
export type { Check, CheckResult } from "./checks/check.ts";
export { type Claimant, noOtherClaims } from "./checks/claimedOtherwise.ts";
export { type Connection, connectionSchema, hostKey, privateKeyFile } from "./connection.ts";
export { type Fate, fateOf, holderOf, startedAt } from "./deployment/holder.ts";
export { settingsFrom } from "./deployment/settings.ts";
export type { Reader } from "./direct.ts";
export { quote } from "./engine/shell.ts";
export { familyOf, network } from "./items/cidr.ts";
export * as fields from "./items/fields.ts";
export * from "./items/index.ts";
export { type DeclaredHost, type DeclaredItem, declaredHost, knownLater } from "./resources/declaredHost.ts";
export type { GateSpec } from "./resources/gateSpec.ts";
export {
  type Drift,
  type Fact,
  type HostStateInputs,
  type HostStateSpec,
  type Ticket,
  withSecretItems,
} from "./resources/hostStateSpec.ts";
export type { LabNetworkSpec } from "./resources/labSpec.ts";
export { unfinishedCreate } from "./resources/unfinished.ts";
export { Gate, type GateArgs } from "./sdk/gate.ts";
export {
  type CheckInput,
  type FactInput,
  HostState,
  type HostStateArgs,
  type ItemInput,
  type TicketInput,
} from "./sdk/hostState.ts";
export { LabMachine, LabNetwork } from "./sdk/lab.ts";
export { secretTexts, type Wire } from "./wire.ts";

/** Readings without the engine, for commands. Loaded when asked for: a program's start pays nothing for it. */
export async function openReader(): Promise<import("./direct.ts").Reader> {
  const direct = await import("./direct.ts");
  return direct.openReader();
}
