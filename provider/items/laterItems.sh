# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the item's variables

# Sets gw_later to the later items of the current one's kind that were not as desired before the first change.
later_items() {
  gw_later=''
  [ -n "$gw_index" ] || return 0
  gw_at=$gw_index
  eval "gw_same=\${gw_items_$gw_kind-}"
  for gw_number in $gw_same; do
    [ "$gw_number" -gt "$gw_at" ] || continue
    use_item "$gw_number"
    eval "gw_seen=\$gw_observed_$gw_number"
    [ "$gw_seen" = "$gw_desired" ] || gw_later="$gw_later $gw_number"
  done
  use_item "$gw_at"
}
