# shellcheck shell=bash
#
# What configure and its helpers share; to be sourced
#
# SPDX-License-Identifier: GPL-2.0-or-later

# What fails in $(...) ends the script as it does elsewhere.
shopt -s inherit_errexit

# QEMU's tools, without our own.
# shellcheck disable=SC2034
qemu_tools=(qemu-img qemu-nbd qemu-io storage-daemon/qemu-storage-daemon)

# A plain user's PATH need not have what mkntfs and its like are in.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# The distribution's own interpreter where there is one: the packages that
# packages.txt names (meson, the tests' modules) are installed for that one.
if [ -z "${PYTHON:-}" ]; then
    PYTHON=/usr/bin/python3
    [ -x "$PYTHON" ] || PYTHON=python3
fi
export PYTHON

say() {
    printf '%s\n' "win-xenprep: $*" >&2
}

die() {
    say "error: $*"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Runs a command with its output in a log, shown only if it fails.
quietly() {
    local log=$1
    shift

    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        return 1
    }
}

# Sets up a build directory with the command that stdin has, one word a line,
# unless that was done.  Later changes of the sources are ninja's to see; this
# is for the first time and for other options.  DIR.command is the sign that
# DIR is complete.
# Usage: set_up WHAT DIR
set_up() {
    local what=$1 dir=$2
    local -a command

    mapfile -t command
    if [ -f "$dir.command" ] && [ -f "$dir/build.ninja" ] &&
        printf '%s\n' "${command[@]}" | cmp -s - "$dir.command"; then
        return
    fi
    say "configuring $what"
    rm -rf "$dir" "$dir.command"
    mkdir -p "$dir"
    (cd "$dir" && quietly configure.log "${command[@]}") ||
        die "configuring $what failed (see above)"
    printf '%s\n' "${command[@]}" >"$dir.command"
}
