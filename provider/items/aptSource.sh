# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# aptSource: name stanza source_digest key_text prefixes; data is the file, whose first lines are the stanza
#
# A capture holds `old` (the file), and in `lists` what apt had fetched of it.

gw_lists=/var/lib/apt/lists

aptSource_observe() {
  gw_source=/etc/apt/sources.list.d/$name.sources
  gw_digest=none gw_shown=none gw_fetched=yes
  if [ -f "$gw_source" ] && [ ! -L "$gw_source" ]; then
    gw_digest=$(sha256sum <"$gw_source")
    gw_digest=${gw_digest%% *}
    if [ "$gw_digest" = "$source_digest" ]; then
      gw_shown=$key_text
    else
      gw_shown=$(aptSource_key)
    fi
  fi
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_prefix in $prefixes; do
    [ -f "$gw_lists/${gw_prefix}InRelease" ] || [ -f "$gw_lists/${gw_prefix}Release" ] || gw_fetched=no
  done
  IFS=$gw_ifs
  observed="source=$gw_digest key=$gw_shown lists=$gw_fetched"
}

# --- the key in a file that somebody else wrote ---

aptSource_key() { # prints fingerprints, or the path of a keyring, or none
  gw_signer=$(sed -n 's/^Signed-By:[[:space:]]*//Ip' "$gw_source")
  case $gw_signer in
    *[!\ ]*) printf '%s' "$gw_signer" | tr -s '[:space:]' ',' ;;
    *)
      aptSource_packets
      gw_signer=$(aptSource_fingerprints)
      printf '%s' "${gw_signer:-none}"
      ;;
  esac
}

# The key's bytes: what stands between the armor's empty line and its checksum.
aptSource_packets() { # into $gw_run/key
  awk '
    { gsub(/[ \t\r]/, "") }
    /^-----BEGINPGPPUBLICKEYBLOCK-----$/ { block = 1; next }
    /^-----ENDPGP/ { exit }
    block == 1 && /^\.?$/ { block = 2; next }
    block == 2 && !/^=/
  ' "$gw_source" | base64 -d >"$gw_run/key" 2>/dev/null
}

# RFC 9580, 4.2 and 5.5.4: packets are walked; those of a key have the tag 6.
aptSource_fingerprints() { # prints them, separated by commas
  od -An -v -tu1 -w1 "$gw_run/key" | awk '
    { byte[NR - 1] = $1 + 0 }
    function number(at, width,  value) {
      for (value = 0; width > 0; width--) value = value * 256 + byte[at++]
      return value
    }
    END {
      for (at = 0; at < NR && byte[at] >= 128; at = start + length_) {
        if (byte[at] >= 192) {
          tag = byte[at] - 192
          one = byte[at + 1]
          if (one < 192) { start = at + 2; length_ = one }
          else if (one < 224) { start = at + 3; length_ = (one - 192) * 256 + byte[at + 2] + 192 }
          else if (one == 255) { start = at + 6; length_ = number(at + 2, 4) }
          else exit
        } else {
          tag = int((byte[at] - 128) / 4)
          width = byte[at] % 4
          if (width == 3) exit
          width = width == 2 ? 4 : width + 1
          start = at + 1 + width
          length_ = number(at + 1, width)
        }
        if (tag == 6) print start, length_, byte[start]
      }
    }
  ' | while read -r gw_start gw_length gw_version; do
    case $gw_version in
      4) gw_hash_tool=sha1sum gw_mark=$(printf '\\231\\%o\\%o' $((gw_length / 256)) $((gw_length % 256))) ;;
      6) gw_hash_tool=sha256sum gw_mark=$(printf '\\233\\%o\\%o\\%o\\%o' $((gw_length / 16777216)) \
        $((gw_length / 65536 % 256)) $((gw_length / 256 % 256)) $((gw_length % 256))) ;;
      *) continue ;;
    esac
    {
      # shellcheck disable=SC2059 # the format is the bytes
      printf "$gw_mark"
      tail -c "+$((gw_start + 1))" "$gw_run/key" | head -c "$gw_length"
    } | "$gw_hash_tool" | cut -d ' ' -f 1 | tr 'a-f' 'A-F'
  done | paste -sd , -
}

# --- apt's lists ---

# Prints the names of the lists that apt has of a source file, or with none of all the sources of the machine.
aptSource_lists() { # [FILE]
  [ $# -eq 0 ] || set -- -o "Dir::Etc::sourcelist=$1" -o Dir::Etc::sourceparts=-
  # shellcheck disable=SC2016 # apt's own fields
  limit apt-get "$@" indextargets --format '$(FILENAME) $(METAKEY)' </dev/null >"$gw_run/targets" 2>/dev/null ||
    answered $? apt-get || return
  awk '
    {
      sub(/.*\//, "", $1)
      gsub(/\//, "_", $2)
      print $1
      # Names of compressed lists go on after the key.
      for (at = length($1); at > 0 && substr($1, at, length($2)) != $2; at--);
      prefix = substr($1, 1, at - 1)
      if (at > 0 && !seen[prefix]++) print prefix "InRelease\n" prefix "Release\n" prefix "Release.gpg"
    }
  ' "$gw_run/targets"
}

# The lists of what the item wants, and those that a run that was cut short has left.
aptSource_own_lists() {
  mkdir -p "$gw_run/apt" && printf '%s' "$stanza" >"$gw_run/apt/own.sources" &&
    aptSource_lists "$gw_run/apt/own.sources" || return
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_prefix in $prefixes; do
    printf '%s\n' "${gw_prefix}InRelease" "${gw_prefix}Release" "${gw_prefix}Release.gpg"
  done
  IFS=$gw_ifs
}

# Runs a command that changes one source. Afterwards all other lists count as fresh or old as they did before. Between
# its file and its lists nobody sweeps away what no source seems to want.
aptSource_beside() { # COMMAND…
  gw_seconds=$time_limit gw_age=now
  ! package_lists_old || gw_age=2000-01-01
  package_together "$@" || return
  [ ! -d "$gw_lists/partial" ] || touch -d "$gw_age" "$gw_lists/partial"
}

# Takes away what the named lists' sources no longer want.
aptSource_sweep() { # FILE of names
  aptSource_lists >"$gw_run/lists.wanted" || return
  while read -r gw_name; do
    grep -qxF -e "$gw_name" "$gw_run/lists.wanted" || rm -f "$gw_lists/$gw_name" "$gw_lists/partial/$gw_name"
  done <"$1"
}

# --- apply, capture, restore ---

aptSource_apply() { aptSource_beside aptSource_bring; }

# Fetched from the new file before it takes the old one's place: a file that is there has its lists.
aptSource_bring() {
  gw_source=/etc/apt/sources.list.d/$name.sources
  mkdir -p "$gw_run/apt" && data >"$gw_run/apt/new.sources" && chmod 644 "$gw_run/apt/new.sources" || return 1
  aptSource_update "$gw_run/apt/new.sources" || return
  : >"$gw_run/lists.before"
  [ ! -f "$gw_source" ] || aptSource_lists "$gw_source" >"$gw_run/lists.before" || return
  made_again "$gw_source" && new_beside "$gw_source" && cp "$gw_run/apt/new.sources" "$gw_new" &&
    put_in_place "$gw_new" "$gw_source" || return 1
  aptSource_sweep "$gw_run/lists.before"
}

aptSource_update() { # FILE: fetches its lists and no others
  package_tool apt-get -q update -o "Dir::Etc::sourcelist=$1" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 \
    -o APT::Update::Error-Mode=any -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30
}

aptSource_capture() {
  gw_source=/etc/apt/sources.list.d/$name.sources
  if [ -e "$gw_source" ] || [ -L "$gw_source" ]; then
    cp -a "$gw_source" "$capture/old" || return 1
  else
    made_note "$gw_source"
  fi
  mkdir "$capture/lists" || return 1
  [ -f "$gw_source" ] || return 0
  aptSource_lists "$gw_source" >"$gw_run/lists.kept" || return
  while read -r gw_name; do
    [ ! -f "$gw_lists/$gw_name" ] || cp -a --reflink=auto "$gw_lists/$gw_name" "$capture/lists/" || return 1
  done <"$gw_run/lists.kept"
}

aptSource_restore() { aptSource_beside aptSource_back; }

# The file goes back in every case, whatever apt says about lists.
aptSource_back() {
  gw_source=/etc/apt/sources.list.d/$name.sources path=$gw_source
  aptSource_lists_back
  gw_swept=$?
  file_restore && return "$gw_swept"
}

# Without the file, which of them nobody else uses is what apt no longer names.
aptSource_lists_back() {
  aptSource_own_lists >"$gw_run/lists.own" || return
  rm -f "$gw_source" || return 1
  aptSource_sweep "$gw_run/lists.own" || return
  for gw_list in "$capture/lists"/*; do
    # What another source uses is newer.
    [ -f "$gw_list" ] && ! grep -qxF -e "${gw_list##*/}" "$gw_run/lists.wanted" || continue
    cp -a "$gw_list" "$gw_lists/" || return 1
  done
}
