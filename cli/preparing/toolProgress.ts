import { type Progress, plainProgress } from "../../tools/index.ts";

/** Shows on standard error what is being downloaded, built or installed. */
export function toolProgress(): Progress {
  return plainProgress((line) => void process.stderr.write(`${line}\n`));
}
