#!/usr/bin/env bash
#
# configure: what it says, and how it finds and installs packages
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/build/tap
. "$(dirname "$0")/tap"

configure=$XENPREP_SOURCE/configure
packages=$XENPREP_SOURCE/scripts/packages

check "help names all options" \
    says 0 --prefix= --qemu= '7.2, 10.0, ' --qemu-source= --cc= \
    --enable-modules --qemu-option= --disable-werror INSTALL_DEPS -- \
    "$configure" --help
check "an unknown option is refused" \
    says 1 'unknown option "--frobnicate"' --help -- \
    "$configure" --frobnicate
check "a relative prefix is refused" \
    says 1 'must be an absolute path' -- "$configure" --prefix=usr
check "a source that is not there is refused" \
    says 1 'there is no "/no/such/qemu"' -- \
    "$configure" --qemu-source=/no/such/qemu
check "a version that no release has is refused, naming the others" \
    says 1 '--qemu=9.9: the versions are 7.2 10.0 ' -- "$configure" --qemu=9.9
check "--again takes no other options" \
    says 1 'not with --prefix=/usr' -- "$configure" --again --prefix=/usr

# Every version that there are patches for can be asked for.
served() {
    local series suites

    suites=$XENPREP_SOURCE/qemu-patches/suites
    for series in "$XENPREP_SOURCE"/qemu-patches/*.series; do
        grep -q "^$(basename "$series" .series) " "$suites" || return 1
    done
}
check "configure knows all that there are patches for" served

# A PATH like the machine's, but without two tools, and with an apt-get that
# only remembers what it was told.
bin=$scratch/bin
mkdir "$bin"
ln -s /usr/bin/* /bin/* "$bin/" 2>/dev/null || true
rm -f "$bin/ninja" "$bin/meson" "$bin/apt-get" "$bin/sudo"
cat >"$bin/apt-get" <<APT
#!/bin/sh
echo "\$*" >>"$scratch/apt-calls"
[ "\$1 \$2" != "-q install" ] || [ ! -e "$scratch/apt-works" ] ||
    ln -sf /bin/true "$bin/ninja"
[ "\$1 \$2" != "-q install" ] || [ ! -e "$scratch/apt-works" ] ||
    ln -sf /bin/true "$bin/meson"
APT
cat >"$bin/sudo" <<'SUDO'
#!/bin/sh
exec "$@"
SUDO
chmod +x "$bin/apt-get" "$bin/sudo"

look_for() {
    PATH=$bin INSTALL_DEPS=$1 "$packages" "${@:2}"
}

no_apt_calls() {
    [ ! -e "$scratch/apt-calls" ]
}

installed() {
    grep -q "install .* Dpkg::Use-Pty=0 $1\$" "$scratch/apt-calls"
}

check "INSTALL_DEPS=no names what is missing" \
    says 1 'missing packages: ninja-build meson' \
    'apt-get install ninja-build meson' -- look_for no build
check "... and installs nothing" no_apt_calls
check "what is not missing is not named" says_not gcc

check "a package that cannot be installed is an error" \
    says 1 'still missing: ninja-build meson' -- look_for yes build
rm -f "$scratch/apt-calls"
touch "$scratch/apt-works"
check "missing packages are installed" \
    says 0 'installing them with apt-get' -- look_for yes build
check "... those and no others" installed 'ninja-build meson'

rm -f "$bin/fls"
check "packages for tests are not needed to go on" \
    says 0 'sleuthkit' 'going on without them' -- look_for no test

# One that apt-get knows nothing of keeps it from installing any at a time.
cat >"$bin/apt-get" <<APT
#!/bin/sh
case \$* in
*" meson"*) exit 100 ;;
*" install "*) ln -sf /bin/true "$bin/ninja" ;;
esac
APT
rm -f "$bin/ninja" "$bin/meson"
check "what can be installed is, if another package cannot" \
    says 1 'still missing: meson' -- look_for yes build

# A configure that finds all done, but a newer meson, which cannot be fetched
# the first time.
tree=$scratch/tree
mkdir -p "$tree/scripts" "$tree/bin"
cp "$configure" "$tree/"
cp "$XENPREP_SOURCE/scripts/lib.sh" "$tree/scripts/"
cp -r "$XENPREP_SOURCE/qemu-patches" "$tree/"
ln -s /bin/true "$tree/scripts/packages"
ln -s /bin/true "$tree/scripts/link-files"
cat >"$tree/scripts/qemu-tree" <<'QEMU_TREE'
#!/bin/sh
src=build/qemu-10.0/src
mkdir -p $src
echo 'meson = { accepted = ">=99.0", installed = "99.0" }' >$src/pythondeps.toml
cp bin/meson $src/configure
echo 10.0
QEMU_TREE
cat >"$tree/scripts/fetch-meson" <<'FETCH_MESON'
#!/bin/sh
[ -e build/asked ] || {
    touch build/asked
    echo "no meson today"
    exit 1
} >&2
info=$1/usr/lib/python3/dist-packages/meson-99.0.dist-info
mkdir -p "$info"
printf '%s\n' 'Metadata-Version: 2.1' 'Name: meson' 'Version: 99.0' \
    >"$info/METADATA"
FETCH_MESON
cat >"$tree/bin/meson" <<'MESON'
#!/bin/sh
touch build.ninja
MESON
chmod +x "$tree"/scripts/* "$tree/bin/meson"

configure_tree() {
    PATH=$tree/bin:$PATH "$tree/configure" --qemu-source="$scratch"
}

check "a meson that cannot be fetched is an error" \
    says 1 'no meson today' 'build/python could not be made' -- configure_tree
check "... that is said once" says_not 'needs meson'
check "... from which the next run recovers" \
    says 0 'configured for QEMU 10.0' -- configure_tree
check "... with the meson that it has fetched" grep -qxF \
    -e "--python=$tree/build/python/bin/python3" \
    "$tree/build/qemu-10.0/build.command"

finish
