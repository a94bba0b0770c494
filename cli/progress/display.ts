import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { createLogUpdate } from "log-update";
import colors from "picocolors";
import { newsLine } from "./lines.ts";
import { advance, newRun, type Run } from "./model.ts";
import { tableText } from "./table.ts";

/** Shows a run while it goes on. */
export interface Display {
  onEvent(event: EngineEvent): void;
  /** Shows a line that is no event's. */
  say(text: string): void;
  /** Ends the display and gives what was seen. */
  end(): Run;
}

const paint = { good: colors.green, bad: colors.red, dim: colors.dim };

/** On a terminal a table that is drawn anew, elsewhere one line for each event. */
export function openDisplay(stream: NodeJS.WriteStream): Display {
  return stream.isTTY ? liveTable(stream) : plainLines((text) => stream.write(`${text}\n`));
}

function plainLines(write: (text: string) => void): Display {
  const elapsed = stopwatch();
  let run = newRun();
  return {
    onEvent(event) {
      const change = advance(run, event, elapsed());
      run = change.run;
      for (const line of change.news.map(newsLine)) if (line !== undefined) write(line);
    },
    say: write,
    end: () => run,
  };
}

function liveTable(stream: NodeJS.WriteStream): Display {
  const elapsed = stopwatch();
  const update = createLogUpdate(stream);
  let run = newRun();
  const draw = (): void => update(tableText(run, elapsed(), stream.columns, paint));
  const timer = setInterval(draw, 120);
  return {
    onEvent(event) {
      const change = advance(run, event, elapsed());
      run = change.run;
      for (const { what, message } of change.news)
        if (what === "said" && message?.severity === "warning") update.persist(`warning: ${message.text}`);
    },
    say: (text) => update.persist(text),
    end() {
      clearInterval(timer);
      draw();
      update.done();
      return run;
    },
  };
}

function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
