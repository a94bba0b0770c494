import { z } from "zod";

/** Text that can travel: UTF-8 without NUL and lone surrogates. */
export const text = z
  .string()
  .refine((value) => !value.includes("\0"), { error: "must not hold a NUL character" })
  .refine((value) => value.isWellFormed(), { error: "must not hold a lone surrogate" });

/** Text on one line. */
export const line = text.refine((value) => !/\p{Cc}/u.test(value), {
  error: "must be one line without control characters",
});

/** What a file system takes as the name of one file or folder. */
const isName = (text: string): boolean => Buffer.byteLength(text) <= 255;

const forbidden = ["/proc", "/sys", "/dev", "/var/lib/groundwork"];

/** Absolute path without `.` and `..`, outside the kernel's file systems and Groundwork's own folder. */
export const path = line
  .refine((value) => value.startsWith("/") && value.length > 1, { error: "must be an absolute path" })
  .refine(
    (value) =>
      !value
        .slice(1)
        .split("/")
        .some((part) => part === "" || part === "." || part === ".."),
    {
      error: "must be in its plain form: no `.`, `..`, doubled or trailing slash",
    },
  )
  .refine((value) => !forbidden.some((folder) => value === folder || value.startsWith(`${folder}/`)), {
    error: `must not lie under ${forbidden.join(", ")}`,
  })
  .refine((value) => Buffer.byteLength(value) < 4096 && value.split("/").every(isName), {
    error: "must be shorter than 4096 bytes, with names of at most 255 bytes",
  });

/** Permission bits as octal text, `0644`; a number is refused because 644 is not 0644. */
export const mode = z
  .string({ error: "must be a string, octal text of four digits such as `0644`" })
  .regex(/^0[0-7]{3}$/, { error: "must be octal text of four digits such as `0644`" });

/** Name of a user or group. */
export const account = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be the name of a user or group" });

/** Number of a user or group; 0 is root's. The last two stand for nobody. Source: systemd's UIDS-GIDS. */
export const accountNumber = z
  .number()
  .int()
  .min(1)
  .max(4_294_967_293)
  .refine((value) => value !== 65_535, { error: "must not be 65535, which stands for no number" });

/** systemd unit with its suffix. */
export const unit = z
  .string()
  .regex(/^[A-Za-z0-9:_.\\@-]+\.(service|socket|timer|mount|target|path|slice)$/, {
    error: "must be a unit name with its suffix, such as `ssh.service`",
  })
  .max(255, { error: "must be at most 255 characters" })
  .refine((value) => !value.startsWith("-"), { error: "must not start with a dash" });

/** Value of a kernel's or module's parameter: one word that neither modprobe nor the boot loader takes apart. */
export const kernelWord = z.string().regex(/^[A-Za-z0-9_.,:/@+=%-]{1,500}$/, {
  error: "must be one word of letters, digits and `_.,:/@+=%-`",
});

/** Hexadecimal SHA-256 digest. */
export const sha256 = z
  .string({ error: "must be the SHA-256 digest, as `sha256sum FILE` prints it" })
  .regex(/^[0-9a-f]{64}$/, { error: "must be a SHA-256 digest of 64 lower-case hexadecimal digits" });

/** HTTP or HTTPS address as curl takes it: URL parsers pass over blanks, which would be another address. */
export const webAddress = line
  .regex(/^https?:\/\/[^\s]+$/i, { error: "must be an HTTP or HTTPS address without blanks" })
  .refine((value) => URL.canParse(value), { error: "must be a valid address" });

/** Name of one of a HostState's tickets. */
export const ticket = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9]*$/, { error: "must be the name of a ticket: letters and digits" });

/** Item key `KIND:SUBJECT`. */
export const key = line.refine((value) => /^[a-zA-Z]+:./.test(value), {
  error: "must be an item's key such as `file:/etc/hosts`",
});

/** Seconds. */
export const timeLimit = z.number().int().min(1).max(86_400).optional();

/** Values by name. zod passes over the name `__proto__`: what was given under it would be gone without a word. */
export function byName<K extends z.ZodType<string>, V extends z.ZodType>(names: K, values: V) {
  return z.preprocess(
    (given, context) => {
      if (typeof given === "object" && given !== null && Object.hasOwn(given, "__proto__"))
        context.addIssue({ code: "custom", path: ["__proto__"], message: "must not be named `__proto__`" });
      return given;
    },
    z.record(names, values),
  );
}
