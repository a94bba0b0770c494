# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # a program is checked as a whole too: its parts set and read each other's variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What every program on a machine starts with. A program is this file, the other files of this folder, the
# functions of all kinds (../items/*.sh), its data, and one call of gw_main (operation.sh).
#
# File descriptors 7 and 8 hold locks and are closed for whatever an item starts.
# Engine variables start with gw_; an item's own variables have plain names and are set by its
# function item_N. File descriptor 3 is the report: one line a fact, free text in base64.

LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DEBIAN_FRONTEND=noninteractive
# Ubuntu's apt would restart services by itself, in the middle of an operation.
NEEDRESTART_SUSPEND=1
export LC_ALL PATH DEBIAN_FRONTEND NEEDRESTART_SUSPEND
umask 022

gw_root=/var/lib/groundwork
# Locks are of the running system: in memory, gone with a reboot.
gw_locks=/run/groundwork/locks
gw_format=1
gw_tab=$(printf '\t')
gw_newline='
'
