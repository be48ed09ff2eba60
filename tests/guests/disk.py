"""
MBR disks: a partition table, boot code, and volumes put in their place

SPDX-License-Identifier: GPL-2.0-or-later
"""

import errno
import os
import struct
from dataclasses import dataclass

SECTOR = 512
TYPE_FAT16_LBA, TYPE_NTFS, TYPE_EXTENDED_LBA = 0x0e, 0x07, 0x0f

# The geometry that BIOSes of XP's time report for disks of this size on
HEADS, TRACK_SECTORS = 255, 63
CYLINDER = HEADS * TRACK_SECTORS
FIRST_TRACK = 63                # where XP's setup starts a partition

# Boot code of our own, not Windows': it just waits (hlt; jmp back)
_BOOT_CODE = bytes.fromhex('faf4ebfd') + b' win-xenprep test disk '

_COPY = 1 << 16


@dataclass(frozen=True)
class Partition:
    """An entry of the partition table."""

    start: int                  # sectors
    sectors: int
    type: int = TYPE_NTFS
    active: bool = False


def mbr(partitions, signature):
    """The master boot record."""
    table = b''.join(_entry(p) for p in partitions).ljust(64, b'\0')
    code = _BOOT_CODE.ljust(440, b'\0')
    return code + struct.pack('<IH', signature, 0) + table + b'\x55\xaa'


def _entry(partition):
    end = partition.start + partition.sectors - 1
    return bytes([0x80 if partition.active else 0]) + \
        _chs(partition.start) + bytes([partition.type]) + _chs(end) + \
        struct.pack('<II', partition.start, partition.sectors)


def _chs(sector):
    """Cylinder, head and sector as a partition table packs them."""
    cylinder, rest = divmod(sector, CYLINDER)
    head, in_track = divmod(rest, TRACK_SECTORS)
    if cylinder > 1023:
        cylinder, head, in_track = 1023, HEADS - 1, TRACK_SECTORS - 1
    return bytes([head, (cylinder >> 2 & 0xc0) | in_track + 1,
                  cylinder & 0xff])


def copy_sparse(source_path, target, offset, start=0, end=None):
    """
    Copies a file, or its bytes from @start to @end, into the open @target;
    runs of zeros stay holes.
    """
    with open(source_path, 'rb') as source:
        end = end or os.fstat(source.fileno()).st_size
        for at, stop in _data_extents(source, start, end):
            source.seek(at)
            while at < stop:
                block = source.read(min(_COPY, stop - at))
                if block.count(0) != len(block):
                    target.seek(offset + at - start)
                    target.write(block)
                at += len(block)


def _data_extents(source, start, end):
    """Where @source is not a hole, as its filesystem says: (at, stop)."""
    while start < end:
        try:
            start = os.lseek(source.fileno(), start, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:      # ENXIO: only a hole is left
                raise
            return
        stop = os.lseek(source.fileno(), start, os.SEEK_HOLE)
        if start < end:
            yield start, min(stop, end)
        start = stop
