"""
Disks around the real NTFS data of ../shared/data/ntfs

Volumes that Windows made get a small Windows beside what they hold; a
$LogFile that Windows wrote takes the place of a guest's own.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import gzip
import os
import re
import shutil
import struct

import disk
import existing
import guest
import readers
import winversions
from recipes import Recipe, Slot
from tap import Skip, run

WINDOWS = winversions.XP_SP3
ARC = 'multi(0)disk(0)rdisk(0)partition(1)'
DRIVERS = ('atapi.sys', 'intelide.sys', 'pciide.sys', 'pciidex.sys')

_TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../unit/ntfs-samples.txt')
_SECTOR = disk.SECTOR
_BOOT_ENTRY, _SIGNATURE = 446, 440      # in a master boot record
_ACTIVE = 0x80
_TOTAL_SECTORS, _HIDDEN_SECTORS = 0x28, 0x1c    # in a boot sector
_SPARE_SECTORS = 2048

# A file that makes room for Windows on a volume that has none: it is emptied
_ROOM = {'windows-ntfs31-bigdir.bin.gz': '/Random.bin'}


def folder():
    """The folder of the samples."""
    shared = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
        os.path.dirname(os.path.abspath(__file__)), '../../../shared/data')
    path = os.path.join(shared, 'ntfs')
    if not os.path.isdir(path):
        raise Skip(path + ' is missing')
    return path


@functools.lru_cache(1)
def table():
    """The lines of ntfs-samples.txt: file, outcome, outcome as it is."""
    with open(_TABLE, encoding='utf-8') as source:
        return [tuple(line.rstrip('\n').split('\t')) for line in source
                if not line.startswith('#')]


def volumes():
    """Those that are volumes, or disks with one."""
    return [name for name, _, as_it_is in table() if as_it_is != '-']


class Sample:
    """A disk with a sample; files are made in the folder @work."""

    def __init__(self, name, work, qemu_img, populate):
        self.name = name
        self.path = os.path.join(folder(), name)
        self.work = work
        self.qemu_img = qemu_img
        self.populate = populate
        self.disk = os.path.join(work, 'source.raw')
        self.partition = None

    def make(self):
        """The disk, with a Windows; returns what the driver is to get."""
        if self.name.startswith('LogFile'):
            return self.make_guest()
        if self.name.endswith('.gz'):
            self.wrap()
        else:
            self.convert()
        self.install()
        return ['driver-source=' + self.host_drivers()]

    # ------------------------------------------------------------ $LogFile

    def make_guest(self):
        """A guest whose volume has this log."""
        recipe = Recipe('sample', self.name, windows=WINDOWS, slim=True,
                        system_hive='built', volume_file_edits=(
                            self.insert_log,), layout=(
                                Slot(('boot', 'windows'), 3, active=True),))
        one = guest.Guest(recipe, self.work, '', self.populate)
        with open(self.disk, 'w+b') as raw:
            one.build(raw)
        self.partition = one.partitions[0]
        return ['driver-source=' + self.host_drivers()]

    def insert_log(self, path, _sectors):
        """The first pages of $LogFile, which is in one piece."""
        _, text = run('istat', path, '2', text=True)
        cluster = int(re.search(r'^Type: \$DATA .*\n(\d+)', text,
                                re.MULTILINE).group(1))
        with open(self.path, 'rb') as source, open(path, 'r+b') as volume:
            size = volume.read(_SECTOR)[13] * _SECTOR
            volume.seek(cluster * size)
            volume.write(source.read())

    # ------------------------------------------------------------- volumes

    def wrap(self):
        """A bare volume as a partition where its boot sector has it."""
        with gzip.open(self.path) as source:
            data = source.read()
        sectors, = struct.unpack_from('<Q', data, _TOTAL_SECTORS)
        hidden, = struct.unpack_from('<I', data, _HIDDEN_SECTORS)
        # The volume does not count the last sector, a copy of the first.
        self.partition = disk.Partition(hidden, sectors + 1, active=True)
        with open(self.disk, 'w+b') as raw:
            raw.truncate((self.partition.end + _SPARE_SECTORS) * _SECTOR)
            for sector, table_data in disk.tables([self.partition],
                                                  0x1b2c3d4e).items():
                raw.seek(sector * _SECTOR)
                raw.write(table_data)
            raw.seek(hidden * _SECTOR)
            raw.write(data[:self.partition.sectors * _SECTOR])

    def convert(self):
        """A virtual disk; its partition becomes the active one."""
        run(self.qemu_img, 'convert', '-f', 'vpc', '-O', 'raw', self.path,
            self.disk)
        with open(self.disk, 'r+b') as raw:
            raw.seek(_BOOT_ENTRY)
            entry = raw.read(16)
            start, sectors = struct.unpack_from('<II', entry, 8)
            raw.seek(_BOOT_ENTRY)
            raw.write(bytes([_ACTIVE]))
        self.partition = disk.Partition(start, sectors, entry[4], True)

    def install(self):
        """Adds Windows to the volume, and puts that back into the disk."""
        path = self.volume(self.disk, 'volume')
        if self.name in _ROOM:
            empty = os.path.join(self.work, 'empty')
            with open(empty, 'wb'):
                pass
            run('ntfscp', '-f', path, empty, _ROOM[self.name])
        with open(self.disk, 'rb') as raw:
            raw.seek(_SIGNATURE)
            signature, = struct.unpack('<I', raw.read(4))
        hive = guest.build_hive(WINDOWS, signature, self.partition.start)
        existing.populate(path, existing.small_windows(WINDOWS, hive, ARC),
                          self.populate)
        with open(path, 'rb') as volume, open(self.disk, 'r+b') as raw:
            raw.seek(self.partition.start * _SECTOR)
            raw.write(volume.read())

    # ----------------------------------------------------------------- all

    def host_drivers(self):
        """A folder on the host with the drivers."""
        host = os.path.join(self.work, 'host')
        shutil.rmtree(host, ignore_errors=True)
        os.mkdir(host)
        for name in DRIVERS:
            with open(os.path.join(host, name), 'wb') as output:
                output.write(existing.small_pe(name, WINDOWS))
        return host

    def volume(self, path, name):
        """The volume on the disk @path as a file of its own."""
        return readers.cut_partition(path, self.partition,
                                     os.path.join(self.work, name))


def new_files():
    """What is added to the guest, by path in upper case."""
    root = WINDOWS.system_root[1:].upper() + '\\SYSTEM32\\DRIVERS\\'
    return {root + name.upper(): existing.small_pe(name, WINDOWS)
            for name in DRIVERS}


def hive_path():
    """The file that is changed, likewise."""
    return WINDOWS.system_root[1:].upper() + '\\SYSTEM32\\CONFIG\\SYSTEM'
