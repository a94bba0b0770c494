/** What is going on with one bundle of programs, or one image. */
export interface ProgressEvent {
  /** The bundle's or image's name. */
  readonly program: string;
  readonly version: string;
  /** `wait`: another run is making it. */
  readonly phase: "wait" | "download" | "build" | "ready";
  /** Since the phase began; with `ready`, since the whole work began. */
  readonly seconds: number;
  /** What the phase usually takes, where that is known. */
  readonly usualSeconds?: number;
  /** Something the user should know, such as why a route was left. */
  readonly note?: string;
}

/** Takes events; must not throw. */
export type Progress = (event: ProgressEvent) => void;

/** Reports a phase at its start and then every second until the work ends. */
export async function reporting<T>(
  progress: Progress,
  event: Omit<ProgressEvent, "seconds">,
  work: () => Promise<T>,
): Promise<T> {
  const start = Date.now();
  const report = () => progress({ ...event, seconds: Math.round((Date.now() - start) / 1000) });
  report();
  const timer = setInterval(report, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Does work that may report phases; if it did, reports at its end how long all of it took. */
export async function reportingReady<T>(
  progress: Progress,
  about: Pick<ProgressEvent, "program" | "version">,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const start = Date.now();
  let reported = false;
  const result = await work((event) => {
    reported = true;
    progress(event);
  });
  if (reported) progress({ ...about, phase: "ready", seconds: Math.round((Date.now() - start) / 1000) });
  return result;
}

const doing = { wait: "another run is making", download: "downloading", build: "building" } as const;

function sentence(event: ProgressEvent): string {
  const name = `${event.program} ${event.version}`;
  if (event.phase === "ready") return `${name} is ready (${event.seconds} s)`;
  const usual = event.usualSeconds ? `usually ${event.usualSeconds} s` : "";
  if (event.seconds === 0)
    return `${doing[event.phase]} ${name}${usual ? ` (${usual} with empty caches)` : ""}`;
  return `${doing[event.phase]} ${name} … ${event.seconds} s${usual ? `, ${usual}` : ""}`;
}

/**
 * Progress for output without a terminal: a line when a phase begins, one every 15 s while it goes on,
 * one when the work is done.
 */
export function plainProgress(write: (line: string) => void, everySeconds = 15): Progress {
  const last = new Map<string, { phase: string; seconds: number }>();
  return (event) => {
    if (event.note) {
      write(`${event.program} ${event.version}: ${event.note}`);
      return;
    }
    const before = last.get(event.program);
    const due = before?.phase !== event.phase || event.seconds >= before.seconds + everySeconds;
    if (!due) return;
    last.set(event.program, { phase: event.phase, seconds: event.seconds });
    write(sentence(event));
  };
}
