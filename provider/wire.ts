/**
 * Property values between the engine and the provider: secrets come and go wrapped, unknown values of a
 * preview as a fixed text. Source: Pulumi's provider protocol, sdk/nodejs/runtime/rpc.
 */

export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };

const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const assetMark = "c44067f5952c0a294b673a41bacd8c17";
const outputMark = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What the engine sends for a value that is not known before the update. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const isObject = (value: Wire | undefined): value is { [key: string]: Wire } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Keeps `value` encrypted in the state. */
export function secret(value: Wire): Wire {
  return { [signature]: secretMark, value };
}

/** The plain value: secrets unwrapped at every depth. Never goes back to the engine. */
export function reveal(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  if (value[signature] === secretMark) return reveal(value.value ?? null);
  if (value[signature] === outputMark) return value.value === undefined ? unknown : reveal(value.value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, reveal(inner)]));
}

/** True when any part is not known yet. */
export function hasUnknown(value: Wire): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (!isObject(value)) return false;
  if (value[signature] === outputMark && value.value === undefined) return true;
  return Object.values(value).some(hasUnknown);
}

/** True when any part is secret. */
export function hasSecret(value: Wire): boolean {
  if (Array.isArray(value)) return value.some(hasSecret);
  if (!isObject(value)) return false;
  return (
    value[signature] === secretMark ||
    (signature in value && value.secret === true) ||
    Object.values(value).some(hasSecret)
  );
}

/** Every text in clear that is secret, or lies within something secret. */
export function secretTexts(value: Wire, within = false): string[] {
  if (typeof value === "string") return within ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((inner) => secretTexts(inner, within));
  if (!isObject(value)) return [];
  if (value[signature] === secretMark) return secretTexts(value.value ?? null, true);
  const marked = within || (signature in value && value.secret === true);
  return Object.entries(value).flatMap(([name, inner]) =>
    name === signature ? [] : secretTexts(inner, marked),
  );
}

/** True when the value at `path` is secret, or lies within a secret one. */
export function isSecretAt(value: Wire, path: readonly PropertyKey[]): boolean {
  let here: Wire | undefined = value;
  for (const part of path) {
    if (!isObject(here) && !Array.isArray(here)) break;
    if (signature in here) return hasSecret(here);
    here = (here as { [key: string]: Wire })[String(part)];
  }
  return hasSecret(here ?? null);
}

/** True for bytes beside the program, which the engine describes by their digest `hash`. */
export function isAsset(value: Wire): value is { [key: string]: Wire } {
  return isObject(value) && value[signature] === assetMark;
}

/** Equal as values: assets are what their bytes are, wherever those lie; the order of an object's fields and missing against null do not count. */
export function sameValue(a: Wire | undefined, b: Wire | undefined): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((inner, index) => sameValue(inner, b[index]));
  if (isAsset(a ?? null) && isAsset(b ?? null)) return sameValue(hashOf(a), hashOf(b));
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => sameValue(a[name], b[name]));
}

const hashOf = (asset: Wire | undefined): Wire | undefined => (isObject(asset) ? asset.hash : undefined);
