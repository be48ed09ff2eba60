"""
The disks that hostile ones are made of, and how one is made

A disk is damaged where it lies, and mended afterwards: that costs no copy.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import contextlib
import json
import os
import shutil
import subprocess

import disk as rawdisk
import hostile_regions
from hostile_regions import Region

# What is damaged: a guest, and the format of its image
Source = collections.namedtuple('Source', 'kind format')

# The suffix of the file that holds the data, and how qemu-img makes it
FORMATS = {
    'raw': ('raw', '', ()),
    'vmdk': ('vmdk', '', ('subformat=monolithicSparse',)),
    'vmdk-flat': ('vmdk', '-flat', ('subformat=monolithicFlat',
                                    'zeroed_grain=off')),
    'vmdk-stream': ('vmdk', '', ('subformat=streamOptimized',)),
    'qcow2': ('qcow2', '', ()),
}

_SMALL = [Source(*words.split()) for words in (
    'xp-sp3-built raw', 'w2k-sp4 raw', 'boot-unprepared raw',
    'xp-x64 raw', 'boot-prepared raw', 'boot-unprepared vmdk',
    'boot-unprepared vmdk-stream', 'dynamic-disk raw')]
_MORE = [Source(*words.split()) for words in (
    'w2k3-sp2 raw', 'xp-sp2 raw', 'logical-drive raw',
    'dirty-hive-with-log raw', 'xp-sp3-compressed raw', 'xp-sp3-aged raw',
    'w2k-interrupted raw', 'xp-sp3-upgraded raw', 'two-windows raw',
    'boot-prepared-w2k raw', 'w2k3-x64 raw', 'xp-sp3-built vmdk',
    'boot-unprepared vmdk-flat', 'boot-unprepared qcow2', 'win10 raw',
    'win7-uefi raw', 'win7-reserved raw')]
_CUT = [Source(*words.split()) for words in (
    'boot-unprepared raw', 'boot-unprepared vmdk',
    'boot-unprepared vmdk-flat', 'boot-unprepared vmdk-stream',
    'boot-unprepared qcow2')]
_CUT_MORE = [Source(*words.split()) for words in (
    'xp-sp3-built raw', 'xp-sp3-built vmdk', 'w2k-sp4 vmdk-stream',
    'w2k3-sp2 vmdk-flat', 'xp-x64 qcow2', 'win10 raw')]

# Those of the short bench, and of the long one
MUTATED = {'quick': _SMALL, 'full': _SMALL + _MORE}
TRUNCATED = {'quick': _CUT, 'full': _CUT + _CUT_MORE}


class Disk:
    """A copy of a source in a folder of its own."""

    def __init__(self, source, guests, folder, qemu_img):
        self.source = source
        self.driver, suffix, options = FORMATS[source.format]
        self.folder = folder
        os.makedirs(folder)
        self.raw = os.path.join(guests, source.kind + '.raw')
        self.path = os.path.join(folder, 'disk.' + self.driver)
        root, end = os.path.splitext(self.path)
        self.data_path = root + suffix + end
        self._qemu_img = qemu_img
        self._make(options)
        with open(self.raw + '.json', encoding='utf-8') as file:
            self.truth = json.load(file)
        # Of runs on the disk, where in the file they are; None: as they are
        self._map = None if source.format in ('raw', 'vmdk-flat') else \
            self._read_map()
        with open(self.raw, 'rb') as file:
            self.regions = hostile_regions.find(file, self.truth)
        self._add_image_regions()

    def _make(self, options):
        if self.source.format == 'raw':
            copy(self.raw, self.path)
        else:
            words = [word for option in options for word in ('-o', option)]
            compress = ['-c'] if 'stream' in self.source.format else []
            subprocess.run([self._qemu_img, 'convert', '-f', 'raw', '-O',
                            self.driver, *compress, *words, self.raw,
                            self.path], check=True)

    def _read_map(self):
        text = subprocess.run([self._qemu_img, 'map', '--output=json', '-f',
                               self.driver, self.path], check=True,
                              stdout=subprocess.PIPE).stdout
        return [(run['start'], run['length'], run['offset'])
                for run in json.loads(text)
                if run['data'] and 'offset' in run]

    def _add_image_regions(self):
        """What is in the image's files beside the guest's data."""
        if self._map is None:
            return
        at, found = 0, []
        for offset, length in sorted((offset, length) for _, length, offset
                                     in self._map):
            if offset > at:
                found.append((at, offset - at))
            at = max(at, offset + length)
        size = os.path.getsize(self.path)
        if size > at:
            found.append((at, size - at))
        for region in (Region('image head', 'image', ((0, 4096),), True),
                       Region('image', 'image', tuple(found), True)):
            self.regions[region.name] = region

    def offset_in_file(self, at):
        """Where byte @at of the disk is; None if nowhere, or compressed."""
        if self._map is None:
            return at
        for start, length, offset in self._map:
            if start <= at < start + length:
                return offset + at - start
        return None

    def places(self, edits):
        """Edits (region, offset in it, bytes) as (offset in file, byte)."""
        for name, at, data in edits:
            region = self.regions[name]
            for i, byte in enumerate(data):
                place, _ = region.place(at + i)
                if not region.in_file:
                    place = self.offset_in_file(place)
                if place is not None:
                    yield place, byte

    @contextlib.contextmanager
    def damaged(self, edits):
        """As long as this lasts the disk has these edits."""
        before = []
        with open(self.data_path, 'r+b', buffering=0) as file:
            try:
                for place, byte in self.places(edits):
                    before.append((place, os.pread(file.fileno(), 1, place)))
                    os.pwrite(file.fileno(), bytes([byte]), place)
                yield
            finally:
                for place, byte in reversed(before):
                    os.pwrite(file.fileno(), byte, place)

    @contextlib.contextmanager
    def cut(self, path, size):
        """As long as this lasts the file @path has only @size bytes."""
        whole = path + '.whole'
        os.rename(path, whole)
        try:
            copy(whole, path, size)
            yield
        finally:
            os.replace(whole, path)

    def files(self):
        """The image's files; the one that holds the data comes first."""
        return list(dict.fromkeys((self.data_path, self.path)))


def copy(source, to, size=None):
    """Copies a file, or its first bytes; holes remain."""
    size = os.path.getsize(source) if size is None else size
    with open(to, 'wb') as target:
        if size:
            rawdisk.copy_sparse(source, target, 0, 0, size)
        target.truncate(size)


def guests(cache, builder, kinds):
    """Builds the guests that @cache does not have yet."""
    for kind in kinds:
        path = os.path.join(cache, kind + '.raw')
        if not os.path.exists(path):
            subprocess.run([builder, kind, path], check=True)


def clear(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
