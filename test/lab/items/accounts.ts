import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { eventually } from "../../support/eventually.ts";
import { cycle, Stream, type Subject } from "./subject.ts";

/** A public key that nobody has the private one of. */
function throwawayKey(): string {
  const folder = mkdtempSync(join(tmpdir(), "groundwork-key-"));
  try {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "id")]);
    return readFileSync(join(folder, "id.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hash = "$6$rounds=5000$saltsalt$0123456789012345678901";
const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Kinds group, user, authorizedKey and sudoRule. */
export function accountTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  /** Every account, byte for byte and in its order, every rule, and every home with what is in it. */
  const seen = () =>
    inside(`cd /etc; for f in passwd group shadow gshadow subuid subgid; do echo "$f"; stat -c '%a %u:%g' $f; cat $f; done
      find /home /root/.ssh /etc/sudoers.d -printf '%p %y %m %u:%g %l\\n' | sort
      find /home /root/.ssh /etc/sudoers.d -type f -print0 | sort -z | xargs -0 -r sha256sum
      ls -d /etc/*.groundwork-* 2>/dev/null; ls -I lease /var/lib/groundwork 2>&1 || :`);
  const user = (name: string, more: object = {}): Item => ({ kind: "user", name, ...more });
  const key = throwawayKey();

  it("brings groups, users, keys and rules, and takes them away byte for byte", async () => {
    const service = user("gwservice", { system: true, groups: ["gwteam"] });
    await cycle(
      subject(),
      [
        { kind: "group", name: "gwteam", gid: 4711 },
        { kind: "group", name: "gwsystem", system: true },
        service,
        { kind: "sudoRule", name: "gw-team", content: "%gwteam ALL=(root) NOPASSWD: /usr/bin/id\n" },
        { kind: "authorizedKey", user: "root", key, comment: "it's $(id) \u{1F600}", options: ["restrict"] },
      ],
      seen,
    );
  });

  it("makes a user who can log in by the key and use sudo, and nothing of both is left", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    const publicKey = readFileSync(join(subject().lab.folder, "id.pub"), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
    const items: Item[] = [
      user("alice", { uid: 4712, groups: ["adm"], passwordHash: hash }),
      { kind: "authorizedKey", user: "alice", key: publicKey },
      { kind: "sudoRule", name: "alice", content: "alice ALL=(ALL) NOPASSWD: ALL\n" },
    ];
    await stream.bring(items);
    const { state } = subject().machine;
    const answer = execFileSync(
      "ssh",
      [
        ...["-F", "none", "-i", join(subject().lab.folder, "id"), "-o", "IdentitiesOnly=yes"],
        ...["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes"],
        ...["-o", "LogLevel=ERROR", `alice@${state.address}`, "sudo -n id -u; id -nG; ls -A ~"],
      ],
      { encoding: "utf8" },
    );
    assert.equal(answer, "0\nalice adm\n.bash_logout\n.bashrc\n.profile\n.ssh\n");
    assert.equal(await inside("getent shadow alice | cut -d: -f2"), hash);
    const [kept = ""] = (await stream.giveBack()).kept;
    assert.match(kept, /^\/var\/lib\/groundwork\/kept\/\d{8}T\d{6}Z-[0-9a-f]+-alice user:alice$/);
    assert.equal(await inside(`ls -A ${kept.split(" ")[0]}`), ".bash_logout\n.bashrc\n.profile");
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
    assert.equal(await seen(), before);
  });

  it("puts a user and a group that were there back, line for line", async () => {
    await inside(`useradd -m -s /bin/sh -c 'Bob,,,' -G adm,mail -p '${hash}' gwbob && chage -M 90 gwbob && groupadd gwold
      gpasswd -a mail gwold >/dev/null; gpasswd -a gwbob gwold >/dev/null; useradd -m gwcarol; gpasswd -a gwcarol gwold >/dev/null`);
    await cycle(
      subject(),
      [
        { kind: "group", name: "gwold" },
        user("gwbob", { group: "gwold", groups: ["audio"], shell: "/bin/bash", home: "/home/gwbob" }),
      ],
      seen,
    );
    await inside("userdel -r gwcarol; userdel -r gwbob; groupdel gwold");
  });

  it("names what somebody changed of an account, and mends exactly this", async () => {
    const stream = new Stream(subject());
    const items: Item[] = [
      { kind: "group", name: "gwteam" },
      user("gwdrift", { groups: ["gwteam"] }),
      { kind: "authorizedKey", user: "gwdrift", key },
      { kind: "sudoRule", name: "gwdrift", content: "gwdrift ALL=(root) NOPASSWD: /usr/bin/id\n" },
    ];
    await stream.bring(items);
    await inside(`gpasswd -d gwdrift gwteam >/dev/null; usermod -aG sudo gwdrift; echo 'gwdrift:secret' | chpasswd
      sed -i 's/^/no-pty /' /home/gwdrift/.ssh/authorized_keys; chmod 660 /home/gwdrift/.ssh/authorized_keys`);
    const { differs } = await stream.read(items);
    assert.deepEqual(differs, [
      {
        index: 2,
        observed: "user group=gwdrift groups=sudo shell=/bin/bash home=/home/gwdrift password=set",
      },
      {
        index: 3,
        observed: "line=no-pty ssh-ed25519 (sshd refuses the modes of /home/gwdrift/.ssh/authorized_keys)",
      },
    ]);
    const report = await stream.bring(items);
    assert.deepEqual(report.changed.map(({ index }) => index).sort(), [2, 3]);
    await stream.giveBack();
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("puts everything back when the operation fails, also what it took away", async () => {
    const stream = new Stream(subject());
    const items: Item[] = [user("gwback"), { kind: "authorizedKey", user: "gwback", key }];
    await stream.bring(items);
    await inside("echo precious >/home/gwback/data");
    const before = await seen();
    const report = await stream.apply([{ kind: "group", name: "gwnew" }], {
      checks: [{ name: "never", run: "exit 1" }],
    });
    assert.equal(report.outcome, "restored");
    assert.equal((await seen()).replace("kept\n", ""), before.replace("kept\n", ""));
    await stream.giveBack();
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("does not take a user away whose processes run, and names them", async () => {
    const stream = new Stream(subject());
    await stream.bring([user("gwbusy")]);
    await inside("systemd-run -q --unit=gw-busy --uid=gwbusy sleep 1000");
    const report = await stream.delete();
    assert.equal(report.outcome, "restored");
    assert.match(report.failed?.text ?? "", /gwbusy still has processes, end them first: \d+ \(sleep\)/);
    assert.match(await inside("getent passwd gwbusy"), /^gwbusy:/);
    await inside("systemctl stop gw-busy");
    await stream.giveBack();
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("refuses a rule that sudo does not understand, alone or beside the others, and leaves the old one", async () => {
    await inside(
      "printf 'User_Alias GW = root\\n' >/etc/sudoers.d/gw-alias; chmod 440 /etc/sudoers.d/gw-alias",
    );
    const before = await seen();
    const wrong = ["alice ALL=(ALL NOPASSWD: ALL\n", "User_Alias GW = daemon\nGW ALL=(root) /usr/bin/id\n"];
    for (const content of wrong) {
      const report = await new Stream(subject()).apply([{ kind: "sudoRule", name: "gw-wrong", content }]);
      assert.equal(report.outcome, "restored", content);
      assert.match(report.failed?.text ?? "", /syntax error|GW|already defined/);
      assert.equal(await seen(), before);
    }
    await inside("rm /etc/sudoers.d/gw-alias");
  });

  it("leaves the lines of others in a key file as they are, and takes its own away", async () => {
    const stream = new Stream(subject());
    const file = "/root/.ssh/authorized_keys";
    const before = await seen();
    await stream.bring([{ kind: "authorizedKey", user: "root", key, comment: "gone soon" }]);
    await inside(`printf '# theirs\\n' >>${file}`);
    await stream.giveBack();
    await inside(`sed -i ${shellQuoted("/^# theirs$/d")} ${file}`);
    assert.equal(await seen(), before);
  });

  it("is mended by the next operation when the power of the program ended in the middle", async () => {
    const stream = new Stream(subject());
    const before = await seen();
    const items: Item[] = [
      { kind: "group", name: "gwcut" },
      user("gwcutuser", { groups: ["gwcut"] }),
      { kind: "authorizedKey", user: "gwcutuser", key },
      { kind: "sudoRule", name: "gwcut", content: "%gwcut ALL=(root) NOPASSWD: /usr/bin/id\n" },
    ];
    const hang: Item = { kind: "command", name: "hang", run: "sleep 300", unless: "false", undo: ":" };
    const cut = stream.apply([...items, hang]).catch(() => undefined);
    await eventually("the hanging command", async () => (await inside("pgrep -x sleep || :")) !== "", 60);
    await inside("systemctl kill -s KILL 'groundwork-*.service'");
    await cut;
    assert.notEqual(await seen(), before, "something was left");
    await stream.bring(items);
    await stream.giveBack();
    await inside("rm -rf /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
    assert.equal(await seen(), before);
  });

  it("waits for whoever edits the accounts, and makes others wait", async () => {
    // As lckpwdf(3) takes it.
    await inside(`systemd-run -q --unit=gw-lock perl -e 'open my $f, ">>", "/etc/.pwd.lock"; my $l = pack("s s x4 q q l x4", 1, 0, 0, 0, 0);
      fcntl($f, 7, $l) or die; open my $o, ">", "/run/gw-locked"; close $o; sleep 4'`);
    await eventually("the lock", async () => (await inside("ls /run/gw-locked 2>/dev/null || :")) !== "");
    const stream = new Stream(subject());
    const begun = Date.now();
    await stream.bring([{ kind: "group", name: "gwwaits" }]);
    assert.ok(Date.now() - begun > 2500, `${Date.now() - begun} ms`);
    await stream.giveBack();
    await inside("rm /run/gw-locked");
  });
}
