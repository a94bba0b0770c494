import type { Check } from "../../provider/index.ts";
import { quote } from "../../provider/index.ts";
import type { ContainerdSettings } from "./containerdConfiguration.ts";
import type { ContainerImage } from "./containerImages.ts";

/** The runtime answers on its socket, and the part that kubelet talks to works. */
export const runtimeAnswers: Check = {
  name: "containerd answers and its Kubernetes part works",
  run: `set -eu
answer=$(ctr version 2>&1) || {
  printf 'containerd does not answer: %s\\n' "$answer"
  echo "containerd.service is $(systemctl is-active containerd.service)"
  exit 1
}
printf '%s\\n' "$answer" | sed -n '/Server/,$p'
plugins=$(ctr plugins list)
for plugin in 'io.containerd.grpc.v1 cri' 'io.containerd.cri.v1 images' 'io.containerd.cri.v1 runtime'; do
  status=$(printf '%s\\n' "$plugins" | awk -v plugin="$plugin" '$1 " " $2 == plugin { print $NF }')
  echo "$plugin: \${status:-missing}"
  [ "$status" = ok ]
done
`,
  within: 20,
};

/** What containerd runs with is what was asked for, whatever other files said. */
export function settingsAreEffective(settings: ContainerdSettings): Check {
  return {
    name: "containerd runs with the settings that were asked for",
    run: `set -eu
dump=$(containerd config dump)
expect() { # LINE
  if printf '%s\\n' "$dump" | sed "s/^[[:space:]]*//; y/'/\\"/" | grep -Fqx -- "$1"; then
    printf 'as asked: %s\\n' "$1"
  else
    printf 'not found: %s\\n' "$1"
    exit 1
  fi
}
expect ${quote(`SystemdCgroup = ${settings.cgroupDriver === "systemd"}`)}
expect ${quote(`sandbox = ${JSON.stringify(settings.sandboxImage)}`)}
expect ${quote(`root = ${JSON.stringify(settings.rootFolder)}`)}
`,
  };
}

/** A container is started from an image and says something. */
export function containerRuns(image: string): Check {
  return {
    name: "a container runs and answers",
    createsObjects: true,
    timeLimit: 60,
    run: `set -eu
name=groundwork-check-$$
trap 'ctr -n k8s.io containers delete "$name" >/dev/null 2>&1 || :' EXIT
ctr -n k8s.io images list -q name==${quote(JSON.stringify(image))} | grep -q . ||
  ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d ${quote(image)} >/dev/null
# shellcheck disable=SC2016 # expanded by the container's own shell
said=$(ctr -n k8s.io run --rm ${quote(image)} "$name" sh -c 'echo "a container of $(id -un) says $((6 * 7))"')
printf '%s\\n' "$said"
case $said in
  *' says 42'*) ;;
  *) exit 1 ;;
esac
`,
  };
}

/** The images that a machine shall have are there and kept. */
export function imagesAreReady(images: readonly ContainerImage[]): Check {
  return {
    name: "the images that were asked for are there and kept",
    run: `set -eu
pinned=$(ctr -n k8s.io images list -q 'labels."io.cri-containerd.pinned"==pinned')
for image in ${images.map((image) => quote(image.name)).join(" ")}; do
  printf '%s\\n' "$pinned" | grep -Fqx -- "$image" || {
    printf 'not there, or not kept: %s\\n' "$image"
    exit 1
  }
done
echo "${images.length} images"
`,
  };
}
