"""
The metadata of a test guest's disk, as regions with names

A region is named after what it is ("partition 1: record 30 (\\boot.ini)"), so
that an edit of it means the same when the guest is built anew.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import struct
from dataclasses import dataclass

import hostile_fat
from hostile_ntfs import (AT_BITMAP, AT_DATA, AT_INDEX_ALLOCATION, SECTOR,
                          Volume)

_BOOT_SECTORS = 16
_LDM_SIZE = 1 << 20
_LOG_HEAD = 8192
_HEAD = 8192
_INDEX_LENGTH, _INDEX_HEADER = 0x1c, 0x18

# A header of a GPT, all entries, and as many as are damaged: no more are used
GPT_HEADER, GPT_ARRAY, GPT_ENTRIES = 92, 128 * 128, 8 * 128

_HIVES = ('system', 'software', 'sam', 'security', 'default')
# Whose records a boot, or preparing, comes by
_KEYS = ('ntldr', 'ntdetect.com', 'windows', 'winnt', 'system32', 'config',
         'drivers', 'system', 'system.alt', 'system.log', 'software',
         'ntoskrnl.exe', 'hal.dll', 'atapi.sys', 'intelide.sys', 'dllcache',
         'driver cache', 'i386', 'amd64', 'servicepackfiles')
_PROGRAMS = ('.sys', '.exe', '.dll', 'ntldr')


@dataclass(frozen=True)
class Region:
    """Bytes that belong together, by (offset, length)."""

    name: str
    kind: str
    extents: tuple
    # Whether offsets are those of the image's file, not of the disk.
    in_file: bool = False

    @property
    def size(self):
        """In bytes."""
        return sum(length for _, length in self.extents)

    def place(self, at):
        """Where byte @at of the region is, and how many follow it there."""
        for offset, length in self.extents:
            if at < length:
                return offset + at, length - at
            at -= length
        raise IndexError(self.name)


def _kind_of_record(number, path):
    name = path.rpartition('\\')[2].lower()
    if number < 16:
        return 'system record'
    if name == 'boot.ini':
        return 'boot.ini'
    if name in _KEYS or name.endswith('.cab'):
        return 'key record'
    return 'record'


def _cut(extents, size):
    """The first @size bytes."""
    found = []
    for offset, length in extents:
        length = min(length, size)
        size -= length
        if length:
            found.append((offset, length))
    return tuple(found)


class _Finder:
    """The regions of one partition."""

    def __init__(self, disk, number, partition):
        self.volume = Volume(disk, partition['start'])
        self.partition = partition
        self.prefix = 'partition %d: ' % number
        self.found = []

    def add(self, name, kind, runs, size=None):
        """A region; @runs are the volume's."""
        extents = tuple((self.volume.start + at, length)
                        for at, length in runs)
        if size is not None:
            extents = _cut(extents, size)
        if extents:
            self.found.append(Region(self.prefix + name, kind, extents))

    def find(self):
        """All of them."""
        self.add('boot sector', 'boot', [(0, _BOOT_SECTORS * SECTOR)])
        self.add('spare boot sector', 'boot',
                 [(self.volume.sectors * SECTOR, SECTOR)])
        for number, (place, used) in self.volume.used.items():
            path = self.volume.path(number)
            self.add('record %d (%s)' % (number, path),
                     _kind_of_record(number, path), [(place, used)])
        for number, attributes in self.volume.records.items():
            for attribute in attributes:
                if attribute.runs:
                    self.add_attribute(number, attribute)
        return self.found

    def add_attribute(self, number, attribute):
        """What lies in runs."""
        path = self.volume.path(number)
        if attribute.type == AT_INDEX_ALLOCATION:
            self.add(path + ' index' + attribute.name, 'index',
                     self.index_blocks(attribute.runs))
        elif attribute.type == AT_BITMAP or path == '\\$Bitmap':
            self.add(path + ' bitmap', 'bitmap', attribute.runs,
                     attribute.size)
        elif path == '\\$LogFile':
            self.add(path, 'journal', attribute.runs, _LOG_HEAD)
        elif path.startswith('\\$') and path != '\\$MFT':
            self.add(path + attribute.name, 'system file', attribute.runs,
                     attribute.size)
        elif attribute.type != AT_DATA:
            self.add('%s attribute 0x%x' % (path, attribute.type),
                     'attribute', attribute.runs, attribute.size)
        elif number >= 16:
            self.add_file(path, attribute)

    def index_blocks(self, runs):
        """Of each block of a directory what is in use."""
        for run, length in runs:
            for at in range(run, run + length, max(4096,
                                                   self.volume.cluster)):
                block = self.volume.read(at, 4096)
                if block[:4] == b'INDX':
                    yield at, _INDEX_HEADER + struct.unpack_from(
                        '<I', block, _INDEX_LENGTH)[0]

    def add_file(self, path, data):
        """A file that the engine parses."""
        stem, suffix = os.path.splitext(path.rpartition('\\')[2].lower())
        if ('\\config\\' in path.lower() and stem in _HIVES) or \
                path.lower() == '\\boot\\bcd':
            self.add(path, 'hive', data.runs, data.size)
            self.add(path + ' head', 'hive head', data.runs,
                     min(data.size, _HEAD))
        elif suffix == '.cab':
            self.add(path, 'cabinet', data.runs, data.size)
            self.add(path + ' head', 'cabinet head', data.runs,
                     min(data.size, _HEAD))
        elif (suffix or stem) in _PROGRAMS:
            self.add(path, 'program', data.runs, min(data.size, _HEAD))


def _find_gpt(size):
    """The header of each GPT with what there is of its array."""
    last = size - SECTOR
    for name, header, array in (('first GPT', SECTOR, 2 * SECTOR),
                                ('last GPT', last, last - GPT_ARRAY)):
        yield Region(name, 'GPT', ((header, GPT_HEADER),
                                   (array, GPT_ENTRIES)))


def _find_fat(disk, number, start):
    """The metadata of a FAT32 volume, and the BCD on it."""
    volume = hostile_fat.Volume(disk, start)
    prefix = 'partition %d: ' % number
    yield Region(prefix + 'boot sector', 'boot', ((start, SECTOR),))
    yield Region(prefix + 'FAT', 'FAT', volume.table)
    for path, extents in volume.directories.items():
        yield Region(prefix + path, 'FAT directory', extents)
    for path, (extents, size) in volume.files.items():
        if path.endswith('\\BCD'):
            yield Region(prefix + path, 'hive', _cut(extents, size))
            yield Region(prefix + path + ' head', 'hive head',
                         _cut(extents, min(size, _HEAD)))


def find(disk, truth):
    """Those of an open raw disk, by name; @truth is the builder's."""
    size = truth['disk']['size']
    tables = [(0, SECTOR)] + [
        (partition['start'] - 63 * SECTOR, SECTOR)
        for partition in truth['partitions'] if partition['logical']]
    found = [Region('partition tables', 'table', tuple(tables))]
    disk.seek(size - _LDM_SIZE)
    if disk.read(_LDM_SIZE).count(0) != _LDM_SIZE and \
            'dynamic' in truth['kind']:
        found.append(Region('dynamic disk', 'dynamic',
                            ((size - _LDM_SIZE, _LDM_SIZE),)))
    if truth['disk'].get('scheme') == 'gpt':
        found += _find_gpt(size)
    for number, partition in enumerate(truth['partitions'], 1):
        if partition['filesystem'] == 'NTFS':
            found += _Finder(disk, number, partition).find()
        elif partition['filesystem'] == 'FAT32':
            found += _find_fat(disk, number, partition['start'])
    return {region.name: region for region in found}
