"""
GPT disks: protective MBR, two headers, two tables of partitions

Layout: the UEFI specification, "GUID Partition Table (GPT) Disk Layout"; what
Windows chooses where that leaves a choice: 128 entries, the table behind the
header, and a protective partition as large as its field can say.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct
import zlib
from dataclasses import dataclass

import disk
import guids

ENTRIES, ENTRY_SIZE = 128, 128
TABLE_SECTORS = ENTRIES * ENTRY_SIZE // disk.SECTOR
FIRST_USABLE = 2 + TABLE_SECTORS
TYPE_PROTECTIVE = 0xee

# Attributes: the platform needs it; of Microsoft's types: no drive letter
REQUIRED, NO_DRIVE_LETTER = 1, 1 << 63

_HEADER_SIZE = 92
_REVISION = 0x00010000


@dataclass(frozen=True)
class Entry:
    """One entry of the table; without @type it is a blank one."""

    type: str = ''
    guid: str = ''
    start: int = 0              # sectors
    sectors: int = 0
    attributes: int = 0
    name: str = ''

    def packed(self):
        """The 128 bytes of the entry."""
        if not self.type:
            return bytes(ENTRY_SIZE)
        return guids.packed(self.type) + guids.packed(self.guid) + \
            struct.pack('<QQQ', self.start, self.start + self.sectors - 1,
                        self.attributes) + \
            self.name.encode('utf-16-le').ljust(72, b'\0')


def tables(entries, guid, disk_sectors):
    """
    All that makes a disk of @disk_sectors sectors a GPT disk @guid: bytes by
    sector.
    """
    table = b''.join(entry.packed() for entry in entries)
    table = table.ljust(ENTRIES * ENTRY_SIZE, b'\0')
    last = disk_sectors - 1
    return {0: _protective_mbr(),
            1: _header(guid, 1, last, 2, table, last),
            2: table,
            last - TABLE_SECTORS: table,
            last: _header(guid, last, 1, last - TABLE_SECTORS, table, last)}


def _header(guid, here, other, table_at, table, last):
    """The header at sector @here; its copy is at @other."""
    def pack(checksum):
        return b'EFI PART' + struct.pack(
            '<IIIIQQQQ16sQIII', _REVISION, _HEADER_SIZE, checksum, 0, here,
            other, FIRST_USABLE, last - TABLE_SECTORS - 1,
            guids.packed(guid), table_at, ENTRIES, ENTRY_SIZE,
            zlib.crc32(table))
    return pack(zlib.crc32(pack(0))).ljust(disk.SECTOR, b'\0')


def _protective_mbr():
    """One partition of type EE; heads and cylinders say "beyond"."""
    entry = bytes([0, 0, 2, 0, TYPE_PROTECTIVE, 0xff, 0xff, 0xff])
    entry += struct.pack('<II', 1, 0xffffffff)
    return bytes(446) + entry.ljust(64, b'\0') + b'\x55\xaa'
