const namespace = "groundwork";

/** The properties of our namespace among the engine's settings; structured ones arrive as JSON text. */
export function configurationObject(settings: Record<string, string>): Record<string, unknown> {
  const own = Object.entries(settings).filter(([key]) => key.startsWith(`${namespace}:`));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(namespace.length + 1), settingValue(text)]));
}

function settingValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
