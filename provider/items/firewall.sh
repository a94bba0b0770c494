# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What firewallTable, allowedPort and allowedForward share: table inet groundwork, its files and its elements.
#
# /etc/groundwork/firewall.nft           loads all of it in one transaction, at boot too
# /etc/groundwork/firewall.table.nft     the definition
# /etc/groundwork/firewall.d/*.nft       one element each, as its item wants it
# /etc/groundwork/firewall.elements.nft  the same traffic without overlaps: nft refuses 10.0.0.0/24 . 22 where
#                                        10.0.0.0/8 . 22 is, and would drop both when the wider one is deleted

gw_firewall=/etc/groundwork

firewall_locked() { # COMMAND…
  mkdir -p "$gw_locks" || return 1
  exec 9>"$gw_locks/nft"
  flock 9
  "$@"
  gw_code=$?
  exec 9>&-
  return "$gw_code"
}

firewall_nft() { limit nft "$@" 9>&-; }

# A transaction that puts a saved listing in a table's place, or nothing where there is no listing.
firewall_instead() { # FAMILY NAME LISTING
  printf 'table %s %s\ndelete table %s %s\n' "$1" "$2" "$1" "$2"
  [ ! -f "$3" ] || cat "$3"
}

firewall_loader() { # [TABLE-FILE]; the empty line ends a definition whose file has no last newline
  printf '%s\n' '# Loads the table of Groundwork and touches no other.' \
    'table inet groundwork' \
    'delete table inet groundwork' \
    "include \"${1:-$gw_firewall/firewall.table.nft}\"" \
    '' \
    "include \"$gw_firewall/firewall.elements.nft\""
}

firewall_folder() {
  made_note "$gw_firewall/firewall.d/" && mkdir -p "$gw_firewall/firewall.d"
}

# The last file takes the rest along.
firewall_tidy() {
  firewall_elements || return
  [ ! -s "$gw_firewall/firewall.elements.nft" ] && [ ! -e "$gw_firewall/firewall.nft" ] || return 0
  rm -f "$gw_firewall/firewall.elements.nft" "$gw_firewall/firewall.elements.nft.groundwork-new"
  made_tidy "$gw_firewall/firewall.d/"
}

# Writes what firewall.d wants as elements that do not overlap.
firewall_elements() {
  [ -d "$gw_firewall" ] || return 0
  set -- "$gw_firewall/firewall.d"/*.nft
  [ -e "$1" ] || set -- /dev/null
  gw_new=$gw_firewall/firewall.elements.nft.groundwork-new
  firewall_awk source=wanted "$@" >"$gw_new" && put_in_place "$gw_new" "$gw_firewall/firewall.elements.nft"
}

# Puts the elements of a set into the live table, all at once; without that table there is nothing to do.
firewall_sync() { # SET
  firewall_nft list set inet groundwork "$1" >/dev/null 2>&1 || return 0
  {
    printf 'flush set inet groundwork %s\n' "$1"
    [ ! -f "$gw_firewall/firewall.elements.nft" ] ||
      grep "^add element inet groundwork $1 " "$gw_firewall/firewall.elements.nft"
  } >"$gw_run/nft"
  firewall_nft -f "$gw_run/nft"
}

# Networks as their prefix bits, ports as 16 bits: one contains another when its bits start the other's.
#   source=wanted FILES  prints their elements without overlaps;
#   source=boot FILE source=live LISTING source=asked FILE  answers each line `SET ELEMENT` with `boot=… live=…`;
#   source=boot FILE source=live LISTING source=foreign /dev/null  prints live elements that nobody wants.
firewall_awk() { # ARGUMENTS
  awk '
    function address_bits(text,  parts, count, bits, i, length_, gap, groups) {
      length_ = split(text, parts, "/") == 2 ? parts[2] : ""
      text = parts[1]
      if (index(text, ":") == 0) {
        split(text, parts, ".")
        for (i = 1; i <= 4; i++) bits = bits binary(parts[i], 8)
        return length_ == "" ? bits : substr(bits, 1, length_)
      }
      if (match(text, /[0-9]+\.[0-9.]+$/)) {
        split(substr(text, RSTART), parts, ".")
        text = substr(text, 1, RSTART - 1) hexadecimal(parts[1] * 256 + parts[2]) ":" hexadecimal(parts[3] * 256 + parts[4])
      }
      gap = index(text, "::")
      if (gap > 0) {
        groups = substr(text, gap + 2)
        bits = groups_bits(substr(text, 1, gap - 1))
        groups = groups_bits(groups)
        while (length(bits) + length(groups) < 128) bits = bits "0"
        bits = bits groups
      } else bits = groups_bits(text)
      return length_ == "" ? bits : substr(bits, 1, length_)
    }
    function groups_bits(text,  parts, count, i, j, value, bits) {
      count = split(text, parts, ":")
      for (i = 1; i <= count; i++) {
        value = 0
        for (j = 1; j <= length(parts[i]); j++)
          value = value * 16 + index("0123456789abcdef", tolower(substr(parts[i], j, 1))) - 1
        bits = bits binary(value, 16)
      }
      return bits
    }
    function binary(value, width,  bits) {
      while (width-- > 0) {
        bits = value % 2 bits
        value = int(value / 2)
      }
      return bits
    }
    function number(bits,  i, value) {
      value = 0
      for (i = 1; i <= length(bits); i++) value = value * 2 + substr(bits, i, 1)
      return value
    }
    function hexadecimal(value) { return sprintf("%x", value) }
    function address(bits, set,  width, prefix, i, text) {
      width = set ~ /4$/ ? 32 : 128
      prefix = length(bits)
      while (length(bits) < width) bits = bits "0"
      for (i = 1; i < width; i += width == 32 ? 8 : 16)
        text = text (i > 1 ? (width == 32 ? "." : ":") : "") \
          (width == 32 ? number(substr(bits, i, 8)) : hexadecimal(number(substr(bits, i, 16))))
      return text "/" prefix
    }
    function second(text) { return text ~ /[.:]/ ? address_bits(text) : binary(text, 16) }

    # A box is a pair: first (a network, or nothing) and second (a network or a port).
    function element(set, text,  parts, ports, port) {
      sub(/ (counter|timeout|expires|comment) .*/, "", text)
      if (split(text, parts, / \. /) == 2) take(set, address_bits(parts[1]), second(parts[2]))
      else if (split(text, ports, "-") == 2) {
        for (port = ports[1] + 0; port <= ports[2] + 0; port++) take(set, "", binary(port, 16))
      } else take(set, "", second(text))
    }
    function take(set, first, last,  key) {
      if (source == "asked") {
        print "boot=" (covered("boot", set, first, last) ? "yes" : "no") \
          " live=" (covered("live", set, first, last) ? "yes" : "no")
        return
      }
      key = source " " set
      sets[set] = 1
      count[key]++
      firsts[key, count[key]] = first
      lasts[key, count[key]] = last
    }
    function nested(a, b) { return index(a, b) == 1 || index(b, a) == 1 }
    # Pieces left[1..pieces] of a box after the boxes of a source are cut out of it.
    function covered(from, set, first, last,  i) {
      pieces = 1
      left_first[1] = first
      left_last[1] = last
      for (i = 1; i <= count[from " " set] && pieces > 0; i++)
        cut(firsts[from " " set, i], lasts[from " " set, i])
      return pieces == 0
    }
    function cut(first, last,  i, j, a, b, kept, keep_first, keep_last) {
      kept = 0
      for (i = 1; i <= pieces; i++) {
        a = left_first[i]
        b = left_last[i]
        if (!nested(a, first) || !nested(b, last)) {
          keep_first[++kept] = a
          keep_last[kept] = b
          continue
        }
        for (j = length(a) + 1; j <= length(first); j++) {
          keep_first[++kept] = substr(first, 1, j - 1) (1 - substr(first, j, 1))
          keep_last[kept] = b
        }
        if (length(first) > length(a)) a = first
        for (j = length(b) + 1; j <= length(last); j++) {
          keep_first[++kept] = a
          keep_last[kept] = substr(last, 1, j - 1) (1 - substr(last, j, 1))
        }
      }
      pieces = kept
      for (i = 1; i <= kept; i++) {
        left_first[i] = keep_first[i]
        left_last[i] = keep_last[i]
      }
    }

    # Wide boxes first: what lies in one of them vanishes, and only crossing ones are cut.
    function apart(set,  key, i, j, size, text) {
      key = "wanted " set
      for (size = 0; size <= 256; size++)
        for (i = 1; i <= count[key]; i++)
          if (length(firsts[key, i] lasts[key, i]) == size && !covered("apart", set, firsts[key, i], lasts[key, i]))
            for (j = 1; j <= pieces; j++) {
              count["apart " set]++
              firsts["apart " set, count["apart " set]] = left_first[j]
              lasts["apart " set, count["apart " set]] = left_last[j]
              text = text (text == "" ? "" : ", ") printed(set, left_first[j], left_last[j])
            }
      print "add element inet groundwork " set " { " text " }"
    }
    function printed(set, first, last) {
      if (set ~ /_any$/) return number(last)
      return address(first, set) " . " (set ~ /^forward/ ? address(last, set) : number(last))
    }
    function known(set) { return set ~ /^((tcp|udp)_(any|ip4|ip6)|forward_ip[46])$/ }
    function elements(set, text,  list, total, i) {
      sub(/^[^{]*\{ */, "", text)
      sub(/ *\}.*/, "", text)
      total = split(text, list, / *, */)
      for (i = 1; i <= total; i++) if (list[i] != "") element(set, list[i])
    }

    source == "asked" {
      set = $1
      sub(/^[^ ]+ /, "")
      element(set, $0)
      next
    }
    source != "live" {
      if (/^add element inet groundwork [a-z0-9_]+ \{.*\}/ && known($5)) elements($5, $0)
      next
    }
    $1 == "set" { set = $2 }
    $1 == "elements" { body = "" ; inside = 1 }
    inside {
      gsub(/^[ \t]+/, "")
      body = body " " $0
      if (index($0, "}") > 0) {
        inside = 0
        if (known(set)) elements(set, body)
      }
    }
    END {
      if (source == "wanted") for (set in sets) apart(set)
      if (source == "foreign")
        for (set in sets)
          for (i = 1; i <= count["live " set]; i++)
            if (!covered("boot", set, firsts["live " set, i], lasts["live " set, i]))
              print set, printed(set, firsts["live " set, i], lasts["live " set, i])
    }
  ' "$@"
}

# --- one element: set element file ---

firewall_element_line() { printf 'add element inet groundwork %s { %s }' "$set" "$element"; }

firewall_element_judge() { # ANSWER: sets $observed
  observed=$1 gw_line=''
  gw_file=$gw_firewall/firewall.d/$file
  [ ! -f "$gw_file" ] || IFS= read -r gw_line <"$gw_file" || :
  [ "$gw_line" = "$(firewall_element_line)" ] || observed="boot=no ${1#* }"
}

firewall_answers() { # questions in $gw_run/asked, answers in $gw_run/answers
  gw_elements=$gw_firewall/firewall.elements.nft
  [ -f "$gw_elements" ] || gw_elements=/dev/null
  nft list table inet groundwork </dev/null >"$gw_run/live" 2>/dev/null
  firewall_awk source=boot "$gw_elements" source=live "$gw_run/live" source=asked "$gw_run/asked" >"$gw_run/answers"
}

firewall_element_observe() {
  printf '%s %s\n' "$set" "$element" >"$gw_run/asked"
  firewall_answers
  read -r gw_answer <"$gw_run/answers"
  firewall_element_judge "$gw_answer"
}

firewall_element_observe_many() { # INDEX…
  for gw_i in "$@"; do
    use_item "$gw_i"
    printf '%s %s\n' "$set" "$element"
  done >"$gw_run/asked"
  firewall_answers
  exec 5<"$gw_run/answers"
  for gw_i in "$@"; do
    use_item "$gw_i"
    read -r gw_answer <&5
    firewall_element_judge "$gw_answer"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

firewall_element_apply() {
  firewall_nft list set inet groundwork "$set" >/dev/null || {
    echo "table inet groundwork with its set $set is not there: a firewallTable makes it"
    return 1
  }
  firewall_locked firewall_element_add
}

firewall_element_add() {
  gw_file=$gw_firewall/firewall.d/$file
  new_beside "$gw_file"
  firewall_folder && printf '%s\n' "$(firewall_element_line)" >"$gw_new" && put_in_place "$gw_new" "$gw_file" &&
    firewall_elements && firewall_sync "$set"
}

firewall_element_capture() {
  gw_file=$gw_firewall/firewall.d/$file
  [ ! -f "$gw_file" ] || cp -a "$gw_file" "$capture/element"
}

firewall_element_restore() { firewall_locked firewall_element_back; }

firewall_element_back() {
  gw_file=$gw_firewall/firewall.d/$file
  if [ -f "$capture/element" ]; then
    firewall_folder && copy_in_place "$capture/element" "$gw_file" || return 1
  else
    rm -f "$gw_file" "$gw_file.groundwork-$gw_owner" || return 1
  fi
  firewall_elements && firewall_sync "$set" && firewall_tidy
}
