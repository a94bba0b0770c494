import type { JournalSettings } from "./securitySettings.ts";

export const journaldDropIn = "/etc/systemd/journald.conf.d/00-groundwork.conf";

/** Seconds over which the burst is counted; more lines are counted and dropped. */
const interval = 30;

/** The drop-in's content. journald.conf(5) */
export function renderJournaldDropIn({ maxUseMiB, burst }: JournalSettings): string {
  return `# Groundwork: logs survive a reboot and never fill the disk.
[Journal]
Storage=persistent
Compress=yes
SystemMaxUse=${maxUseMiB}M
RuntimeMaxUse=64M
RateLimitIntervalSec=${interval}s
RateLimitBurst=${burst}
`;
}

/**
 * Succeeds when journald runs with the limit. journald logs its limits when it opens the journal; where that line is
 * already rotated away, the merged configuration counts, if journald was started after the drop-in was written.
 * Arguments: limit in MiB.
 */
export const journalLimitIsEffective = `
limit=$(($1 * 1024 * 1024))
said=$(journalctl -b -n 1 -o json MESSAGE_ID=ec387f577b844b8fa948f33cad9a75e6 'JOURNAL_NAME=System Journal' 2>/dev/null)
if [ -n "$said" ]; then
  used=\${said#*\\"MAX_USE\\":\\"}
  used=\${used%%\\"*}
  echo "journald runs with a limit of $used bytes, wanted $limit"
  [ "$used" = "$limit" ]
  exit
fi
configured=$(systemd-analyze cat-config systemd/journald.conf | sed -n 's/^SystemMaxUse=//p' | tail -n 1)
started=$(date -d "$(systemctl show -P ActiveEnterTimestamp systemd-journald.service)" +%s)
echo "journald is configured for $configured and runs since $started"
[ "$configured" = "$1M" ] && [ "$started" -ge "$(stat -c %Y ${journaldDropIn})" ]`;
