import type { CheckInput } from "../../provider/index.ts";
import type { CheckTiming } from "./commandSucceeds.ts";
import { script } from "./script.ts";

const body = `
unit=$1
state=$(systemctl is-active -- "$unit")
echo "$unit is $state"
[ "$state" = active ] || {
  journalctl --no-pager --quiet -n 5 -o cat -u "$unit"
  exit 1
}`;

/** Passes while a systemd unit is active; else its last log lines are the evidence. */
export function unitActive(unit: string, timing: CheckTiming = {}): CheckInput {
  return { name: `${unit} is active`, run: script(body, unit), ...timing };
}
