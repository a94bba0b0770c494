import type { Item } from "../../provider/index.ts";
import type { Step } from "./steps.ts";

/** One desired state in the language of each contestant. */
export interface Specification {
  name: string;
  title: string;
  items: Item[];
  /** Shell script that passes where everything is there. */
  check: string;
  /** What somebody would write by hand, where that was written. */
  shell?: string;
  /** One command for each item. */
  steps: Step[];
  /** An Ansible playbook as JSON. */
  playbook: string;
  /** A pyinfra deploy. */
  pyinfra: string;
  /** The file that is tampered with, so that only a run which reads the machine can mend it. */
  tampered: { path: string; content: string };
  /** Folders in which a file that was written is seen. */
  places: string[];
  /** Shell script that takes everything away. */
  clean: string;
  /** How many times faster ours has to be, first run and second run, by ours and theirs. */
  goals: Record<string, Record<string, number>>;
}
