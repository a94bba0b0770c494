import { listText } from "../../cli/commands/lab.ts";
import { leftOut } from "../../cli/commands/test.ts";
import { newsLine } from "../../cli/progress/lines.ts";
import type { News, Run } from "../../cli/progress/model.ts";
import { summarise, summaryText } from "../../cli/progress/summary.ts";
import type { CheckReading, ItemReading, Reading } from "../../cli/readings/readings.ts";
import { driftListText, verifyText } from "../../cli/readings/readingText.ts";
import { closingText } from "../../cli/testing/closingText.ts";
import { firstRun, secondRun } from "./exampleRun.ts";

/** What commands print, by the name of the document's part: the words are the commands' own, only the values are given. */
export const outputs = (): Record<string, string> => ({
  upLines: block(progressLines(firstRun)),
  upSummary: block(ending(firstRun)),
  upAgain: block(ending(secondRun)),
  verify: block(verifyText(bravoRead)),
  drift: block(driftListText(drifted)),
  labList: block(`$ ./groundwork lab list\n${listText(labMachines).trimEnd()}`, "console"),
  testEnd: block(closingText(testResults, leftOut(testFiles, { withoutLab: true, long: false }))),
});

const block = (text: string, language = "text"): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** The lines of a run without a terminal; those with the names of changed items are left out. */
function progressLines({ steps }: Run): string {
  const news = steps.flatMap((step): News[] => [
    { at: step.began, what: "began", step },
    { at: step.ended ?? 0, what: "ended", step },
  ]);
  // A sort keeps the order of what happens at once.
  return news
    .sort((a, b) => a.at - b.at)
    .map(newsLine)
    .join("\n");
}

const ending = (run: Run): string =>
  summaryText(
    summarise(run, { succeeded: true, said: "" }),
    "nothing changed: every machine was read and is as declared",
  );

const check = (of: CheckReading["of"], name: string, machine: string, seconds: number): CheckReading => {
  return { of, name, machine, result: "pass", seconds, evidence: "" };
};

const asDeclared = (stream: string, number: number): Reading["streams"][number] => ({
  stream,
  items: Array.from({ length: number }, () => ({ item: "", machine: "", asDeclared: true })),
  checks: [],
});

const bravoRead: Reading = {
  streams: [
    {
      ...asDeclared("bravo", 38),
      checks: [
        check("host", "containerd answers and its Kubernetes part works", "server-1", 0),
        check("host", "containerd answers and its Kubernetes part works", "agent-1", 1),
        check("gate", "containerd runs with the settings that were asked for", "server-1", 1),
        check("gate", "the images that were asked for are there and kept", "server-1", 0),
        check("gate", "a container runs and answers", "server-1", 2),
        check("gate", "containerd runs with the settings that were asked for", "agent-1", 0),
        check("gate", "the images that were asked for are there and kept", "agent-1", 1),
        check("gate", "a container runs and answers", "agent-1", 0),
      ],
    },
  ],
  unread: {},
};

const differing = (item: string, observed: string, desired: string): ItemReading => {
  return { item, machine: "agent-1", asDeclared: false, observed, desired };
};

const journal = "file mode=0644 owner=root:root sha256=";
const drifted: Reading = {
  streams: [
    {
      stream: "alpha",
      items: [
        differing("sysctl:net.ipv4.conf.all.accept_redirects", "value=1 boot=0", "value=0 boot=0"),
        differing(
          "file:/etc/systemd/journald.conf.d/00-groundwork.conf",
          `${journal}92e78d0b…`,
          `${journal}1156fe07…`,
        ),
      ],
      checks: [],
    },
    asDeclared("bravo", 216),
  ],
  unread: {},
};

const labMachines = [
  { name: "agent-1", address: "10.77.0.12", address6: "fd77::c", roles: ["agent"] },
  { name: "server-1", address: "10.77.0.11", address6: "fd77::b", roles: ["server", "monitoring"] },
].map((machine) => ({ ...machine, state: "running" as const, faults: [] }));

const testResults = [
  { name: "formatter and linter", seconds: 2.3 },
  { name: "type checker", seconds: 35.6 },
  { name: "shellcheck", seconds: 2.1 },
  { name: "unit and graph tests", seconds: 188.7, tests: 613 },
].map(({ tests, ...part }) => ({
  ...part,
  passed: true,
  ...(tests === undefined
    ? {}
    : { counts: { tests, pass: tests, fail: 0, cancelled: 0, skipped: 0, todo: 0 } }),
}));

/** Some of them: the whole list is printed. */
const testFiles = {
  quick: [],
  lab: ["test/lab/labMachine.test.ts", "test/lab/platform.test.ts"],
  long: ["test/lab/guest.long.test.ts"],
};
