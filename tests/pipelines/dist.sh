#!/usr/bin/env bash
#
# make dist: the same bytes each time, what git tracks, and it builds
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/build/tap
. "$(dirname "$0")/../build/tap"

cd "$XENPREP_SOURCE"
[ -e .git ] || {
    echo '1..0 # SKIP this tree is no clone of the git repository'
    exit 0
}

version=$(scripts/version)
tarball=build/win-xenprep-$version.tar.xz
tree=$scratch/win-xenprep-$version
# Another umask, another user's locale.
twice() {
    make -s dist && cp "$tarball" "$scratch/first" &&
        (umask 077 && LC_ALL=C make -s dist) && cmp "$tarball" "$scratch/first"
}
check "make dist gives the same bytes twice" twice

tar -C "$scratch" -xf "$tarball"
tracked_only() {
    diff <(git ls-files | LC_ALL=C sort) \
        <(cd "$tree" && find . -type f,l ! -name .tarball-version |
            sed 's,^\./,,' | LC_ALL=C sort)
}
check "it has what git tracks, and nothing else" tracked_only
same_bytes() {
    local file

    git ls-files | while read -r file; do
        cmp "$file" "$tree/$file" || return 1
    done
}
check "... byte by byte" same_bytes
check "it knows its version" says 0 "$version" -- "$tree/scripts/version"

# A git that finds no repository, as for somebody who has the tarball alone.
export GIT_CEILING_DIRECTORIES=$scratch
git_finds() { git -C "$tree" rev-parse 2>/dev/null; }
check "it lies outside of any repository" says 128 -- git -C "$tree" rev-parse
check "no tarball can be made of it" says 1 'no clone' -- "$tree/scripts/dist"

# The source of QEMU comes from where this tree has it from.
source=$(sed -n 2p "$(dirname "$XENPREP_QEMU")/source")
if [ -e "$source" ]; then
    check "it can be configured" says 0 'now run make' -- \
        env INSTALL_DEPS=no "$tree/configure" --prefix=/opt/x \
        "--qemu-source=$source"
    check "it builds the helper" says 0 -- \
        ninja -C "$tree/build/fixer" fixer/win-xenprep-helper \
        tests/unit/test-guid
    check "a unit test passes there" says 0 'ok 1 ' -- \
        "$tree/build/fixer/tests/unit/test-guid"
else
    skip "it can be configured" "the source of QEMU is gone: $source"
fi
finish
