import type { Item } from "../../provider/index.ts";
import type { Specification } from "./specification.ts";
import { putFile, type Step } from "./steps.ts";

/**
 * What a real stream wants of a machine: 20 packages that are present, 20 units, 20 kernel settings, 10 users with
 * their keys, and 30 files with a service that restarts when one of them changed.
 *
 * Ansible's core has no module for sysctl and authorized_keys: there a file and one command stand for them, which is
 * less work than theirs.
 */
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** Packages that a machine has from the beginning: downloads would only measure the package source. */
const packages = [
  "ca-certificates",
  "conntrack",
  "curl",
  "dbus",
  "ethtool",
  "iproute2",
  "iptables",
  "iputils-ping",
  "kmod",
  "netbase",
  "netcat-openbsd",
  "nftables",
  "openssh-client",
  "openssl",
  "procps",
  "socat",
  "sudo",
  "systemd",
  "systemd-timesyncd",
  "udev",
];

const units = range(20).map((index) => ({
  name: `bench-${index}.service`,
  content: `[Unit]\nDescription=Measured ${index}\n[Service]\nType=oneshot\nExecStart=/bin/true\n`,
}));

const sysctls = ["all", "default"].flatMap((scope) =>
  [
    ["accept_redirects", "0"],
    ["accept_source_route", "0"],
    ["arp_announce", "2"],
    ["arp_ignore", "1"],
    ["bootp_relay", "0"],
    ["log_martians", "1"],
    ["promote_secondaries", "1"],
    ["rp_filter", "1"],
    ["secure_redirects", "0"],
    ["send_redirects", "0"],
  ].map(([name, value = ""]) => ({ name: `net.ipv4.conf.${scope}.${name}`, value })),
);

const users = range(10).map((index) => ({
  name: `bench${index}`,
  key: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA+2w4swUds7xpj3T60Q6sH3OCkoBuQ5BWp7EAPf8kB${index}`,
}));

const folder = "/etc/groundwork-bench";
const files = range(30).map((index) => ({
  path: `${folder}/f${index}.conf`,
  content: `value ${index}\n`,
}));
const service = "bench.service";
const serviceUnit = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";

const tampered = files[17] ?? { path: "", content: "" };

function asItems(): Item[] {
  return [
    ...packages.map((name): Item => ({ kind: "package", name })),
    ...units.map((unit): Item => ({ kind: "unit", ...unit })),
    ...sysctls.map((sysctl): Item => ({ kind: "sysctl", ...sysctl })),
    ...users.map(({ name }): Item => ({ kind: "user", name })),
    ...users.map(({ name, key }): Item => ({ kind: "authorizedKey", user: name, key })),
    { kind: "directory", path: folder },
    ...files.map((file): Item => ({ kind: "file", ...file })),
    { kind: "unit", name: service, content: serviceUnit },
    {
      kind: "service",
      unit: service,
      enabled: true,
      running: true,
      restartOn: files.map(({ path }) => `file:${path}`),
    },
  ];
}

/** What a step that changed a file leaves for the one that restarts the service. */
const changedMark = "/run/groundwork-bench-changed";

function asSteps(): Step[] {
  const commands = (texts: string[]): Step[] => texts.map((command) => ({ command }));
  return [
    ...commands(
      packages.map(
        (name) =>
          `dpkg-query -W -f '\${Status}' ${name} | grep -q 'ok installed' || apt-get -y install ${name}`,
      ),
    ),
    ...commands(units.map(({ name, content }) => putFile(`/etc/systemd/system/${name}`, content))),
    ...commands(sysctls.map(sysctlStep)),
    ...commands(users.map(({ name }) => `id ${name} >/dev/null 2>&1 || useradd -m -s /bin/sh ${name}`)),
    ...commands(users.map(keyStep)),
    ...commands([`[ -d ${folder} ] || install -d -m 755 ${folder}`]),
    ...files.map((file) => ({
      command: putFile(file.path, file.content, `touch ${changedMark}`),
      ...(file === tampered ? { tampered: true as const } : {}),
    })),
    ...commands([putFile(`/etc/systemd/system/${service}`, serviceUnit, `touch ${changedMark}`)]),
    ...commands([
      `[ ! -e ${changedMark} ] || { systemctl daemon-reload && systemctl enable -q ${service} && systemctl restart ${service} && rm ${changedMark}; }`,
    ]),
  ];
}

function sysctlStep({ name, value }: { name: string; value: string }): string {
  const put = putFile(`/etc/sysctl.d/90-${name}.conf`, `${name} = ${value}\n`);
  return `${put}\n[ "$(sysctl -n ${name})" = ${value} ] || sysctl -q -w ${name}=${value}`;
}

function keyStep({ name, key }: { name: string; key: string }): string {
  const home = `/home/${name}/.ssh`;
  const add = `install -d -m 700 -o ${name} ${home} && echo '${key}' >>${home}/authorized_keys && chown ${name} ${home}/authorized_keys`;
  return `grep -qxF '${key}' ${home}/authorized_keys 2>/dev/null || { ${add}; }`;
}

const restart = "restart the service";
const notify = { notify: restart };
const copy = (dest: string, content: string, mode: string, more = {}): object => ({
  "ansible.builtin.copy": { dest, content, mode, ...more },
});

/** An Ansible playbook, without the facts that it would gather by default. */
function asPlaybook(): string {
  const tasks = [
    { "ansible.builtin.apt": { name: packages, state: "present" } },
    ...units.map(({ name, content }) => copy(`/etc/systemd/system/${name}`, content, "0644")),
    copy(`/etc/systemd/system/${service}`, serviceUnit, "0644"),
    ...sysctls.map(({ name, value }) => ({
      ...copy(`/etc/sysctl.d/90-${name}.conf`, `${name} = ${value}\n`, "0644"),
      notify: "load kernel settings",
    })),
    ...users.flatMap(({ name, key }) => [
      { "ansible.builtin.user": { name, shell: "/bin/sh" } },
      {
        "ansible.builtin.file": { path: `/home/${name}/.ssh`, state: "directory", mode: "0700", owner: name },
      },
      copy(`/home/${name}/.ssh/authorized_keys`, `${key}\n`, "0600", { owner: name }),
    ]),
    { "ansible.builtin.file": { path: folder, state: "directory", mode: "0755" } },
    ...files.map(({ path, content }) => ({ ...copy(path, content, "0644"), ...notify })),
    {
      "ansible.builtin.systemd": { name: service, enabled: true, state: "started", daemon_reload: true },
    },
  ];
  const handlers = [
    // Not all of the system's: a lab machine may not set those of its kernel.
    { name: "load kernel settings", "ansible.builtin.shell": "sysctl -p /etc/sysctl.d/90-net.*.conf" },
    { name: restart, "ansible.builtin.systemd": { name: service, state: "restarted" } },
  ];
  return JSON.stringify([{ hosts: "all", gather_facts: false, tasks, handlers }]);
}

/** A pyinfra deploy. */
function asPyinfra(): string {
  const text = JSON.stringify;
  const put = (path: string, content: string): string =>
    `files.put(src=io.StringIO(${text(content)}), dest="${path}", mode="644")`;
  return [
    "import io",
    "from pyinfra.operations import apt, files, server, systemd",
    `apt.packages(packages=${text(packages)})`,
    ...units.map(({ name, content }) => put(`/etc/systemd/system/${name}`, content)),
    put(`/etc/systemd/system/${service}`, serviceUnit),
    ...sysctls.map(
      ({ name, value }) =>
        `server.sysctl(key="${name}", value=${value}, persist=True, persist_file="/etc/sysctl.d/90-bench.conf")`,
    ),
    ...users.map(
      ({ name, key }) => `server.user(user="${name}", shell="/bin/sh", public_keys=[${text(key)}])`,
    ),
    `files.directory(path="${folder}", mode="755")`,
    ...files.map(({ path, content }, index) => `f${index} = ${put(path, content)}`),
    `changed = lambda: any(f.did_change() for f in [${files.map((_, index) => `f${index}`).join(", ")}])`,
    `systemd.service(service="${service}", running=True, enabled=True, daemon_reload=True)`,
    `systemd.service(service="${service}", restarted=True, _if=changed)`,
    "",
  ].join("\n");
}

export const mixedSpecification: Specification = {
  name: "mixed",
  title: "113 items of every kind",
  items: asItems(),
  check: `systemctl is-active -q ${service} && id bench9`,
  steps: asSteps(),
  playbook: asPlaybook(),
  pyinfra: asPyinfra(),
  tampered,
  places: [folder],
  clean: [
    `systemctl disable -q --now ${service} 2>/dev/null`,
    `rm -rf ${folder} ${changedMark} /etc/systemd/system/bench* /etc/sysctl.d/90-*`,
    ...users.map(({ name }) => `userdel -r ${name} 2>/dev/null`),
    "systemctl daemon-reload",
  ].join("; "),
  goals: {
    "provider operation": { Ansible: 8, pyinfra: 4 },
    "whole up": {},
  },
};
