type TomlValue = string | number | boolean | readonly string[] | TomlTable;

/** A table of TOML: values first, then tables, each in the order in which they were given. */
export interface TomlTable {
  readonly [key: string]: TomlValue;
}

/** Renders a table as TOML 1.0. The same table gives the same bytes. */
export function renderToml(table: TomlTable): string {
  return `${tableLines(table, []).join("\n")}\n`;
}

const isTable = (value: TomlValue): value is TomlTable => typeof value === "object" && !Array.isArray(value);

function tableLines(table: TomlTable, path: readonly string[]): string[] {
  const entries = Object.entries(table);
  const values = entries.flatMap(([key, value]) =>
    isTable(value) ? [] : [`${keyText(key)} = ${valueText(value)}`],
  );
  const tables = entries.flatMap(([key, value]) => (isTable(value) ? tableLines(value, [...path, key]) : []));
  // A header for a table that only holds tables says nothing.
  if (path.length === 0 || values.length === 0) return [...values, ...tables];
  return ["", `[${path.map(keyText).join(".")}]`, ...values, ...tables];
}

const keyText = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : stringText(key));

const valueText = (value: Exclude<TomlValue, TomlTable>): string =>
  Array.isArray(value)
    ? `[${value.map(stringText).join(", ")}]`
    : scalarText(value as string | number | boolean);

const scalarText = (value: string | number | boolean): string =>
  typeof value === "string" ? stringText(value) : String(value);

/** A basic string: JSON's escapes are TOML's, but for DEL, which JSON leaves alone. */
const stringText = (value: string): string => JSON.stringify(value).replaceAll("\u007f", "\\u007f");
