/** Typed constructors of checks: each is one sentence that holds or does not, with evidence. */
export { architectureIs } from "./architectureIs.ts";
export { type CertificateExpectation, certificateValid } from "./certificateValid.ts";
export { type CheckTiming, commandSucceeds } from "./commandSucceeds.ts";
export { type Endpoint, portClosed, portOpen, type SignOfLife } from "./port.ts";
export { script } from "./script.ts";
export { settingsWritable } from "./settingsWritable.ts";
export { type SshEndpoint, sshdEffective, sshRefusesPassword } from "./sshd.ts";
export { strangerShutOut } from "./strangerShutOut.ts";
export { unitActive } from "./unitActive.ts";
