"""
A FAT16 volume with some files in its root: what is not NTFS

Layout: Microsoft's "FAT: General Overview of On-Disk Format" (BPB, FAT16,
directory structure).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

_RESERVED, _FATS, _ROOT_ENTRIES, _CLUSTER_SECTORS = 1, 2, 512, 8
_CLUSTER = _CLUSTER_SECTORS * 512
_FIRST_CLUSTER, _LAST = 2, 0xffff
_DATE = 2005 - 1980 << 9 | 6 << 5 | 15      # of every file


def make_volume(path, sectors, start_sector, files=None):
    """
    Writes the volume to the file @path; @files are contents by name, with
    names of DOS.
    """
    clusters = sectors // _CLUSTER_SECTORS
    fat_sectors = -(-(clusters + 2) * 2 // 512)
    root, fat, data = _contents(files or {})
    with open(path, 'wb') as volume:
        volume.truncate(sectors * 512)
        volume.write(_boot_sector(sectors, start_sector, fat_sectors))
        for number in range(_FATS):
            volume.seek((_RESERVED + number * fat_sectors) * 512)
            volume.write(fat)
        volume.seek((_RESERVED + _FATS * fat_sectors) * 512)
        volume.write(root.ljust(_ROOT_ENTRIES * 32, b'\0') + data)


def _boot_sector(sectors, start_sector, fat_sectors):
    small = sectors < 0x10000
    boot = b'\xeb\x3c\x90MSDOS5.0' + struct.pack(
        '<HBHBHHBHHHII', 512, _CLUSTER_SECTORS, _RESERVED, _FATS,
        _ROOT_ENTRIES, sectors if small else 0, 0xf8, fat_sectors, 63, 255,
        start_sector, 0 if small else sectors)
    boot += struct.pack('<BBBI', 0x80, 0, 0x29, 0x4c1f22d8)
    boot += b'NO NAME    FAT16   '
    return boot.ljust(510, b'\0') + b'\x55\xaa'


def _contents(files):
    """Root directory, allocation table and clusters."""
    root, data = b'', b''
    table = [0xfff8, _LAST]
    for name, contents in files.items():
        first = len(table) if contents else 0
        count = -(-len(contents) // _CLUSTER)
        table += [first + index + 1 for index in range(count)]
        if count:
            table[-1] = _LAST
        root += _entry(name, first, len(contents))
        data += contents.ljust(count * _CLUSTER, b'\0')
    return root, struct.pack('<%dH' % len(table), *table), data


def _entry(name, first, size):
    stem, _, extension = name.upper().partition('.')
    packed = stem.ljust(8).encode('ascii') + extension.ljust(3).encode()
    return packed + struct.pack('<B10xHHHI', 0x20, 0, _DATE, first, size)
