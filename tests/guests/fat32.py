"""
A FAT32 volume with directories and long names: an EFI system partition

Layout: Microsoft's "FAT: General Overview of On-Disk Format" (BPB, FSInfo,
directory structure, long directory entries).  A name that is not one of DOS
gets long entries and the short name of the tree; so does one in small letters,
as Windows stores it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import datetime
import struct

_SECTOR = 512
_RESERVED, _FATS = 32, 2
_INFO_SECTOR, _BACKUP_SECTOR = 1, 6
_ROOT = 2                       # the first cluster
_LAST = 0x0fffffff
_MEDIA = 0x0ffffff8
# A volume with fewer clusters is FAT16, whatever else it says
MIN_CLUSTERS = 65_525

_DIRECTORY, _ARCHIVE, _LABEL, _LONG = 0x10, 0x20, 0x08, 0x0f
_LONG_CHARS = 13
_LAST_LONG = 0x40


def make_volume(path, sectors, start_sector, tree, label='',
                serial=0x5e2f81c4):
    """
    Writes a volume of @sectors sectors, which a disk will hold at
    @start_sector, with the files of @tree, to the file @path.
    """
    fat_sectors = _fat_sectors(sectors)
    clusters = sectors - _RESERVED - _FATS * fat_sectors
    assert clusters >= MIN_CLUSTERS, 'too small for FAT32'
    writer = _Writer()
    writer.add_root(tree, label)
    boot = _boot_sector(sectors, start_sector, fat_sectors, serial, label)
    info = _info_sector(clusters - len(writer.table) + 2, len(writer.table))
    fat = struct.pack('<%dI' % len(writer.table), *writer.table)
    with open(path, 'wb') as volume:
        volume.truncate(sectors * _SECTOR)
        for at in (0, _BACKUP_SECTOR):
            _put(volume, at, boot)
            _put(volume, at + _INFO_SECTOR, info)
        for number in range(_FATS):
            _put(volume, _RESERVED + number * fat_sectors, fat)
        data_at = _RESERVED + _FATS * fat_sectors
        for first, data in writer.pieces:
            _put(volume, data_at + first - _ROOT, data)


def _put(volume, sector, data):
    volume.seek(sector * _SECTOR)
    volume.write(data)


def _fat_sectors(sectors):
    """Clusters of one sector, and two FATs that have an entry for each."""
    return -(-(sectors - _RESERVED + 2 * 128) // (128 + _FATS))


def _boot_sector(sectors, start, fat_sectors, serial, label):
    boot = b'\xeb\x58\x90MSDOS5.0' + struct.pack(
        '<HBHBHHBHHHIIIHHIHH12x', _SECTOR, 1, _RESERVED, _FATS, 0, 0, 0xf8,
        0, 63, 255, start, sectors, fat_sectors, 0, 0, _ROOT, _INFO_SECTOR,
        _BACKUP_SECTOR)
    boot += struct.pack('<BBBI', 0x80, 0, 0x29, serial)
    boot += (label or 'NO NAME').upper().ljust(11).encode() + b'FAT32   '
    return boot.ljust(510, b'\0') + b'\x55\xaa'


def _info_sector(free, next_free):
    return b'RRaA' + bytes(480) + b'rrAa' + struct.pack(
        '<II', free, next_free) + bytes(14) + b'\x55\xaa'


class _Writer:
    """Gives clusters, of one sector each, to directories and files."""

    def __init__(self):
        self.table = [_MEDIA, _LAST]
        self.pieces = []        # (first cluster, bytes)

    def allocate(self, size):
        """A chain of clusters for @size bytes; the first of them."""
        first, count = len(self.table), -(-size // _SECTOR)
        if not count:
            return 0
        self.table += [first + index + 1 for index in range(count)]
        self.table[-1] = _LAST
        return first

    def add_root(self, tree, label):
        """The root directory, which is first, and all that is in it."""
        children = {}
        for entry in tree:
            parent, _, _ = entry.path.upper().rpartition('\\')
            children.setdefault(parent, []).append(entry)
        self.add_directory('', children, 0, None, label)

    def add_directory(self, path, children, parent, own, label=''):
        """A directory; @own is its entry in the tree, None for the root."""
        entries = children.get(path.upper(), [])
        count = sum(1 + _long_count(entry) for entry in entries)
        count += 2 if own else 1 if label else 0
        first = self.allocate(max(32 * count, 1))
        data = b''
        if own:
            data += _entry(b'.'.ljust(11), _DIRECTORY, own.mtime, first, 0)
            data += _entry(b'..'.ljust(11), _DIRECTORY, own.mtime, parent, 0)
        elif label:
            data += _entry(label.upper().ljust(11).encode(), _LABEL,
                           entries[0].mtime, 0, 0)
        for entry in entries:
            data += self.add(entry, children, first if own else 0)
        self.pieces.append((first, data))
        return first

    def add(self, entry, children, parent):
        """A file or directory; what the directory above has of it."""
        if entry.is_directory:
            attributes, size = _DIRECTORY, 0
            first = self.add_directory(entry.path, children, parent, entry)
        else:
            attributes, size = _ARCHIVE, len(entry.data)
            first = self.allocate(size)
            self.pieces.append((first or _ROOT, entry.data))
        short = _packed_short(entry.dos_name)
        return _long_entries(entry, short) + _entry(
            short, attributes | entry.attributes, entry.mtime, first, size)


def _name(entry):
    return entry.path.rpartition('\\')[2]


def _long_count(entry):
    """How many long entries there are before the short one."""
    if _name(entry) == entry.dos_name:
        return 0
    return -(-len(_name(entry)) // _LONG_CHARS)


def _packed_short(name):
    stem, _, extension = name.partition('.')
    return stem.ljust(8).encode('ascii') + extension.ljust(3).encode()


def _checksum(short):
    total = 0
    for byte in short:
        total = ((total & 1) << 7) + (total >> 1) + byte & 0xff
    return total


def _long_entries(entry, short):
    """The last part of the name comes first."""
    count = _long_count(entry)
    data = b''
    for number in range(count, 0, -1):
        part = _name(entry)[(number - 1) * _LONG_CHARS:number * _LONG_CHARS]
        text = part.encode('utf-16-le')
        if len(part) < _LONG_CHARS:
            text = (text + b'\0\0').ljust(2 * _LONG_CHARS, b'\xff')
        order = number | (_LAST_LONG if number == count else 0)
        data += struct.pack('<B10sBBB12sH4s', order, text[:10], _LONG, 0,
                            _checksum(short), text[10:22], 0, text[22:])
    return data


def _entry(short, attributes, mtime, first, size):
    moment = datetime.datetime.fromtimestamp(mtime, datetime.timezone.utc)
    date = moment.year - 1980 << 9 | moment.month << 5 | moment.day
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return short + struct.pack('<BBBHHHHHHHI', attributes, 0, 0, time, date,
                               date, first >> 16, time, date,
                               first & 0xffff, size)
