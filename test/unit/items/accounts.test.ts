import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { quote } from "../../../provider/engine/shell.ts";
import { type GroupItem, type Item, itemKinds, kindOf, type UserItem } from "../../../provider/index.ts";
import { withLibrary } from "./shellLibrary.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-accounts-"));
after(() => rmSync(folder, { recursive: true }));

/** A machine's account databases with a few people in them. */
const databases = {
  passwd: [
    "root:x:0:0:root:/root:/bin/sh",
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
    `bob:x:47110:47110:Bob,,,:/root:/bin/sh`,
    "carol:x:47111:47111::/root:/bin/sh",
  ],
  group: [
    "root:x:0:",
    "daemon:x:1:",
    "adm:x:4:syslog,bob,carol",
    "bob:x:47110:",
    "ops:x:47000:carol",
    "carol:x:47111:",
  ],
  shadow: ["root:*:1::::::", "bob:$6$salt$0123456789ab:2:3:4:5:6:7:", "carol:!:2::::::"],
  gshadow: ["root:*::", "adm:*:bob:syslog,bob,carol", "bob:!::", "ops:!::carol", "carol:!::"],
  subuid: ["bob:100000:65536"],
  subgid: ["bob:100000:65536"],
};

beforeEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of ["etc", "root", "transaction", "capture", "other"])
    mkdirSync(join(folder, name), { recursive: true });
  for (const [name, lines] of Object.entries(databases))
    writeFileSync(join(folder, "etc", name), lines.map((line) => `${line}\n`).join(""));
  writeFileSync(join(folder, "transaction", "order"), `${join(folder, "capture")}\n`);
});

const content = (name: string): string[] =>
  readFileSync(join(folder, "etc", name), "utf8")
    .split("\n")
    .slice(0, -1);
const now = (): Record<string, string[]> =>
  Object.fromEntries(Object.keys(databases).map((name) => [name, content(name)]));
const edit = (name: keyof typeof databases, from: string, to: string): void =>
  writeFileSync(
    join(folder, "etc", name),
    content(name)
      .map((line) => `${line === from ? to : line}\n`)
      .join(""),
  );

/** Runs functions of the item's kind on the databases; its hash of a password is what `data` prints. */
function on(item: UserItem | GroupItem, script: string): string {
  const variables = Object.entries(kindOf(item).variables(item)).map(
    ([name, value]) => `${name}=${quote(value)}`,
  );
  const hash = item.kind === "user" ? (item.passwordHash ?? "") : "";
  return withLibrary(`accounts_folder='${folder}/etc' gw_root='${folder}/root' gw_owner=o gw_run='${folder}'
gw_transaction='${folder}/transaction' gw_hash=h gw_key=k time_limit=20 capture='${folder}/capture'
getent() { return 2; }; limit() { [ "$1" != getent ] || return 2; "$@"; }
data() { printf '%s' ${quote(hash)}; }
${variables.join("\n")}
${script}`);
}

const observe = 'KIND_observe; echo "$observed"';
const run = (item: UserItem | GroupItem, steps: string): string =>
  on(item, steps.replaceAll("KIND", item.kind));

const home = join(folder, "home");
const alice: UserItem = { kind: "user", name: "alice", uid: 47200, shell: "/bin/sh", home };
const hash = "$6$saltsalt$abcdefghijklmnop";

describe("a user in the account databases", () => {
  it("is told as it is wanted, or what is different", () => {
    assert.equal(run(alice, observe), "absent");
    const bob: UserItem = { kind: "user", name: "bob", shell: "/bin/sh", home: "/root", groups: ["adm"] };
    assert.equal(run(bob, observe), "user group=bob groups=adm shell=/bin/sh home=/root password=set");
    assert.equal(
      run({ ...bob, name: "carol", groups: ["ops", "adm"] }, observe),
      itemKinds.user.desired({ ...bob, name: "carol", groups: ["ops", "adm"] }),
    );
  });

  it("comes with its own group, its memberships and its ranges of numbers, and no line else changes", () => {
    const wanted = { ...alice, groups: ["ops", "adm"], system: false };
    run(wanted, `KIND_observe; accounts_change user_write || echo failed; rm -f '${folder}/etc/.pwd.lock'`);
    const { passwd, group, shadow, gshadow, subuid } = now();
    assert.deepEqual(passwd, [...databases.passwd, `alice:x:47200:47200::${home}:/bin/sh`]);
    assert.deepEqual(group, [
      "root:x:0:",
      "daemon:x:1:",
      "adm:x:4:syslog,bob,carol,alice",
      "bob:x:47110:",
      "ops:x:47000:carol,alice",
      "carol:x:47111:",
      "alice:x:47200:",
    ]);
    assert.deepEqual(shadow?.slice(0, 3), databases.shadow);
    assert.match(shadow?.[3] ?? "", /^alice:\*:\d+:0:99999:7:::$/);
    assert.deepEqual(gshadow?.slice(1), [
      "adm:*:bob:syslog,bob,carol,alice",
      "bob:!::",
      "ops:!::carol,alice",
      "carol:!::",
      "alice:!::",
    ]);
    assert.deepEqual(subuid, ["bob:100000:65536", "alice:165536:65536"]);
    assert.deepEqual(
      readdirSync(join(folder, "etc")).sort(),
      Object.keys(databases).sort(),
      "nothing is left beside the files",
    );
  });

  it("is gone without a trace once it is taken away", () => {
    run(
      { ...alice, groups: ["adm"] },
      "KIND_capture; KIND_observe; accounts_change user_write; KIND_restore",
    );
    assert.deepEqual(now(), databases);
  });

  it("keeps its number, comment and ages when something else of it changes, and gets all back", () => {
    const bob: UserItem = {
      kind: "user",
      name: "bob",
      group: "ops",
      groups: ["root"],
      shell: "/bin/dash",
      home: "/root",
      passwordHash: hash,
    };
    run(bob, "KIND_capture; KIND_observe; accounts_change user_write");
    assert.equal(content("passwd")[2], "bob:x:47110:47000:Bob,,,:/root:/bin/dash");
    assert.match(content("shadow")[1] ?? "", /^bob:\$6\$saltsalt\$abcdefghijklmnop:\d{5}:3:4:5:6:7:$/);
    assert.deepEqual(content("group").slice(0, 3), ["root:x:0:bob", "daemon:x:1:", "adm:x:4:syslog,carol"]);
    assert.equal(run(bob, observe), itemKinds.user.desired(bob));
    run(bob, "KIND_restore");
    assert.deepEqual(now(), databases);
  });

  it("comes back to its very place when the operation that took it away failed", () => {
    const bob: UserItem = { kind: "user", name: "bob", shell: "/bin/sh", home: "/root" };
    run(
      bob,
      `KIND_capture; capture='${folder}/other'; touch "$capture/passwd" "$capture/group" "$capture/gshadow" "$capture/shadow" "$capture/subuid" "$capture/subgid"
      echo "$capture" >>'${folder}/transaction/order'; KIND_restore`,
    );
    assert.ok(!content("passwd").some((line) => line.startsWith("bob")));
    assert.deepEqual(content("group")[2], "adm:x:4:syslog,carol");
    run(bob, "KIND_restore");
    assert.deepEqual(now(), databases);
  });

  it("leaves what others changed meanwhile as they want it", () => {
    const bob: UserItem = { kind: "user", name: "bob", shell: "/bin/sh", home: "/root", groups: [] };
    run(bob, "KIND_capture; KIND_observe; accounts_change user_write");
    edit("group", "adm:x:4:syslog,carol", "adm:x:4:carol,dave");
    edit("passwd", databases.passwd[3] ?? "", "carol:x:47111:47111:Carol:/root:/bin/sh");
    run(bob, "KIND_restore");
    assert.equal(content("group")[2], "adm:x:4:carol,dave,bob");
    assert.equal(content("passwd")[3], "carol:x:47111:47111:Carol:/root:/bin/sh");
    assert.equal(content("passwd")[2], databases.passwd[2]);
  });

  it("leaves its group to whoever has come to use it", () => {
    run(alice, "KIND_capture; KIND_observe; accounts_change user_write");
    edit("group", "alice:x:47200:", "alice:x:47200:carol");
    run(alice, "KIND_restore");
    assert.deepEqual(content("group"), [...databases.group, "alice:x:47200:carol"]);
  });

  it("is not renumbered, nor given a group that is not there, and the files stay as they were", () => {
    const failing: [UserItem, RegExp][] = [
      [{ kind: "user", name: "bob", uid: 5, shell: "/bin/sh" }, /bob has the number 47110.*\nrefused$/],
      [{ ...alice, group: "nowhere" }, /there is no group nowhere\nrefused$/],
      [{ ...alice, groups: ["adm", "nowhere"] }, /there is no group nowhere\nrefused$/],
      [{ ...alice, shell: "/bin/none" }, /the shell \/bin\/none is not there\nrefused$/],
    ];
    for (const [item, message] of failing) {
      assert.match(run(item, "KIND_observe; KIND_apply 2>&1 || echo refused"), message);
      assert.deepEqual(now(), databases);
    }
  });

  it("gets a number above everybody's, a service one below everybody's", () => {
    writeFileSync(join(folder, "etc", "login.defs"), "UID_MIN\t47000\n# UID_MAX 1\nUID_MAX 60000\n");
    assert.equal(run(alice, "accounts_free no; accounts_free yes"), "47112\n46999");
  });

  it("is restored line by line whatever the other lines hold", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/).filter((text) => text !== "bob");
    const others = fc.uniqueArray(name, { maxLength: 6 });
    const groups = fc.array(fc.tuple(others, fc.nat({ max: 6 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(groups, fc.uniqueArray(fc.nat({ max: 3 })), (members, wanted) => {
        const lines = members.map(([list, place], index) => {
          const all = place <= list.length ? [...list.slice(0, place), "bob", ...list.slice(place)] : list;
          return `g${index}:x:${48000 + index}:${all.join(",")}`;
        });
        const before = ["bob:x:47110:", ...lines];
        rmSync(join(folder, "capture"), { recursive: true });
        mkdirSync(join(folder, "capture"));
        writeFileSync(join(folder, "etc", "group"), `${before.join("\n")}\n`);
        const groupsWanted = wanted.filter((index) => index < members.length).map((index) => `g${index}`);
        const bob: UserItem = {
          kind: "user",
          name: "bob",
          shell: "/bin/sh",
          home: "/root",
          groups: groupsWanted,
        };
        const observed = run(bob, `KIND_capture; KIND_observe; accounts_change user_write; ${observe}`);
        assert.match(observed, new RegExp(` groups=${[...groupsWanted].sort().join(",")} `));
        run(bob, "KIND_restore");
        assert.deepEqual(content("group"), before);
      }),
      { numRuns: 15 },
    );
  });
});

describe("a group in the account databases", () => {
  const group: GroupItem = { kind: "group", name: "media", gid: 47300 };

  it("comes, and goes without a trace", () => {
    const seen = run(group, `KIND_capture; ${observe}; KIND_apply; ${observe}; cat '${folder}/etc/group'`);
    assert.match(seen, /^absent\ngroup gid=47300\n/);
    assert.match(seen, /\nmedia:x:47300:$/);
    run(group, "KIND_restore");
    assert.deepEqual(now(), databases);
  });

  it("is told apart from one whose name starts or ends the same", () => {
    assert.equal(run({ kind: "group", name: "dm" }, observe), "absent");
    assert.equal(run({ kind: "group", name: "ad" }, observe), "absent");
    assert.equal(run({ kind: "group", name: "adm", gid: 5 }, observe), "group gid=4");
  });

  it("is not renumbered", () => {
    const adm: GroupItem = { kind: "group", name: "adm", gid: 5 };
    assert.match(run(adm, "KIND_observe; KIND_apply || echo refused"), /\(group gid=4\), .*\nrefused$/);
    assert.deepEqual(now(), databases);
  });

  it("that was there keeps its members when it is given back", () => {
    const ops: GroupItem = { kind: "group", name: "ops" };
    run(ops, "KIND_capture");
    edit("group", "ops:x:47000:carol", "ops:x:47000:carol,bob");
    run(ops, "KIND_restore");
    assert.equal(content("group")[4], "ops:x:47000:carol,bob");
  });

  it("stays while it is somebody's primary group", () => {
    run(group, "KIND_capture; KIND_observe; KIND_apply");
    edit("passwd", databases.passwd[3] ?? "", "carol:x:47111:47300::/root:/bin/sh");
    run(group, "KIND_restore");
    assert.equal(content("group").at(-1), "media:x:47300:");
  });
});

describe("accounts are refused by name", () => {
  const refused = (item: object, message: RegExp): void => {
    const { error } = kindOf(item as Item).schema.safeParse(item);
    assert.match(JSON.stringify(error?.issues ?? []), message);
  };
  const user = { kind: "user", name: "alice" };

  it("whose name or number is another one's, or no name", () => {
    refused({ ...user, name: "root" }, /must not be root/);
    refused({ kind: "group", name: "root" }, /must not be root/);
    for (const name of ["-x", "Alice", "a:b", "a b", "", "a\n", "a".repeat(33)])
      refused({ ...user, name }, /must be the name of a user or group/);
    for (const uid of [0, -1, 1.5, 65535, 4294967295]) refused({ ...user, uid }, /uid/);
    refused({ ...user, uid: "1000" }, /expected number/);
  });

  it("whose fields would break the line that they stand in", () => {
    for (const home of ["/home/a:b", "/home/a\nb", "home", "/home/../etc", "/proc/a", "/home/a\\b"])
      refused({ ...user, home }, /"home"/);
    refused({ ...user, shell: "/bin/sh:x" }, /must not hold colons/);
  });

  it("whose password is in clear, or made by a weak function", () => {
    for (const passwordHash of [
      "secret",
      "$1$salt$0123456789012345678901",
      "*",
      "!",
      `${hash}:x`,
      `${hash}\n`,
    ])
      refused({ ...user, passwordHash }, /must be (a hash of crypt|one line)/);
    assert.ok(itemKinds.user.schema.safeParse({ ...user, passwordHash: hash }).success);
  });

  it("that are in a group twice", () => {
    refused({ ...user, groups: ["adm", "adm"] }, /must name each group once/);
    refused({ ...user, groups: ["alice"] }, /must not hold the primary group/);
    refused({ ...user, group: "adm", groups: ["adm"] }, /must not hold the primary group/);
  });
});

describe("a user's password", () => {
  it("is nowhere but in the item's data: neither in what is wanted nor in a variable", () => {
    const item: UserItem = { kind: "user", name: "alice", passwordHash: hash };
    const shown = JSON.stringify([itemKinds.user.desired(item), itemKinds.user.variables(item)]);
    assert.ok(!shown.includes(hash.slice(3)));
    assert.equal(Buffer.from(itemKinds.user.data?.(item) ?? []).toString(), hash);
    assert.deepEqual(itemKinds.user.secretFields, ["passwordHash"]);
  });
});
