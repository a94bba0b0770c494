import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { z } from "zod";
import { type Connection, connectionSchema } from "../../../provider/connection.ts";
import { renderProgram, type Wanted } from "../../../provider/engine/program.ts";
import { itemKinds } from "../../../provider/index.ts";
import { gateSchema } from "../../../provider/resources/gateSpec.ts";
import { hostStateSchema } from "../../../provider/resources/hostStateSpec.ts";
import { validate } from "../../../provider/resources/validation.ts";
import { renderTicketProgram } from "../../../provider/session/ticketProgram.ts";
import { hostsOnTheWay, renderSshConfig } from "../../../provider/ssh/configFile.ts";
import { hostile, pieces } from "../items/hostileTexts.ts";
import { textFields } from "../items/textFields.ts";
import { runShell } from "./runShell.ts";
import { connection, operation } from "./smallSpec.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-hostile-"));
before(() => chmod(folder, 0o777));
after(() => rmSync(folder, { recursive: true }));

/** A field of a resource's inputs: inputs with a value in it, and whether it takes nearly any text. */
interface Field {
  inputs(value: string): object;
  dress?(text: string): string;
  isOpen?: boolean;
  /** What of it runs on the machine, in the place of the value's own text. */
  runs?(value: string): Wanted;
}

const check = { name: "it holds", run: "true" };
const ticket = { from: [connection], issue: "true" };
const text = { isOpen: true };

/** Every field of a HostState that takes text, beside those of items and connections. */
const hostStateFields: Record<string, Field> = {
  stream: { ...text, inputs: (value) => ({ stream: value }) },
  "guards[].name": { ...text, inputs: (value) => ({ guards: [{ ...check, name: value }] }) },
  "guards[].run": {
    ...text,
    inputs: (value) => ({ guards: [{ ...check, run: value }] }),
    runs: (value) => ({ items: [], guards: [{ ...check, run: value }] }),
  },
  "checks[].name": { ...text, inputs: (value) => ({ checks: [{ ...check, name: value }] }) },
  "checks[].run": {
    ...text,
    inputs: (value) => ({ checks: [{ ...check, run: value }] }),
    runs: (value) => ({ items: [], checks: [{ ...check, run: value }] }),
  },
  "facts{name}": {
    inputs: (value) => ({ facts: { [value]: { run: "true" } } }),
    runs: (value) => ({ items: [], facts: { [value]: { run: value } } }),
  },
  "facts{value}.file": {
    ...text,
    dress: (name) => `/srv/${name}`,
    inputs: (value) => ({ facts: { a: { file: value } } }),
  },
  "facts{value}.run": {
    ...text,
    inputs: (value) => ({ facts: { a: { run: value } } }),
    runs: (value) => ({ items: [], facts: { a: { run: value } } }),
  },
  "tickets{name}": { inputs: (value) => ({ tickets: { [value]: ticket } }) },
  "tickets{value}.issue": { ...text, inputs: (value) => ({ tickets: { a: { ...ticket, issue: value } } }) },
  "waivers{name}": { inputs: (value) => ({ waivers: { [value]: "a reason" } }) },
  "waivers{value}": { ...text, inputs: (value) => ({ waivers: { a: value } }) },
};

const gateFields: Record<string, Field> = {
  stream: { ...text, inputs: (value) => ({ stream: value }) },
  "generations{name}": { inputs: (value) => ({ generations: { [value]: "1" } }) },
  "generations{value}": { inputs: (value) => ({ generations: { a: value } }) },
  "checks[].name": { ...text, inputs: (value) => ({ checks: [{ ...check, on: connection, name: value }] }) },
  "checks[].run": { ...text, inputs: (value) => ({ checks: [{ ...check, on: connection, run: value }] }) },
  "waivers{name}": { inputs: (value) => ({ waivers: { [value]: "a reason" } }) },
  "waivers{value}": { ...text, inputs: (value) => ({ waivers: { a: value } }) },
};

const apart = [connectionSchema, ...Object.values(itemKinds).map(({ schema }) => schema as z.ZodType)];
const texts = fc.array(hostile, { minLength: 10, maxLength: 20 });

/** Accepted values of a field; a refusal has to name it. */
function accepted(schema: z.ZodType, base: object, name: string, field: Field, values: string[]): string[] {
  const dressed = values.flatMap((value) =>
    field.dress === undefined ? [value] : [value, field.dress(value)],
  );
  return [...new Set(dressed)].filter((value) => {
    const [failure] = validate(schema, { ...base, ...field.inputs(value) } as never);
    const told = `${name}: ${JSON.stringify(value.slice(0, 80))}`;
    const isForbidden = value.includes("\0") || !value.isWellFormed();
    if (failure === undefined) {
      assert.ok(!isForbidden || field.isOpen !== true, `${told} is accepted`);
      return true;
    }
    const place = name.replace(/\{.*/, "").replace("[]", "[0]");
    assert.ok(failure.property.startsWith(place), `${told} is refused at ${failure.property}`);
    if (isForbidden && field.isOpen) assert.match(failure.reason, /^must not hold a (NUL|lone)/, told);
    return false;
  });
}

/** What a program has as the script of each check and fact. */
async function scripts(values: string[], runs: (value: string) => Wanted): Promise<string[]> {
  const programs = values.map((value) => {
    const program = renderProgram(runs(value), { ...operation, tickets: {} });
    const data = program.slice(program.lastIndexOf("# --- data ---"));
    const tell = `for f in $gw_guards $gw_checks; do "check_$f"; done; for f in $gw_facts; do "fact_$f"; done`;
    return data.replace(/<\/dev\/null gw_main apply END\n$/, () => `${tell}; printf '%s\\0' "$gw_script"\n`);
  });
  return printed(programs.join("\n"));
}

async function printed(program: string): Promise<string[]> {
  const { stdout, stderr } = await runShell(program, folder);
  assert.equal(stderr, "");
  assert.deepEqual(readdirSync(folder), []);
  return stdout.toString("utf8").split("\0").slice(0, -1);
}

const shells: [string, z.ZodType, object, Record<string, Field>][] = [
  ["a HostState", hostStateSchema, { connection, stream: "alpha", items: [] }, hostStateFields],
  [
    "a Gate",
    gateSchema,
    { stream: "alpha", generations: {}, checks: [{ ...check, on: connection }] },
    gateFields,
  ],
];

for (const [resource, schema, base, fields] of shells)
  describe(`hostile text in the inputs of ${resource}`, () => {
    it("is tried in every field", () => {
      assert.deepEqual(Object.keys(fields), [...new Set(textFields(schema, apart))]);
    });

    for (const [name, field] of Object.entries(fields))
      it(`arrives byte for byte or is refused by name, and nothing is executed: ${name}`, async () => {
        const isHeld = async (values: string[]): Promise<void> => {
          const taken = accepted(schema, base, name, field, values);
          if (field.runs !== undefined) assert.deepEqual(await scripts(taken, field.runs), taken);
        };
        await isHeld([...pieces]);
        await fc.assert(fc.asyncProperty(texts, isHeld), { numRuns: 3 });
        const taken = accepted(schema, base, name, field, [...pieces]).filter((value) => /touch/.test(value));
        assert.ok(!field.isOpen || taken.length > 0);
      });
  });

describe("a hostile text", () => {
  it("names the very file of a fact", async () => {
    const isHeld = async (values: string[]): Promise<void> => {
      const field = hostStateFields["facts{value}.file"] as Field;
      const base = { connection, stream: "alpha", items: [] };
      const paths = accepted(hostStateSchema, base, "facts{value}.file", field, values);
      const programs = await scripts(paths, (file) => ({ items: [], facts: { a: { file } } }));
      const read = await printed(`cat() { printf '%s\\0' "$@"; }\n${programs.join("\n")}\n`);
      assert.deepEqual(
        read,
        paths.flatMap((path) => ["--", path]),
      );
    };
    await isHeld([...pieces]);
    await fc.assert(fc.asyncProperty(texts, isHeld), { numRuns: 3 });
  });

  it("reaches the issuer of a ticket, as a script and as a request", async () => {
    const fitting = hostile.filter((value) => !value.includes("\0") && value.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fitting, fitting, async (script, request) => {
        const tell = "script; printf '\\0'; request; printf '\\0'\n";
        const program = renderTicketProgram(script, request, 5).replace("\nissue END\n", () => `\n${tell}`);
        assert.deepEqual(await printed(program), [script, request]);
      }),
      { numRuns: 30 },
    );
  });
});

describe("hostile text in a connection", () => {
  const files = { knownHosts: "/k", sockets: "/s" };
  const plain = renderSshConfig(hostsOnTheWay(connection), files).split("\n");

  /** Lines of OpenSSH's configuration that differ from a harmless one's, but for the names made of digests. */
  function changedLines(more: Partial<Connection>): string[] {
    const lines = renderSshConfig(hostsOnTheWay({ ...connection, ...more }), files).split("\n");
    assert.equal(lines.length, plain.length);
    return lines.filter(
      (line, index) =>
        line !== plain[index] && !/^(Host| {2}HostKeyAlias| {2}ControlPath) [a-z0-9/-]+$/.test(line),
    );
  }

  const lineOf: Record<string, (value: string) => string[]> = {
    name: () => [],
    address: (value) => [`  HostName ${value.replaceAll("%", "%%")}`],
    user: (value) => [`  User ${value}`],
    privateKeyFile: (value) => [`  IdentityFile "${value.replaceAll("%", "%%")}"`],
    hostKey: () => [],
  };

  it("is tried in every field", () => {
    assert.deepEqual(Object.keys(lineOf), textFields(connectionSchema, [connectionSchema]));
  });

  for (const [name, expected] of Object.entries(lineOf))
    it(`stands in one line of OpenSSH's configuration, or is refused by name: ${name}`, () => {
      const isHeld = (values: string[]): void => {
        for (const value of values.flatMap((each) => [each, `/home/a/${each}`])) {
          const [failure] = validate(connectionSchema, { ...connection, [name]: value } as never);
          if (failure === undefined) {
            assert.ok(value.isWellFormed() && !/\p{Cc}/u.test(value));
            assert.deepEqual(changedLines({ [name]: value }), expected(value));
          } else assert.equal(failure.property, name);
        }
      };
      isHeld([...pieces]);
      fc.assert(fc.property(texts, isHeld), { numRuns: 5 });
    });
});
