import { connect } from "node:net";
import { until } from "./wait.ts";

/**
 * Waits until an SSH server greets at an address: true, or false after `limitSeconds`.
 * No login is made, so it asks for no key and leaves no failed login behind.
 * `giveUp` is asked between attempts and ends the waiting early.
 */
export async function waitForSsh(
  address: string,
  port = 22,
  limitSeconds = 30,
  giveUp: () => Promise<boolean> = async () => false,
): Promise<boolean> {
  let greeted = false;
  await until(
    async () => {
      greeted = await greets(address, port);
      return greeted || (await giveUp());
    },
    limitSeconds,
    40,
  );
  return greeted;
}

function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let heard = "";
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    // An address nobody has yet answers nothing: ask again soon instead of waiting for the kernel's verdict.
    const patience = setTimeout(() => end(false), 1000);
    socket.once("close", () => clearTimeout(patience));
    socket.once("error", () => end(false));
    socket.once("end", () => end(false));
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      if (heard.startsWith("SSH-")) end(true);
      else if (heard.length >= 4) end(false);
    });
  });
}
