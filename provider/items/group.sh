# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# group: name gid system; its lines in group(5) and gshadow(5)

group_observe() {
  group_look
  group_take
}

group_look() { gw_table=$gw_newline$(cat "$accounts_folder/group")$gw_newline; }

group_take() {
  case $gw_table in
    *"$gw_newline$name:"*) ;;
    *)
      observed=absent
      return
      ;;
  esac
  gw_line=${gw_table#*"$gw_newline$name:"}
  gw_line=${gw_line#*:}
  observed="group${gid:+ gid=${gw_line%%:*}}"
}

# One process for all groups.
group_observe_many() {
  group_look
  for gw_i in "$@"; do
    use_item "$gw_i"
    group_take
    remember "$gw_i" "$observed"
  done
}

group_apply() {
  if [ "$observed" != absent ]; then
    echo "$name has another number ($observed), and a number is not changed: files would change hands"
    return 1
  fi
  accounts_change group_add
}

group_add() {
  ! limit getent group "$name" >/dev/null || {
    echo "the group $name is known from elsewhere, not from $accounts_folder/group"
    return 1
  }
  gw_gid=$gid
  if [ -z "$gw_gid" ]; then
    gw_gid=$(accounts_free "$system") || {
      echo "no number is free"
      return 1
    }
  elif gw_line=$(limit getent group "$gw_gid"); then
    echo "the number $gw_gid is the one of the group ${gw_line%%:*}"
    return 1
  fi
  printf '0:%s:x:%s:\n' "$name" "$gw_gid" | accounts_put group "$name" &&
    printf '0:%s:!::\n' "$name" | accounts_put gshadow "$name"
}

group_capture() {
  for gw_file in group gshadow; do
    # 1 is that it is not there; what could not be written would look the same later.
    accounts_of "$gw_file" "$name" | grep "^[0-9]*:$name:" >"$capture/$gw_file" || [ $? -eq 1 ] || return 1
  done
}

group_restore() {
  group_observe
  if [ -s "$capture/group" ]; then
    # Members are their users' concern: a group that is there is as it was.
    [ "$observed" = absent ] || return 0
    accounts_change group_put_back
  else
    [ "$observed" != absent ] || return 0
    accounts_change group_leave
  fi
}

# Asked under the lock: a user may be about to take it as its own.
group_leave() {
  if group_is_primary; then
    report kept "$name $gw_key"
  else
    group_put_back
  fi
}

group_put_back() {
  accounts_put group "$name" <"$capture/group" && accounts_put gshadow "$name" <"$capture/gshadow"
}

# Somebody's own group: without it, its user would belong to a number.
group_is_primary() {
  gw_gid=$(accounts_field group "$name" 3)
  GW_GID=$gw_gid awk -F : '$4 == ENVIRON["GW_GID"] { found = 1 } END { exit !found }' "$accounts_folder/passwd"
}
