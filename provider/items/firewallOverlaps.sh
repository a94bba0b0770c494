# shellcheck shell=sh
# Which elements of a set lie in each other.

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
