"""
MBR disks: a partition table, boot code, and volumes put in their place

Logical drives lie in one extended partition.  Each has a table of its own,
on a cylinder boundary, which names the drive and leads to the next table.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import errno
import os
import struct
from dataclasses import dataclass

SECTOR = 512
TYPE_FAT16_LBA, TYPE_NTFS, TYPE_OEM = 0x0e, 0x07, 0xde
TYPE_EXTENDED, TYPE_EXTENDED_LBA = 0x05, 0x0f

# The geometry that BIOSes of XP's time report for disks of this size on
HEADS, TRACK_SECTORS = 255, 63
CYLINDER = HEADS * TRACK_SECTORS
FIRST_TRACK = 63                # where XP's setup starts a partition

# Boot code of our own, not Windows': it just waits (hlt; jmp back)
_BOOT_CODE = bytes.fromhex('faf4ebfd') + b' win-xenprep test disk '

_COPY = 1 << 16


@dataclass(frozen=True)
class Partition:
    """A primary partition, or a logical drive; primaries come first."""

    start: int                  # sectors
    sectors: int
    type: int = TYPE_NTFS
    active: bool = False
    logical: bool = False

    @property
    def end(self):
        """The sector after the last one."""
        return self.start + self.sectors

    @property
    def table(self):
        """The sector of a logical drive's own partition table."""
        return self.start - FIRST_TRACK


def tables(partitions, signature, extended_type=TYPE_EXTENDED_LBA):
    """The master boot record and the logical drives' tables, by sector."""
    primary = [p for p in partitions if not p.logical]
    logical = [p for p in partitions if p.logical]
    entries = [_entry(p) for p in primary]
    found = {}
    if logical:
        first = logical[0].table
        extended = Partition(first, logical[-1].end - first, extended_type)
        entries.append(_entry(extended))
        found = _logical_tables(logical, first)
    code = _BOOT_CODE.ljust(440, b'\0') + struct.pack('<IH', signature, 0)
    return {0: code + _table(entries), **found}


def _logical_tables(logical, first):
    """In each the next table counts from @first, the drive from the table."""
    found = {}
    for drive, after in zip(logical, logical[1:] + [None]):
        entries = [_entry(drive, drive.table)]
        if after:
            step = Partition(after.table, after.end - after.table,
                             TYPE_EXTENDED)
            entries.append(_entry(step, first))
        found[drive.table] = bytes(446) + _table(entries)
    return found


def _table(entries):
    return b''.join(entries).ljust(64, b'\0') + b'\x55\xaa'


def _entry(partition, base=0):
    return bytes([0x80 if partition.active else 0]) + \
        _chs(partition.start) + bytes([partition.type]) + \
        _chs(partition.end - 1) + \
        struct.pack('<II', partition.start - base, partition.sectors)


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
        for at, stop in data_extents(source, start, end):
            source.seek(at)
            while at < stop:
                block = source.read(min(_COPY, stop - at))
                if block.count(0) != len(block):
                    target.seek(offset + at - start)
                    target.write(block)
                at += len(block)


def data_extents(source, start=0, end=None):
    """Where @source is not a hole, as its filesystem says: (at, stop)."""
    end = end or os.fstat(source.fileno()).st_size
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
