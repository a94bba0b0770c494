import type * as pulumi from "@pulumi/pulumi";
import type { Asset } from "../items/asset.ts";

/** `T` with every field also as an output of another resource, lists element by element, and assets as Pulumi has them. */
export type Inputs<T> = {
  [Key in keyof T]: Key extends "kind"
    ? T[Key]
    : T[Key] extends string | number | boolean | undefined
      ? pulumi.Input<NonNullable<T[Key]>> | Extract<T[Key], undefined>
      : T[Key] extends Asset | undefined
        ? pulumi.Input<pulumi.asset.Asset> | Extract<T[Key], undefined>
        : T[Key] extends (infer Element)[] | undefined
          ? pulumi.Input<pulumi.Input<Element>[]> | Extract<T[Key], undefined>
          : pulumi.Input<T[Key]>;
};
