# shellcheck shell=bash
#
# The Debian package, built once for all tests; to be sourced after chroot.sh
#
#     build_debs            sees to it that build/deb has the package of this
#                           tree; fails if it cannot be built
#     deb_of DIR            prints the file
#
# It is built from the tarball of "make dist" in a bare Debian, by an ordinary
# user, with what Build-Depends names and nothing else.
#
# SPDX-License-Identifier: GPL-2.0-or-later

debs=$XENPREP_BUILD/deb
# shellcheck disable=SC2154
builder=$scratch/builder

# The source of QEMU that the tree has fetched, so that it is fetched once.
qemu_dsc() {
    local source

    source=$(sed -n 2p "$(dirname "$XENPREP_QEMU")/source")
    case $source in
    *.dsc) echo "$source" ;;
    esac
}

# What the package is made of: all that git tracks but the tests.
identity() {
    (cd "$XENPREP_SOURCE" && git ls-files -z ':!tests' | xargs -0 sha256sum &&
        qemu_dsc) | sha256sum
}

# As somebody does it who has the tarball: before Build-Depends are there it
# is an error that names them.
# Usage: build_in CHROOT TARBALL
build_in() {
    local root=$1 tarball=$2 home=$1/home/user dsc

    mkdir "$home/tree" "$home/qemu"
    tar -C "$home/tree" --strip-components=1 -xf "$tarball"
    dsc=$(qemu_dsc)
    [ -z "$dsc" ] || cp "$(dirname "$dsc")"/qemu_* "$home/qemu"
    chown -R 1000:1000 "$home"
    inside "$root" apt-get -q install -y --no-install-recommends \
        make dpkg-dev || return 1
    ! inside_as_user "$root" env INSTALL_DEPS=no \
        make -C /home/user/tree deb || return 1
    inside "$root" make -C /home/user/tree packages-deb || return 1
    chown -R 1000:1000 "$home"
    inside_as_user "$root" env INSTALL_DEPS=no \
        QEMU_SOURCE="${dsc:+/home/user/qemu/$(basename "$dsc")}" \
        DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" \
        make -C /home/user/tree deb
}

build_debs() {
    local tarball want

    want=$(identity)
    if [ "$want" = "$(cat "$debs/built" 2>/dev/null)" ]; then
        return
    fi
    tarball=$XENPREP_SOURCE/$("$XENPREP_SOURCE/scripts/dist")
    new_chroot "$builder"
    build_in "$builder" "$tarball" >"$builder.log" 2>&1 || {
        tail -n 50 "$builder.log" | sed 's/^/# /'
        return 1
    }
    rm -rf "$debs"
    mkdir -p "$debs"
    cp "$builder"/home/user/tree/build/deb/*.* "$debs"
    rm -rf "$builder"
    echo "$want" >"$debs/built"
}

deb_of() {
    compgen -G "$debs/win-xenprep_*.deb"
}
