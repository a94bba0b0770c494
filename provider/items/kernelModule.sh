# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# kernelModule: name parameters ("a=1 b=2"); loaded now, and again at boot with these parameters

kernelModule_paths() {
  gw_module=/sys/module/$name
  gw_load=/etc/modules-load.d/99-zz-groundwork-$name.conf
  gw_options=/etc/modprobe.d/99-zz-groundwork-$name.conf
}

kernelModule_observe() {
  kernelModule_paths
  gw_boot=no
  if dropIn_holds "$gw_load" "$name"; then
    if [ -n "$parameters" ]; then
      ! dropIn_holds "$gw_options" "options $name $parameters" || gw_boot=yes
    elif [ ! -e "$gw_options" ]; then
      gw_boot=yes
    fi
  fi
  if kernelModule_loaded; then
    observed="loaded=yes boot=$gw_boot"
    for gw_word in $parameters; do
      kernelModule_value "$gw_word"
      observed="$observed ${gw_word%%=*}=$gw_value"
    done
  else
    observed="loaded=no boot=$gw_boot"
  fi
}

# What is built in has no folder of its own unless it has parameters.
kernelModule_loaded() {
  if [ -d "$gw_module" ]; then
    [ ! -e "$gw_module/initstate" ] || { read -r gw_line <"$gw_module/initstate" && [ "$gw_line" = live ]; }
    return
  fi
  gw_rest=$name gw_pattern=''
  while :; do
    case $gw_rest in
      *_*) gw_pattern="$gw_pattern${gw_rest%%_*}[_-]" gw_rest=${gw_rest#*_} ;;
      *) break ;;
    esac
  done
  grep -qs "/$gw_pattern$gw_rest\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}

# Sets gw_value to a parameter's value, in the words of the item where these mean the same. What the kernel
# does not show counts as wanted.
kernelModule_value() { # NAME=VALUE
  gw_wanted=${1#*=} gw_value=${1#*=}
  gw_file=$gw_module/parameters/${1%%=*}
  [ -e "$gw_file" ] || return 0
  gw_value=''
  IFS= read -r gw_value <"$gw_file" || :
  case $gw_value/$gw_wanted in
    [Yy]/[Yy1] | [Yy]/yes | [Yy]/on | [Yy]/true) gw_value=$gw_wanted ;;
    [Nn]/[Nn0] | [Nn]/no | [Nn]/off | [Nn]/false) gw_value=$gw_wanted ;;
  esac
}

kernelModule_apply() {
  kernelModule_paths
  gw_stale=''
  dropIn_holds "$gw_options" "options $name $parameters" || gw_stale=yes
  dropIn_write "$gw_load" "$name" || return 1
  if [ -n "$parameters" ]; then
    kernelModule_known && dropIn_write "$gw_options" "options $name $parameters" || return 1
  else
    rm -f "$gw_options"
  fi
  if ! kernelModule_loaded; then
    limit modprobe -- "$name" || return
    gw_stale=''
  fi
  kernelModule_set "$parameters"
}

# The kernel passes over a parameter that the module does not have.
kernelModule_known() {
  gw_parameters=$(limit modinfo -F parm -- "$name" 2>/dev/null) && [ -n "$gw_parameters" ] || return 0
  for gw_word in $parameters; do
    case "$gw_newline$gw_parameters" in
      *"$gw_newline${gw_word%%=*}:"*) ;;
      *)
        echo "the module $name has no parameter ${gw_word%%=*}"
        return 1
        ;;
    esac
  done
}

# Sets what differs; what only loading sets is set by loading. So is what the kernel does not show, when its
# configuration was another one.
kernelModule_set() { # PARAMETERS
  for gw_word in $1; do
    kernelModule_value "$gw_word"
    if [ -e "$gw_file" ]; then
      [ "$gw_value" != "$gw_wanted" ] || continue
      ! kernelModule_write "$gw_word" || continue
    else
      [ -n "$gw_stale" ] || continue
    fi
    kernelModule_again "$gw_word"
    return
  done
}

kernelModule_write() { # NAME=VALUE
  { printf '%s\n' "$gw_wanted" >"$gw_file"; } 2>/dev/null && kernelModule_value "$1" && [ "$gw_value" = "$gw_wanted" ]
}

kernelModule_again() { # NAME=VALUE
  limit modprobe -r -- "$name" || {
    answered $? modprobe || return
    echo "$name is in use, and only loading it again can set $1: end what uses it"
    return 1
  }
  limit modprobe -- "$name"
}

kernelModule_capture() {
  kernelModule_paths
  dropIn_capture "$gw_load" load && dropIn_capture "$gw_options" options || return 1
  kernelModule_loaded || return 0
  : >"$capture/loaded" && kernelModule_note "$capture/loaded" || return 1
  # A parameter that an update is the first to set is given back with the module, too.
  gw_baseline=$gw_root/baseline/$gw_hash
  [ ! -e "$gw_baseline/loaded" ] || kernelModule_note "$gw_baseline/loaded"
}

# Adds the present values of those parameters that the record does not have yet.
kernelModule_note() { # RECORD
  gw_noted=" $(cat "$1")"
  for gw_word in $parameters; do
    gw_file=$gw_module/parameters/${gw_word%%=*}
    case $gw_noted in
      *" ${gw_word%%=*}="*) continue ;;
    esac
    [ ! -e "$gw_file" ] || printf '%s=%s ' "${gw_word%%=*}" "$(cat "$gw_file")" || return 1
  done >>"$1"
}

kernelModule_restore() {
  kernelModule_paths
  dropIn_restore "$gw_load" load && dropIn_restore "$gw_options" options || return 1
  if [ -e "$capture/loaded" ]; then
    kernelModule_loaded || limit modprobe -- "$name" || return
    gw_stale=''
    kernelModule_set "$(cat "$capture/loaded")"
  elif [ -e "$gw_module/initstate" ]; then
    limit modprobe -r -- "$name" || {
      answered $? modprobe || return
      # Somebody came to use it.
      [ ! -e "$gw_module/initstate" ] || report kept "$name $gw_key"
    }
  fi
}
