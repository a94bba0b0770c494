# shellcheck shell=sh
# shellcheck disable=SC2154,SC2015 # the engine sets the item's and the operation's variables
# shellcheck disable=SC2016 # programs of awk and perl have variables of their own
# The account databases: passwd(5), shadow(5), group(5), gshadow(5), subuid(5), subgid(5). Every edit replaces or
# adds single lines; all others stay as they are, byte for byte and in their order. A line that comes from a capture,
# or goes into an edit, starts with its number in the file: `12:NAME:…`; 0 is the end.

accounts_folder=/etc

# Runs an edit under the lock of lckpwdf(3), which useradd, passwd and systemd-sysusers take too; what it staged takes
# its place when it succeeds.
accounts_change() { # FUNCTION…
  accounts_lock || return
  accounts_unstage
  "$@" && accounts_commit
  gw_account_code=$?
  accounts_unstage
  exec 9>&-
  accounts_forget
  return "$gw_account_code"
}

# A lock of the open file, not of a process (F_OFD_SETLKW, 38, in fcntl(2)): it ends with descriptor 9, at the latest
# with this shell, so that no cut leaves it behind.
accounts_lock() {
  umask 077
  command exec 9>>"$accounts_folder/.pwd.lock"
  gw_account_code=$?
  umask 022
  [ "$gw_account_code" -eq 0 ] || return 1
  limit perl -e 'my $lock = pack("s s x4 q q l x4", 1, 0, 0, 0, 0); fcntl(STDOUT, 38, $lock) or die "the account databases are locked: $!\n"' >&9
}

# Answers of a caching daemon would be old.
accounts_forget() {
  [ -S /run/nscd/socket ] || return 0
  limit nscd -i passwd 9>&-
  limit nscd -i group 9>&-
}

accounts_unstage() {
  for gw_file in group gshadow shadow subuid subgid passwd; do
    rm -f "$accounts_folder/$gw_file.groundwork-$gw_owner"
  done
}

# Whole on the disk before they count, the file by which an account exists last.
accounts_commit() {
  set --
  for gw_file in group gshadow shadow subuid subgid passwd; do
    gw_new=$accounts_folder/$gw_file.groundwork-$gw_owner
    [ -f "$gw_new" ] && ! cmp -s "$gw_new" "$accounts_folder/$gw_file" || continue
    [ -s "$gw_new" ] || [ ! -s "$accounts_folder/$gw_file" ] || case $gw_file in
      group | passwd | shadow) return 1 ;;
    esac
    set -- "$@" "$gw_new"
  done
  [ $# -eq 0 ] || sync "$@" || return 1
  for gw_new in "$@"; do
    mv -fT "$gw_new" "${gw_new%.groundwork-*}" || return 1
  done
}

# Stages what an awk program makes of a file and of the lines on standard input. A machine may lack a file.
accounts_edit() { # FILE AWK-PROGRAM
  gw_file=$accounts_folder/$1
  [ -f "$gw_file" ] || return 0
  cp -p "$gw_file" "$gw_file.groundwork-$gw_owner" &&
    awk -F : "$accounts_lines_in$2$accounts_lines_out" "$gw_file" >"$gw_file.groundwork-$gw_owner"
}

# `new` are the lines to bring in, `at` their places; NAME is the account that is worked on.
accounts_lines_in='
  BEGIN {
    name = ENVIRON["GW_NAME"]
    while ((getline text < "-") > 0) {
      cut = index(text, ":")
      at[++count] = substr(text, 1, cut - 1) + 0
      new[count] = substr(text, cut + 1)
    }
  }
  function lists(text) { return index("," text ",", "," name ",") }
  function without(line,   field, fields, part, parts, i, j, kept, text) {
    fields = split(line, field, ":")
    text = field[1] ":" field[2]
    for (i = 3; i <= fields; i++) {
      if (lists(field[i])) {
        parts = split(field[i], part, ",")
        kept = ""
        for (j = 1; j <= parts; j++)
          if (part[j] != name) kept = kept (kept == "" ? "" : ",") part[j]
        field[i] = kept
      }
      text = text ":" field[i]
    }
    return text
  }
'

# Lines that are not there yet come in at their places, those without one at the end.
accounts_lines_out='
  END {
    for (i = 1; i <= written; i++) {
      while (done < count && at[done + 1] && printed + 1 >= at[done + 1]) { print new[++done]; printed++ }
      print out[i]
      printed++
    }
    while (done < count) print new[++done]
    exit failed
  }
'

# The lines of an account become those on standard input.
accounts_put() { # FILE NAME
  GW_NAME=$2 accounts_edit "$1" '
    $1 == name { if (done < count) out[++written] = new[++done]; next }
    { out[++written] = $0 }
  '
}

# Adds the lines on standard input, and makes a user a member of GROUPS (with commas around each) and of no others,
# whatever its primary group is. `-` leaves all memberships as they are.
accounts_join() { # FILE USER GROUPS PRIMARY
  GW_NAME=$2 GW_GROUPS=$3 GW_PRIMARY=$4 GW_FILE=$1 accounts_edit "$1" '
    BEGIN { wanted = ENVIRON["GW_GROUPS"]; primary = ENVIRON["GW_PRIMARY"] }
    {
      seen[$1] = 1
      line = $0
      want = index(wanted, "," $1 ",")
      if (wanted != "-" && $1 != primary) {
        if (want && !lists($4)) line = $1 ":" $2 ":" $3 ":" ($4 == "" ? "" : $4 ",") name
        if (!want && without(line) != line) line = without(line)
      }
      out[++written] = line
    }
    END {
      groups = wanted == "-" || ENVIRON["GW_FILE"] != "group" ? 0 : split(wanted, each, ",")
      for (i = 1; i <= groups; i++)
        if (each[i] != "" && !(each[i] in seen)) {
          print "there is no group " each[i] | "cat >&2"
          failed = 1
        }
    }
  '
}

# Puts a user's memberships back as the lines on standard input have them: the very line where nobody changed
# anything else in it. The group of the user's own name comes back when it is gone; DROP (yes) takes it away.
accounts_rejoin() { # FILE USER DROP
  GW_NAME=$2 GW_DROP=$3 accounts_edit "$1" '
    BEGIN {
      for (i = 1; i <= count; i++) {
        split(new[i], field, ":")
        old[field[1]] = new[i]
        if (field[1] == name) { own = new[i]; place = at[i] }
      }
      count = 0
    }
    $1 == name { found = 1; if (ENVIRON["GW_DROP"] == "yes") next }
    {
      line = $0
      if (!($1 in old)) line = without($0)
      else if (without(old[$1]) == without($0)) line = old[$1]
      else {
        split(old[$1], field, ":")
        if (lists(field[4]) && !lists($4)) line = $1 ":" $2 ":" $3 ":" ($4 == "" ? "" : $4 ",") name
        if (!lists(field[4]) && lists($4)) line = without($0)
      }
      out[++written] = line
    }
    END { if (own != "" && !found) { count = 1; new[1] = own; at[1] = place } }
  '
}

# Numbered lines of an account, of a group file with those that list it.
accounts_of() { # FILE NAME
  [ ! -f "$accounts_folder/$1" ] || GW_NAME=$2 GW_FILE=$1 awk -F : '
    BEGIN { name = ENVIRON["GW_NAME"]; groups = ENVIRON["GW_FILE"] ~ /^g(roup|shadow)$/ }
    $1 == name || groups && index("," $3 "," $4 ",", "," name ",") { print NR ":" $0 }
  ' "$accounts_folder/$1"
}

accounts_field() { # FILE NAME NUMBER
  GW_NAME=$2 awk -F : '$1 == ENVIRON["GW_NAME"] { print $'"$3"'; exit }' "$accounts_folder/$1"
}

# Every account and group that the machine knows, from other sources than its files too.
accounts_known() {
  cat "$accounts_folder/passwd" "$accounts_folder/group"
  limit getent passwd
  limit getent group
}

# A number that no user and no group has: for people the next one after the highest, for a system account the highest
# free one, in the ranges of login.defs(5), as useradd(8) chooses them.
accounts_free() { # SYSTEM (yes|no)
  accounts_known | GW_SYSTEM=$1 GW_DEFINITIONS=$accounts_folder/login.defs awk -F : '
    BEGIN {
      low = 1000; high = 60000; first = 101
      while ((getline text < ENVIRON["GW_DEFINITIONS"]) > 0) {
        split(text, word, /[ \t]+/)
        if (word[1] == "UID_MIN") low = word[2] + 0
        if (word[1] == "UID_MAX") high = word[2] + 0
        if (word[1] == "SYS_UID_MIN") first = word[2] + 0
        if (word[1] == "SYS_UID_MAX") last = word[2] + 0
      }
      if (!last) last = low - 1
      top = low - 1
    }
    { used[$3 + 0] = 1; if ($3 + 0 > top && $3 + 0 <= high) top = $3 + 0 }
    END {
      if (ENVIRON["GW_SYSTEM"] == "yes") {
        for (number = last; number >= first; number--) if (!(number in used)) { print number; exit }
      } else {
        if (top < high) { print top + 1; exit }
        for (number = low; number <= high; number++) if (!(number in used)) { print number; exit }
      }
      exit 1
    }
  '
}
