import type * as pulumi from "@pulumi/pulumi";
import type { ItemInput } from "../../provider/index.ts";
import { quote } from "../../provider/index.ts";

/** An image that a machine has before anything asks for it, kept from being collected as garbage. */
export interface ContainerImage {
  /** Name as manifests give it. Without {@link archive} it ends in `@sha256:…`: nothing unpinned is pulled. */
  name: string;
  /** An archive (docker or OCI) that holds the image. Default: the image is pulled from its registry. */
  archive?: {
    /** HTTP or HTTPS addresses of the same bytes, tried in order. */
    urls: pulumi.Input<pulumi.Input<string>[]>;
    /** SHA-256 of the archive, in lower-case hexadecimal. */
    sha256: string;
  };
  /** Only machines with one of these roles have it. Default: every machine. */
  roles?: string[];
  /** Only these machines have it, by name. Default: every machine. */
  machines?: string[];
}

/** Where archives are kept: the image can be imported again without the network. */
const archiveFolder = "/var/cache/groundwork/images";

/** Says which bytes an image came from; what carries it is ours. */
const sourceLabel = "groundwork/source";

const ctr = "ctr -n k8s.io";

/** Items that bring images to a machine, through containerd's namespace of Kubernetes. */
export function imageItems(images: readonly ContainerImage[]): ItemInput[] {
  if (images.length === 0) return [];
  return [
    ...images.flatMap((image) => archiveItem(image)),
    {
      kind: "command",
      name: "container images",
      run: takeImages(images),
      unless: imagesAreThere(images),
      undo: dropImages,
      timeLimit: 900,
    },
  ];
}

function archiveItem(image: ContainerImage): ItemInput[] {
  if (!image.archive) return [];
  return [{ kind: "download", path: archivePath(image.name), mode: "0644", ...image.archive }];
}

const archivePath = (name: string): string => `${archiveFolder}/${name.replace(/[^A-Za-z0-9.]+/g, "-")}.tar`;

/** The label's value: the archive's digest, or the one in the name. */
const sourceOf = (image: ContainerImage): string =>
  image.archive?.sha256 ?? (image.name.split("@sha256:")[1] || "unpinned");

/** Lines `NAME SOURCE`, sorted, of the images that are ours on this machine. */
const listOurs = `ours() {
  ${ctr} images list 'labels."${sourceLabel}"' |
    sed -n 's|^\\([^[:space:]]*\\)[[:space:]].*${sourceLabel}=\\([0-9a-f]*\\).*|\\1 \\2|p' | sort
}`;

/** Imports or pulls what is missing, and forgets what was ours and is not wanted any more. */
export function takeImages(images: readonly ContainerImage[]): string {
  return `set -eu
${listOurs}
found=$(ours)
has() { printf '%s\\n' "$found" | grep -Fqx -- "$1 $2"; }
import() { # NAME SOURCE ARCHIVE
  has "$1" "$2" || ${ctr} images import --label io.cri-containerd.pinned=pinned --label "${sourceLabel}=$2" "$3" >/dev/null
}
pull() { # NAME SOURCE
  has "$1" "$2" || {
    ${ctr} images pull --hosts-dir /etc/containerd/certs.d "$1" >/dev/null
    ${ctr} images label "$1" io.cri-containerd.pinned=pinned "${sourceLabel}=$2" >/dev/null
  }
}
${images.map(takeImage).join("\n")}
printf '%s\\n' "$found" | while read -r name _; do
  case $name in
    '' | ${images.map((image) => quote(image.name)).join(" | ")}) ;;
    *) ${ctr} images remove "$name" >/dev/null ;;
  esac
done
`;
}

function takeImage(image: ContainerImage): string {
  const words = [quote(image.name), quote(sourceOf(image))];
  return image.archive
    ? ["import", ...words, quote(archivePath(image.name))].join(" ")
    : ["pull", ...words].join(" ");
}

/** Holds when exactly these images are ours. */
export function imagesAreThere(images: readonly ContainerImage[]): string {
  const wanted = images.map((image) => quote(`${image.name} ${sourceOf(image)}`)).join(" ");
  return `${listOurs}
wanted=$(printf '%s\\n' ${wanted} | sort)
[ "$(ours)" = "$wanted" ]
`;
}

const dropImages = `${listOurs}
ours | while read -r name _; do
  ${ctr} images remove "$name" || exit
done
`;
