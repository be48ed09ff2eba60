"""Guests with another boot.ini or other files, and setup CDs for them.

They are kinds of tests/guests with one edit more, made where they are used.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
import os
import sys

sys.path.append(os.path.join(os.environ['XENPREP_SOURCE'], 'tests/guests'))
# pylint: disable=wrong-import-position
import cabinet  # noqa: E402
import guest as builder  # noqa: E402
import hal_change_recipes  # noqa: E402
import ntfs  # noqa: E402
import recipes  # noqa: E402
import windrivers  # noqa: E402
import winfiles  # noqa: E402
from filetree import HIDDEN, READONLY, SYSTEM  # noqa: E402

# How setup leaves boot.ini
ATTRIBUTES = HIDDEN | SYSTEM | READONLY

# The Windows that NTLDR starts without switches
MISSING_ENTRY = (b'[boot loader]\r\ntimeout=30\r\n'
                 b'default=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n'
                 b'[operating systems]\r\n'
                 b'C:\\="Windows 98"\r\n')


def variant(kind, out, *tree_edits, boot_edits=(), **changes):
    """A disk like that kind of guest, with these edits."""
    recipe = recipes.find(kind)
    recipe = dataclasses.replace(
        recipe, tree_edits=(*recipe.tree_edits, *tree_edits),
        boot_edits=(*recipe.boot_edits, *boot_edits), **changes)
    builder.make(recipe, out, '', ntfs.find_populate(builder.HERE))
    os.unlink(out + '.json')
    return out


def boot_ini(data, attributes=ATTRIBUTES):
    """An edit of the volume that NTLDR is on: boot.ini has these bytes."""
    return lambda tree, windows: tree.file(
        'boot.ini', data, attributes=attributes, security='public')


def dirty_volume(start):
    """
    An edit of the disk: chkdsk is due on the NTFS volume at that sector.
    Layout: $Volume is record 3 of $MFT and of its mirror, which byte 0x30 and
    0x38 of the boot sector locate; $VOLUME_INFORMATION is attribute 0x70.
    """
    def edit(raw):
        raw.seek(start * 512)
        boot = raw.read(512)
        for where in 0x30, 0x38:
            cluster = int.from_bytes(boot[where:where + 8], 'little')
            _mark_dirty(raw, 512 * (start + boot[0x0d] * cluster) + 3 * 1024)
    return edit


def _mark_dirty(raw, at):
    """Sets a flag in the record at that byte."""
    raw.seek(at)
    record = raw.read(1024)

    def field(offset, size):
        return int.from_bytes(record[offset:offset + size], 'little')

    offset = field(0x14, 2)
    while record[offset] != 0x70:
        offset += field(offset + 4, 4)
    raw.seek(at + offset + field(offset + 0x14, 2) + 10)
    raw.write(b'\1')


def boot_ini_text(entries):
    """boot.ini with such entries, (path, title, switches)."""
    return winfiles.boot_ini(entries)


def no_boot_ini(tree, windows):
    """An edit of that volume: there is none."""
    tree.remove('boot.ini')


def hal_of(filename):
    """An edit of Windows' volume: the installed HAL is that of a vendor."""
    return lambda tree, windows: tree.file(
        hal_change_recipes.at(windows, 'system32', 'hal.dll'),
        windrivers.setup_hal(filename, windows))


def windows_of(kind):
    """Which Windows a kind of guest is, as data."""
    return recipes.find(kind).windows


def setup_cd(folder, windows, version=None, names=None, other=()):
    """
    The folder I386 of a setup CD, with HALs and kernels, each in a cabinet of
    its own; @other is (names, version) of some that are not of @version.
    """
    os.makedirs(folder, exist_ok=True)
    files = hal_change_recipes.files(windows, version)
    if other:
        files.update(hal_change_recipes.files(windows, other[1], other[0]))
    for name, data in files.items():
        if names and name not in names:
            continue
        packed = cabinet.build([cabinet.Member(name, data)], cabinet.LZX)
        with open(os.path.join(folder, name[:-1].upper() + '_'), 'wb') as out:
            out.write(packed)
    return folder
