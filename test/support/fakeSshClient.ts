import { connect } from "node:net";

/** What stands in for the program `ssh`: hands its arguments and input to the test, and ends as the test says. */
const socket = connect({ path: process.env.GROUNDWORK_FAKE_SSH ?? "", allowHalfOpen: true });
socket.write(`${JSON.stringify(process.argv.slice(2))}\n`);
process.stdin.pipe(socket);

let answer = "";
socket.setEncoding("utf8");
socket.on("data", (text: string) => {
  answer += text;
});
// What was not read of the input does not matter any more.
socket.on("error", () => undefined);
socket.on("end", () => {
  const { code, stdout, stderr } = JSON.parse(answer) as { code: number; stdout: string; stderr: string };
  process.stderr.write(stderr);
  process.stdout.write(stdout, () => process.exit(code));
});
