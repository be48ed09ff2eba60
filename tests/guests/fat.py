"""
An empty FAT16 volume: what a partition holds that is not NTFS

Layout: Microsoft's "FAT: General Overview of On-Disk Format" (BPB, FAT16).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

_RESERVED, _FATS, _ROOT_ENTRIES, _CLUSTER_SECTORS = 1, 2, 512, 8


def make_volume(path, sectors, start_sector):
    """Writes the volume to the file @path."""
    clusters = sectors // _CLUSTER_SECTORS
    fat_sectors = -(-(clusters + 2) * 2 // 512)
    boot = b'\xeb\x3c\x90MSDOS5.0' + struct.pack(
        '<HBHBHHBHHHII', 512, _CLUSTER_SECTORS, _RESERVED, _FATS,
        _ROOT_ENTRIES, sectors if sectors < 0x10000 else 0, 0xf8,
        fat_sectors, 63, 255, start_sector,
        0 if sectors < 0x10000 else sectors)
    boot += struct.pack('<BBBI', 0x80, 0, 0x29, 0x4c1f22d8)
    boot += b'NO NAME    FAT16   '
    with open(path, 'wb') as volume:
        volume.truncate(sectors * 512)
        volume.write(boot.ljust(510, b'\0') + b'\x55\xaa')
        for number in range(_FATS):
            volume.seek((_RESERVED + number * fat_sectors) * 512)
            volume.write(b'\xf8\xff\xff\xff')
