"""
The guest under test, its images, and what is on them

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import subprocess

import places
import states
import winversions
from guest import Guest
from recipes import Recipe, Slot

CHUNK = 64 * 1024
ZEROS = bytes(CHUNK)
UNDO = '.xenfix-undo'


def build(path, populate):
    """A small Windows that lacks its IDE drivers; they are beside it."""
    def edit(tree, windows):
        places.fill_guest('ServicePackFiles', tree, windows,
                          states.drivers(windows, states.EQUAL))

    recipe = Recipe('crash', 'for tests of crashes', slim=True,
                    windows=winversions.XP_SP3, system_hive='built',
                    layout=(Slot(('boot', 'windows'), 3, active=True),),
                    signature=0x6b1f3c55, tree_edits=(edit,))
    with open(path, 'w+b') as raw:
        Guest(recipe, os.path.dirname(path), '', populate).build(raw)


def _extents(file):
    """Where a file has data: pairs of offset and length."""
    size = os.fstat(file.fileno()).st_size
    at = 0
    while at < size:
        try:
            start = os.lseek(file.fileno(), at, os.SEEK_DATA)
        except OSError:             # nothing but a hole is left
            return
        at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
        yield start, at - start


class Content:
    """All bytes of a file; chunks of zeros take no room."""

    def __init__(self, path):
        self.chunks = {}
        with open(path, 'rb') as file:
            self.size = os.fstat(file.fileno()).st_size
            for start, length in _extents(file):
                first = start // CHUNK
                last = (start + length - 1) // CHUNK
                for number in range(first, last + 1):
                    self._read(file, number)

    def _read(self, file, number):
        if number not in self.chunks:
            file.seek(number * CHUNK)
            data = file.read(CHUNK)
            if data != ZEROS[:len(data)]:
                self.chunks[number] = data

    def write(self, path):
        """Makes the file; what is there is overwritten, holes remain."""
        with open(path, 'wb') as file:
            file.truncate(self.size)
            for number, data in self.chunks.items():
                file.seek(number * CHUNK)
                file.write(data)

    def __eq__(self, other):
        return (self.size, self.chunks) == (other.size, other.chunks)


class Images:
    """Images of one format: how one begins, and what a guest sees in it."""

    def __init__(self, fmt, work, qemu_img, guest):
        self.fmt = fmt
        self.qemu_img = qemu_img
        self.visible = os.path.join(work, 'visible.raw')
        template = os.path.join(work, 'template')
        if fmt == 'raw':
            self.start = Content(guest)
        else:
            self._convert('raw', guest, fmt, template)
            self.start = Content(template)
            os.unlink(template)

    def _convert(self, fmt, path, to_fmt, to_path):
        subprocess.run([self.qemu_img, 'convert', '-f', fmt, '-O', to_fmt,
                        path, to_path], check=True)

    def content(self, path):
        """What a guest sees."""
        if self.fmt == 'raw':
            return Content(path)
        self._convert(self.fmt, path, 'raw', self.visible)
        return Content(self.visible)
