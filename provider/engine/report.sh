# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What a program tells the provider: one line a fact on file descriptor 3.

report() { printf '%s\n' "$*" >&3; }

# Standard input in base64 on one line, its last 4 KiB: evidence ends with what matters.
encoded() { tail -c 4096 | base64 | tr -d '\n'; }

report_text() { # WORDS… < text
  printf '%s %s\n' "$*" "$(encoded)" >&3
}

# What is of use only whole: false for a file of more than 64 KiB.
report_whole() { # FILE WORDS…
  gw_file=$1
  shift
  [ "$(wc -c <"$gw_file")" -le 65536 ] || return 1
  printf '%s %s\n' "$*" "$(base64 "$gw_file" | tr -d '\n')" >&3
}

# Seconds since boot with two digits, without a process.
clock() { read -r gw_now gw_rest </proc/uptime; }
