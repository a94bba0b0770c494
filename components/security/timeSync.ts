import type { ItemInput } from "../../provider/index.ts";

/** Who keeps the clock: systemd-timesyncd, or a time service that is there already and stays as it is. */
export type TimeSync = "systemd-timesyncd" | "existing";

/**
 * A guarded command rather than a service item: in a container the unit skips itself, because the clock is the
 * host's, and that is as good as it gets there.
 */
const timesyncdRuns: ItemInput = {
  kind: "command",
  name: "systemd-timesyncd is enabled and runs where the clock is this machine's own",
  unless: `systemctl is-enabled --quiet systemd-timesyncd.service &&
{ systemctl is-active --quiet systemd-timesyncd.service || systemd-detect-virt --quiet --container; }`,
  run: "systemctl enable --now systemd-timesyncd.service",
  undo: "systemctl disable --now systemd-timesyncd.service",
};

/** Packages that keep the clock. */
export const timeSyncPackages = (timeSync: TimeSync): string[] =>
  timeSync === "existing" ? [] : ["systemd-timesyncd"];

/** Items that keep the clock, once its package is there. */
export const timeSyncItems = (timeSync: TimeSync): ItemInput[] =>
  timeSync === "existing" ? [] : [timesyncdRuns];

/** Debian removes one time service when another is installed; that is for people to decide. */
export const noOtherTimeService = `
for package in chrony ntpsec ntp openntpd; do
  [ "$(dpkg-query -W -f '\${db:Status-Status}' $package 2>/dev/null)" != installed ] || {
    echo "$package keeps the clock here, and installing systemd-timesyncd would remove it; set timeSync to existing"
    exit 1
  }
done`;

/** Succeeds when the kernel says that its clock is synchronised; skips where the clock is another machine's. */
export const clockIsSynchronised = `
if systemd-detect-virt --quiet --container; then
  echo 'the clock is the host'"'"'s: a container cannot keep it'
  exit 77
fi
said=$(timedatectl show --property=NTPSynchronized --value)
echo "NTPSynchronized=$said"
[ "$said" = yes ]`;
