import type { TestMachine } from "./testLab.ts";

/** What is not compared below `/`, and why. Other file systems (/proc, /sys, /dev, /run) are asked for what they show. */
const passedOver: Record<string, string> = {
  "/var/lib/groundwork":
    "Groundwork's own folder, whose claims and captures are listed by themselves; what it keeps aside stays",
  "/var/log": "diaries: what was done stays written down",
  "/var/cache": "what can be made anew, such as archives that apt fetched",
  "/var/lib/apt/lists": "what the sources of packages offer, which apt asks for when it likes",
  "/var/lib/dpkg":
    "dpkg's database, asked by dpkg-query; of its own copies and locks only the last change remains",
  "/var/lib/systemd/timers": "when timers ran last",
  "/var/backups": "copies that Debian makes daily",
  "/tmp": "what programs need for a moment",
  "/var/tmp": "the same",
  "/etc/.pwd.lock":
    "the empty file whose lock whoever edits accounts takes; it is made for the first of them",
};

/** Folders whose files are compared by their bytes; of all others the packages are known by their versions. */
const byBytes = "/etc /usr/local /root /home /var /opt /srv";

const prune = `\\( ${Object.keys(passedOver)
  .map((path) => `-path ${path}`)
  .join(" -o ")} \\) -prune -o`;

const files = `find / -xdev ${prune} -type f -printf 'file %p %m %u:%g %s\\n' -o -not -type f -printf 'path %p %y %m %u:%g %l\\n'
find ${byBytes} -xdev ${prune} -type f -print0 | sort -z | xargs -0 -r sha256sum
cd /var/lib/groundwork 2>/dev/null && find claims baseline made transactions -type f -print0 | sort -z | xargs -0 -r sha256sum`;

/** Kernel settings that count something, or that a kernel of several machines sets by itself. */
const counters =
  "^(fs\\.(aio-nr|dentry-state|file-nr|inode-nr|inode-state|quota)|kernel\\.(ns_last_pid|pty\\.nr|random|perf_event_max_sample_rate|sched_domain|hung_task_detect)|net\\.netfilter\\.nf_conntrack_count)";

/** Units that come and go with logins, and those of the operations themselves. */
const passing = "^(session-|user@|user-|run-user-|run-credentials|groundwork-|dev-|sys-|run-r)";

const live = `echo packages; dpkg-query -W -f '\${db:Status-Abbrev} \${Package}:\${Architecture} \${Version}\\n' | grep -v '^un'
apt-mark showauto | sed 's/^/auto /'; apt-mark showhold | sed 's/^/hold /'
ls /var/lib/dpkg/info /var/lib/dpkg/alternatives | sed 's/^/dpkg /'
systemctl list-unit-files --no-legend --plain | awk '{ print "unit file", $1, $2 }' | grep -vE 'unit file (session-|groundwork-|run-)'
systemctl list-units --all --no-legend --plain | grep -vE '${passing}' | awk '{ print "unit", $1, $2, $3, $4 }'
systemctl show '*' -p Id -p NeedDaemonReload | grep -c '^NeedDaemonReload=yes' | sed 's/^/units to reload: /'
sysctl -a 2>/dev/null | grep -vE '${counters}' | sed 's/^/sysctl /'
nft -s list ruleset | sed 's/^/nft /'
getent passwd | sed 's/^/passwd /'; getent group | sed 's/^/group /'
findmnt -rn -o TARGET,SOURCE,FSTYPE,OPTIONS | grep -vE '^/run/(user|credentials)/' | sed 's/^/mount /'
ip -o address show scope global | sed 's/ *valid_lft.*//;s/^[0-9]*:/address/'; ip route show | sed 's/^/route /'
echo "name $(uname -n) $(cat /etc/hostname) zone $(date +%Z)"`;

/** All that an operation could change of a machine, one fact a line: files, packages, units, settings, accounts, mounts, rules. */
export async function fullListing(machine: TestMachine): Promise<Set<string>> {
  const text = await machine.inside(`{ ${files}
:; } 2>/dev/null
${live}`);
  return new Set(text.split("\n"));
}

/** The lines that came and went. */
export function differences(before: Set<string>, now: Set<string>): string[] {
  const went = [...before].filter((line) => !now.has(line)).map((line) => `- ${line}`);
  const came = [...now].filter((line) => !before.has(line)).map((line) => `+ ${line}`);
  return [...went, ...came];
}
