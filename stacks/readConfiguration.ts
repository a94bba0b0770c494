import * as pulumi from "@pulumi/pulumi";
import { type Configuration, parseConfiguration } from "./configuration.ts";

const namespace = "groundwork";

/** The stack's configuration as the engine hands it over. Errors: GW101, GW203. */
export function readConfiguration(): Configuration {
  return parseConfiguration(configurationObject(pulumi.runtime.allConfig()));
}

/** The properties of our namespace; structured ones arrive as JSON text. */
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
