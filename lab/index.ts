/**
 * The lab: real Debian machines on this host (systemd-nspawn), the networks they stand in, faults to try on them.
 * It knows nothing of Pulumi; the provider's resources LabNetwork and LabMachine call it.
 */
export {
  diskFill,
  diskHeal,
  type Fault,
  faultsOf,
  networkCut,
  networkHeal,
  powerCut,
} from "./faults.ts";
export { labPackages } from "./host.ts";
export { sharedSettings } from "./kernelSettings.ts";
export { createMachine, deleteMachine, startAgain, startMachine } from "./machine.ts";
export {
  groundsInUse,
  type LabMachineListing,
  type LabMachineReading,
  listMachines,
  listNetworks,
  type MachineAddress,
  readMachine,
} from "./machineRecords.ts";
export { networkState, stateRoot } from "./naming.ts";
export {
  createNetwork,
  deleteNetwork,
  type LabNetworkReading,
  readNetwork,
  refuseOverlap,
  repairNetwork,
} from "./network.ts";
export { type Residue, residue } from "./residue.ts";
export { ensureRootImage, ensureRootTree, type RootImage } from "./rootImage.ts";
export {
  checkMachineSpec,
  checkNetworkSpec,
  type LabMachineSpec,
  type LabMachineState,
  type LabNetworkSpec,
  type LabNetworkState,
  type LabRelease,
  labReleases,
} from "./spec.ts";
export { waitForSsh } from "./waitForSsh.ts";
