"""
Where the metadata of an NTFS volume lies: a reader that damage is aimed with

It reads volumes that are whole, and knows no more of NTFS than it takes to
find all records, runs and names.  Names are those of libntfs-3g's layout.h.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct
from dataclasses import dataclass

SECTOR = 512

AT_FILE_NAME, AT_DATA, AT_INDEX_ALLOCATION = 0x30, 0x80, 0xa0
AT_BITMAP, AT_END = 0xb0, 0xffffffff

# In a record of the MFT
_USA_OFFSET, _ATTRS_OFFSET, _FLAGS, _BYTES_IN_USE, _BASE = 4, 0x14, 0x16, \
    0x18, 0x20
_IN_USE = 1
# In an attribute, then in one that is not resident, then in one that is
_LENGTH, _NON_RESIDENT, _NAME_LENGTH, _NAME_OFFSET = 4, 8, 9, 10
_MAPPING_PAIRS, _DATA_SIZE = 0x20, 0x30
_VALUE_LENGTH, _VALUE_OFFSET = 0x10, 0x14
# In $FILE_NAME
_PARENT, _SPACE, _FILE_NAME = 0, 65, 66
_DOS = 2

_NUMBER = (1 << 48) - 1
ROOT = 5


@dataclass
class Attribute:
    """One of a record: if it is resident there is a value, else runs."""

    type: int
    name: str
    value: bytes = b''
    # (offset in the volume, length), in bytes; sparse runs are left out
    runs: tuple = ()
    size: int = 0


def _runs(pairs, cluster):
    """Decodes mapping pairs."""
    at, lcn, found = 0, 0, []
    while pairs[at]:
        of_length, of_offset = pairs[at] & 15, pairs[at] >> 4
        at += 1
        length = int.from_bytes(pairs[at:at + of_length], 'little')
        at += of_length
        if of_offset:
            lcn += int.from_bytes(pairs[at:at + of_offset], 'little',
                                  signed=True)
            found.append((lcn * cluster, length * cluster))
        at += of_offset
    return tuple(found)


def _attributes(record, cluster):
    at, = struct.unpack_from('<H', record, _ATTRS_OFFSET)
    while True:
        kind, length = struct.unpack_from('<II', record, at)
        if kind == AT_END:
            return
        data = record[at:at + length]
        name, = struct.unpack_from('<H', data, _NAME_OFFSET)
        attribute = Attribute(kind, data[name:name + 2 * data[
            _NAME_LENGTH]].decode('utf-16-le'))
        if data[_NON_RESIDENT]:
            pairs, = struct.unpack_from('<H', data, _MAPPING_PAIRS)
            attribute.runs = _runs(data[pairs:] + b'\0', cluster)
            attribute.size, = struct.unpack_from('<Q', data, _DATA_SIZE)
        else:
            size, value = struct.unpack_from('<IH', data, _VALUE_LENGTH)
            attribute.value = data[value:value + size]
        yield attribute
        at += length


class Volume:
    """A volume that begins at @start of the open file @disk."""

    def __init__(self, disk, start):
        self.disk = disk
        self.start = start
        boot = self.read(0, SECTOR)
        self.sectors, lcn = struct.unpack_from('<QQ', boot, 0x28)
        self.cluster = boot[13] * SECTOR
        size = struct.unpack_from('<b', boot, 0x40)[0]
        self.record_size = 1 << -size if size < 0 else size * self.cluster
        self.places = [lcn * self.cluster]
        # number: attributes, those of its extension records among them
        self.records = {}
        # number: (offset in the volume, bytes that are in use)
        self.used = {}
        self.names = {}
        self._read_records()

    def read(self, offset, length):
        """Bytes of the volume."""
        self.disk.seek(self.start + offset)
        return self.disk.read(length)

    def record(self, place):
        """A record with its fixups undone; None if it is none."""
        record = bytearray(self.read(place, self.record_size))
        if record[:4] != b'FILE':
            return None
        offset, count = struct.unpack_from('<HH', record, _USA_OFFSET)
        for i in range(1, count):
            end = i * SECTOR
            record[end - 2:end] = record[offset + 2 * i:offset + 2 * i + 2]
        return bytes(record)

    def _add_places(self, attributes):
        """Records lie in the MFT's runs, which other records go on with."""
        self.places += [run + at for attribute in attributes
                        if attribute.type == AT_DATA
                        for run, length in attribute.runs
                        for at in range(0, length, self.record_size)]

    def _read_records(self):
        self._add_places(_attributes(self.record(self.places.pop()),
                                     self.cluster))
        # More of them may be found on the way.
        for number, place in enumerate(self.places):
            record = self.record(place)
            if record and struct.unpack_from('<H', record,
                                             _FLAGS)[0] & _IN_USE:
                self._add_record(number, place, record)

    def _add_record(self, number, place, record):
        # Of a record that extends another it is never 0: there is a sequence
        # number in its upper bits, even if the other is record 0.
        base, = struct.unpack_from('<Q', record, _BASE)
        base = base & _NUMBER if base else number
        self.used[number] = place, struct.unpack_from('<I', record,
                                                      _BYTES_IN_USE)[0]
        attributes = list(_attributes(record, self.cluster))
        if base == 0 and number:
            self._add_places(attributes)
        self.records.setdefault(base, []).extend(attributes)
        for attribute in attributes:
            if attribute.type == AT_FILE_NAME and \
                    attribute.value[_SPACE] != _DOS:
                parent, = struct.unpack_from('<Q', attribute.value, _PARENT)
                self.names[base] = parent & _NUMBER, attribute.value[
                    _FILE_NAME:].decode('utf-16-le')

    def path(self, number):
        """With backslashes; '\\' of the root itself."""
        path = ''
        while number != ROOT and number in self.names:
            number, name = self.names[number]
            path = '\\' + name + path
        return path or '\\'
