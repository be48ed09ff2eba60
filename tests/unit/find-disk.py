#!/usr/bin/env python3
"""
Makes a small disk for test-windows-find: volumes with little in them

    find-disk.py OUTPUT [--dynamic KIND] PARTITION...

PARTITION is TYPE[FLAGS]=NAME,NAME...: the type ntfs, fat, bitlocker, linux or
oem; * in the flags makes it the active one, + a logical drive.  A NAME is a
file's, or after a colon the directory of a Windows (":WINNT"; ":" is the
root); NAMExN stands for N directories.  Ends with 77 if a tool is missing.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import argparse
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GUESTS = os.path.join(HERE, '../guests')

# No __pycache__ in the source tree; set before our own modules come in.
sys.dont_write_bytecode = True
sys.path.insert(0, GUESTS)

import disk                     # noqa: E402
import ldm                      # noqa: E402
import ntfs                     # noqa: E402
from filetree import Tree       # noqa: E402

SIGNATURE = 0x8e4b2d17
CYLINDERS = 1                   # of each partition: 8 MB
TYPES = {'ntfs': 0x07, 'fat': 0x0c, 'bitlocker': 0x07, 'linux': 0x83,
         'oem': 0xde}
# What a directory must have to be a Windows
MARKS = ('system32\\config\\SYSTEM', 'system32\\ntoskrnl.exe')
INSTALLED = 1_100_000_000       # seconds since 1970


class Wish:
    """One partition as the command line has it."""

    def __init__(self, text):
        match = re.fullmatch(r'(\w+)([*+]*)=(.*)', text)
        if not match or match[1] not in TYPES:
            raise argparse.ArgumentTypeError('no partition: ' + text)
        self.content = match[1]
        self.active, self.logical = '*' in match[2], '+' in match[2]
        self.names = [name for name in match[3].split(',') if name]

    def tree(self):
        """The files of an NTFS volume."""
        tree = Tree(INSTALLED)
        for name in self.names:
            many = re.fullmatch(r'(\w+)x(\d+)', name)
            if many:
                for number in range(int(many[2])):
                    tree.directory('%s%04d' % (many[1], number))
            elif name.startswith(':'):
                for mark in MARKS:
                    tree.file('\\'.join(filter(None, (name[1:], mark))),
                              b'not read by the search')
            else:
                tree.file(name, b'[boot loader]\r\n')
        return tree


def place(wishes):
    """The partitions, each a cylinder."""
    return [disk.Partition(
        number * CYLINDERS * disk.CYLINDER + disk.FIRST_TRACK,
        CYLINDERS * disk.CYLINDER - disk.FIRST_TRACK, TYPES[wish.content],
        wish.active, wish.logical) for number, wish in enumerate(wishes)]


def write_volume(raw, wish, partition, work):
    """The contents of one partition."""
    at = partition.start * disk.SECTOR
    if wish.content in ('fat', 'oem'):
        # As much of FAT32 as a look at the boot sector takes
        raw.seek(at + 82)
        raw.write(b'FAT32   ')
    if wish.content not in ('ntfs', 'bitlocker'):
        return
    path = os.path.join(work, 'volume')
    ntfs.make_volume(path, partition.sectors, partition.start,
                     ntfs.VolumeSpec(), wish.tree(),
                     ntfs.find_populate(GUESTS))
    disk.copy_sparse(path, raw, at)
    if wish.content == 'bitlocker':
        raw.seek(at + 3)
        raw.write(b'-FVE-FS-')


def main():
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description='Make a small disk.')
    parser.add_argument('--dynamic', metavar='KIND', choices=ldm.KINDS)
    parser.add_argument('output', metavar='OUTPUT')
    parser.add_argument('wishes', metavar='PARTITION', nargs='+', type=Wish)
    arguments = parser.parse_args()
    partitions = place(arguments.wishes)
    try:
        with open(arguments.output, 'w+b') as raw, \
                tempfile.TemporaryDirectory(prefix='find-disk-') as work:
            raw.truncate((partitions[-1].end + disk.CYLINDER) * disk.SECTOR)
            for sector, data in disk.tables(partitions, SIGNATURE).items():
                raw.seek(sector * disk.SECTOR)
                raw.write(data)
            for wish, partition in zip(arguments.wishes, partitions):
                write_volume(raw, wish, partition, work)
            if arguments.dynamic:
                ldm.make_dynamic(raw, arguments.dynamic)
    except ntfs.BuildError as error:
        print('find-disk: %s' % error, file=sys.stderr)
        return 77
    return 0


if __name__ == '__main__':
    sys.exit(main())
