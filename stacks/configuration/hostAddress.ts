import { isIP } from "node:net";
import { z } from "zod";

/** IPv4, IPv6 or DNS name. */
export const hostAddress = z.string().superRefine((text, context) => {
  const fault = addressFault(text);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault, input: text });
});

const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const hostName = new RegExp(`^${label}(\\.${label})*$`, "i");

/** Why a text is no address of a host; undefined where it is one. Sources: RFC 1123 2.1, RFC 3696 2. */
function addressFault(text: string): string | undefined {
  if (isIP(text) !== 0 && !text.includes("%")) return undefined;
  if (/^[^:]+:\d+$/.test(text)) return "is no address: its port is a property of its own, `port`";
  if (text.includes(":")) return "is no IPv6 address such as 2001:db8::1";
  if (/(^|\.)\d+$/.test(text))
    return "is no IP address such as 192.0.2.1, and the last word of a host name is no number";
  if (!hostName.test(text) || text.length > 253)
    return "is no IP address and no host name: words of letters, digits and inner dashes with dots between them";
  return undefined;
}

export const ipv4Address = z.ipv4({ error: "is no IPv4 address such as 192.0.2.1" });
export const ipv6Address = z.ipv6({ error: "is no IPv6 address such as 2001:db8::1" });
