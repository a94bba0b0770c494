import { existsSync } from "node:fs";

/** Who makes containers' cgroups on lab machines: on hosts with cgroup v1 systemd inside does not own them. */
export function labCgroupDriver(): "systemd" | "cgroupfs" {
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? "systemd" : "cgroupfs";
}
