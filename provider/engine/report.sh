# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What a program tells the provider: one line a fact on file descriptor 3.

report() { printf '%s\n' "$*" >&3; }

# Standard input in base64 on one line, its last 4 KiB.
encoded() { tail -c 4096 | base64 | tr -d '\n'; }

report_text() { # WORDS… < text
  printf '%s %s\n' "$*" "$(encoded)" >&3
}

# Seconds since boot with two digits, without a process.
clock() { read -r gw_now gw_rest </proc/uptime; }
