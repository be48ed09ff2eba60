# shellcheck shell=bash
#
# The Debian package, built once for all tests; to be sourced after chroot.sh
#
#     make_builder          sees to it that build/chroot has a bare Debian with
#                           what Build-Depends names and nothing else
#     build_debs            sees to it that build/deb has the package of this
#                           tree, built there; fails if it cannot be built
#     deb_of                prints the file
#
# It is done as somebody does it who has the tarball of "make dist": root
# installs what is needed, an ordinary user builds.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck disable=SC2154
builder_tar=$chroots/builder.tar
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

unpack_tree() {
    local tarball

    tarball=$XENPREP_SOURCE/$("$XENPREP_SOURCE/scripts/dist")
    rm -rf "$1"
    mkdir "$1"
    tar -C "$1" --strip-components=1 -xf "$tarball"
    chown -R 1000:1000 "$1"
}

# Before Build-Depends are there, building is an error that names them.
install_depends() {
    inside "$builder" apt-get -q install -y --no-install-recommends \
        make dpkg-dev || return 1
    ! inside_as_user "$builder" env INSTALL_DEPS=no \
        make -C /home/user/tree deb >"$scratch/lacks" 2>&1 || return 1
    grep 'Unmet build dependencies: .* libfwnt-dev ' "$scratch/lacks" ||
        return 1
    inside "$builder" make -C /home/user/tree packages-deb
}

# What decides about what is in the builder.
builder_key() {
    cat "$XENPREP_SOURCE/debian/control" "$XENPREP_SOURCE/scripts/make-deb" |
        sha256sum
}

log_of() {
    "$@" >"$scratch/log" 2>&1 || {
        tail -n 50 "$scratch/log" | sed 's/^/# /'
        return 1
    }
}

make_builder() {
    [ "$(builder_key)" != "$(cat "$builder_tar.key" 2>/dev/null)" ] ||
        return 0
    new_chroot "$builder"
    unpack_tree "$builder/home/user/tree"
    log_of install_depends || return 1
    rm -rf "$builder/home/user/tree" "$builder/etc/apt/apt.conf.d/99machine"
    rm -rf "$builder"/var/cache/apt/archives/*.deb
    tar -C "$builder" -cf "$builder_tar" . || return 1
    rm -rf "$builder"
    builder_key >"$builder_tar.key"
}

build_in_builder() {
    local home=$builder/home/user dsc

    mkdir "$home/qemu"
    dsc=$(qemu_dsc)
    [ -z "$dsc" ] || cp "$(dirname "$dsc")"/qemu_* "$home/qemu"
    inside_as_user "$builder" env INSTALL_DEPS=no \
        QEMU_SOURCE="${dsc:+/home/user/qemu/$(basename "$dsc")}" \
        DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" \
        make -C /home/user/tree deb
}

build_debs() {
    local want

    want=$(identity)
    [ "$want" != "$(cat "$debs/built" 2>/dev/null)" ] || return 0
    make_builder || return 1
    mkdir "$builder"
    tar -C "$builder" -xf "$builder_tar"
    configure_apt "$builder"
    unpack_tree "$builder/home/user/tree"
    log_of build_in_builder || return 1
    rm -rf "$debs"
    mkdir -p "$debs"
    cp "$builder"/home/user/tree/build/deb/*.* "$debs"
    rm -rf "$builder"
    echo "$want" >"$debs/built"
}

deb_of() {
    compgen -G "$debs/win-xenprep_*.deb"
}
