# shellcheck shell=bash
#
# What configure and its helpers share; to be sourced
#
# SPDX-License-Identifier: GPL-2.0-or-later

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
