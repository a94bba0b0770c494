/**
 * What the streams are made for, by ID and VERSION_ID of os-release(5). Debian is tried on lab machines; Ubuntu is by
 * design: where it differs, the items and guards of the streams say so, and no machine of it was tried.
 */
export const systems = [
  { name: "Debian 12", id: "debian", version: "12" },
  { name: "Debian 13", id: "debian", version: "13" },
  { name: "Ubuntu 24.04", id: "ubuntu", version: "24.04" },
] as const;

/** Their names, as a sentence has them. */
export const systemNames = systems
  .map(({ name }) => name)
  .join(", ")
  .replace(/, ([^,]*)$/, " or $1");

/** Succeeds on one of them; says what the machine is. */
export const systemIsKnown = `
# shellcheck source=/dev/null
. /etc/os-release
echo "this is \${PRETTY_NAME-}"
case "\${ID-} \${VERSION_ID-}" in
${systems.map(({ id, version }) => `  '${id} ${version}') ;;`).join("\n")}
  *) exit 1 ;;
esac`;
