# shellcheck shell=sh
# Folders on the way to an item's path. Whoever can put a symbolic link there decides where root writes. A link that
# only root can change is the system's own, such as /var/run or the /bin of a merged /usr: it belongs to root and lies
# in a folder that nobody else can write. Every other link is refused by name.

# Walks the way as the kernel does, through the targets of links too, without a process unless there is one.
parents_trusted() { # PATH
  gw_way=${1%/*}/ gw_at='' gw_links=0
  while [ -n "$gw_way" ]; do
    gw_part=${gw_way%%/*} gw_way=${gw_way#*/}
    case $gw_part in
      '' | .) continue ;;
      ..) gw_at=${gw_at%/*} && continue ;;
    esac
    gw_at=$gw_at/$gw_part
    [ -L "$gw_at" ] || continue
    parents_link || return 1
  done
}

# Follows the link $gw_at, if only root can change it.
parents_link() {
  gw_links=$((gw_links + 1))
  if ! parents_link_is_of_root || [ "$gw_links" -gt 40 ]; then
    echo "$gw_at is a symbolic link that others than root can change: name the place that it leads to"
    return 1
  fi
  # The mark keeps line ends that belong to the target.
  gw_target=$(readlink "$gw_at" && echo .)
  gw_way=${gw_target%??}/$gw_way
  case $gw_target in
    /*) gw_at='' ;;
    *) gw_at=${gw_at%/*} ;;
  esac
}

parents_link_is_of_root() {
  # shellcheck disable=SC2046 # numbers
  set -- $(stat -c '%u %a' "$gw_at" "${gw_at%/*}/")
  [ "$1 $3" = '0 0' ] || return 1
  case $4 in
    *[2367] | *[2367]?) return 1 ;;
  esac
}
