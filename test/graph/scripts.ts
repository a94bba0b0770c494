import assert from "node:assert/strict";
import { shellcheck } from "../unit/components/shell.ts";
import type { Graph } from "./harness.ts";

const scriptFields = new Set(["run", "unless", "undo", "issue"]);

/** Every shell script among the inputs of a graph's resources, by place; equal ones once. */
export function scriptsOf(graph: Graph): Map<string, string> {
  const found = new Map<string, string>();
  const look = (value: unknown, place: string): void => {
    if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) look(entry, `${place}[${index}]`);
    } else if (typeof value === "object" && value !== null) {
      for (const [field, inner] of Object.entries(value)) look(inner, `${place}.${field}`);
    } else if (typeof value === "string" && isScript(place, value)) found.set(value, place);
  };
  for (const resource of graph.resources) look(resource.inputs, resource.name);
  return new Map([...found].map(([script, place]) => [place, script]));
}

const isScript = (place: string, value: string): boolean =>
  scriptFields.has(place.slice(place.lastIndexOf(".") + 1)) || value.startsWith("#!/bin/sh\n");

/** Fails with what shellcheck has to say of any of them. */
export function shellcheckAll(scripts: Map<string, string>): void {
  assert.ok(scripts.size > 0);
  for (const [place, script] of scripts) assert.equal(shellcheck(script), "", place);
}
