# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# sudoRule: name path mode owner group validate; data is the content. A file that sudo checks before it reads it.

sudoRule_observe() { file_observe; }
sudoRule_observe_many() { file_observe_many "$@"; }
sudoRule_capture() { file_capture; }
sudoRule_has_content() { :; }
sudoRule_restore() { file_restore; }

# A rule that is sound by itself may still spoil the whole, by an alias that another file has: then the operation fails,
# and everything goes back. What was not sound before is not this rule's concern.
sudoRule_apply() {
  command -v visudo >/dev/null || {
    echo "sudo is not installed"
    return 1
  }
  gw_sound=''
  ! limit visudo -c >/dev/null 2>&1 || gw_sound=yes
  file_apply || return
  [ -z "$gw_sound" ] || limit visudo -c
}
