#!/usr/bin/env bash
#
# The Debian package in a bare Debian: installed beside qemu-utils, used as
# README.Debian says, upgraded, removed
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/pipelines/chroot.sh
. "$(dirname "$0")/chroot.sh"
# shellcheck source=tests/pipelines/debs.sh
. "$(dirname "$0")/debs.sh"

needs_chroots
root=$scratch/root
doc=$root/usr/share/doc/win-xenprep
guest=$XENPREP_GUESTS/xp-sp3-built.raw

in_root() { inside "$root" "$@"; }
as_user() { inside_as_user "$root" "$@"; }
apt() { in_root apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }

# The disk of a guest as VMware has it, and what this tree makes of it.
make_guest() {
    [ -f "$guest" ] || "$XENPREP_GUEST_BUILDER" xp-sp3-built "$guest" &&
        qemu-img convert -f raw -O vmdk -o adapter_type=lsilogic \
            "$guest" "$scratch/guest.vmdk" &&
        qemu-img convert -f vmdk --image-opts \
            "driver=win-xenprep,file.filename=$scratch/guest.vmdk" \
            "$scratch/expected.img"
}

# A pipeline that calls what it finds in its PATH.
make_pipeline() {
    cat >"$root/home/user/pipeline" <<'PIPELINE'
#!/bin/sh
qemu-img --version | head -n 1
qemu-img convert -f vmdk --image-opts \
    driver=win-xenprep,file.filename="$1",sandbox=on "$2"
PIPELINE
    chmod +x "$root/home/user/pipeline"
    cp "$scratch/guest.vmdk" "$root/home/user"
    chown -R 1000:1000 "$root/home/user"
}

# The line that README.Debian has for scripts.
switch() {
    sed -n 's/^ *\(export PATH=.*\)/\1/p' "$doc/README.Debian"
}

switched() { as_user sh -c "$(switch)"'; "$@"' sh "$@"; }
plain() { as_user "$@"; }

convert() {
    rm -f "$root/home/user/guest.img"
    "$1" /home/user/pipeline /home/user/guest.vmdk /home/user/guest.img
}

same_result() {
    cmp "$scratch/expected.img" "$root/home/user/guest.img"
}

not_said() {
    ! "$@" | grep . || return 1
}

intact() {
    not_said in_root dpkg -V "$@"
}

# Every path with its kind, rights and size.  Left out are records and caches,
# and the groups: a library of InfiniBand, which librbd wants, makes one.
system_files() {
    (cd "$root" && find . -xdev \
        \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache \
        -o -path ./var/log -o -path ./home -o -path ./tmp -o -path ./proc \
        -o -path ./dev -o -path ./run -o -path ./etc/ld.so.cache \
        -o -path './etc/group*' -o -path './etc/gshadow*' \) -prune -o \
        \( -type d -printf '%p %y %m\n' -o -printf '%p %y %m %s\n' \) |
        LC_ALL=C sort)
}

formats() {
    # QEMU 10 has them in lines of their own.
    "$1" qemu-img --help | awk '
        /^Supported .*formats:/ { found = 1; sub(/.*:/, "") }
        /^See / { exit }
        found' | xargs -n1 | LC_ALL=C sort
}

all_formats() {
    local lacking

    lacking=$(LC_ALL=C comm -23 <(formats plain) <(formats switched))
    [ -z "$lacking" ] || {
        echo "# not supported: ${lacking//$'\n'/ }"
        return 1
    }
}

# The package that the next version would be: another number, a file less.
next_version() {
    local tree=$scratch/next

    dpkg-deb -R "$1" "$tree" &&
        sed -i 's/^Version: .*/&+1/' "$tree/DEBIAN/control" &&
        rm "$tree/usr/share/doc/win-xenprep/SECURITY.md" &&
        sed -i '/SECURITY\.md/d' "$tree/DEBIAN/md5sums" &&
        dpkg-deb -b --root-owner-group -Znone "$tree" \
            "$root/tmp/next.deb" >/dev/null
}

check "the package is built" build_debs
deb=$(deb_of || true)
[ -n "$deb" ] || check "build/deb has it" false || { finish; exit; }
check "no script of it runs when it is installed or removed" \
    [ "$(dpkg-deb --ctrl-tarfile "$deb" | tar -t | sort | xargs)" = \
    "./ ./control ./md5sums" ]
check "a guest is made, and prepared by this tree" make_guest

new_chroot "$root"
check "qemu-utils of the distribution is installed" \
    says 0 -- apt install --no-install-recommends \
    qemu-utils bash-completion man-db
system_files >"$scratch/before"
make_pipeline
cp "$deb" "$root/tmp/win-xenprep.deb"
check "the package is installed beside it" \
    says 0 -- apt install /tmp/win-xenprep.deb
check "both are intact" intact qemu-utils win-xenprep
check "... and so is every file that was there" \
    says 0 -- diff <(system_files | grep -xFf "$scratch/before") \
    "$scratch/before"

check "without the switch the pipeline has Debian's tools" \
    says 1 '(Debian ' 'mutually exclusive' -- convert plain
check "... which do not know the driver" \
    says 1 "nknown driver 'win-xenprep'" -- plain qemu-img info --image-opts \
    driver=win-xenprep,file.filename=/home/user/guest.vmdk
check "README.Debian has one switch" [ "$(switch | wc -l)" = 1 ]
check "with it the pipeline has the patched ones" \
    says 0 '(win-xenprep)' -- convert switched
check "... which make what this tree makes" same_result
check "win-xenfix, in everybody's PATH, calls it bootable" \
    says 0 -- plain win-xenfix check -f raw /home/user/guest.img
check "... and the source not" \
    says 1 'boots on xen-hvm: no' -- plain win-xenfix check -f vmdk /home/user/guest.vmdk
for tool in qemu-img qemu-nbd qemu-io qemu-storage-daemon win-xenfix; do
    check "$tool runs" says 0 '(win-xenprep)' -- switched "$tool" --version
done
check "they know every format that Debian's know" all_formats
check "a driver with a library of its own is loaded" \
    says 1 'rror reading conf file /no/such/file' -- \
    switched qemu-img info rbd:pool/image:conf=/no/such/file

for page in "$XENPREP_SOURCE"/docs/man/*.rst; do
    page=$(basename "$page" .rst)
    check "man finds $page" says 0 "/man${page##*.}/$page" -- \
        plain man -w "${page##*.}" "${page%.*}"
done
# shellcheck disable=SC2016
check "bash completes win-xenfix" says 0 check -- plain bash -c '
    . /usr/share/bash-completion/bash_completion
    _completion_loader win-xenfix
    $(complete -p win-xenfix >/dev/null) || exit 1
    COMP_WORDS=(win-xenfix ch) COMP_CWORD=1 COMP_LINE="win-xenfix ch"
    COMP_POINT=13
    $(complete -p win-xenfix | sed "s/.*-F \([^ ]*\).*/\1/") win-xenfix ch ""
    echo "${COMPREPLY[@]}"'

printf 'source\ttarget\nguest.vmdk\tfleet.img\n' \
    >"$root/home/user/fleet.tsv"
check "win-xenprep-fleet prepares a guest, without the switch" \
    says 0 -- plain win-xenprep-fleet run --reports /home/user/reports \
    /home/user/fleet.tsv 1
check "... and makes the same" \
    cmp "$scratch/expected.img" "$root/home/user/fleet.img"

check "switched off again, Debian's tools convert" \
    says 0 -- plain qemu-img convert -f vmdk -O raw \
    /home/user/guest.vmdk /home/user/plain.img
check "... as the patched ones do without the driver" \
    says 0 -- switched qemu-img compare -f raw -F vmdk \
    /home/user/plain.img /home/user/guest.vmdk

check "a next version is made" next_version "$deb"
check "the package is upgraded to it" says 0 -- apt install /tmp/next.deb
# shellcheck disable=SC2016
check "... and is that version" \
    says 0 "$(dpkg-deb -f "$deb" Version)+1" -- \
    in_root dpkg-query -f '${Version}' -W win-xenprep
check "... intact" intact qemu-utils win-xenprep
check "... without what it has no more" [ ! -e "$doc/SECURITY.md" ]
check "the pipeline works with it" says 0 '(win-xenprep)' -- convert switched
check "... and makes the same" same_result

helper=$root/usr/lib/win-xenprep/libexec/win-xenprep-helper
mv "$helper" "$helper.away"
check "without its helper it refuses" \
    says 1 "win-xenprep-helper' is missing" -- convert switched
check "... and dpkg -V sees what is missing" says 1 "missing" -- \
    in_root sh -c '! dpkg -V win-xenprep'
mv "$helper.away" "$helper"

check "the package is removed" says 0 -- apt purge --auto-remove win-xenprep
check "nothing of it is left" \
    says 0 -- diff "$scratch/before" <(system_files)
check "dpkg knows it no more" says 1 -- in_root dpkg-query -W win-xenprep
check "qemu-utils is intact" intact qemu-utils
# shellcheck disable=SC2016
check "the pipeline's PATH finds Debian's tools again" \
    says 1 '(Debian ' -- as_user sh -c \
    'PATH=/usr/lib/win-xenprep/bin:$PATH
    /home/user/pipeline /home/user/guest.vmdk /home/user/guest.img'
finish
