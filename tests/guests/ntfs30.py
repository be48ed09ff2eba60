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

_SECTOR, _RECORD = 512, 1024
_USA_COUNT = _RECORD // _SECTOR + 1
_OLD_USA, _NEW_USA = 0x2a, 0x30         # MFT_RECORD.usa_ofs
_OLD_ATTRS, _NEW_ATTRS = 0x30, 0x38     # MFT_RECORD.attrs_offset

_FILE_VOLUME = 3                        # the record of $Volume
_MIRRORED = 4                           # records that $MFTMirr repeats, or
                                        # a cluster of them if that is more
_AT_VOLUME_INFORMATION, _AT_END = 0x70, 0xffffffff


def convert(path):
    """Rewrites every record of the volume in the file @path."""
    with open(path, 'r+b') as volume:
        boot = volume.read(_SECTOR)
        cluster_size = boot[13] * _SECTOR
        mft, mirror = struct.unpack_from('<QQ', boot, 0x30)
        mirrored = max(_MIRRORED, cluster_size // _RECORD)
        number = 0
        while record := _read(volume, mft * cluster_size, number):
            _write(volume, mft * cluster_size, number, record)
            if number < mirrored:
                _write(volume, mirror * cluster_size, number, record)
            number += 1


def _read(volume, table, number):
    """A record in its old form, without protection; None after the last."""
    volume.seek(table + number * _RECORD)
    record = bytearray(volume.read(_RECORD))
    if record[:4] != b'FILE':
        return None
    for index in range(1, _USA_COUNT):
        end = index * _SECTOR
        record[end - 2:end] = _update(record, _NEW_USA, index)
    return _to_old(record, number)


def _update(record, usa, index):
    return record[usa + 2 * index:usa + 2 * index + 2]


def _to_old(record, number):
    usn = record[_NEW_USA:_NEW_USA + 2]
    used, = struct.unpack_from('<I', record, 0x18)
    old = record[:_OLD_USA] + usn + bytes(_OLD_ATTRS - _OLD_USA - 2) + \
        record[_NEW_ATTRS:used]
    struct.pack_into('<HH', old, 4, _OLD_USA, _USA_COUNT)
    struct.pack_into('<H', old, 0x14, _OLD_ATTRS)
    struct.pack_into('<I', old, 0x18, used - (_NEW_ATTRS - _OLD_ATTRS))
    if number == _FILE_VOLUME:
        _set_version(old)
    return old.ljust(_RECORD, b'\0')


def _set_version(record):
    """VOLUME_INFORMATION: eight bytes reserved, major, minor version."""
    at = _OLD_ATTRS
    while (kind := struct.unpack_from('<I', record, at)[0]) != _AT_END:
        if kind == _AT_VOLUME_INFORMATION:
            value, = struct.unpack_from('<H', record, at + 0x14)
            record[at + value + 8:at + value + 10] = bytes([3, 0])
        at += struct.unpack_from('<I', record, at + 4)[0]


def _write(volume, table, number, record):
    """Writes a record; update sequences guard the ends of its sectors."""
    record = bytearray(record)
    for index in range(1, _USA_COUNT):
        end, at = index * _SECTOR, _OLD_USA + 2 * index
        record[at:at + 2] = record[end - 2:end]
        record[end - 2:end] = record[_OLD_USA:_OLD_USA + 2]
    volume.seek(table + number * _RECORD)
    volume.write(record)
