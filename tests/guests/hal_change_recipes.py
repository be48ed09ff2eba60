"""
The kinds of guest of which the HAL is changed

Each Windows has each HAL, and somewhere in it all the others with their
kernels; then there are guests that have them elsewhere, in part, of other
versions, or not at all.  The files are small, and so is the rest.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import cabinet
import hal_recipes
import recipes
import windrivers
import winfiles
import winversions
from winversions import (W2K3_SP1, W2K3_SP2, W2K_SP4, XP_RTM, XP_SP2,
                         XP_SP3)

SIGNATURE = 0x4a1c0de5

# As win-xenfix names them
OPTIONS = {
    'standard': hal_recipes.STANDARD,
    'acpi-pic': winversions.ACPI_PC,
    'acpi-up': winversions.ACPI_UP,
    'acpi-mp': winversions.ACPI_MP,
    'mps-up': hal_recipes.MPS_UP,
    'mps-mp': hal_recipes.MPS_MP,
    'syspro-mp': hal_recipes.SYSTEMPRO,
}

CACHE = 'Driver Cache\\i386'
SERVICE_PACK = 'ServicePackFiles\\i386'

# Hotfixes of these kernels
HOTFIX = {XP_SP3.version: (5, 1, 2600, 6419),
          W2K_SP4.version: (5, 0, 2195, 7045)}


def at(windows, *path):
    """A path below %SystemRoot%, for a tree."""
    return '\\'.join((windows.system_root[1:], *path))


def files(windows, version=None, names=windrivers.HALS + windrivers.KERNELS):
    """HALs and kernels by their names on the CD, of Windows' version."""
    found = {}
    for name in names:
        make = windrivers.setup_hal if name in windrivers.HALS else \
            windrivers.setup_kernel
        found[name] = make(name, windows, version)
    return found


def in_folder(folder, **options):
    """A tree edit: the files are in a folder, plain."""
    def edit(tree, windows):
        for name, data in files(windows, **options).items():
            tree.file(at(windows, folder, name), data, mtime=windows.built)
    return edit


def in_cabinet(name, compression=cabinet.MSZIP, **options):
    """A tree edit: they are in a cabinet of the driver cache."""
    def edit(tree, windows):
        members = {'1394bus.sys': b'MZ, but not asked for',
                   **files(windows, **options),
                   'usbhub.sys': b'MZ, neither'}
        winfiles.add_cabinet(tree, at(windows, CACHE, name), members,
                             windows.built, compression)
    return edit


def installed(version=None):
    """
    A tree edit: HAL and kernels in system32 are those of the CD, or hotfixes
    of @version have exchanged the kernels.
    """
    def edit(tree, windows):
        hal = windows.hal
        for name, source in (('hal.dll', hal.filename),
                             ('ntoskrnl.exe', hal.kernel),
                             ('ntkrnlpa.exe', hal.pae_kernel)):
            of = None if name == 'hal.dll' else version
            data = files(windows, of, (source,))[source]
            tree.file(at(windows, 'system32', name), data,
                      mtime=windows.built)
    return edit


def remove(*path):
    """A tree edit: there is no such file."""
    return lambda tree, windows: tree.remove(at(windows, *path))


def recipe(kind, summary, windows, hal, *edits):
    """A slim guest with that HAL, and @edits of its tree."""
    windows = dataclasses.replace(windows, hal=hal)
    return recipes.Recipe(
        kind, summary, windows=windows, system_hive='built', slim=True,
        signature=SIGNATURE,
        layout=(recipes.Slot(('boot', 'windows'), 4, active=True),),
        hive_edits=(hal_recipes.system_hive(windows),),
        tree_edits=(hal_recipes.ide_drivers, installed(), *edits))


_LZX = cabinet.LZX

# Name: Windows, and where the others are
WINDOWS = {
    'w2k-sp4': (W2K_SP4, in_folder(SERVICE_PACK)),
    'xp-rtm': (XP_RTM, in_cabinet('driver.cab', _LZX)),
    'xp-sp2': (XP_SP2, in_cabinet('sp2.cab')),
    'xp-sp3': (XP_SP3, in_cabinet('sp3.cab', _LZX)),
    'w2k3-sp1': (W2K3_SP1, in_folder(CACHE)),
    'w2k3-sp2': (W2K3_SP2, in_cabinet('driver.cab')),
}


def kind_of(windows, option):
    """The kind of guest with that HAL."""
    return 'hal-change-%s-%s' % (windows, option)


def _add_table():
    for name, (windows, edit) in WINDOWS.items():
        for option, hal in OPTIONS.items():
            recipes.add(recipe(
                kind_of(name, option), '%s, %s, all HALs at hand' % (
                    windows.name, hal.description), windows, hal, edit))


# Name: what is special about it, the Windows, and edits of its tree.  All have
# the HAL "ACPI PC".
SPECIAL = {
    'nowhere': ('there is no other HAL', XP_SP3),
    'kernels-only': ('the cache has new kernels, but no HAL', XP_SP3,
                     in_folder(CACHE, version=HOTFIX[XP_SP3.version],
                               names=windrivers.KERNELS),
                     installed(HOTFIX[XP_SP3.version])),
    'hotfix': ('a new kernel; the HALs are those of the service pack', XP_SP3,
               in_folder(CACHE, version=HOTFIX[XP_SP3.version],
                         names=windrivers.KERNELS),
               in_cabinet('sp3.cab'), installed(HOTFIX[XP_SP3.version])),
    'older': ('an old driver.cab beside sp3.cab', XP_SP3,
              in_cabinet('driver.cab', version=XP_RTM.version),
              in_cabinet('sp3.cab')),
    'other-sp': ('all HALs are of SP2', XP_SP3,
                 in_cabinet('sp2.cab', version=XP_SP2.version)),
    'no-pae': ('no kernel for PAE, neither installed nor at hand', W2K_SP4,
               in_folder(SERVICE_PACK, names=windrivers.HALS + (
                   'ntoskrnl.exe', 'ntkrnlmp.exe')),
               remove('system32', 'ntkrnlpa.exe')),
    'pae-nowhere': ('a kernel for PAE, but no other at hand', W2K_SP4,
                    in_folder(SERVICE_PACK, names=windrivers.HALS + (
                        'ntoskrnl.exe', 'ntkrnlmp.exe'))),
}


def _add_special():
    for name, (summary, windows, *edits) in SPECIAL.items():
        recipes.add(recipe('hal-change-' + name, summary, windows,
                           winversions.ACPI_PC, *edits))


_add_table()
_add_special()
