/** Files that sshd, sudo and the lookup of accounts read at login. */
const read =
  /^\/etc\/(ssh|sudoers\.d|pam\.d|security)\/|^\/etc\/(sudoers|passwd|shadow|group|nsswitch\.conf)$|\/\.ssh\//;

/** Folders that hold such files, programs that a login runs, or somebody's keys. */
const holding =
  /^\/etc\/(ssh|sudoers\.d|pam\.d|security)$|\/\.ssh$|^\/(usr|bin|sbin|lib(x?32|64)?)(\/|$)|^\/home\/[^/]+$/;

/** True when a mistake in this file can lock everybody out. */
export const isLoginFile = (path: string): boolean => read.test(path);

/** As {@link isLoginFile}, for a path that is gone or leads elsewhere afterwards, with all that lies below it. */
export const isLoginPath = (path: string): boolean => isLoginFile(path) || holding.test(path);
