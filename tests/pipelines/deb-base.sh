#!/usr/bin/env bash
#
# make packages-deb: a bare Debian gets what the package needs to be built
#
# SPDX-License-Identifier: GPL-2.0-or-later

# shellcheck source=tests/pipelines/chroot.sh
. "$(dirname "$0")/chroot.sh"
# shellcheck source=tests/pipelines/debs.sh
. "$(dirname "$0")/debs.sh"

needs_chroots
check "what is missing is named, and installed by make packages-deb" \
    make_builder
finish
