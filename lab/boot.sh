#!/bin/sh
# Runs one lab machine until it is switched off; a reboot from inside starts it again.
#
# Start it in a mount namespace of its own: then the machine's mounts and its loop device end with its
# processes, however these end, and no other machine keeps them.
#
# usage: boot.sh GROUP FOLDER LOWER COMMAND...
#   GROUP   name of the machine's control group
#   FOLDER  holds disk.img and the mount points disk and root
#   LOWER   tree that the machine's own changes are laid over
#   COMMAND runs the machine in FOLDER/root; ends with 133 when the machine wants to be started again
set -eu
group=$1 folder=$2 lower=$3
shift 3

# A disk that two machines write is lost.
exec 9> "$folder/boot.lock"
flock --nonblock 9 || { echo "another process boots this machine"; exit 1; }

trees=$(while read -r _ mountpoint type _; do
  case $type:$mountpoint in
    cgroup:/sys/fs/cgroup/* | cgroup2:/sys/fs/cgroup | cgroup2:/sys/fs/cgroup/*) echo "$mountpoint" ;;
  esac
done < /proc/self/mounts)

# On a cgroup v2 host the children of a group have the controllers that the group offers them.
# One that cannot be offered is no reason to stop.
offer() {
  read -r controllers < "$1/cgroup.controllers" || :
  for controller in $controllers; do
    echo "+$controller" 2> /dev/null > "$1/cgroup.subtree_control" || :
  done
}

# make PARENT NAME: a v1 cpuset takes no process before it knows its processors and memory nodes.
make() {
  mkdir -p "$1/$2"
  [ -e "$1/cpuset.mems" ] || return 0
  cat "$1/cpuset.cpus" > "$1/$2/cpuset.cpus"
  cat "$1/cpuset.mems" > "$1/$2/cpuset.mems"
}

# A group of its own in every tree: machines must not share one, their systemds and kubelets would
# manage each other's children. This script stays beside the machine's part, which may not hold it (v2).
for tree in $trees; do
  make "$tree" "$group"
  if [ "$tree" = /sys/fs/cgroup ]; then
    offer "$tree"
    offer "$tree/$group"
  fi
  make "$tree/$group" launcher
  echo $$ > "$tree/$group/launcher/cgroup.procs"
done

mount -o loop "$folder/disk.img" "$folder/disk"
mount -t overlay -o "lowerdir=$lower,upperdir=$folder/disk/upper,workdir=$folder/disk/work" overlay "$folder/root"

# shellcheck disable=SC2016 # expanded by the inner shell, which joins the groups and becomes the command
joinAndRun='
  for tree in $1; do echo $$ > "$tree/$2/machine/cgroup.procs" || exit 125; done
  shift 2
  exec "$@"'

while :; do
  for tree in $trees; do
    [ ! -d "$tree/$group/machine" ] || find "$tree/$group/machine" -depth -type d -exec rmdir {} \;
    make "$tree/$group" machine
  done
  status=0
  sh -c "$joinAndRun" lab "$trees" "$group" "$@" 9>&- || status=$?
  [ "$status" -eq 133 ] || exit "$status"
done
