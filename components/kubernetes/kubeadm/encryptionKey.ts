import type { ItemInput } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import { yamlText } from "../yamlText.ts";
import { paths } from "./paths.ts";

const placeholder = "KEY";

const configuration = yamlText({
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "EncryptionConfiguration",
  resources: [
    {
      resources: ["secrets"],
      // The second one reads what was written before there was a key.
      providers: [{ secretbox: { keys: [{ name: "key1", secret: placeholder }] } }, { identity: {} }],
    },
  ],
});

const [before = "", after = ""] = configuration.split(placeholder);

/**
 * Makes the key that encrypts secrets in etcd. It is born on the machine and only root reads it.
 * It stays with the data that it encrypts: the folder around it is a stateDirectory, which a rollback moves aside.
 */
export const encryptionKeyItems: ItemInput[] = [
  { kind: "directory", path: paths.encryptionFolder, mode: "0700" },
  {
    kind: "command",
    name: "key that encrypts secrets",
    run: `set -eu
umask 077
file=${quote(paths.encryption)}
if [ -s "$file" ]; then
  chown root:root "$file"
  chmod 600 "$file"
  exit 0
fi
if [ -d ${quote(`${paths.etcdFolder}/member`)} ]; then
  echo "$file is gone, and etcd holds secrets that only this key opens: put it back from a copy"
  exit 1
fi
key=$(head -c 32 /dev/urandom | base64)
printf '%s%s%s' ${quote(before)} "$key" ${quote(after)} >"$file.new"
mv "$file.new" "$file"
`,
    unless: `[ "$(stat -c '%a %U' ${quote(paths.encryption)})" = '600 root' ] && [ -s ${quote(paths.encryption)} ]\n`,
    undo: ":\n",
    timeLimit: 10,
  },
];
