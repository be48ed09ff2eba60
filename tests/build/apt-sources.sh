#!/usr/bin/env bash
#
# scripts/deb-src-list.py: which of the machine's apt sources it takes
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/build/tap
. "$(dirname "$0")/tap"

cat >"$scratch/os-release" <<'RELEASE'
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
RELEASE

list() {
    "$PYTHON" "$XENPREP_SOURCE/scripts/deb-src-list.py" --etc "$scratch/etc" \
        --os-release "$scratch/os-release" "$@"
}

# Starts a new /etc/apt; a file's contents follow with "write".
new_etc() {
    rm -rf "${scratch:?}/etc"
    mkdir -p "$scratch/etc/sources.list.d"
}

write() {
    cat >"$scratch/etc/$1"
}

gives() {
    cat >"$scratch/want"
    list "$@" >"$scratch/got" || return 1
    diff "$scratch/want" "$scratch/got"
}

new_etc
write sources.list <<'LIST'
# deb http://example.org/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # note
deb-src http://mirror.example/debian bookworm non-free
deb http://mirror.example/debian-security bookworm-security main
deb http://mirror.example/debian trixie main
LIST
write sources.list.d/vendor.list <<'LIST'
deb [signed-by=/v.gpg] https://apt.vendor.example bookworm main
deb https://download.docker.example/linux/debian bookworm stable
LIST
check "one-line sources, third parties left out" gives <<'WANT'
Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By: /k.gpg

Types: deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
WANT

check "another release, in the same archives" gives --suite trixie <<'WANT'
Types: deb-src
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By: /k.gpg

Types: deb-src
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components: main
WANT
check "one that has no updates of its own" gives --suite sid <<'WANT'
Types: deb-src
URIs: http://mirror.example/debian
Suites: sid
Components: main
Signed-By: /k.gpg
WANT
check "binary packages beside a release" \
    gives --suite bookworm-backports --type deb <<'WANT'
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /k.gpg
WANT

new_etc
write sources.list.d/debian.sources <<'SOURCES'
# a comment
Types: deb deb-src
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm bookworm-updates bookworm-backports
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS/xcRfwEQWzr
 -----END PGP PUBLIC KEY BLOCK-----


Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb
URIs: https://deb.nodesource.example/node_20.x
Suites: nodistro
Components: main
SOURCES
check "deb822 sources, with a key inside" gives <<'WANT'
Types: deb-src
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm bookworm-updates
Components: main
Signed-By: 
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS/xcRfwEQWzr
 -----END PGP PUBLIC KEY BLOCK-----
WANT

new_etc
write sources.list <<'LIST'
deb http://mirror.example/debian oldstable main
LIST
check "a release that is not called by its name" gives <<'WANT'
Types: deb-src
URIs: http://mirror.example/debian
Suites: oldstable
Components: main
WANT

new_etc
write sources.list <<'LIST'
deb http://mirror.example/debian oldstable main
deb http://mirror.example/debian oldstable-updates main
LIST
check "another release where the running one is not named" \
    gives --suite trixie <<'WANT'
Types: deb-src
URIs: http://mirror.example/debian
Suites: trixie
Components: main

Types: deb-src
URIs: http://mirror.example/debian
Suites: trixie-updates
Components: main
WANT

new_etc
write sources.list.d/vendor.list <<'LIST'
deb https://apt.vendor.example bookworm main
LIST
check "no archive of the distribution is an error" \
    says 1 'name no main archive of "bookworm"' -- list

finish
