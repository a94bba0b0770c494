import { printer } from "../engine/shell.ts";

/**
 * The shell program that makes an issuer run a ticket's script with the consumer's request on its standard input.
 * Neither is an argument of any process; both lie in memory, for root, until the script has ended. Its exit code is
 * the script's. A program that was cut short on its way does nothing.
 */
export function renderTicketProgram(script: string, request: string, seconds: number): string {
  return [
    printer("script", Buffer.from(script, "utf8")),
    printer("request", Buffer.from(request, "utf8")),
    "issue() {",
    '  [ "$1" = END ] || exit 2',
    "  umask 077",
    "  folder=$(mktemp -d /run/groundwork-ticket.XXXXXX) || exit 1",
    "  trap 'rm -rf \"$folder\"' EXIT",
    '  script >"$folder/script" && request >"$folder/request" || exit 1',
    `  timeout -k 5 ${seconds} sh "$folder/script" <"$folder/request"`,
    "}",
    "issue END",
    "",
  ].join("\n");
}
