"""
The kinds of guest that other hypervisors have left their traces in

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import leftovers
import recipes
from winversions import XP_SP3

# Kind, what is left, what it is about
_KINDS = (
    ('old-hypervisors', ('xen', 'old-xen', 'virtualbox', 'parallels'),
     'drivers and filters of Xen, VirtualBox and Parallels'),
    ('stale-controller', ('stale-controller', 'stale-channels'),
     "Xen's IDE controller and channels are known, with another driver"),
    ('driverless-controller', ('driverless-controller',),
     "Xen's IDE controller is known, without a driver"),
    ('disabled-controller', ('disabled-controller', 'disabled-in-profile'),
     "Xen's IDE controller is known, and was disabled"),
)


def _add(kind, names, summary):
    base = recipes.find('xp-sp3-built')
    edits = [leftovers.EDITS[name] for name in names]
    recipes.add(dataclasses.replace(
        base, kind=kind, summary=summary,
        hive_edits=(leftovers.in_hive(XP_SP3, base.signature, *edits),)))


for _kind in _KINDS:
    _add(*_kind)
