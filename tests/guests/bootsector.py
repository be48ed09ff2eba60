"""
The boot sector of an NTFS volume: what readers of the volume need of it

Layout: libntfs-3g's layout.h (NTFS_BOOT_SECTOR).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct


def geometry(boot):
    """From a boot sector: bytes in a sector, a cluster, an MFT record."""
    sector_size, sectors = struct.unpack_from('<HB', boot, 11)
    cluster_size = sector_size * sectors
    record, = struct.unpack_from('<b', boot, 0x40)
    return sector_size, cluster_size, \
        1 << -record if record < 0 else record * cluster_size


def tables(boot):
    """The first clusters of the MFT and of its mirror."""
    return struct.unpack_from('<QQ', boot, 0x30)
