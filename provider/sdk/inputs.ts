import type * as pulumi from "@pulumi/pulumi";

/** `T` with every field also as an output of another resource, and lists element by element. */
export type Inputs<T> = {
  [Key in keyof T]: Key extends "kind"
    ? T[Key]
    : T[Key] extends string | number | boolean | undefined
      ? pulumi.Input<NonNullable<T[Key]>> | Extract<T[Key], undefined>
      : T[Key] extends (infer Element)[] | undefined
        ? pulumi.Input<pulumi.Input<Element>[]> | Extract<T[Key], undefined>
        : pulumi.Input<T[Key]>;
};
