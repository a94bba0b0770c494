import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";
import type { Report } from "./report.ts";

/** What a program that ended for a restart of its machine asks for. */
export interface BootWish {
  /** Id of the boot that is to end; empty when it is not known. */
  from: string;
  /** Seconds from the last sign of the machine to the first one of its next boot. */
  seconds: number;
  /** The program waits on the machine's disk, and only it may go on; otherwise it had not begun. */
  begun: boolean;
}

/** What a login sees. */
export interface BootSight {
  bootId: string;
  /** A restart is going to come. */
  due: boolean;
}

/** Restarts in one operation, beyond which something is wrong. */
const mostBoots = 5;

/** Runs a program, and runs it again in the next boot each time it asks for one: one operation, one report. */
export async function acrossBoots(
  machine: string,
  run: (resume: boolean) => Promise<Report>,
  awaitNext: (wish: BootWish) => Promise<void>,
): Promise<Report> {
  let report = await run(false);
  let begun = false;
  while (report.rebooting !== undefined) {
    if (report.boots >= mostBoots)
      throw new GroundworkError("GW312", {
        what: `one operation asked for ${mostBoots} restarts and is not done`,
        where: machine,
      });
    begun ||= report.rebooting.begun;
    await awaitNext(report.rebooting);
    report = goneOn(report, await run(begun));
  }
  return report;
}

function goneOn(before: Report, after: Report): Report {
  return {
    ...after,
    changed: [...before.changed, ...after.changed],
    released: [...before.released, ...after.released],
    kept: [...before.kept, ...after.kept],
    adopted: [...before.adopted, ...after.adopted],
    settled: before.settled || after.settled,
    boots: before.boots + 1,
  };
}

/**
 * Waits until a login sees another boot than `wish.from`. `look` answers `undefined` while nobody lets it in.
 * Errors: GW312, and what `look` throws.
 */
export async function awaitBoot(
  machine: string,
  wish: BootWish,
  look: () => Promise<BootSight | undefined>,
  pauseSeconds = 1,
): Promise<void> {
  let lastSign = Date.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && !seen.due) {
      if (seen.bootId !== wish.from) return;
      throw new GroundworkError("GW312", {
        what: "it refused to restart, and runs as before",
        where: machine,
        mend: "See the journal of groundwork-reboot.service on it; the next ./groundwork up tries again",
      });
    }
    // Programs of other streams end first.
    if (seen !== undefined) lastSign = Date.now();
    if (Date.now() - lastSign > wish.seconds * 1000)
      throw new GroundworkError("GW312", {
        what: `nobody was let in for ${wish.seconds} s after its restart`,
        where: machine,
      });
    await sleep(pauseSeconds * 1000);
  }
}
