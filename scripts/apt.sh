# shellcheck shell=bash
#
# apt with a configuration of its own; to be sourced after lib.sh, $here being
# the folder of the scripts
#
# Its lists, caches and sources are below a directory that is given.  Nothing
# in /etc/apt or /var is written, no root is needed.  Of the machine's settings
# only Acquire (proxies, timeouts, retries) is taken over; its hooks are not,
# they are meant for updates of the machine.  Keys and logins (auth.conf) are
# found where apt always looks for them.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# The machine's Acquire settings, then what makes apt keep to itself.
# IndexTargets name further indexes to fetch, of no use here.
apt_config() {
    local apt=$1

    apt-config dump |
        grep '^Acquire::' | grep -v '^Acquire::IndexTargets' || true
    cat <<CONFIG
Dir::State "$apt/state";
Dir::State::status "/dev/null";
Dir::Cache "$apt/cache";
Dir::Log "$apt/log";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$apt/sources.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Get::Only-Source "true";
CONFIG
    # Root's apt drops to a user that need not reach a checkout in /root.
    # Nothing is lost: apt verifies signatures and checksums either way.
    if [ "$(id -u)" = 0 ]; then
        echo 'APT::Sandbox::User "root";'
    fi
}

# Usage: private_apt DIR [OPTION OF deb-src-list.py]...
private_apt() {
    local apt=$1
    shift

    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" \
        "$apt/log"
    # shellcheck disable=SC2154
    "$PYTHON" "$here/deb-src-list.py" "$@" >"$apt/sources.sources" ||
        return 1
    apt_config "$apt" >"$apt/apt.conf.part" || return 1
    mv "$apt/apt.conf.part" "$apt/apt.conf"
    export APT_CONFIG="$apt/apt.conf"
}
