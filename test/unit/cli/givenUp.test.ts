import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Deployed, type Deployment, hostStates } from "../../../cli/engine/deployment.ts";
import { requireConfirmed } from "../../../cli/engine/streamGraph.ts";
import { type GivenUp, givenUp } from "../../../cli/stack/givenUp.ts";
import type { DeclaredHost, HostStateSpec } from "../../../provider/index.ts";
import { hostKeyOf } from "../../support/hostKey.ts";
import { coded } from "./coded.ts";
import { deploymentOf } from "./deployments.ts";

/** Alpha, bravo, charlie and delta stand on two machines of a person's own. */
const two = deploymentOf(["m1", "m2"]);

const declaredAs = ({ name, spec }: Deployed<HostStateSpec>): DeclaredHost => ({
  name,
  stream: spec.stream,
  machine: spec.connection.name,
  items: [],
  guardsToCome: [],
  spec,
});

interface Asked {
  deployment?: Deployment;
  /** Whether the program still declares it. */
  keeps?(host: DeclaredHost): boolean;
  /** How the program declares it now. */
  as?(host: DeclaredHost): DeclaredHost;
  machine?: string;
  doubts?: string[];
}

function lost({ deployment = two, keeps = () => true, as = (host) => host, ...asked }: Asked): GivenUp {
  const hosts = hostStates(deployment).map(declaredAs).filter(keeps).map(as);
  return givenUp(deployment, { hosts, doubts: asked.doubts ?? [] }, asked.machine);
}

const connected = (host: DeclaredHost, other: Partial<HostStateSpec["connection"]>): DeclaredHost =>
  host.spec === undefined
    ? host
    : { ...host, spec: { ...host.spec, connection: { ...host.spec.connection, ...other } } };

describe("what an up would give up", () => {
  it("is nothing while all that stands is declared", () => {
    const { machines, streams } = lost({});
    assert.deepEqual({ machines, streams }, { machines: [], streams: [] });
  });

  it("is every stream on a machine that is gone from the file, or has another name there", () => {
    for (const asked of [
      { keeps: ({ machine }: DeclaredHost) => machine !== "m2" },
      {
        as: (host: DeclaredHost) =>
          host.machine === "m2" ? { ...host, name: `${host.stream}-m3`, machine: "m3" } : host,
      },
    ]) {
      const { machines, streams, because } = lost(asked);
      assert.deepEqual(machines, ["m2"]);
      assert.deepEqual(streams, ["alpha", "bravo", "charlie", "delta"]);
      assert.match(because, /alpha on m2, bravo on m2, charlie on m2, delta on m2$/);
    }
  });

  it("is a stream that is switched off, on every machine", () => {
    const { machines, streams } = lost({ keeps: ({ stream }) => stream !== "charlie" });
    assert.deepEqual({ machines, streams }, { machines: ["m1", "m2"], streams: ["charlie"] });
  });

  it("is what stands at an address that the file no longer names, and nothing of a machine that was reinstalled", () => {
    const hostKey = hostKeyOf("other");
    const other = (address: string) => (host: DeclaredHost) =>
      host.machine === "m2" ? connected(host, { address, hostKey }) : host;
    assert.deepEqual(lost({ as: other("192.0.2.9") }).machines, ["m2"]);
    assert.deepEqual(lost({ as: other("192.0.2.1") }).machines, []);
  });

  it("is nothing of a machine that has another address and is the same by its key", () => {
    assert.deepEqual(lost({ as: (host) => connected(host, { address: "192.0.2.9" }) }).machines, []);
  });

  it("is nothing of a machine that the up does not touch", () => {
    const keeps = ({ stream }: DeclaredHost): boolean => stream !== "charlie";
    assert.deepEqual(lost({ keeps, machine: "m1" }).machines, ["m1"]);
  });

  it("says what makes it doubtful that the program no longer declares it", () => {
    const { because } = lost({ keeps: () => false, doubts: ["the program failed: no such file"] });
    assert.match(because, /\(not certain: the program failed: no such file\)$/);
  });
});

describe("an up that would give something up", () => {
  const refusal = ({ machines, because }: GivenUp, confirmed: string[], deployment = two) =>
    requireConfirmed(deployment, machines, confirmed, because);
  const noCharlie = { keeps: ({ stream }: DeclaredHost) => stream !== "charlie" };

  it("is refused until every machine of it is named, in one list with those that are", () => {
    assert.throws(
      () => refusal(lost(noCharlie), ["m1"]),
      coded("GW703", /m2: .*charlie on m1, charlie on m2\. Add --confirm m1,m2$/),
    );
    refusal(lost(noCharlie), ["m1", "m2"]);
  });

  it("is not refused for machines of the lab", () => {
    const lab = deploymentOf(["m1", "m2"], ["m1", "m2"]);
    assert.deepEqual(lost({ ...noCharlie, deployment: lab }).machines, ["m1", "m2"]);
    refusal(lost({ ...noCharlie, deployment: lab }), [], lab);
  });
});
