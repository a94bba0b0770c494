# shellcheck shell=sh

# A backslash in a value stays one: dash's own echo would make a line end, a tab or the end of the message of it.
echo() { printf '%s\n' "$*"; }
