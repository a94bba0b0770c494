# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# download: path urls sha256 member mode; a member that begins with a slash is the whole tree (downloadTree.sh)
#
# /var/lib/groundwork/downloads/ holds SHA256 (fetched and checked), SHA256.partial (half fetched), SHA256.part (half
# sent by the computer that runs the deployment), and for each
# item `installed-HASH`: digest and source of what was put at its path, since a member has a digest of its own.

download_source() { printf '%s' "$sha256${member:+#$member}"; }

download_observe() {
  if is_tree; then
    tree_observe
  elif [ -f "$path" ] && [ ! -L "$path" ]; then
    gw_sum=$(sha256sum <"$path")
    download_line "$(stat -c %a "$path")" "${gw_sum%% *}"
  elif [ -L "$path" ]; then
    observed=symlink
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

# A whole file is its own proof; a member is known by the record of its extraction.
download_line() { # MODE DIGEST: sets $observed
  gw_mode=$1
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  gw_from='' gw_put=''
  if [ -f "$gw_root/downloads/installed-$gw_hash" ]; then
    IFS= read -r gw_line <"$gw_root/downloads/installed-$gw_hash"
    gw_put=${gw_line%% *} gw_from=${gw_line#* }
  fi
  if [ -z "$member" ] && [ "$2" = "$sha256" ]; then
    observed="source=$2 mode=$gw_mode intact=yes"
  elif [ -n "$gw_from" ] && [ "$gw_put" = "$2" ]; then
    observed="source=$gw_from mode=$gw_mode intact=yes"
  else
    observed="source=${gw_from:-unknown} mode=$gw_mode intact=no"
  fi
}

# Programs are large: a digest is remembered, in memory, under what every change of the file's bytes changes.
# Device, inode, size and both times in nanoseconds; nobody sets the time of the last change of an inode by hand.
gw_digests=/run/groundwork/digests

# One process for the stamps of all downloads, one for the digests that are not remembered.
download_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if ! is_tree && [ ! -L "$path" ] && [ -f "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      download_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  # Where one answer is missing, the lines do not fit: then each file is observed by itself.
  stat -c '%a %d:%i:%s:%.Y:%.Z' "$@" >"$gw_run/stat" || return 0
  gw_new=''
  set --
  exec 5<"$gw_run/stat"
  for gw_i in $gw_regular; do
    use_item "$gw_i"
    read -r gw_stat gw_stamp <&5
    gw_known='' gw_sum=''
    [ ! -f "$gw_digests/$gw_hash" ] || read -r gw_known gw_sum <"$gw_digests/$gw_hash"
    if [ "$gw_known" = "$gw_stamp" ]; then
      download_line "$gw_stat" "$gw_sum"
      remember "$gw_i" "$observed"
    else
      eval "gw_stat_$gw_i=\$gw_stat gw_stamp_$gw_i=\$gw_stamp"
      gw_new="$gw_new $gw_i"
      set -- "$@" "$path"
    fi
  done
  exec 5<&-
  [ $# -gt 0 ] || return 0
  mkdir -p "$gw_digests" && chmod 700 "$gw_digests"
  sha256sum "$@" >"$gw_run/sums" || return 0
  exec 6<"$gw_run/sums"
  for gw_i in $gw_new; do
    use_item "$gw_i"
    read -r gw_sum <&6
    # sha256sum marks a name that it had to escape with a backslash before the digest.
    gw_sum=${gw_sum%% *} gw_sum=${gw_sum#\\}
    eval "gw_stat=\$gw_stat_$gw_i gw_stamp=\$gw_stamp_$gw_i"
    printf '%s %s\n' "$gw_stamp" "$gw_sum" >"$gw_digests/$gw_hash"
    download_line "$gw_stat" "$gw_sum"
    remember "$gw_i" "$observed"
  done
  exec 6<&-
}

# True when the bytes are neither in place nor waiting here.
download_needs_bytes() {
  case $observed in
    other | "source=$(download_source) mode="*" intact=yes") return 1 ;;
  esac
  [ ! -f "$gw_root/downloads/sent-$sha256-$gw_owner" ]
}

download_apply() {
  parents_trusted "$path" || return 1
  case $observed in
    other)
      echo "$path is neither absent nor what the download is to be"
      return 1
      ;;
    "source=$(download_source) mode="*" intact=yes")
      download_mode
      return
      ;;
  esac
  ! is_tree || tree_may_go || return 1
  locks_make && mkdir -p "$gw_root/downloads" && made_again "$path" || return 1
  # Streams side by side that want the same bytes fetch them once.
  exec 9>"$gw_locks/download-$sha256"
  flock 9
  download_fetch && download_install
  gw_code=$?
  exec 9>&-
  return "$gw_code"
}

download_mode() {
  if is_tree; then
    in_folder "$path/." chmod "$mode" .
    return
  fi
  place_look "$path"
  if [ -n "$gw_alone" ]; then
    chmod "$mode" "$path"
  else
    place_new "$path" download_again
  fi
}

download_again() { new_from "$path" && chmod "$mode" "$gw_new"; }

download_fetch() { # brings about $gw_cached
  # What was sent is this owner's alone: nobody else, done with the same bytes, takes it away.
  gw_cached=$gw_root/downloads/sent-$sha256-$gw_owner
  [ ! -f "$gw_cached" ] || return 0
  gw_cached=$gw_root/downloads/$sha256
  [ ! -f "$gw_cached" ] || return 0
  # It may have arrived whole before an interruption.
  ! download_accept || return 0
  gw_ifs=$IFS
  IFS=$gw_newline
  set -f
  # shellcheck disable=SC2086
  set -- $urls
  set +f
  IFS=$gw_ifs
  for gw_url in "$@"; do
    ! download_from "$gw_url" || return 0
  done
  return "$gw_code"
}

# For curl's standard input: an address may carry a token, which no argument may show.
web_address() { # URL
  printf '%s\n' "$1" | sed 's/[\\"]/\\&/g; s/.*/url = "&"/'
}

# All of an address that a report may show: the rest can be a login or a token.
web_host() { # URL
  gw_host=${1#*://}
  gw_host=${gw_host%%[/?#]*}
  printf '%s\n' "${1%%://*}://${gw_host##*@}"
}

download_from() { # URL
  for gw_try in 1 2 3 4; do
    gw_resumed=''
    [ ! -s "$gw_cached.partial" ] || gw_resumed=yes
    gw_http=$(web_address "$1" | limit curl -K - -fsSgL --proto '=http,https' --proto-redir '=http,https' --connect-timeout 15 \
      --speed-limit 512 --speed-time 30 -C - -w '%{http_code}' -o "$gw_cached.partial" 9>&-)
    gw_code=$?
    ! download_accept || return 0
    case $gw_code/$gw_http in
      0/*)
        echo "$(web_host "$1") serves other bytes, with sha256 ${gw_sum%% *}"
        rm -f "$gw_cached.partial"
        gw_code=1
        # The part from before may have been another file's.
        [ -n "$gw_resumed" ] || return 1
        ;;
      33/* | 36/* | 22/416) rm -f "$gw_cached.partial" ;;
      22/429 | 22/5?? | [567]/* | 18/* | 28/* | 35/* | 5[256]/* | 92/*) sleep "$gw_try" ;;
      *) return "$gw_code" ;;
    esac
  done
  return "$gw_code"
}

download_accept() {
  [ -s "$gw_cached.partial" ] || return 1
  gw_sum=$(sha256sum <"$gw_cached.partial")
  # Under that name it is taken for whole.
  [ "${gw_sum%% *}" = "$sha256" ] && sync "$gw_cached.partial" && mv -f "$gw_cached.partial" "$gw_cached"
}

download_install() {
  if is_tree; then
    tree_install
    return
  fi
  download_wanted_later
  place_new "$path" download_make || return 1
  [ -n "$gw_again" ] || rm -f "$gw_cached" "$gw_cached.partial" "$gw_cached.part"
}

download_make() { download_place && chmod "$mode" "$gw_new" && download_record; }

# Sets gw_again when another item of this program takes something from the same archive.
download_wanted_later() {
  later_items
  gw_at=$gw_index gw_again='' gw_this=$sha256
  for gw_number in $gw_later; do
    use_item "$gw_number"
    [ "$sha256" != "$gw_this" ] || gw_again=yes
  done
  use_item "$gw_at"
}

download_place() {
  if [ -n "$member" ]; then
    (umask 077 && download_member "$member" || download_member "./$member") >"$gw_new" || return
    [ -s "$gw_new" ] || {
      echo "$member in the archive is not a file"
      return 1
    }
  elif [ -n "$gw_again" ]; then
    (umask 077 && cat "$gw_cached" >"$gw_new")
  else
    mv -fT "$gw_cached" "$gw_new" && chown root:root "$gw_new"
  fi
}

# Its first occurrence; of a folder that is nothing, not all that lies in it. A backslash is one.
download_member() { limit tar --no-recursion --no-unquote -xOf "$gw_cached" --occurrence=1 -- "$1"; }

download_record() {
  gw_sum=$sha256
  [ -z "$member" ] || gw_sum=$(sha256sum <"$gw_new")
  download_note "${gw_sum%% *}"
}

download_note() { # DIGEST of what is put in place
  gw_file=$gw_root/downloads/installed-$gw_hash
  printf '%s %s\n' "$1" "$(download_source)" >"$gw_file.new" && mv -f "$gw_file.new" "$gw_file"
}

download_capture() {
  gw_file=$gw_root/downloads/installed-$gw_hash
  [ ! -f "$gw_file" ] || cp "$gw_file" "$capture/installed" || return 1
  if is_tree; then tree_capture; else file_capture; fi
}

download_has_content() { :; }

download_restore() {
  parents_trusted "$path" || return 1
  gw_file=$gw_root/downloads/installed-$gw_hash
  if [ -f "$capture/installed" ]; then
    mkdir -p "$gw_root/downloads" && cp "$capture/installed" "$gw_file"
  else
    rm -f "$gw_file"
  fi
  # What was there decides: since then, a file may have come where a tree was, or a tree where a file was.
  if [ -d "$capture/tree" ] || { is_tree && [ ! -e "$capture/old" ] && [ ! -L "$capture/old" ]; }; then
    tree_restore
  else
    ! is_tree || place_clear "$path" || return 1
    file_restore
  fi
}
