import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Item, itemKinds, kindOf } from "../../../provider/index.ts";

const endangers = (item: Item): boolean => kindOf(item).endangersLogin?.(item, 22) ?? false;

describe("a change that may lock everybody out", () => {
  it("is one of a user, a group, a key, a rule of sudo", () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHbFJq0g5n2S0zWcOqTqkzqWQ6mX9cXJ3Yh0fM5h0b5T";
    assert.ok(endangers({ kind: "user", name: "alice" }));
    assert.ok(endangers({ kind: "group", name: "admins" }));
    assert.ok(endangers({ kind: "authorizedKey", user: "alice", key }));
    assert.ok(endangers({ kind: "sudoRule", name: "alice", content: "alice ALL=(ALL) ALL\n" }));
  });

  it("is one of the packages by which people log in", () => {
    for (const name of ["openssh-server", "ssh", "sudo", "sudo-ldap", "systemd", "libpam-modules"])
      assert.ok(endangers({ kind: "package", name }), name);
    assert.ok(!endangers({ kind: "package", name: "curl" }));
  });
});

describe("a rule of sudo", () => {
  const rule = { kind: "sudoRule", name: "deploy", content: "deploy ALL=(root) NOPASSWD: ALL\n" };
  const refusal = (more: object): string =>
    JSON.stringify(itemKinds.sudoRule.schema.safeParse({ ...rule, ...more }).error?.issues ?? []);

  it("is a file below sudoers.d that only root and its group may read", () => {
    assert.equal(refusal({}), "[]");
    const { path, mode, owner } = itemKinds.sudoRule.variables(rule as never);
    assert.deepEqual([path, mode, owner], ["/etc/sudoers.d/deploy", "0440", "root"]);
  });

  it("is refused under a name that sudo passes over, or that leads elsewhere", () => {
    for (const name of ["10.deploy", "deploy~", ".deploy", "a.b"])
      assert.match(refusal({ name }), /must hold neither a dot nor a tilde/, name);
    for (const name of ["", "-x", "a/b", "a b", "a\n", "a".repeat(201)])
      assert.match(refusal({ name }), /must be a file name/, name);
  });

  it("is refused without text, or without the newline that ends it", () => {
    assert.match(refusal({ content: "" }), /content/);
    assert.match(refusal({ content: "deploy ALL=(root) ALL" }), /must end with a newline/);
    assert.match(refusal({ content: "a\0\n" }), /NUL/);
  });
});
