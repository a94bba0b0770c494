import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { ownerOf } from "../../../provider/engine/program.ts";
import type { HostStateInputs, Item } from "../../../provider/index.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { type FileServer, openFileServer } from "../../lab/items/fileServer.ts";
import { eventually } from "../../support/eventually.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { type FakeSsh, openFakeSsh, runHere } from "../../support/fakeSsh.ts";
import { connection } from "./smallSpec.ts";

const bytes = randomBytes(2_400_000);
const digestOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
const sha256 = digestOf(bytes);
const urn = "urn:pulumi:dev::test::groundwork:index:HostState::bravo-m1";
/** Under this name it lies on the machine. */
const sent = `sent-${sha256}-${ownerOf(urn)}`;

let ssh: FakeSsh;
let server: FileServer;
let machine: FakeMachine;
let deployment: Deployment;
let folder = "";
let said: string[];
let commands: string[];
/** Report lines of the look at the mirrors. */
let mirrors: string[];
before(async () => {
  ssh = await openFakeSsh();
  server = await openFileServer("127.0.0.1");
});
after(async () => {
  await server.close();
  await ssh.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-bring-"));
  process.env.GROUNDWORK_CACHE = join(folder, "cache");
  server.files.clear();
  server.requests.length = 0;
  ssh.opened.length = 0;
  server.files.set("/good?token=hush", { bytes });
  [said, commands, mirrors] = [[], [], []];
  const note = (text: string): void => void said.push(text);
  deployment = new Deployment({ info: note, warning: note, status: note });
  machine = new FakeMachine((action) => [
    ...(action === "mirrors" ? mirrors : action === "apply" ? ["machine 1", "committed"] : []),
    mirrors.some((line) => line.startsWith("held")) ? "end failed" : "end ok",
  ]);
  ssh.answer = async (command) => {
    commands.push(`${command.machine} ${command.command}`);
    const answer = await machine.answer(command);
    const asRoot = { ...command, command: command.command.replace(/^sudo -n /, "") };
    return answer ?? runHere(asRoot, join(folder, "registry"));
  };
});
afterEach(async () => {
  await deployment.close();
  await rm(folder, { recursive: true, force: true });
});

const download = (path: string, more: object = {}): Item => ({
  kind: "download",
  path,
  urls: [`${server.url}/missing`, `${server.url}/good?token=hush`],
  sha256,
  ...more,
});
const create = (items: Item[], more: Partial<HostStateInputs> = {}) =>
  new HostStateResource(deployment).create({ urn, preview: false, timeout: 0 }, {
    connection,
    stream: "bravo",
    items,
    ...more,
  } as unknown as Properties);
const arrived = (): Promise<string[]> => readdir(join(folder, "registry", "downloads")).catch(() => []);

describe("the files of downloads", () => {
  it("are left to the machine that reaches its mirrors, and are nobody's matter without downloads", async () => {
    await create([download("/usr/bin/tool")]);
    await create([{ kind: "file", path: "/etc/a", content: "" }]);
    assert.deepEqual(machine.asked, ["mirrors", "apply", "apply"]);
    assert.deepEqual([said, server.requests], [[], []]);
  });

  it("are fetched here and sent before anything is applied where no mirror is reached, each file once", async () => {
    mirrors = ["unreached 1", "unreached 3"];
    await create([
      { kind: "file", path: "/etc/a", content: "" },
      download("/usr/bin/tool", { member: "bin/tool" }),
      download("/usr/bin/reached", { sha256: digestOf(Buffer.of(1)) }),
      download("/usr/bin/other", { member: "bin/other" }),
    ]);
    assert.deepEqual(machine.asked, ["mirrors", "apply"]);
    const name = said[0]?.split(" ")[1] ?? "";
    assert.deepEqual(said, [`fetching ${name} for m1`, `sending ${name} 2 MB to m1`]);
    assert.deepEqual(server.requests, ["/missing", "/good?token=hush"]);
    assert.deepEqual(await readFile(join(folder, "registry", "downloads", sent)), bytes);
    assert.ok(!commands.join("\n").includes("hush"), "an address may be a secret");
    assert.deepEqual(ssh.opened, ["m1"]);
  });

  it("go through sudo to a machine whose user is not root", async () => {
    mirrors = ["unreached 1"];
    await create([download("/usr/bin/tool")], { connection: { ...connection, name: "m2", user: "deploy" } });
    assert.deepEqual(await arrived(), [sent]);
    // A program before it may still be clearing up on the other machine.
    const here = commands.filter((command) => command.startsWith("m2 "));
    assert.ok(here.length > 2);
    assert.ok(here.every((command) => command.startsWith("m2 sudo -n sh -c ")));
  });

  it("that this computer does not get either are named, and left to the item to fail by", async () => {
    mirrors = ["unreached 1", "unreached 2"];
    await create([
      download("/usr/bin/none", { urls: [`${server.url}/missing`], sha256: "0".repeat(64) }),
      download("/usr/bin/tool"),
    ]);
    assert.match(
      said.join("\n"),
      /m1 reaches no mirror of none, and this computer neither \(.*HTTP status 404\)/,
    );
    assert.deepEqual(await arrived(), [sent]);
    assert.deepEqual(machine.asked, ["mirrors", "apply"]);
  });

  it("are not fetched for a machine that another deployment holds", async () => {
    mirrors = ["held elsewhere/1/2/3\t1700000000\t1700000120"];
    await assert.rejects(create([download("/usr/bin/tool")]), { code: "GW304" });
    assert.deepEqual([machine.asked, server.requests], [["mirrors"], []]);
  });

  it("are not waited for when the work is cancelled", async () => {
    mirrors = ["unreached 1"];
    server.files.set("/good?token=hush", { bytes, silentAfter: 1000 });
    const asked = eventually("the file was asked for", async () => server.requests.length > 0);
    void asked.then(() => deployment.cancel());
    await assert.rejects(create([download("/usr/bin/tool")]), (error: Error) => {
      assert.match(error.message, /^GW310 m1: cancelled while tool was on its way; nothing was changed/);
      return true;
    });
    assert.deepEqual(machine.asked, ["mirrors"]);
  });
});
