import type { TestMachine } from "../support/testLab.ts";

/** Puts Python on machines, which only Ansible needs. */
export async function installPython(machines: TestMachine[]): Promise<void> {
  console.log("Putting Python on the machines, which only Ansible needs …");
  const install =
    "command -v python3 >/dev/null || { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3 >/dev/null 2>&1; }";
  await Promise.all(machines.map((machine) => machine.inside(install)));
}
