#!/usr/bin/env bash
#
# make dist, then make deb from that in a bare Debian; what lintian says
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/pipelines/chroot.sh
. "$(dirname "$0")/chroot.sh"
# shellcheck source=tests/pipelines/debs.sh
. "$(dirname "$0")/debs.sh"

needs_chroots
hardening="hardening-no-bindnow,hardening-no-fortify-functions,\
hardening-no-pie,hardening-no-relro"
check "the package is built with what Build-Depends names" build_debs
if command -v lintian >/dev/null; then
    lint() { TMPDIR=$scratch lintian --allow-root "$@" "$debs"/*.changes; }
    check "lintian has no errors and no warnings" \
        says 0 -- lint --fail-on=error,warning
    check "... and misses no hardening" \
        says 0 -- lint --fail-on=info --tags "$hardening"
else
    skip "lintian has no errors and no warnings" "no lintian"
fi
finish
