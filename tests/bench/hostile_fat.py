"""
Where the metadata of a FAT32 volume lies, and its files: a reader that damage
is aimed with

It reads volumes that are whole, and knows no more of FAT than it takes to
find tables, directories and files.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

SECTOR = 512

_ENTRY = 32
_VOLUME, _DIRECTORY, _LONG = 0x08, 0x10, 0x0f
_END, _DELETED, _DOT = 0x00, 0xe5, 0x2e
_FIRST_CLUSTER, _LAST = 2, 0x0ffffff0


class Volume:
    """A volume at @start of an open disk; extents are (offset, length)."""

    def __init__(self, disk, start):
        disk.seek(start)
        boot = disk.read(SECTOR)
        reserved, tables = struct.unpack_from('<HB', boot, 14)
        sectors, _, _, root = struct.unpack_from('<IHHI', boot, 36)
        disk.seek(start + reserved * SECTOR)
        table = disk.read(sectors * SECTOR).rstrip(b'\0')
        self._disk = disk
        self._cluster = boot[13] * SECTOR
        self._data = start + (reserved + tables * sectors) * SECTOR
        self._links = struct.unpack('<%dI' % (len(table) // 4),
                                    table[:len(table) // 4 * 4])
        self.table = (start + reserved * SECTOR, len(table)),
        # By path, "\\" for the root
        self.directories = {'\\': self._extents(root)}
        # (extents, size) by path
        self.files = {}
        self._read_directory('\\', self.directories['\\'])

    def _extents(self, cluster):
        """Where a chain lies."""
        found = []
        while _FIRST_CLUSTER <= cluster < _LAST:
            found.append((self._data + (cluster - _FIRST_CLUSTER) *
                          self._cluster, self._cluster))
            cluster = self._links[cluster] & 0x0fffffff
        return tuple(found)

    def _entries(self, extents):
        for offset, length in extents:
            self._disk.seek(offset)
            data = self._disk.read(length)
            for at in range(0, length, _ENTRY):
                if data[at] == _END:
                    return
                if data[at] not in (_DELETED, _DOT):
                    yield data[at:at + _ENTRY]

    def _read_directory(self, path, extents):
        for entry in self._entries(extents):
            if entry[11] & _VOLUME or entry[11] == _LONG:
                continue
            name = entry[:8].rstrip() + b'.' + entry[8:11].rstrip()
            inner = path.rstrip('\\') + '\\' + name.decode('latin1').rstrip(
                '.')
            high, = struct.unpack_from('<H', entry, 20)
            low, size = struct.unpack_from('<HI', entry, 26)
            found = self._extents(high << 16 | low)
            if entry[11] & _DIRECTORY:
                self.directories[inner] = found
                self._read_directory(inner, found)
            elif size:
                self.files[inner] = found, size
