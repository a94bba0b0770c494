import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { powerCut, startMachine } from "../../../lab/index.ts";
import type { ItemInput } from "../../../provider/index.ts";
import { drawFrom, seedOfRun, spread } from "../../support/draw.ts";
import { eventually } from "../../support/eventually.ts";
import { type FaultPoints, installFaultPoints } from "../../support/faultPoints.ts";
import { hostStatesProgram } from "../../support/hostStatesProgram.ts";
import { openTestEngine, type ProgramFile, type Run, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";
import { connectedProviders, mastersOf } from "../../support/theWay.ts";

/** How many faults of each kind are tried. */
export interface Faults {
  /** At points of the program, spread over all of it. */
  points: number;
  /** At any time. */
  byClock: number;
}

/**
 * Something breaks in the middle of an operation, at points that a seed draws from all commands that the program on
 * the machine starts: captures, items, journal, checks, restore, commit. The next `up` has to end in the desired
 * state, with nothing half-written and no command run twice.
 *
 * To repeat a run: `GROUNDWORK_SEED=…`.
 */
export function interruptedAnywhere(name: string, prefix: string, faults: Faults): void {
  const seed = seedOfRun();
  const draw = drawFrom(seed);
  let lab: TestLab;
  let machine: TestMachine;
  let engine: TestEngine;
  let points: FaultPoints;
  let edition = 0;
  let length: Record<Ending, number>;

  before(async () => {
    lab = await openTestLab({ name, prefix, machines: ["m1"] });
    machine = lab.machine("m1");
    engine = await openTestEngine();
    points = await installFaultPoints(machine);
  });

  after(async () => {
    await engine?.close();
    await lab?.close();
  });

  const program = (ending: Ending): ProgramFile => {
    const { connection } = machine;
    const run = ending === "committed" ? `grep -qx ${edition} ${folder}/common` : "false";
    const checks = [{ name: "the edition is there", run }];
    return hostStatesProgram({ "cut-m1": { connection, stream: "cut", items: itemsOf(edition), checks } });
  };

  test("without a fault it is brought about, and put back where a check fails", async (t) => {
    t.diagnostic(`seed ${seed}`);
    const first = await engine.up(program("committed"));
    assert.equal(first.succeeded, true, first.messages.join("\n"));
    const lengthOf = async (ending: Ending): Promise<number> => {
      edition += 1;
      const trace = await points.trace(() => engine.up(program(ending)));
      assert.ok(trace.length > 20, trace.join("\n"));
      return trace.length;
    };
    length = { restored: await lengthOf("restored"), committed: await lengthOf("committed") };
    await assertDesired(machine, edition);
    t.diagnostic(`${length.committed} points where it commits, ${length.restored} where it restores`);
  });

  for (const fault of faultsOf(() => ({ engine, machine }))) {
    test(`${fault.name} at ${faults.points} points of the program`, async (t) => {
      const endings = Array.from({ length: faults.points }, (_, index) => endingOf(index));
      const drawn = spread(faults.points, 1000, draw).map((part) => part / 1000);
      for (const [index, ending] of endings.entries()) {
        edition += 1;
        const point = Math.max(1, Math.round((drawn[index] ?? 0) * length[ending]));
        await points.holdAt(point);
        const running = engine.up(program(ending));
        const before = await points.held();
        t.diagnostic(`edition ${edition}, to be ${ending}: before ${point}, ${before}`);
        await fault.strike();
        await points.release();
        await settled(fault, running, ending);
      }
    });

    if (faults.byClock === 0) continue;
    test(`${fault.name} at ${faults.byClock} times`, async (t) => {
      for (let index = 0; index < faults.byClock; index++) {
        edition += 1;
        const ending = endingOf(index);
        const running = engine.up(program(ending));
        await eventually("the engine runs", async () => (await engine.engines()).length > 0);
        const wait = Math.round(draw() * 2500);
        await sleep(wait);
        const struck = await fault.strike().then(
          () => true,
          () => false,
        );
        t.diagnostic(`edition ${edition}, to be ${ending}: after ${wait} ms${struck ? "" : ", too late"}`);
        await settled(fault, running, ending);
      }
    });
  }

  /** What the interrupted `up` says of itself has to be true, and the next one ends in the desired state. */
  async function settled(fault: Fault, running: Promise<Run>, ending: Ending): Promise<void> {
    const run = await running;
    if (run.succeeded) {
      const steps = run.steps.map(({ operation, name }) => `${operation} ${name}`);
      assert.ok(steps.includes("update cut-m1"), steps.join(", "));
      assert.equal(ending, "committed", "an up whose check fails does not succeed");
      await assertDesired(machine, edition);
    } else if (fault.survived) {
      assert.equal(ending, "restored", run.messages.join("\n"));
      assert.match(run.messages.join("\n"), /GW401/);
    }
    await engine.settle();
    const next = await engine.up(program("committed"));
    assert.equal(next.succeeded, true, next.messages.join("\n"));
    await assertDesired(machine, edition);
  }

  test("destroy takes everything back", async () => {
    const run = await engine.destroy();
    assert.equal(run.succeeded, true, run.messages.join("\n"));
    const left = `ls -d ${folder} /root/done-* /var/lib/groundwork /etc/systemd/system/cut.service 2>/dev/null | xargs`;
    assert.equal(await machine.inside(left), "");
  });
}

/** How an operation would have ended without the fault. */
type Ending = "committed" | "restored";
const endingOf = (index: number): Ending => (index % 2 === 0 ? "committed" : "restored");

const folder = "/etc/cut";
const setting = "net.ipv4.conf.all.log_martians";

/** Each edition changes every item, gives one up and takes a new one. */
export function itemsOf(edition: number): ItemInput[] {
  const other = edition % 2;
  return [
    { kind: "directory", path: folder },
    { kind: "file", path: `${folder}/common`, content: `${edition}\n` },
    { kind: "file", path: `${folder}/only-${other}`, content: `${edition}\n`, mode: "0600" },
    { kind: "sysctl", name: setting, value: String(other) },
    {
      kind: "unit",
      name: "cut.service",
      content: `[Service]\nExecStart=/bin/sleep ${1_000_000 + edition}\n[Install]\nWantedBy=multi-user.target\n`,
    },
    { kind: "service", unit: "cut.service", running: true, restartOn: ["unit:cut.service"] },
    {
      kind: "command",
      name: `count-${edition}`,
      run: `echo run >>/root/calls-${edition}; : >/root/done-${edition}`,
      unless: `test -e /root/done-${edition}`,
      undo: `echo undo >>/root/calls-${edition}; rm -f /root/done-${edition}`,
    },
  ];
}

/** The machine is as edition N wants it, and holds nothing else of any run. */
async function assertDesired(machine: TestMachine, edition: number): Promise<void> {
  const seen = await machine.inside(`
    cat ${folder}/common ${folder}/only-*; ls -A ${folder} | xargs; stat -c %a ${folder}/only-*
    cat /proc/sys/net/ipv4/conf/all/log_martians
    tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value cut.service)/cmdline; echo
    ls -d /root/done-* | xargs
    echo left: $(find /etc /root /usr/local -xdev -name '*groundwork-*' ! -name '99-zz-groundwork-*' ! -path '*.wants/groundwork-lab.service') $(ls /var/lib/groundwork/transactions)`);
  const other = edition % 2;
  assert.equal(
    seen,
    [
      edition,
      edition,
      `common only-${other}`,
      600,
      other,
      `/bin/sleep ${1_000_000 + edition} `,
      `/root/done-${edition}`,
      "left:",
    ].join("\n"),
  );
  // An `undo` that was cut off is run again, since nobody knows how far it came; a `run` never follows a `run`.
  const calls = (await machine.inside(`cat /root/calls-${edition}`)).split("\n");
  assert.ok(
    calls.every((call, index) => call === "undo" || calls[index - 1] !== "run"),
    `a command ran twice: ${calls.join(" ")}`,
  );
}

interface Fault {
  name: string;
  /** The same `up` goes on after it. */
  survived: boolean;
  /** Fails where there is nothing to strike. */
  strike(): Promise<void>;
}

function faultsOf(of: () => { engine: TestEngine; machine: TestMachine }): Fault[] {
  const kill = (pids: number[]): void => {
    if (pids.length === 0) throw new Error("nothing to strike");
    for (const pid of pids) process.kill(pid, "SIGKILL");
  };
  return [
    {
      name: "the engine is killed",
      survived: false,
      strike: async () => kill(await of().engine.engines()),
    },
    {
      name: "the connection is killed",
      survived: true,
      async strike() {
        const providers = await connectedProviders(of().engine);
        kill((await Promise.all(providers.map(mastersOf))).flat());
      },
    },
    {
      name: "the machine's sshd is killed",
      survived: true,
      async strike() {
        await of().machine.inside("pkill -KILL -x sshd; systemctl reset-failed ssh; systemctl start ssh");
      },
    },
    {
      name: "the machine's power is cut",
      survived: false,
      async strike() {
        const { spec } = of().machine;
        await powerCut(spec);
        await startMachine(spec);
      },
    },
  ];
}
