"""
Makes a volume that mkntfs has just formatted one of NTFS 3.0

Windows 2000 formats 3.0; mkntfs knows only 3.1.  On disk they differ in the
version that $Volume tells, and in the head of a file record: until 3.1 it had
no number of its own, so that all behind it lay eight bytes further in front.
libntfs-3g goes by the version when it makes records.

Layout: libntfs-3g's layout.h (MFT_RECORD and MFT_RECORD_OLD,
VOLUME_INFORMATION); names are its.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

import bootsector

_SECTOR = 512                           # that an update sequence guards
_OLD_USA, _NEW_USA = 0x2a, 0x30         # MFT_RECORD.usa_ofs

_FILE_VOLUME = 3                        # the record of $Volume
_MIRRORED = 4                           # records that $MFTMirr repeats, or
                                        # a cluster of them if that is more
_AT_VOLUME_INFORMATION, _AT_END = 0x70, 0xffffffff


def convert(path):
    """Rewrites every record of the volume in the file @path."""
    with open(path, 'r+b') as volume:
        boot = volume.read(_SECTOR)
        _, cluster_size, size = bootsector.geometry(boot)
        mft, mirror = bootsector.tables(boot)
        mirrored = max(_MIRRORED, cluster_size // size)
        number = 0
        while record := _read(volume, mft * cluster_size + number * size,
                              size):
            record = _to_old(record, number)
            _write(volume, mft * cluster_size + number * size, record)
            if number < mirrored:
                _write(volume, mirror * cluster_size + number * size, record)
            number += 1


def _read(volume, at, size):
    """The record at @at, without protection; None after the last."""
    volume.seek(at)
    record = bytearray(volume.read(size))
    if record[:4] != b'FILE':
        return None
    for index in range(1, size // _SECTOR + 1):
        end = index * _SECTOR
        record[end - 2:end] = _update(record, _NEW_USA, index)
    return record


def _update(record, usa, index):
    return record[usa + 2 * index:usa + 2 * index + 2]


def _to_old(record, number):
    """The record in its old form."""
    count = len(record) // _SECTOR + 1
    attributes = -(-(_OLD_USA + 2 * count) // 8) * 8
    usn = record[_NEW_USA:_NEW_USA + 2]
    first, = struct.unpack_from('<H', record, 0x14)
    used, = struct.unpack_from('<I', record, 0x18)
    old = record[:_OLD_USA] + usn + bytes(attributes - _OLD_USA - 2) + \
        record[first:used]
    struct.pack_into('<HH', old, 4, _OLD_USA, count)
    struct.pack_into('<H', old, 0x14, attributes)
    struct.pack_into('<I', old, 0x18, used - (first - attributes))
    if number == _FILE_VOLUME:
        _set_version(old)
    return old.ljust(len(record), b'\0')


def _set_version(record):
    """VOLUME_INFORMATION: eight bytes reserved, major, minor version."""
    at, = struct.unpack_from('<H', record, 0x14)
    while (kind := struct.unpack_from('<I', record, at)[0]) != _AT_END:
        if kind == _AT_VOLUME_INFORMATION:
            value, = struct.unpack_from('<H', record, at + 0x14)
            record[at + value + 8:at + value + 10] = bytes([3, 0])
        at += struct.unpack_from('<I', record, at + 4)[0]


def _write(volume, at, record):
    """Writes a record; update sequences guard the ends of its sectors."""
    record = bytearray(record)
    for index in range(1, len(record) // _SECTOR + 1):
        end, update = index * _SECTOR, _OLD_USA + 2 * index
        record[update:update + 2] = record[end - 2:end]
        record[end - 2:end] = record[_OLD_USA:_OLD_USA + 2]
    volume.seek(at)
    volume.write(record)
