import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CalledHost } from "../../bench/contestants.ts";
import { filesSpecification } from "../../bench/filesSpecification.ts";
import { peakMemory, processorSeconds } from "../../bench/processFigures.ts";
import { type SimulatedMachines, simulateMachines } from "../../bench/simulatedMachines.ts";
import { type ProviderProcess, startProvider } from "../../support/providerProcess.ts";

let machines: SimulatedMachines;
let provider: ProviderProcess;
before(async () => {
  machines = await simulateMachines(3, { items: 100, secondsOfWork: 0 });
  provider = await startProvider();
});
after(async () => {
  await provider.end();
  await machines.close();
});

describe("simulated machines", () => {
  it("let the provider bring all of them about, and find nothing to do afterwards", async () => {
    const hosts = machines.connections.map((connection) => new CalledHost(connection, filesSpecification));
    const up = () => Promise.all(hosts.map((host) => host.up(provider.client)));
    assert.deepEqual(await up(), ["created", "created", "created"]);
    assert.deepEqual(await up(), ["same", "same", "same"]);
  });

  it("leave figures of the provider's process: memory in MiB, seconds of a processor", () => {
    assert.ok(peakMemory(provider.pid) > 40 && peakMemory(provider.pid) < 2000);
    assert.ok(processorSeconds(provider.pid) > 0.1 && processorSeconds(provider.pid) < 60);
  });
});
