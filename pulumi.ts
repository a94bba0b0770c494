/**
 * The part of Pulumi's SDK that a program uses while it runs. The SDK's own index also loads the Automation API, a
 * TypeScript compiler and npm's resolver, for functions that are sent elsewhere: 0.4 s of processor time at every start.
 * Types cost nothing and may come from `@pulumi/pulumi` itself; the classes are the same ones.
 */
export type {
  ComponentResourceOptions,
  CustomResourceOptions,
  Input,
} from "@pulumi/pulumi";
export { getStack } from "@pulumi/pulumi/metadata.js";
export { all, interpolate, Output, output, secret } from "@pulumi/pulumi/output.js";
export { ComponentResource, CustomResource, Resource } from "@pulumi/pulumi/resource.js";
export { allConfig } from "@pulumi/pulumi/runtime/config.js";
