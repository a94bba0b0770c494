# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2016 # awk has variables of its own
# user: name uid group groups shell home system password; data is the password's hash. `groups` has commas around each
# name, or is `-` where memberships are left alone; password is `locked` or a digest of the hash.

# One line for each user in $gw_names, empty where there is none: UID:GROUP:GROUPS:SHELL:HOME:PASSWORD.
user_look() {
  set -- "$accounts_folder/passwd" "$accounts_folder/group"
  [ ! -f "$accounts_folder/shadow" ] || set -- "$@" "$accounts_folder/shadow"
  GW_NAMES=$gw_names awk -F : '
    BEGIN {
      count = split(ENVIRON["GW_NAMES"], wanted, " ")
      for (i = 1; i <= count; i++) asked[wanted[i]] = 1
    }
    FILENAME == ARGV[1] {
      if (($1 in asked) && !($1 in uid)) { uid[$1] = $3; gid[$1] = $4; home[$1] = $6; shell[$1] = $7 }
      next
    }
    FILENAME == ARGV[2] {
      if (!($3 in called)) called[$3] = $1
      members = split($4, member, ",")
      for (i = 1; i <= members; i++)
        if (member[i] in asked) groups[member[i]] = groups[member[i]] " " $1
      next
    }
    $1 in asked { password[$1] = $2 }
    function sorted(text, primary,   word, words, i, j, kept, joined) {
      words = split(text, word, " ")
      for (i = 2; i <= words; i++) {
        kept = word[i]
        for (j = i - 1; j > 0 && word[j] > kept; j--) word[j + 1] = word[j]
        word[j + 1] = kept
      }
      for (i = 1; i <= words; i++)
        if (word[i] != primary && word[i] != word[i - 1]) joined = joined (joined == "" ? "" : ",") word[i]
      return joined
    }
    END {
      for (i = 1; i <= count; i++) {
        name = wanted[i]
        if (!(name in uid)) { print ""; continue }
        primary = gid[name] in called ? called[gid[name]] : gid[name]
        print uid[name] ":" primary ":" sorted(groups[name], primary) ":" shell[name] ":" home[name] ":" \
          (name in password ? password[name] : "missing")
      }
    }
  ' "$@"
}

user_observe() {
  gw_names=$name
  if gw_seen=$(user_look); then
    user_take <<GW_END
$gw_seen
GW_END
  else
    observed=unknown
  fi
}

# One process for all users, and one for each that is to have a password.
user_observe_many() {
  gw_names=''
  for gw_i in "$@"; do
    use_item "$gw_i"
    gw_names="$gw_names $name"
  done
  gw_seen=$(user_look) || return 0
  # Through a pipe: the hashes are in memory only.
  exec 5<<GW_END
$gw_seen
GW_END
  for gw_i in "$@"; do
    use_item "$gw_i"
    user_take <&5
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

user_take() { # < a line of user_look: sets $observed
  IFS=: read -r gw_uid gw_primary gw_groups gw_shell gw_home gw_password || :
  if [ -z "$gw_uid" ]; then
    observed=absent
    return
  fi
  case $gw_password in
    '!'* | '*'*) gw_password=locked ;;
    missing) ;;
    '') gw_password=none ;;
    *)
      if [ "$password" = locked ]; then
        gw_password='set'
      else
        gw_password=$(printf '%s' "$gw_password" | sha256sum)
        gw_password=sha256:${gw_password%% *}
      fi
      ;;
  esac
  observed="user${uid:+ uid=$gw_uid} group=$gw_primary"
  [ "$groups" = - ] || observed="$observed groups=$gw_groups"
  observed="$observed shell=$gw_shell home=$gw_home"
  [ "$gw_home" = /nonexistent ] || [ -d "$gw_home" ] || observed="$observed (missing)"
  observed="$observed password=$gw_password"
}

# --- apply ---

user_apply() {
  [ -x "$shell" ] || {
    echo "the shell $shell is not there"
    return 1
  }
  accounts_change user_write && user_make_home
}

user_write() {
  gw_entry=$(accounts_of passwd "$name")
  if [ -n "$gw_entry" ]; then
    user_present "${gw_entry#*:}"
  else
    user_new
  fi || return
  gw_gid=$(accounts_field group "$group" 3)
  gw_own=''
  if [ -z "$gw_gid" ]; then
    [ "$group" = "$name" ] || {
      echo "there is no group $group"
      return 1
    }
    user_own_group || return
    gw_own=$name:x:$gw_gid:
  fi
  printf '%s' "${gw_own:+0:$gw_own$gw_newline}" | accounts_join group "$name" "$groups" "$group" &&
    printf '%s' "${gw_own:+0:$name:!::$gw_newline}" | accounts_join gshadow "$name" "$groups" "$group" &&
    user_shadow | accounts_put shadow "$name" &&
    printf '0:%s:x:%s:%s:%s:%s:%s\n' "$name" "$gw_uid" "$gw_gid" "$gw_comment" "$home" "$shell" |
    accounts_put passwd "$name" || return
  [ -z "$gw_entry" ] && [ "$system" = no ] || return 0
  user_range subuid && user_range subgid
}

user_present() { # LINE of passwd
  IFS=: read -r _ _ gw_uid _ gw_comment _ <<GW_END
$1
GW_END
  [ -z "$uid" ] || [ "$uid" = "$gw_uid" ] || {
    echo "$name has the number $gw_uid, and a number is not changed: files would change hands"
    return 1
  }
}

user_new() {
  ! limit getent passwd "$name" >/dev/null || {
    echo "the user $name is known from elsewhere, not from $accounts_folder/passwd"
    return 1
  }
  gw_comment='' gw_uid=$uid
  if [ -z "$gw_uid" ]; then
    gw_uid=$(accounts_free "$system") || {
      echo "no number is free"
      return 1
    }
  elif gw_taken=$(limit getent passwd "$gw_uid"); then
    echo "the number $gw_uid is the one of the user ${gw_taken%%:*}"
    return 1
  fi
}

# The group of the user's own name gets the user's number where that is free.
user_own_group() {
  gw_gid=$gw_uid
  ! limit getent group "$gw_gid" >/dev/null || gw_gid=$(accounts_free "$system") || {
    echo "no number is free"
    return 1
  }
}

# With `*` no password fits, and a key still does, whether sshd uses PAM or not; `!` would lock both.
user_shadow() {
  gw_line=$(accounts_of shadow "$name")
  gw_today=$(($(date +%s) / 86400))
  if [ -z "$gw_line" ]; then
    gw_rest=::::::
    [ "$system" = yes ] || gw_rest=$(user_aging)
  else
    IFS=: read -r _ _ gw_password gw_changed_on gw_rest <<GW_END
$gw_line
GW_END
    if user_has_password; then
      printf '%s\n' "$gw_line"
      return
    fi
  fi
  printf '0:%s:' "$name"
  if [ "$password" = locked ]; then printf '*'; else data; fi
  printf ':%s:%s\n' "$gw_today" "$gw_rest"
}

user_has_password() {
  case $password/$gw_password in
    locked/'!'* | locked/'*'*) ;;
    locked/*) return 1 ;;
    *) [ "$gw_password" = "$(data)" ] ;;
  esac
}

user_aging() { # MIN:MAX:WARN:::, as useradd(8) writes them
  GW_DEFINITIONS=$accounts_folder/login.defs awk '
    BEGIN {
      low = 0; high = 99999; warn = 7
      while ((getline < ENVIRON["GW_DEFINITIONS"]) > 0) {
        if ($1 == "PASS_MIN_DAYS") low = $2
        if ($1 == "PASS_MAX_DAYS") high = $2
        if ($1 == "PASS_WARN_AGE") warn = $2
      }
      print low ":" high ":" warn ":::"
    }
  '
}

# Numbers for the user's own name spaces, after all others.
user_range() { # FILE
  [ -f "$accounts_folder/$1" ] && [ -z "$(accounts_of "$1" "$name")" ] || return 0
  awk -F : -v name="$name" '
    BEGIN { next_one = 100000 }
    $2 + $3 > next_one { next_one = $2 + $3 }
    END { print "0:" name ":" next_one ":65536" }
  ' "$accounts_folder/$1" | accounts_put "$1" "$name"
}

# Whole or not at all. One that is there stays as it is.
user_make_home() {
  [ "$home" != /nonexistent ] && [ ! -d "$home" ] || return 0
  [ ! -e "$home" ] && [ ! -L "$home" ] || {
    echo "$home is there and is no directory"
    return 1
  }
  gw_new=$home.groundwork-$gw_owner
  rm -rf "$gw_new"
  made_again "$home" && mkdir -m 0700 "$gw_new" || return 1
  [ "$system" = yes ] || [ ! -d /etc/skel ] || cp -a /etc/skel/. "$gw_new" || return 1
  chown -R "$gw_uid:$gw_gid" "$gw_new" && chmod 0700 "$gw_new" && mv -T "$gw_new" "$home"
}

# --- capture and restore ---

user_capture() {
  for gw_file in group gshadow shadow subuid subgid passwd; do
    accounts_of "$gw_file" "$name" >"$capture/$gw_file" || return 1
  done
  [ "$group" != "$name" ] || grep -q "^[0-9]*:$name:" "$capture/group" || user_note own-group "$name" || return 1
  [ "$home" != /nonexistent ] && [ ! -e "$home" ] && [ ! -L "$home" ] || return 0
  made_note "$home" && user_note homes "$home"
}

# A home or a group that an update makes is taken away with the user, too.
user_note() { # NAME LINE
  printf '%s\n' "$2" >"$capture/$1" || return 1
  gw_baseline=$gw_root/baseline/$gw_hash
  [ ! -e "$gw_baseline/item" ] || printf '%s\n' "$2" >>"$gw_baseline/$1"
}

user_has_content() { :; }

user_restore() {
  [ -s "$capture/passwd" ] || user_idle || return 1
  accounts_change user_put_back || return 1
  path=$home
  stateDirectory_bring_back || return 1
  [ -f "$capture/homes" ] || return 0
  while IFS= read -r path; do
    user_leave_home || return 1
  done <"$capture/homes"
}

# A home that was made for the user: what somebody put into it is kept.
user_leave_home() {
  rm -rf "$path.groundwork-$gw_owner"
  [ ! -d "$path" ] || rmdir "$path" 2>/dev/null || stateDirectory_set_aside || return 1
  made_tidy "$path"
}

user_put_back() {
  gw_drop=''
  ! user_group_leaves || gw_drop=yes
  for gw_file in shadow subuid subgid passwd; do
    accounts_put "$gw_file" "$name" <"$capture/$gw_file" || return 1
  done
  for gw_file in group gshadow; do
    accounts_rejoin "$gw_file" "$name" "$gw_drop" <"$capture/$gw_file" || return 1
  done
}

# True when the group of the user's name came with the user, and nobody else has come to use it.
user_group_leaves() {
  { [ "$group" = "$name" ] || [ -e "$capture/own-group" ]; } && ! grep -q "^[0-9]*:$name:" "$capture/group" || return 1
  ! still_claimed "group:$name" || return 1
  gw_gid=$(accounts_field group "$name" 3)
  [ -n "$gw_gid" ] || return 1
  gw_members=$(accounts_field group "$name" 4)
  [ -z "$gw_members" ] || [ "$gw_members" = "$name" ] || return 1
  GW_NAME=$name GW_GID=$gw_gid awk -F : '
    $4 == ENVIRON["GW_GID"] && $1 != ENVIRON["GW_NAME"] { found = 1 }
    END { exit found }
  ' "$accounts_folder/passwd"
}

# What runs for a user without an account would run for a number, and one day for whoever gets that number. The login
# in use has processes of its own; whether it may go is decided by the new login that confirms it. What a failed
# operation made goes in any case.
user_idle() {
  [ "$name" != "${gw_login_user-}" ] || return 0
  ! grep -qsxF -e "$capture" "$gw_transaction/order" || return 0
  gw_uid=$(accounts_field passwd "$name" 3)
  [ -n "$gw_uid" ] || return 0
  # systemd ends a user's own manager ten seconds after the last logout.
  gw_tries=30
  while user_processes; do
    [ "$gw_tries" -gt 0 ] || {
      echo "$name still has processes, end them first:$gw_processes"
      return 1
    }
    gw_tries=$((gw_tries - 1))
    sleep 0.5
  done
}

user_processes() { # sets gw_processes to the first of them
  gw_processes=''
  for gw_status_file in $(grep -lsE "^Uid:(${gw_tab}[0-9]+){0,3}${gw_tab}$gw_uid($gw_tab|\$)" /proc/[0-9]*/status | head -n 5); do
    read -r _ gw_word <"$gw_status_file" || continue
    gw_pid=${gw_status_file#/proc/}
    gw_processes="$gw_processes ${gw_pid%/status} ($gw_word)"
  done 2>/dev/null
  [ -n "$gw_processes" ]
}
