/** The path as it is where `/usr` is merged into the root: `/usr/bin/sh` and `/bin/sh` are one file. */
export const unmerged = (path: string): string =>
  path.replace(/^\/usr(?=\/(bin|sbin|lib(x?32|64)?)(\/|$))/, "");
