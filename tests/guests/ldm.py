"""
Dynamic disks: the database of Windows' Logical Disk Manager (LDM)

Layout: what the Linux kernel (Documentation/admin-guide/ldm.rst,
block/partitions/ldm.[ch]) and libldm know of it.  Numbers are big-endian; "P"
fields in a record have a byte in front that counts their bytes.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import hashlib
import os
import struct
import uuid
from dataclasses import dataclass

SECTOR = 512
TYPE_LDM = 0x42
_TYPES_EXTENDED = (0x05, 0x0f)

# In sectors; all but the first relative to the database
DATABASE_SECTORS = 2048
PRIVHEAD, PRIVHEAD_COPIES = 6, (1856, 2047)
TOCBLOCKS = (1, 2, 2045, 2046)
VMDB, VMDB_SECTORS = 17, 1481
LOG, LOG_SECTORS = 1498, 224

FIRST_TRACK = 63                # where the area of the volumes starts
VBLK_SIZE, VBLK_HEAD = 128, 16
FIRST_VBLK = 4                  # 0 to 3 are the VMDB's own sector

# Kinds of record: revision and type
COMPONENT, PARTITION, DISK, GROUP, VOLUME = 0x32, 0x33, 0x34, 0x35, 0x51
FLAG_STRIPES, FLAG_INDEX = 0x10, 0x08       # optional fields are there
STRIPED, CONCATENATED, RAID = 1, 2, 3       # what a component is
GENERAL, RAID5 = 3, 4                       # what a volume is

KINDS = ('simple', 'two-disks', 'extended', 'spanned', 'striped', 'mirrored',
         'raid5', 'elsewhere', 'no-database')


@dataclass(frozen=True)
class Extent:
    """A partition in LDM's sense: where on which disk."""

    disk: int                   # 0 is the one that the database is written to
    start: int                  # sectors, from the start of the disk
    sectors: int


@dataclass(frozen=True)
class Component:
    """A whole copy of the volume's data."""

    extents: tuple
    type: int = CONCATENATED


@dataclass(frozen=True)
class Volume:
    """What has a drive letter: one component, or two that are mirrors."""

    components: tuple
    type: int = GENERAL

    @property
    def sectors(self):
        component = self.components[0]
        sizes = [extent.sectors for extent in component.extents]
        return sum(sizes) - (sizes[0] if component.type == RAID else 0)


def make_dynamic(raw, kind='simple'):
    """
    Makes a dynamic disk of a finished one.

    @raw is the disk, open for reading and writing, with its partition table
    (primaries only) and volumes in place; sectors 1 to 62, the last MiB and a
    track before it must be free.  Every entry of the table gets type 0x42, as
    Windows leaves those of the system and the boot partition; the database
    says that each is a volume, which in every @kind begins where the entry
    says:

    simple       one extent on this disk, exactly the entry's partition
    two-disks    the same, and the group has another disk with its own volume
    extended     another extent follows, elsewhere on this disk
    spanned      another extent follows, on a second disk
    striped      this extent and one on a second disk, in stripes
    mirrored     a second disk holds a mirror
    raid5        two more disks hold the rest
    elsewhere    (not what the entry says: the volume begins 63 sectors later)
    no-database  no volume: only the partition types say "dynamic"

    Other disks exist in the database only.
    """
    if kind not in KINDS:
        raise ValueError('no kind of dynamic disk: ' + kind)
    sectors = raw.seek(0, os.SEEK_END) // SECTOR
    raw.seek(0)
    mbr = bytearray(raw.read(SECTOR))
    database = sectors - DATABASE_SECTORS
    partitions = _take_entries(mbr, database - FIRST_TRACK)
    raw.seek(0)
    raw.write(mbr)
    if kind == 'no-database':
        return
    volumes = [_volume(kind, start, count, database)
               for start, count in partitions]
    if kind == 'two-disks':
        volumes.append(Volume((Component((Extent(1, 4096, 20_480),)),)))
    write_database(raw, database, volumes,
                   struct.unpack_from('<I', mbr, 440)[0])


def _take_entries(mbr, end):
    """Turns the table's entries to type 0x42: (start, sectors) of each."""
    partitions = []
    for at in range(446, 510, 16):
        kind = mbr[at + 4]
        start, count = struct.unpack_from('<II', mbr, at + 8)
        if kind in _TYPES_EXTENDED:
            raise ValueError('an extended partition cannot become dynamic')
        if kind:
            if start + count > end:
                raise ValueError('the end of the disk is not free')
            mbr[at + 4] = TYPE_LDM
            partitions.append((start, count))
    return partitions


def _volume(kind, start, count, database):
    """The volume that begins at @start, with what else there is of it."""
    here = Extent(0, start, count)
    if kind == 'elsewhere':
        here = Extent(0, start + FIRST_TRACK, count - FIRST_TRACK)
    if kind == 'mirrored':
        return Volume((Component((here,)),
                       Component((Extent(1, 63, count),))))
    if kind == 'raid5':
        rest = (Extent(1, 63, count), Extent(2, 63, count))
        return Volume((Component((here,) + rest, RAID),), RAID5)
    more = {'extended': (Extent(0, database - FIRST_TRACK, FIRST_TRACK),),
            'spanned': (Extent(1, 63, 8_192),),
            'striped': (Extent(1, 63, count),)}.get(kind, ())
    return Volume((Component((here,) + more, STRIPED if kind == 'striped'
                             else CONCATENATED),))


def write_database(raw, at, volumes, signature):
    """Writes PRIVHEAD and the database, at sector @at of the disk @raw."""
    group = _Group(volumes, signature)
    privhead = group.privhead(at)
    sectors = {PRIVHEAD: privhead}
    for copy in PRIVHEAD_COPIES:
        sectors[at + copy] = privhead
    for copy in TOCBLOCKS:
        sectors[at + copy] = _tocblock()
    sectors[at + VMDB] = group.vmdb() + group.vblks()
    for sector, data in sectors.items():
        raw.seek(sector * SECTOR)
        raw.write(data)


class _Group:
    """A disk group, and the records that describe it."""

    sequence = 4711             # of the last transaction

    def __init__(self, volumes, signature):
        self.volumes = volumes
        self.signature = signature
        self.name = b'GUEST-Dg0'
        extents = [e for v in volumes for c in v.components
                   for e in c.extents]
        self.disks = max(e.disk for e in extents) + 1
        self._ids = 0
        self.counts = {VOLUME: 0, COMPONENT: 0, PARTITION: 0, DISK: 0,
                       GROUP: 0}
        self.records = []
        self._make_records()

    def guid(self, what):
        """A GUID that is the same on every run."""
        seed = '%08x %s' % (self.signature, what)
        return uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16])

    def guid_text(self, what):
        return str(self.guid(what)).encode()

    def _add(self, kind, flags, body):
        head = struct.pack('>HBBI', 0, flags, kind, len(body))
        self.records.append(head + body)
        self.counts[kind] += 1

    def _new_id(self):
        self._ids += 1
        return self._ids

    def _make_records(self):
        commit = struct.pack('>4xQ', self.sequence)
        self._add(GROUP, 0, _number(self._new_id()) + _text(self.name) +
                  _text(self.guid_text('group')) + commit)
        disks = []
        for number in range(self.disks):
            disks.append(self._new_id())
            # The other name is long: two fragments, as real ones may have
            self._add(DISK, 0, _number(disks[-1]) +
                      _text(b'Disk%d' % (number + 1)) +
                      _text(self.guid_text('disk %d' % number)) +
                      _text(b'\\Device\\HarddiskDmVolumes\\PhysicalDmVolumes'
                            b'\\%s\\Disk%d' % (self.name, number + 1)) +
                      commit)
        for number, volume in enumerate(self.volumes, 1):
            self._add_volume(number, volume, disks)

    def _add_volume(self, number, volume, disks):
        volume_id = self._new_id()
        name = b'Volume%d' % number
        body = _number(volume_id) + _text(name)
        body += _text(b'raid5' if volume.type == RAID5 else b'gen')
        body += _text(b'') + b'ACTIVE'.ljust(14, b'\0')
        body += bytes([volume.type, 1, number, 0, 0, 0, 0x10])
        body += _number(len(volume.components))
        body += struct.pack('>QQ', self.sequence, 1)
        body += _number(volume.sectors) + bytes(4) + b'\x07'
        body += self.guid('volume %d' % number).bytes
        self._add(VOLUME, 0, body)
        for index, component in enumerate(volume.components, 1):
            self._add_component(component, volume_id, b'%s-%02d' %
                                (name, index), disks)

    def _add_component(self, component, volume_id, name, disks):
        component_id = self._new_id()
        striped = component.type != CONCATENATED
        body = _number(component_id) + _text(name) + _text(b'ACTIVE')
        body += bytes([component.type]) + bytes(4)
        body += _number(len(component.extents))
        body += struct.pack('>QQ', self.sequence, 0)
        body += _number(volume_id) + b'\0'
        if striped:
            body += _number(128) + _number(len(component.extents))
        self._add(COMPONENT, FLAG_STRIPES if striped else 0, body)
        offset = 0
        for index, extent in enumerate(component.extents):
            self._add_extent(extent, (index, offset), component_id, disks)
            offset += 0 if striped else extent.sectors

    def _add_extent(self, extent, place, component_id, disks):
        index, offset = place
        extent_id = self._new_id()
        body = _number(extent_id)
        body += _text(b'Disk%d-%02d' % (extent.disk + 1, extent_id))
        body += struct.pack('>4xQQQ', self.sequence,
                            extent.start - FIRST_TRACK, offset)
        body += _number(extent.sectors) + _number(component_id)
        body += _number(disks[extent.disk]) + _number(index)
        self._add(PARTITION, FLAG_INDEX, body)

    def privhead(self, at):
        """The private header, for a database at sector @at."""
        head = b'PRIVHEAD' + struct.pack(
            '>IHHQQQQ', 1, 2, 11, 0x01c6_dead_beef_0000, 1,
            DATABASE_SECTORS - 1, DATABASE_SECTORS - 2)
        head += self.guid_text('disk 0').ljust(64, b'\0')
        head += self.guid_text('host').ljust(64, b'\0')
        head += self.guid_text('group').ljust(64, b'\0')
        head += self.name.ljust(32, b'\0') + struct.pack('>H9x', 0x0200)
        head += struct.pack('>QQQQ', FIRST_TRACK, at - FIRST_TRACK, at,
                            DATABASE_SECTORS)
        head += struct.pack('>QQIIQQ', 2, DATABASE_SECTORS - 2, 1, 1,
                            VMDB_SECTORS, LOG_SECTORS)
        head += struct.pack('<I', self.signature)
        return head.ljust(SECTOR, b'\0')

    def vmdb(self):
        """The sector that says what records follow."""
        counts = [self.counts[kind] for kind in (VOLUME, COMPONENT,
                                                 PARTITION, DISK)]
        head = b'VMDB' + struct.pack(
            '>IIIHHH', VMDB_SECTORS * SECTOR // VBLK_SIZE, VBLK_SIZE, SECTOR,
            1, 4, 10)
        head += self.name.ljust(31, b'\0')
        head += self.guid_text('group').ljust(64, b'\0')
        head += struct.pack('>QQ', self.sequence, self.sequence)
        head += struct.pack('>4I12x', *counts) * 2
        return head.ljust(SECTOR, b'\0')

    def vblks(self):
        """The records in fragments of one VBLK each; free VBLKs follow."""
        room = VBLK_SIZE - VBLK_HEAD
        last = VMDB_SECTORS * SECTOR // VBLK_SIZE
        blocks = []
        for group, record in enumerate(self.records, 1):
            parts = [record[at:at + room].ljust(room, b'\0')
                     for at in range(0, len(record), room)]
            blocks += [struct.pack('>IHH', group, index, len(parts)) + part
                       for index, part in enumerate(parts)]
        blocks += [bytes(8 + room)] * (last - FIRST_VBLK - len(blocks))
        return b''.join(b'VBLK' + struct.pack('>I', sequence) + block
                        for sequence, block in enumerate(blocks, FIRST_VBLK))


def _tocblock():
    head = b'TOCBLOCK' + struct.pack('>I4xI16x', 1, 1)
    for name, start, count in ((b'config', VMDB, VMDB_SECTORS),
                               (b'log', LOG, LOG_SECTORS)):
        head += struct.pack('>8sHQQQ', name, 8, start, count, 0)
    return head.ljust(SECTOR, b'\0')


def _number(value):
    """A P field: a number, in as few bytes as it takes."""
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([size]) + value.to_bytes(size, 'big')


def _text(value):
    """A P field: a string."""
    return bytes([len(value)]) + value
