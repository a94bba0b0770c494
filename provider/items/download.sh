# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed; `a && b || c` is meant
# download: path urls sha256 member mode

# What was installed from an archive: `SOURCE#MEMBER DIGEST`, because the file's digest is not the source's.
download_record() { printf '%s/downloads/%s' "$gw_root" "$gw_hash"; }

download_observe() {
  if [ -L "$path" ] || { [ -e "$path" ] && [ ! -f "$path" ]; }; then
    observed=other
  elif [ -f "$path" ]; then
    download_judge "$(stat -c %a -- "$path")" "$(sha256sum <"$path")"
  else
    observed=absent
  fi
}

download_judge() { # MODE "DIGEST …": sets $observed
  gw_mode=$1
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  gw_sum=${2%% *}
  if [ -z "$member" ]; then
    observed="source=$gw_sum mode=$gw_mode intact=yes"
    return
  fi
  gw_source=unknown gw_installed=''
  gw_record=$(download_record)
  [ ! -f "$gw_record" ] || read -r gw_installed gw_source <"$gw_record"
  gw_intact=no
  [ "$gw_installed" != "$gw_sum" ] || gw_intact=yes
  observed="source=$gw_source mode=$gw_mode intact=$gw_intact"
}

# One process for all digests and one for all modes, in order.
download_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ ! -L "$path" ] && [ -f "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      download_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  stat -c %a -- "$@" >"$gw_run/stat"
  sha256sum -- "$@" >"$gw_run/sums"
  exec 5<"$gw_run/stat" 6<"$gw_run/sums"
  for gw_i in $gw_regular; do
    read -r gw_stat <&5
    read -r gw_sum <&6
    use_item "$gw_i"
    download_judge "$gw_stat" "${gw_sum#\\}"
    remember "$gw_i" "$observed"
  done
  exec 5<&- 6<&-
}

# Fetched files stay until the operation ends: several members come from one archive.
download_fetch() { # sets gw_fetched
  gw_fetch=$gw_root/fetch/$gw_owner
  gw_fetched=$gw_fetch/$sha256
  [ ! -f "$gw_fetched" ] || return 0
  mkdir -p "$gw_fetch" && chmod 700 "$gw_root" || return 1
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_url in $urls; do
    IFS=$gw_ifs
    if download_from "$gw_url"; then
      mv -f "$gw_fetched.partial" "$gw_fetched"
      return 0
    fi
    IFS=$gw_newline
  done
  IFS=$gw_ifs
  return 1
}

download_from() { # URL: resumes what is there; bytes that are not the wanted ones are thrown away
  for gw_try in resumed anew; do
    limit curl -fsSL --connect-timeout 10 --speed-limit 1024 --speed-time 30 --retry 2 -C - \
      -o "$gw_fetched.partial" --url "$1" || [ -s "$gw_fetched.partial" ] || return 1
    gw_sum=$(sha256sum <"$gw_fetched.partial")
    [ "${gw_sum%% *}" != "$sha256" ] || return 0
    rm -f "$gw_fetched.partial"
  done
  echo "$1 serves ${gw_sum%% *}, wanted is $sha256"
  return 1
}

download_apply() {
  [ "$observed" != other ] || {
    echo "$path is neither a file nor absent"
    return 1
  }
  download_fetch || return 1
  mkdir -p "${path%/*}" || return 1
  gw_new=$path.groundwork-new
  if [ -n "$member" ]; then
    limit tar -xOf "$gw_fetched" -- "$member" >"$gw_new"
  else
    cp "$gw_fetched" "$gw_new"
  fi && chmod "$mode" "$gw_new" && sync "$gw_new" || {
    rm -f "$gw_new"
    return 1
  }
  if [ -n "$member" ]; then
    gw_sum=$(sha256sum <"$gw_new")
    mkdir -p "$gw_root/downloads"
    printf '%s %s#%s\n' "${gw_sum%% *}" "$sha256" "$member" >"$(download_record)"
  fi
  mv -fT "$gw_new" "$path"
}

download_capture() {
  gw_record=$(download_record)
  [ ! -f "$gw_record" ] || cp -a "$gw_record" "$capture/record" || return 1
  file_capture
}

download_restore() {
  file_restore || return 1
  rm -f "$(download_record)"
  [ ! -f "$capture/record" ] || cp -a "$capture/record" "$(download_record)"
}
