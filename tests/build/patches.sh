#!/usr/bin/env bash
#
# qemu-patches and scripts/qemu-tree: how a source becomes a patched tree
#
# The source is a small one: of QEMU's files only those that the patches touch.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/build/tap
. "$(dirname "$0")/tap"

full=$(dirname "$XENPREP_QEMU")/src
version=$(cut -d. -f1,2 "$full/VERSION")
mapfile -t series <"$XENPREP_SOURCE/qemu-patches/$version.series"
series=("${series[@]/#/$XENPREP_SOURCE/qemu-patches/}")

git_full() {
    git -c safe.directory="$full" -C "$full" "$@"
}

# New files are in the tree, but not in the source.
mapfile -t touched < <(git_full diff --name-only --diff-filter=M source HEAD)
mkdir -p "$scratch/small"
git_full archive source VERSION "${touched[@]}" | tar -C "$scratch/small" -xf -
tar -C "$scratch" -czf "$scratch/small.tar.gz" small

cd "$scratch"
cp -r "$XENPREP_SOURCE/qemu-patches" .
tree=build/qemu-$version/src

qemu_tree() {
    "$XENPREP_SOURCE/scripts/qemu-tree" "$@"
}

head_is() {
    [ "$(git -C "$tree" rev-parse HEAD)" = "$1" ]
}

source_is() {
    mkdir source
    git -C "$tree" archive source | tar -C source -xf -
    diff -r source "$1"
}

subjects() {
    git -C "$tree" log --format=%s source..HEAD
}

check "a directory is copied and patched" \
    says 0 "$version" -- qemu_tree "$scratch/small"
check "all patches are in" [ "$(subjects | wc -l)" = ${#series[@]} ]
check "the source is as it was" source_is small
head=$(git -C "$tree" rev-parse HEAD)
touch "$tree/untouched"
check "again, nothing is done" says 0 "$version" -- qemu_tree "$scratch/small"
check "... and nothing said" says_not patching
mkdir "build/qemu-$version/build" "build/sanitize-qemu-$version"
check "a tarball gives the same commits" \
    says 0 unpacking -- qemu_tree "$scratch/small.tar.gz"
check "... whenever and whoever made them" head_is "$head"
check "... and what was built from the directory is gone" \
    [ -z "$(ls -d "build/qemu-$version/build" "build/sanitize-qemu-$version" \
        2>/dev/null)" ]
mkdir "build/qemu-$version/build"

list=qemu-patches/$version.series
last=${series[-1]#"$XENPREP_SOURCE/"}
sed -i '$d' "$list"
check "a changed series is applied anew" \
    says 0 patching -- qemu_tree "$scratch/small.tar.gz"
check "... without unpacking" says_not unpacking
check "... what was built stays" [ -d "build/qemu-$version/build" ]
check "... to the same source" \
    [ "$(subjects | wc -l)" = $((${#series[@]} - 1)) ]
echo "precious" >>"$tree/VERSION"
cp "$XENPREP_SOURCE/$list" "$list"
check "changes in the tree are not thrown away" \
    says 1 'not committed' -- qemu_tree "$scratch/small.tar.gz"
git -C "$tree" checkout -q VERSION
check "... and can be put aside" \
    says 0 patching -- qemu_tree "$scratch/small.tar.gz"

sed -i 's/^ .*[a-z].*$/ what no source has/' "$last"
check "a patch that does not apply is an error" \
    says 1 "do not apply to" -- qemu_tree "$scratch/small.tar.gz"
cp "${series[-1]}" "$last"
check "... from which the next run recovers" \
    says 0 patching -- qemu_tree "$scratch/small.tar.gz"

cp -r small newer
echo 99.1.0 >newer/VERSION
cp "$list" qemu-patches/99.0.series
check "a version newer than all patches gets the newest" \
    says 0 99.1 'trying those for 99.0' -- qemu_tree "$scratch/newer"
check "... in a tree of its own" [ -d "build/qemu-99.1/src/block" ]
check "... and the other tree stays" \
    says 0 "$version" -- qemu_tree "$scratch/small.tar.gz"
check "... as it was" says_not unpacking
rm qemu-patches/99.0.series

mkdir other
cp small/qemu-img.c other/
echo 9.9.9 >other/VERSION
check "a version without patches is refused, naming those with" \
    says 1 'is QEMU 9.9' "for: " "$version" -- qemu_tree "$scratch/other"
rm other/VERSION
check "a directory that is no QEMU is refused" \
    says 1 'is no QEMU source' -- qemu_tree "$scratch/other"
check "... before it is copied" says_not unpacking
tar -czf other.tar.gz other
check "so is a tarball" says 1 'is no QEMU source' -- \
    qemu_tree "$scratch/other.tar.gz"
echo nothing >broken.tar.gz
check "a file that is no tarball is refused" \
    says 1 'cannot unpack' -- qemu_tree "$scratch/broken.tar.gz"
cp small/VERSION small/qemu-img.c .
check "a directory that holds this one is refused" \
    says 1 'holds this directory' -- qemu_tree "$scratch"

# Its status is 1 for warnings, too.
style_is_right() {
    perl "$full/scripts/checkpatch.pl" --no-tree "$1" >checkpatch.out || true
    grep -q "^total: 0 errors" checkpatch.out || {
        cat checkpatch.out
        return 1
    }
}

# Each patch is in one place only, and each that is there is in use.
patches_of_all() {
    cat "$XENPREP_SOURCE"/qemu-patches/*.series | sort -u
}

patches_there() {
    (cd "$XENPREP_SOURCE/qemu-patches" && find ./*/ -name '*.patch') |
        sed 's|^\./||' | sort
}

same_hunks() {
    local dir
    for dir in "$XENPREP_SOURCE"/qemu-patches/*/; do
        sed -e '/^---$/,$!d' -e '/^index /d' -e '/^@@/d' \
            "$dir$1" 2>/dev/null | sha256sum
    done | sort | uniq -d | grep -v "$(sha256sum </dev/null)"
}

none_twice() {
    local name

    while read -r name; do
        ! same_hunks "$name" || return 1
    done < <(patches_there | sed 's|.*/||' | sort -u)
}

check "no patch is forgotten, none is missing" \
    diff <(patches_of_all) <(patches_there)
check "no patch is there twice" none_twice

for patch in "${series[@]}"; do
    name="style of $(basename "$patch" .patch)"
    if command -v perl >/dev/null; then
        check "$name" style_is_right "$patch"
    else
        skip "$name" "perl is not installed"
    fi
done

finish
