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
    --disable-werror INSTALL_DEPS -- \
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

finish
