"""
Damage by chance: 1 to 64 bytes of a disk's metadata, or an end that is cut off

The same seed makes the same damage.  An edit is the name of a region, an
offset in it, and the new bytes (hostile_regions.py).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import functools
import os
import struct
import zlib

from hostile_regions import GPT_ARRAY, GPT_HEADER

MOST = 64
_NUMBERS = (0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000,
            0x7fffffff, 0x80000000, 0xffffffff, 1 << 40, (1 << 63) - 1,
            1 << 63, (1 << 64) - 1)
# In a hive's base block: what the checksum is of, and where it is
_SUMMED = 508
# In the header of a GPT
_GPT_SUM, _GPT_ENTRIES_SUM = 16, 88


class Edits:
    """Makes the edits of one hostile disk."""

    def __init__(self, rng, disk):
        self.rng = rng
        self.disk = disk
        self.kinds = kinds(disk)
        self.edits = []

    def choose(self):
        """A region of some kind; all kinds are as likely."""
        kind = self.rng.choice(sorted(self.kinds))
        return self.rng.choice(self.kinds[kind])

    def original(self, region, at, length):
        """What is there before."""
        path = self.disk.data_path if region.in_file else self.disk.raw
        data = b''
        with open(path, 'rb') as file:
            while len(data) < length:
                place, left = region.place(at + len(data))
                file.seek(place)
                data += file.read(min(left, length - len(data)))
        return data

    def byte(self, region, at):
        """Another value for a byte."""
        old = self.original(region, at, 1)[0]
        return self.rng.choice((
            self.rng.randrange(256), old ^ 1 << self.rng.randrange(8), 0,
            0xff, old + 1 & 0xff, old - 1 & 0xff))

    def scatter(self, count):
        """Single bytes, anywhere."""
        for _ in range(count):
            region = self.choose()
            at = self.rng.randrange(region.size)
            self.edits.append((region.name, at,
                               bytes([self.byte(region, at)])))

    def burst(self, count):
        """Bytes that follow one another."""
        region = self.choose()
        count = min(count, region.size)
        at = self.rng.randrange(region.size - count + 1)
        data = bytes(self.byte(region, at + i) for i in range(count))
        self.edits.append((region.name, at, data))

    def numbers(self, count):
        """Fields with numbers that are hard to bear, all in one region."""
        region = self.choose()
        while count:
            width = self.rng.choice([w for w in (1, 2, 4, 8)
                                     if w <= min(count, region.size)])
            at = self.rng.randrange(region.size // width) * width
            old = int.from_bytes(self.original(region, at, width), 'little')
            value = self.rng.choice(_NUMBERS + (old + 1, old - 1, old * 2,
                                                old + 8, old - 8))
            self.edits.append((region.name, at, (
                value & (1 << 8 * width) - 1).to_bytes(width, 'little')))
            count -= width

    def edited(self, name, length):
        """The first bytes of a region, with what was done to them."""
        block = bytearray(self.original(self.disk.regions[name], 0, length))
        for other, at, data in self.edits:
            if other == name and at < length:
                data = data[:length - at]
                block[at:at + len(data)] = data
        return block

    def damaged(self, end, *kinds_of_regions):
        """Names of regions of these kinds with edits before @end."""
        return list(dict.fromkeys(
            name for name, at, _ in self.edits if at < end and
            self.disk.regions[name].kind in kinds_of_regions))

    def seal(self):
        """Corrects the checksums of hives and GPTs that were damaged."""
        for name in self.damaged(_SUMMED, 'hive', 'hive head'):
            total = functools.reduce(
                lambda a, b: a ^ b,
                struct.unpack('<127I', self.edited(name, _SUMMED)))
            self.edits.append((name, _SUMMED, struct.pack('<I', total)))
        for name in self.damaged(1 << 20, 'GPT'):
            self.seal_gpt(name)

    def seal_gpt(self, name):
        """The entries' checksum is in the header, which has one, too."""
        block = self.edited(name, self.disk.regions[name].size)
        entries = zlib.crc32(block[GPT_HEADER:].ljust(GPT_ARRAY, b'\0'))
        struct.pack_into('<I', block, _GPT_ENTRIES_SUM, entries)
        struct.pack_into('<I', block, _GPT_SUM, 0)
        total = zlib.crc32(block[:GPT_HEADER])
        self.edits += [(name, _GPT_ENTRIES_SUM, struct.pack('<I', entries)),
                       (name, _GPT_SUM, struct.pack('<I', total))]

    def make(self):
        """1 to 64 bytes: few more often than many."""
        count = round(2 ** self.rng.uniform(0, 6))
        # room for two checksums
        self.rng.choice((self.scatter, self.burst,
                         self.numbers))(min(count, MOST - 8))
        if self.rng.random() < 0.5 and sum(
                len(data) for _, _, data in self.edits) <= MOST - 8:
            self.seal()
        return self.edits


def kinds(disk):
    """The regions of a disk that can be damaged, by kind."""
    found = collections.defaultdict(list)
    for region in disk.regions.values():
        if region.in_file or disk.offset_in_file(
                region.extents[0][0]) is not None:
            found[region.kind].append(region)
    return found


def cut(rng, disk):
    """A file of the disk, and the size that is left of it."""
    files = disk.files()
    # A flat extent has a descriptor, which is short.
    path = files[0] if len(files) == 1 or rng.random() < 0.8 else files[1]
    size = os.path.getsize(path)
    left = rng.choice((
        rng.randrange(size), rng.randrange(size) // 512 * 512,
        size - rng.randrange(1, min(size, 70000)),
        rng.randrange(min(size, 1 << 20))))
    return os.path.basename(path), left
