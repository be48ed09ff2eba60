#!/usr/bin/env bash
#
# make install: the tools work from where they were installed
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/build/tap
. "$(dirname "$0")/tap"

prefix=$(sed -n 's/^PREFIX := //p' "$XENPREP_BUILD/config.mk")
root=$scratch/root
bin=$root$prefix/bin
helper=$root$prefix/libexec/win-xenprep-helper
guest=$XENPREP_GUESTS/xp-sp3-built.raw

# build/qemu-VERSION/build
version=$(basename "$(dirname "$XENPREP_QEMU")")
version=${version#qemu-}

make_() {
    make -C "$XENPREP_SOURCE" DESTDIR="$root" QEMU="$version" "$@"
}

check "make install" says 0 -- make_ install
check "... again" says 0 -- make_ install
for tool in qemu-img qemu-nbd qemu-io qemu-storage-daemon win-xenfix; do
    check "installed $tool runs" says 0 win-xenprep -- "$bin/$tool" --version
done
check "nothing else is installed" \
    [ "$(find "$root" -type f | wc -l)" = 6 ]

if [ -f "$guest" ] || "$XENPREP_GUEST_BUILDER" xp-sp3-built "$guest"; then
    node=driver=win-xenprep,file.filename=$guest
    check "installed qemu-img finds the installed helper" \
        says 0 'Windows XP' -- \
        "$bin/qemu-img" info -f raw --image-opts "$node"
    mv "$helper" "$helper.away"
    check "... and no other" \
        says 1 "$bin/../libexec/win-xenprep-helper' is missing" -- \
        "$bin/qemu-img" info -f raw --image-opts "$node"
    mv "$helper.away" "$helper"
else
    skip "installed qemu-img finds the installed helper" "no guest to try"
fi

check "make uninstall" says 0 -- make_ uninstall
check "... leaves nothing" [ -z "$(find "$root" -type f)" ]

finish
