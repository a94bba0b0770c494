import { registryFolder } from "./containerdConfiguration.ts";
import { renderToml } from "./toml.ts";

/** Other places for the images of one registry. */
export interface RegistryMirror {
  /** Registry as image names carry it, such as `docker.io` or `registry.example.com:5000`. */
  registry: string;
  /** `http://` or `https://` addresses, tried in order before the registry itself. */
  mirrors: string[];
  /** Path on the machine of the authority that signed the mirrors' certificates. Default: the system's. */
  authority?: string;
  /** Never ask the registry itself. Default false. */
  only?: boolean;
}

/** containerd's files for mirrors, by path. Source: containerd docs/hosts.md */
export function registryFiles(mirrors: readonly RegistryMirror[]): { path: string; content: string }[] {
  return mirrors.map((mirror) => ({
    path: `${registryFolder}/${folderOf(mirror.registry)}/hosts.toml`,
    content: hostsFile(mirror),
  }));
}

function hostsFile({ registry, mirrors, authority, only }: RegistryMirror): string {
  const capabilities = ["pull", "resolve"];
  const hosts = mirrors.map((url) => [url, authority ? { capabilities, ca: authority } : { capabilities }]);
  const server = only
    ? mirrors.at(-1)
    : `https://${registry === "docker.io" ? "registry-1.docker.io" : registry}`;
  return renderToml({ server: server ?? "", host: Object.fromEntries(hosts) });
}

/** A port's colon is written `_PORT_`, because some file systems have no colon. */
const folderOf = (registry: string): string => registry.replace(/:(\d+)$/, "_$1_");
