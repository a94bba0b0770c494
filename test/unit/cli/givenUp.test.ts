import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Deployed, type Deployment, hostStates } from "../../../cli/engine/deployment.ts";
import { requireConfirmed } from "../../../cli/engine/streamGraph.ts";
import { type GivenUp, givenUp } from "../../../cli/stack/givenUp.ts";
import { type DeclaredHost, type HostStateSpec, keyOf } from "../../../provider/index.ts";
import { hostKeyOf, rsaHostKeyOf } from "../../support/hostKey.ts";
import { coded } from "./coded.ts";
import { deploymentOf } from "./deployments.ts";

/** Alpha, bravo, charlie and delta stand on two machines of a person's own. */
const two = deploymentOf(["m1", "m2"]);

const declaredAs = ({ name, spec }: Deployed<HostStateSpec>): DeclaredHost => ({
  name,
  stream: spec.stream,
  machine: spec.connection.name,
  items: spec.items.map((item) => ({ key: keyOf(item), unknown: [] })),
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

/** With m2 under the name m3. */
const renamed = (host: DeclaredHost): DeclaredHost =>
  host.machine === "m2"
    ? connected({ ...host, name: `${host.stream}-m3`, machine: "m3" }, { name: "m3" })
    : host;

describe("what an up would give up", () => {
  it("is nothing while all that stands is declared", () => {
    const { machines, streams } = lost({});
    assert.deepEqual({ machines, streams }, { machines: [], streams: [] });
  });

  it("is every stream on a machine that is gone from the file, or that has the name of another one there", () => {
    for (const asked of [
      { keeps: ({ machine }: DeclaredHost) => machine !== "m2" },
      {
        as: (host: DeclaredHost) =>
          host.machine === "m2" ? connected(renamed(host), { hostKey: hostKeyOf("m3") }) : host,
      },
    ]) {
      const { machines, streams, because } = lost(asked);
      assert.deepEqual(machines, ["m2"]);
      assert.deepEqual(streams, ["alpha", "bravo", "charlie", "delta"]);
      assert.match(
        because,
        /no longer declares what would be rolled back: alpha on m2, bravo on m2, charlie on m2, delta on m2$/,
      );
    }
  });

  it("is nothing of a machine that has another name and the same pin, but for what goes with the old name", () => {
    assert.deepEqual(lost({ as: renamed }).machines, []);
    const without = (host: DeclaredHost): DeclaredHost =>
      host.stream === "charlie" ? { ...renamed(host), items: [] } : renamed(host);
    const { machines, streams } = lost({ as: without });
    assert.deepEqual({ machines, streams }, { machines: ["m2"], streams: ["charlie"] });
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

  it("is not said to be gone where that could not be told: the program failed before it was heard", () => {
    const { because } = lost({ keeps: () => false, doubts: ["the program failed: no such file"] });
    assert.match(
      because,
      /^it could not be told whether .* still declares alpha on m1, .*: the program failed: no such file$/,
    );
  });

  it("is not said to be gone of a machine at another address with a pin of another type, which it may have, too", () => {
    const at = (address: string) => (host: DeclaredHost) =>
      host.machine === "m2" ? connected(host, { address, hostKey: rsaHostKeyOf("m2") }) : host;
    assert.deepEqual(lost({ as: at("192.0.2.1") }).machines, []);
    const { machines, because } = lost({ as: at("192.0.2.9") });
    assert.deepEqual(machines, ["m2"]);
    assert.match(because, /^it could not be told whether .*delta on m2: m2 has another address and a pin of/);
  });
});

describe("machines that may be gone for good", () => {
  const leaving = (asked: Asked): string[] => lost(asked).leaving;

  it("are those of which nothing stays declared, be it taken over under another name or at another place", () => {
    assert.deepEqual(leaving({}), []);
    assert.deepEqual(leaving({ keeps: ({ machine }) => machine !== "m2" }), ["m2"]);
    assert.deepEqual(leaving({ as: renamed }), ["m2"]);
    const elsewhere = { hostKey: hostKeyOf("another"), address: "192.0.2.99" };
    assert.deepEqual(leaving({ as: (host) => (host.machine === "m2" ? connected(host, elsewhere) : host) }), [
      "m2",
    ]);
  });

  it("are none that loses a stream and keeps another", () => {
    assert.deepEqual(leaving({ keeps: ({ stream }) => stream !== "charlie" }), []);
    assert.deepEqual(leaving({ keeps: ({ machine, stream }) => machine !== "m2" || stream === "alpha" }), []);
  });

  it("are the named one alone in an up of one machine", () => {
    assert.deepEqual(leaving({ keeps: () => false, machine: "m1" }), ["m1"]);
  });
});

describe("an up that would give something up", () => {
  const refusal = ({ machines, because }: GivenUp, confirmed: string[], deployment = two) =>
    requireConfirmed(deployment, machines, { confirm: confirmed }, because);
  const noCharlie = { keeps: ({ stream }: DeclaredHost) => stream !== "charlie" };

  it("is refused until every machine of it is named, in one list with those that are", () => {
    assert.throws(
      () => refusal(lost(noCharlie), ["m1"]),
      coded("GW703", /m2: .*charlie on m1, charlie on m2\. Add --confirm m1,m2, or --gone/),
    );
    refusal(lost(noCharlie), ["m1", "m2"]);
  });

  it("is not refused for machines of the lab", () => {
    const lab = deploymentOf(["m1", "m2"], ["m1", "m2"]);
    assert.deepEqual(lost({ ...noCharlie, deployment: lab }).machines, ["m1", "m2"]);
    refusal(lost({ ...noCharlie, deployment: lab }), [], lab);
  });
});
