import { schemaText } from "../../stacks/groundworkSchema.ts";
import { markdownTable } from "./markdown.ts";

interface Schema {
  description?: string;
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  $ref?: string;
}

/** Settings that stand below one path of a stack's file. */
interface Section {
  path: string;
  settings: [name: string, schema: Schema][];
  required: string[];
}

/** What every stream can be told: it stands once. */
const common = "StreamSettings";

/** Sections of a stack's file, from the schema that editors use. */
function sections(): Section[] {
  const { $defs } = JSON.parse(schemaText()) as { $defs: Record<string, Schema> };
  const ofAll = Object.keys($defs[common]?.properties ?? {});
  const below = (path: string, definition: string): Section[] => {
    const { properties = {}, required = [] } = $defs[definition] ?? {};
    const isOwn = (name: string): boolean =>
      definition === common || !(path.startsWith("streams") && ofAll.includes(name));
    const own = Object.entries(properties).filter(([name]) => isOwn(name));
    const inner = own.flatMap(([name, { $ref }]) => {
      const referred = $ref?.split("/").at(-1);
      return referred === undefined || referred === common ? [] : below(`${path}.${name}`, referred);
    });
    return [{ path, required, settings: own.filter(([, { $ref }]) => $ref === undefined) }, ...inner];
  };
  return [
    ...below("machines.NAME.lab", "LabMachineSettings"),
    ...below("machines.NAME.existing", "ExistingMachineSettings"),
    ...below("network", "NetworkSettings"),
    ...below("streams.STREAM", common),
    ...below("streams", "StreamsSettings"),
  ].filter(({ settings }) => settings.length > 0);
}

/** One table for each section. */
export function configurationTables(): string {
  return sections()
    .map(({ path, settings, required }) => {
      const rows = settings.map(([name, schema]) => settingRow(name, schema, required.includes(name)));
      return `### \`${path}\`\n\n${markdownTable(["setting", "what", "allowed", "default"], rows)}`;
    })
    .join("\n\n");
}

/** A comment says what, then the default: `TCP port of its sshd. Default 22.` */
function settingRow(name: string, schema: Schema, required: boolean): string[] {
  const [what = "", fallback = ""] = (schema.description ?? "").split(/\s*\b(?:Default:? |(?=Required;))/);
  return [`\`${name}\``, what, allowedText(schema), required ? "required" : fallback.replace(/\.$/, "")];
}

function allowedText(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  switch (schema.type) {
    case "boolean":
      return "`true`, `false`";
    case "integer":
    case "number":
      return rangeText(schema);
    case "array":
      return schema.items?.enum === undefined ? "list" : `list of ${allowedText(schema.items)}`;
    case "object":
      return "texts by name";
    default:
      return "text";
  }
}

function rangeText({ minimum = 0, maximum }: Schema): string {
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return bounded ? `${minimum} to ${maximum}` : `at least ${minimum}`;
}
