# shellcheck shell=bash
#
# Bare Debian systems to try packages in; to be sourced
#
#     needs_chroots         ends the test, skipped, where there can be none
#     new_chroot DIR        makes one, of the release that runs here
#     inside DIR COMMAND... runs a command in it, as root
#     inside_as_user DIR COMMAND...
#
# The base is made by debootstrap once and kept in build/chroot.  Its packages
# come from where the machine's apt has those of its own release from.
#
# What is mounted in a chroot is so in a mount namespace of the command's own:
# it is gone when the command has ended, however that was, and removing the
# folder never removes anything else.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# Not in /tmp, which may be small.  tests/run-tests sees to it that no other
# test is here: what there is was left by one that was killed.
export TMPDIR=$XENPREP_BUILD/tests/chroots
rm -rf --one-file-system "$TMPDIR"
mkdir -p "$TMPDIR"
# shellcheck source=tests/build/tap
. "$XENPREP_SOURCE/tests/build/tap"

chroots=$XENPREP_BUILD/chroot
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

needs_chroots() {
    [ "$(id -u)" = 0 ] || skip_all "only root can use a chroot"
    [ -e "$XENPREP_SOURCE/.git" ] ||
        skip_all "this tree is no clone of the git repository"
    command -v debootstrap >/dev/null || skip_all "no debootstrap"
    unshare --mount --pid --fork mount -t proc proc /proc 2>/dev/null ||
        skip_all "nothing can be mounted here"
    [ -f "$chroots/$suite.tar" ] || make_base >"$scratch/debootstrap" 2>&1 ||
        {
            sed 's/^/# /' "$scratch/debootstrap"
            skip_all "debootstrap could not make a $suite"
        }
}

apt_sources() {
    "$PYTHON" "$XENPREP_SOURCE/scripts/deb-src-list.py" --type=deb
}

# apt as on the machine, as far as it is about reaching the archive; keyrings
# are where they are on every Debian.  Not in what is kept of the base: settings
# change, and may be nobody else's business.
configure_apt() {
    rm -f "$1/etc/apt/sources.list"
    apt_sources >"$1/etc/apt/sources.list.d/distribution.sources"
    {
        apt-config dump | grep '^Acquire::' |
            grep -v '^Acquire::IndexTargets' || true
        echo 'Acquire::Languages "none";'
        echo 'APT::Sandbox::User "root";'
    } >"$1/etc/apt/apt.conf.d/99machine"
    echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# A folder that holds the base appears by rename, when it is complete.
make_base() {
    local base=$scratch/base mirror

    mirror=$(apt_sources | sed -n 's/^URIs: *\([^ ]*\).*/\1/p' | head -n1)
    mkdir -p "$chroots"
    unshare --mount debootstrap --variant=minbase \
        --include=ca-certificates "$suite" "$base" "$mirror" || return 1
    rm -rf "$base"/var/cache/apt/archives/*.deb
    tar -C "$base" -cf "$chroots/$suite.tar.part" . || return 1
    mv "$chroots/$suite.tar.part" "$chroots/$suite.tar"
    rm -rf "$base"
}

# Runs a command in it.  /proc is of the command's own processes, which end
# with it.
inside() {
    local dir=$1
    shift

    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child -- bash -c '
        set -e
        dir=$1
        shift
        mount -t proc proc "$dir/proc"
        mount --rbind /dev "$dir/dev"
        exec chroot "$dir" env -i LANG=C.UTF-8 TZ=UTC HOME=/root \
            DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            "$@"
        ' bash "$dir" "$@" </dev/null
}

inside_as_user() {
    local dir=$1
    shift

    inside "$dir" setpriv --reuid=1000 --regid=1000 --clear-groups \
        env HOME=/home/user "$@"
}

new_chroot() {
    mkdir "$1"
    tar -C "$1" -xf "$chroots/$suite.tar"
    configure_apt "$1"
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    echo 'user:x:1000:1000::/home/user:/bin/bash' >>"$1/etc/passwd"
    echo 'user:x:1000:' >>"$1/etc/group"
    install -d -o 1000 -g 1000 "$1/home/user"
    inside "$1" apt-get -q update >"$scratch/update" 2>&1 || {
        sed 's/^/# /' "$scratch/update"
        skip_all "apt cannot reach the archive"
    }
}
