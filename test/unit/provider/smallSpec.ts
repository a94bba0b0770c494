import type { Operation, Wanted } from "../../../provider/engine/program.ts";
import type { Connection } from "../../../provider/index.ts";

/** A machine that nobody is asked to reach. */
export const connection: Connection = {
  name: "m1",
  address: "192.0.2.1",
  privateKeyFile: "/home/someone/.ssh/id",
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHbFJq0g5n2S0zWcOqTqkzqWQ6mX9cXJ3Yh0fM5h0b5T",
};

/** A little of everything: several kinds, a guard, a check, a fact, a ticket, a waiver. */
export const small: Wanted = {
  items: [
    {
      kind: "command",
      name: "joins the cluster",
      run: 'join "$(cat "$TICKET")"\n',
      unless: "test -e /joined",
      ticket: "join",
    },
    { kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" },
    {
      kind: "file",
      path: "/etc/it's $(here)/a",
      content: "one\n'two'\n",
      mode: "0640",
      validate: 'grep one "$1"',
    },
    { kind: "file", path: "/etc/b", content: "" },
    { kind: "unit", name: "hello.service", content: "[Service]\nExecStart=/bin/sleep 1000\n" },
    { kind: "service", unit: "hello.service", restartOn: ["unit:hello.service", "file:/etc/b"] },
  ],
  guards: [{ name: "there is a kernel", run: "uname" }],
  checks: [{ name: "hello runs", run: "systemctl is-active hello", within: 5, timeLimit: 10 }],
  facts: { host: { run: "hostname" }, identity: { file: "/etc/machine-id" } },
  waivers: { "hello runs": "not here" },
};

export const operation: Operation = {
  action: "apply",
  urn: "urn:pulumi:dev::groundwork::groundwork:index:HostState::alpha-m1",
  project: "groundwork",
  stack: "dev",
  machineId: "0123456789abcdef0123456789abcdef",
  run: "00112233445566ff",
  holder: "host/1/2/3",
  tickets: { join: "token\n" },
};
