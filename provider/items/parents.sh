# shellcheck shell=sh
# Folders on the way to an item's path. Whoever can put a symbolic link there decides where root writes. A link that
# only root can change is the system's own, such as /var/run or the /bin of a merged /usr: it belongs to root and lies
# in a folder that nobody else can write. Every other link is refused by name.

# Walks the way as the kernel does, through the targets of links too, without a process unless there is one.
parents_trusted() { # PATH
  gw_way_left=${1%/*}/ gw_way_at='' gw_way_links=0
  while [ -n "$gw_way_left" ]; do
    gw_way_part=${gw_way_left%%/*} gw_way_left=${gw_way_left#*/}
    case $gw_way_part in
      '' | .) continue ;;
      ..) gw_way_at=${gw_way_at%/*} && continue ;;
    esac
    gw_way_at=$gw_way_at/$gw_way_part
    [ -L "$gw_way_at" ] || continue
    parents_link || return 1
  done
}

# Follows the link $gw_way_at, if only root can change it.
parents_link() {
  gw_way_links=$((gw_way_links + 1))
  if ! parents_link_is_of_root || [ "$gw_way_links" -gt 40 ]; then
    echo "$gw_way_at is a symbolic link that others than root can change: name the place that it leads to"
    return 1
  fi
  # The mark keeps line ends that belong to the target.
  gw_way_target=$(readlink "$gw_way_at" && echo .)
  gw_way_left=${gw_way_target%??}/$gw_way_left
  case $gw_way_target in
    /*) gw_way_at='' ;;
    *) gw_way_at=${gw_way_at%/*} ;;
  esac
}

parents_link_is_of_root() {
  # shellcheck disable=SC2046 # numbers
  set -- $(stat -c '%u %a' "$gw_way_at" "${gw_way_at%/*}/")
  [ "$1 $3" = '0 0' ] || return 1
  case $4 in
    *[2367] | *[2367]?) return 1 ;;
  esac
}
