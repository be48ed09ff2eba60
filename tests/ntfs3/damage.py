"""
Volumes that are damaged in one place, to see what a judge finds

Each function damages the volume in the file @path.  Layout: libntfs-3g's
layout.h; names are its.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import re
import struct
from contextlib import contextmanager

from tap import run

_RECORD, _SECTOR = 1024, 512
_FILE_MFT, _FILE_BITMAP, _FILE_VOLUME = 0, 6, 3
_AT_DATA, _AT_VOLUME_INFORMATION = 0x80, 0x70
_IS_DIRTY = 1

# In a record of the MFT, and in an attribute that is not resident or is
_ATTRS_OFFSET = 0x14
_LENGTH, _VALUE_OFFSET, _MAPPING_PAIRS, _DATA_SIZE = 4, 0x14, 0x20, 0x30
# In an index block: its header, which leads to the first entry
_INDEX_HEADER, _ENTRY_SEQUENCE, _ENTRY_LENGTH = 24, 6, 8


def number_of(path, name):
    """The MFT record of the file @name."""
    return int(run('ifind', '-n', name, path, text=True)[1])


def _cluster_size(path):
    with open(path, 'rb') as volume:
        return volume.read(_SECTOR)[13] * _SECTOR


def _first_cluster(path, number, attribute):
    """Where an attribute that is not resident starts, in bytes."""
    _, text = run('istat', path, number, text=True)
    match = re.search(r'^Type: \%s .*Non-Res.*\n(\d+)' % attribute, text,
                      re.MULTILINE)
    return int(match.group(1)) * _cluster_size(path)


@contextmanager
def _record(path, number):
    """A record of the first run of the MFT, written back in the end."""
    at = _first_cluster(path, _FILE_MFT, '$DATA') + number * _RECORD
    with open(path, 'r+b') as volume:
        volume.seek(at)
        record = bytearray(volume.read(_RECORD))
        yield record
        volume.seek(at)
        volume.write(record)


def _attribute(record, kind):
    """The offset of an attribute."""
    at, = struct.unpack_from('<H', record, _ATTRS_OFFSET)
    while struct.unpack_from('<I', record, at)[0] != kind:
        at += struct.unpack_from('<I', record, at + _LENGTH)[0]
    return at


def _overwrite(path, at, data):
    with open(path, 'r+b') as volume:
        volume.seek(at)
        volume.write(data)


def runs_end_early(path, name):
    """A file has less clusters than its size says."""
    with _record(path, number_of(path, name)) as record:
        at = _attribute(record, _AT_DATA)
        pairs, = struct.unpack_from('<H', record, at + _MAPPING_PAIRS)
        record[at + pairs] = 0


def size_is_wrong(path, name):
    """A file is larger than what is allocated."""
    with _record(path, number_of(path, name)) as record:
        at = _attribute(record, _AT_DATA)
        struct.pack_into('<Q', record, at + _DATA_SIZE, 1 << 40)


def is_dirty(path, _name):
    """The volume's flags say that it wants to be checked."""
    with _record(path, _FILE_VOLUME) as record:
        at = _attribute(record, _AT_VOLUME_INFORMATION)
        value, = struct.unpack_from('<H', record, at + _VALUE_OFFSET)
        record[at + value + 10] |= _IS_DIRTY


def index_block_is_lost(path, name):
    """The first index block of a directory has another signature."""
    _overwrite(path, _index(path, name), b'XXXX')


def entry_is_stale(path, name):
    """The first entry of a directory refers to a file that was deleted."""
    _overwrite(path, _first_entry(path, name) + _ENTRY_SEQUENCE, b'\x77\x77')


def entry_is_short(path, name):
    """The first entry of a directory ends before its name."""
    _overwrite(path, _first_entry(path, name) + _ENTRY_LENGTH, b'\x08\0')


def _index(path, name):
    return _first_cluster(path, number_of(path, name), '$INDEX_ALLOCATION')


def _first_entry(path, name):
    header = _index(path, name) + _INDEX_HEADER
    with open(path, 'rb') as volume:
        volume.seek(header)
        return header + struct.unpack('<I', volume.read(4))[0]


def bitmap_is_empty(path, _name):
    """All clusters are free, as $Bitmap has it."""
    at = _first_cluster(path, _FILE_BITMAP, '$DATA')
    _overwrite(path, at, bytes(8192))


def records_are_free(path, _name):
    """Records of files are free, as the MFT's bitmap has it."""
    at = _first_cluster(path, _FILE_MFT, '$BITMAP')
    _overwrite(path, at + 8, bytes(40))
