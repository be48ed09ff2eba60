"""VMDKs as VMware's tools write them, made from a raw disk.

Written after "Virtual Disk Format 5.0" by VMware and the "VMware Virtual
Disk (VMDK) format specification" of libvmdk, not after QEMU's writer, whose
images are tested besides.  What differs from QEMU's: all grain tables are
there from the start, and twice; the grains of a disk that has grown are in no
order; a stream-optimized disk has its tables at the end and a footer; the
descriptors are those of Workstation, of GSX, of ESX and ESXi.

A disk is made in a directory of its own, where every file is part of it.
Each function returns the name that a user gives to a program.

Left out: seSparse, which VMware has not published, and extents on devices.
What QEMU 7.2 refuses of this (see the end of the test win-xenprep-vmdk) can
be made by the text of a descriptor alone.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
import os
import random
import struct
import zlib

from vmdktext import NO_PARENT, SNAPSHOT_CID, Text

SECTOR = 512
MIB = 1 << 20

# A hosted sparse extent starts with this ("SparseExtentHeader"): magic,
# version, flags, capacity, sectors in a grain, sector and size of the
# embedded descriptor, entries of a grain table, sectors of the redundant and
# of the first grain directory, sectors before the first grain, whether the
# extent is in use, line ends that a text transfer would break, compression.
HOSTED_HEADER = struct.Struct('<4sIIQQQQIQQQ?4sH433x')
HOSTED_MAGIC = b'KDMV'
LINE_ENDS = b'\n \r\n'
FLAG_LINE_ENDS, FLAG_REDUNDANT_TABLES, FLAG_ZEROED_GRAINS = 1, 2, 4
FLAG_COMPRESSED, FLAG_MARKERS = 1 << 16, 1 << 17
DEFLATE = 1
TABLES_AT_END = 0xffffffffffffffff

GRAIN_SECTORS = 128
TABLE_ENTRIES = 512
TABLE_SECTORS = TABLE_ENTRIES * 4 // SECTOR
DESCRIPTOR_SECTORS = 20
# An entry of a grain table that says: zeros, whatever the parent has.
ZEROED_GRAIN = 1

# In a stream-optimized extent a sector before each part tells what comes:
# a number (of sectors, or of the disk's sector for a grain), the size of a
# compressed grain or 0, and then the kind of what follows.
MARKER = struct.Struct('<QII496x')
GRAIN_MARKER = struct.Struct('<QI')
MARK_END, MARK_TABLE, MARK_DIRECTORY, MARK_FOOTER = range(4)

# An ESX sparse extent ("COWDisk_Header"): magic, version, flags, capacity,
# sectors in a grain, sector and entries of the grain directory, first free
# sector; cylinders, heads, sectors; generation, name, description, saved
# generation, whether it is in use.
COWD_HEADER = struct.Struct('<4s7I3I1016xI60s512sI8xI396x')
COWD_MAGIC = b'COWD'
COWD_DIRECTORY = 4
COWD_TABLE_ENTRIES = 4096
COWD_TABLE_SECTORS = COWD_TABLE_ENTRIES * 4 // SECTOR

# What VMware splits a disk into: 2 GiB less 1 MiB
EXTENT_SECTORS = 4192256


def up(number, unit):
    """Rounds up."""
    return -(-number // unit) * unit


def data_runs(file):
    """Offset and bytes of all that is no hole, in pieces of up to 1 MiB."""
    end = file.seek(0, os.SEEK_END)
    at = 0
    while at < end:
        try:
            at = os.lseek(file.fileno(), at, os.SEEK_DATA)
        except OSError:         # there is only a hole
            return
        stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
        while at < stop:
            size = min(stop - at, MIB - at % MIB)
            yield at, os.pread(file.fileno(), size, at)
            at += size


def grains(raw, sectors=GRAIN_SECTORS, start=0, end=None):
    """Number and bytes of each grain of a part of a disk with data in it.

    The last grain is filled up with zeros if the disk ends within it.
    """
    size = sectors * SECTOR
    with open(raw, 'rb') as file:
        end = end or os.fstat(file.fileno()).st_size
        last = -1
        for at, data in data_runs(file):
            for number in range(max((at - start) // size, last + 1, 0),
                                up(min(at + len(data), end) - start, size)
                                // size):
                last = number
                place = start + number * size
                data = os.pread(file.fileno(), min(size, end - place), place)
                if data.count(0) != len(data):
                    yield number, data.ljust(size, b'\0')


def content_of(raw, old=None, **part):
    """The grains of a disk: those with data, or those that @old differs in.

    A snapshot needs an entry, with None for the data, for a grain that has
    become all zeros.
    """
    if old is None:
        yield from grains(raw, **part)
        return
    before, after = dict(grains(old, **part)), dict(grains(raw, **part))
    for number in sorted(before.keys() | after.keys()):
        if before.get(number) != after.get(number):
            yield number, after.get(number)


def table(entries, first, count):
    """Part of the entries of a grain table, little-endian."""
    return struct.pack(f'<{count}I', *(entries.get(first + i, 0)
                                       for i in range(count)))


@dataclasses.dataclass
class HostedLayout:
    """Where the parts of a hosted sparse extent are, in sectors."""
    capacity: int
    descriptor: bytes

    def __post_init__(self):
        self.tables = up(self.capacity, GRAIN_SECTORS * TABLE_ENTRIES) // \
            (GRAIN_SECTORS * TABLE_ENTRIES)
        self.directory_sectors = up(self.tables * 4, SECTOR) // SECTOR
        all_tables = self.directory_sectors + self.tables * TABLE_SECTORS
        self.redundant = 1 + (DESCRIPTOR_SECTORS if self.descriptor else 0)
        self.directory = self.redundant + all_tables
        self.overhead = up(self.directory + all_tables, GRAIN_SECTORS)

    def header(self, version, flags):
        """The first sector."""
        has_text = bool(self.descriptor)
        return HOSTED_HEADER.pack(
            HOSTED_MAGIC, version, flags, self.capacity, GRAIN_SECTORS,
            int(has_text), DESCRIPTOR_SECTORS * has_text, TABLE_ENTRIES,
            self.redundant, self.directory, self.overhead, False, LINE_ENDS,
            0)

    def write_tables(self, file, directory, entries):
        """One of the two directories, and its tables behind it."""
        first = directory + self.directory_sectors
        file.seek(directory * SECTOR)
        file.write(struct.pack(f'<{self.tables}I', *(
            first + i * TABLE_SECTORS for i in range(self.tables))))
        file.seek(first * SECTOR)
        file.write(table(entries, 0, self.tables * TABLE_ENTRIES))


def write_hosted(path, capacity, content, descriptor=b'', shuffle=True):
    """A hosted sparse extent; grains are where they were first written."""
    layout = HostedLayout(capacity, descriptor)
    content = list(content)
    if shuffle:
        random.Random(capacity).shuffle(content)
    version, flags = 1, FLAG_LINE_ENDS | FLAG_REDUNDANT_TABLES
    if any(data is None for _, data in content):
        version, flags = 2, flags | FLAG_ZEROED_GRAINS
    entries = {}
    place = layout.overhead
    with open(path, 'wb') as file:
        file.write(layout.header(version, flags) + descriptor)
        file.truncate(layout.overhead * SECTOR)
        file.seek(0, os.SEEK_END)
        for number, data in content:
            if data is None:
                entries[number] = ZEROED_GRAIN
                continue
            file.write(data)
            entries[number] = place
            place += GRAIN_SECTORS
        layout.write_tables(file, layout.redundant, entries)
        layout.write_tables(file, layout.directory, entries)


def write_stream(path, capacity, content, descriptor):
    """A stream-optimized extent: written from front to end, no seeking."""
    flags = FLAG_LINE_ENDS | FLAG_COMPRESSED | FLAG_MARKERS
    directory = [0] * (up(capacity, GRAIN_SECTORS * TABLE_ENTRIES) //
                       (GRAIN_SECTORS * TABLE_ENTRIES))
    with open(path, 'wb') as file:
        def put(data):
            """Appends whole sectors; returns where they are."""
            place = file.tell() // SECTOR
            file.write(data.ljust(up(len(data), SECTOR), b'\0'))
            return place

        def header(place):
            return HOSTED_HEADER.pack(
                HOSTED_MAGIC, 1, flags, capacity, GRAIN_SECTORS, 1,
                DESCRIPTOR_SECTORS, TABLE_ENTRIES, 0, place, GRAIN_SECTORS,
                False, LINE_ENDS, DEFLATE)

        put(header(TABLES_AT_END) + descriptor)
        file.seek(GRAIN_SECTORS * SECTOR)
        entries = {}
        for number, data in content:
            data = zlib.compress(data)
            entries[number] = put(
                GRAIN_MARKER.pack(number * GRAIN_SECTORS, len(data)) + data)
        for index in sorted({n // TABLE_ENTRIES for n in entries}):
            put(MARKER.pack(TABLE_SECTORS, 0, MARK_TABLE))
            directory[index] = put(table(entries, index * TABLE_ENTRIES,
                                         TABLE_ENTRIES))
        data = struct.pack(f'<{len(directory)}I', *directory)
        put(MARKER.pack(up(len(data), SECTOR) // SECTOR, 0, MARK_DIRECTORY))
        place = put(data)
        put(MARKER.pack(1, 0, MARK_FOOTER))
        put(header(place))
        put(MARKER.pack(0, 0, MARK_END))


def write_cowd(path, capacity, content, sectors=1):
    """An ESX sparse extent: a table comes when its first grain does."""
    covered = sectors * COWD_TABLE_ENTRIES
    directory = [0] * (up(capacity, covered) // covered)
    free = COWD_DIRECTORY + up(len(directory) * 4, SECTOR) // SECTOR
    entries = {}
    with open(path, 'wb') as file:
        for number, data in content:
            index = number // COWD_TABLE_ENTRIES
            if not directory[index]:
                directory[index] = free
                free += COWD_TABLE_SECTORS
            file.seek(free * SECTOR)
            file.write(data if data is not None else bytes(sectors * SECTOR))
            entries[number] = free
            free += sectors
        for index, place in enumerate(directory):
            if place:
                file.seek(place * SECTOR)
                file.write(table(entries, index * COWD_TABLE_ENTRIES,
                                 COWD_TABLE_ENTRIES))
        file.seek(COWD_DIRECTORY * SECTOR)
        file.write(struct.pack(f'<{len(directory)}I', *directory))
        file.seek(0)
        file.write(COWD_HEADER.pack(
            COWD_MAGIC, 1, 3, capacity, sectors, COWD_DIRECTORY,
            len(directory), free, 0, 0, 0, 1, b'', b'', 1, 0))


def write_flat(path, raw, start=0, end=None, offset=0):
    """Part of a disk as it is, at an offset in the file; holes stay holes."""
    with open(raw, 'rb') as source, \
            open(path, 'r+b' if os.path.exists(path) else 'xb') as file:
        end = end or os.fstat(source.fileno()).st_size
        for at, data in data_runs(source):
            data = data[max(start - at, 0):max(end - at, 0)]
            if data:
                file.seek(max(at - start, 0) + offset)
                file.write(data)
        file.truncate(offset + end - start)


def sectors_of(raw):
    """The size of a disk."""
    return os.path.getsize(raw) // SECTOR


def write_text(path, text):
    """A descriptor in a file of its own."""
    with open(path, 'wb') as file:
        file.write(text)
    return path


def embedded(text):
    """A descriptor as a sparse extent holds it."""
    assert len(text) <= DESCRIPTOR_SECTORS * SECTOR
    return text.ljust(DESCRIPTOR_SECTORS * SECTOR, b'\0')


def beside(path, suffix):
    """A file that belongs to a disk: disk.vmdk, disk-flat.vmdk."""
    return path[:-len('.vmdk')] + suffix + '.vmdk'


def monolithic_sparse(path, raw, text=Text(), old=None, shuffle=True):
    """One file, which grows; with @old a snapshot of that disk."""
    size = sectors_of(raw)
    line = f'RW {size} SPARSE "{os.path.basename(path)}"'
    write_hosted(path, size, content_of(raw, old),
                 embedded(text.make('monolithicSparse', [line], size)),
                 shuffle)
    return path


def stream_optimized(path, raw, text=Text()):
    """One compressed file, as in an OVA.  VMware calls it read-only."""
    size = sectors_of(raw)
    line = f'RDONLY {size} SPARSE "{os.path.basename(path)}"'
    write_stream(path, size, grains(raw),
                 embedded(text.make('streamOptimized', [line], size)))
    return path


def monolithic_flat(path, raw, text=Text()):
    """One file of the disk's size, and a descriptor."""
    size = sectors_of(raw)
    extent = beside(path, '-flat')
    write_flat(extent, raw)
    line = f'RW {size} FLAT "{os.path.basename(extent)}" 0'
    return write_text(path, text.make('monolithicFlat', [line], size))


def vmfs(path, raw, text=Text()):
    """The same on ESX."""
    size = sectors_of(raw)
    extent = beside(path, '-flat')
    write_flat(extent, raw)
    line = f'RW {size} VMFS "{os.path.basename(extent)}"'
    return write_text(path, text.make('vmfs', [line], size))


def pieces(path, raw, letter, extent_sectors):
    """Name, first and last sector of each extent of a split disk."""
    size = sectors_of(raw)
    for i, start in enumerate(range(0, size, extent_sectors)):
        yield (beside(path, f'-{letter}{i + 1:03d}'), start,
               min(start + extent_sectors, size))


def two_gb_sparse(path, raw, text=Text(), old=None,
                  extent_sectors=EXTENT_SECTORS):
    """Split, and growing."""
    lines = []
    for name, start, end in pieces(path, raw, 's', extent_sectors):
        write_hosted(name, end - start, content_of(
            raw, old, start=start * SECTOR, end=end * SECTOR))
        lines.append(f'RW {end - start} SPARSE "{os.path.basename(name)}"')
    return write_text(path, text.make('twoGbMaxExtentSparse', lines,
                                      sectors_of(raw)))


def two_gb_flat(path, raw, text=Text(), extent_sectors=EXTENT_SECTORS):
    """Split, and of the disk's size."""
    lines = []
    for name, start, end in pieces(path, raw, 'f', extent_sectors):
        write_flat(name, raw, start * SECTOR, end * SECTOR)
        lines.append(f'RW {end - start} FLAT "{os.path.basename(name)}" 0')
    return write_text(path, text.make('twoGbMaxExtentFlat', lines,
                                      sectors_of(raw)))


def flat_at_offsets(path, raw, text=Text(), extent_sectors=EXTENT_SECTORS,
                    gap=2048):
    """Extents that are parts of one file, with gaps before and between."""
    extent = beside(path, '-flat')
    lines = []
    offset = gap
    for _, start, end in pieces(path, raw, 'f', extent_sectors):
        write_flat(extent, raw, start * SECTOR, end * SECTOR, offset * SECTOR)
        lines.append(f'RW {end - start} FLAT "{os.path.basename(extent)}" '
                     f'{offset}')
        offset += end - start + gap
    return write_text(path, text.make('monolithicFlat', lines,
                                      sectors_of(raw)))


def vmfs_sparse(path, raw, text=Text(), old=None, sectors=1):
    """The redo log of ESX: a snapshot of @old; without that a whole disk."""
    size = sectors_of(raw)
    extent = beside(path, '-delta')
    write_cowd(extent, size, content_of(raw, old, sectors=sectors), sectors)
    line = f'RW {size} VMFSSPARSE "{os.path.basename(extent)}"'
    return write_text(path, text.make('vmfsSparse', [line], size))


def snapshot(number, base, text=Text(), parent_cid=None):
    """The text of the snapshot with a number, on the disk named @base."""
    return dataclasses.replace(
        text, cid=SNAPSHOT_CID + number, hint=os.path.basename(base),
        parent_cid=parent_cid or text.cid)


assert HOSTED_HEADER.size == MARKER.size == SECTOR
assert COWD_HEADER.size == COWD_DIRECTORY * SECTOR
assert Text().parent_cid == NO_PARENT
