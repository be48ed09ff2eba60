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

# What there has to be, by the tree: a page for each source, and so on.
expected() {
    local path

    printf 'bin/%s\n' qemu-img qemu-nbd qemu-io qemu-storage-daemon win-xenfix \
        win-xenprep-fleet
    echo libexec/win-xenprep-helper
    for path in "$XENPREP_SOURCE"/scripts/completion/*; do
        echo "share/bash-completion/completions/$(basename "$path")"
    done
    if "$PYTHON" -c 'import docutils' 2>/dev/null; then
        for path in "$XENPREP_SOURCE"/docs/man/*.rst; do
            path=$(basename "$path" .rst)
            echo "share/man/man${path##*.}/$path"
        done
    fi
    cd "$XENPREP_SOURCE"
    (cd fleet && printf 'share/win-xenprep/%s\n' *.sbatch xenprep_fleet/*.py)
    printf 'share/doc/win-xenprep/%s\n' README.md SECURITY.md docs/*.rst
    cd fixer/profiles
    printf 'share/doc/win-xenprep/profiles/%s\n' *.profile *.machine *.reg
}
installed() {
    find "$root" ! -type d -printf "%P\n" | sed "s,^${prefix#/}/,,"
}
check "that and nothing else is installed" \
    diff <(expected | sort) <(installed | sort)
check "programs may be run, the rest only be read" \
    [ "$(find "$root$prefix/share" -type f ! -name "*.sbatch" \
        ! -perm 644)" = "" ]

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

touch "$bin/of-others"
check "make uninstall" says 0 -- make_ uninstall
check "... leaves what others have" [ -e "$bin/of-others" ]
rm "$bin/of-others"
check "... and nothing else" [ -z "$(find "$root" ! -type d)" ]
check "... no folder of ours" \
    [ -z "$(find "$root$prefix/share" -name "*xenprep*")" ]

# As a package has it: the tools in a folder of their own, texts in /usr/share.
share=$root/usr/share
check "texts go where they are told to" \
    says 0 -- make_ install datadir=/usr/share
check "... all of them" \
    \
    [ "$(find "$root" ! -type d -path "*/share/*" ! -path "$share/*")" = "" ]
check "... and leave from there" says 0 -- make_ uninstall datadir=/usr/share
check "... without a trace" [ -z "$(find "$root" ! -type d)" ]

finish
