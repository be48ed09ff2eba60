"""
Builds the disk of one recipe, and the ground truth about it

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
import functools
import hashlib
import json
import os
import tempfile

import bootcode
import disk
import fat
import hive
import ntfs
import registry
import truth
import windrivers
import winfiles
from filetree import Tree
from recipes import DRIVERS, SYSTEM_HIVE
from vista_recipes import VistaRecipe

HERE = os.path.dirname(os.path.abspath(__file__))

# The SYSTEM hive of a real Windows XP SP3: see ../shared/data/README.md.
# Its Select key is the one of winversions.XP_SP3.
REAL_HIVE = 'hives/xp-sp3-x86-virtualpc.SYSTEM'
REAL_HIVE_SHA256 = \
    'aca688c41eb230860fb63decec90059a760f063cdae015d0686afefbca842972'


# Where a second installation is, if there is one
OTHER_ROOT = '\\OTHER'


class Guest:
    """One guest under construction, in the directory @work."""

    def __init__(self, recipe, work, shared_data, populate):
        self.recipe = recipe
        self.work = work
        self.populate = populate
        self.hive_source = 'built'
        self.partitions = self.place()
        self.trees = {}             # partition number -> Tree
        self.system_hive = self.make_system_hive(shared_data)

    def place(self):
        """Where the partitions are."""
        return place(self.recipe.layout)

    @property
    def windows_partition(self):
        """The number of the partition that holds Windows, or None."""
        for number, slot in enumerate(self.recipe.layout, 1):
            if 'windows' in slot.contents:
                return number
        return None

    def make_system_hive(self, shared_data):
        """SYSTEM, real or built, as the recipe's edits leave it."""
        recipe = self.recipe
        data = None
        if recipe.system_hive == 'real':
            data = read_real(shared_data, REAL_HIVE, REAL_HIVE_SHA256)
        if data:
            self.hive_source = 'real'
        elif self.windows_partition:
            start = self.partitions[self.windows_partition - 1].start
            data = build_hive(recipe.windows, recipe.signature, start)
        for edit in recipe.hive_edits:
            data = edit(data)
        return data

    def build(self, raw):
        """Writes the disk to @raw, an empty file open for writing."""
        recipe = self.recipe
        raw.truncate(self.size)
        for sector, data in self.tables().items():
            raw.seek(sector * disk.SECTOR)
            raw.write(data)
        for number, slot in enumerate(recipe.layout, 1):
            partition = self.partitions[number - 1]
            path = os.path.join(self.work, 'volume%d' % number)
            self.make_volume(path, number, slot, partition)
            if os.path.exists(path):
                disk.copy_sparse(path, raw, partition.start * disk.SECTOR)
                os.unlink(path)
        for edit in recipe.disk_edits:
            edit(raw)

    def tables(self):
        """The partition tables, by sector."""
        return disk.tables(self.partitions, self.recipe.signature,
                           self.recipe.extended_type)

    @property
    def size(self):
        """Bytes on the disk, before any edit of it."""
        end = max((p.start + p.sectors for p in self.partitions), default=0)
        return (end + self.recipe.spare_sectors) * disk.SECTOR

    def make_volume(self, path, number, slot, partition):
        tree = self.make_tree(number, slot)
        # Windows counts a logical drive's hidden sectors from its table.
        hidden = disk.FIRST_TRACK if partition.logical else partition.start
        if 'fat' in slot.contents:
            fat.make_volume(path, partition.sectors, hidden, tree.contents())
            return
        self.trees[number] = tree
        ntfs.make_volume(path, partition.sectors, hidden,
                         self.volume_spec(number), tree, self.populate)
        if 'boot' in slot.contents:
            self.install_boot_code(path, partition.sectors)
        if number == self.windows_partition:
            for edit in self.recipe.volume_file_edits:
                edit(path, partition.sectors)

    def install_boot_code(self, path, sectors):
        """That of a volume that a BIOS may start."""
        bootcode.install(path, sectors)

    def volume_spec(self, number):
        """The recipe's for Windows' volume, an ordinary one for others."""
        version = self.recipe.windows.ntfs_version
        if number == self.windows_partition:
            return dataclasses.replace(self.recipe.volume, version=version)
        return ntfs.VolumeSpec(serial=0x77d1e2f0 + number, version=version)

    def make_tree(self, number, slot):
        windows = self.recipe.windows
        tree = Tree(windows.installed)
        if 'boot' in slot.contents:
            self.add_boot_files(tree)
        if 'windows' in slot.contents:
            self.add_windows(tree)
        if 'other' in slot.contents:
            self.add_other_windows(tree, number)
        if 'user' in slot.contents:
            self.add_user_files(tree)
        if 'data' in slot.contents:
            winfiles.add_data_files(tree)
        return self.edit_tree(tree, number)

    def add_boot_files(self, tree):
        """What NTLDR reads, as the recipe's own edits leave it."""
        recipe = self.recipe
        entry = (recipe.arc % self.windows_partition +
                 recipe.windows.system_root, recipe.windows.boot_title,
                 recipe.windows.boot_options)
        winfiles.add_boot_files(tree, recipe.windows, entry, recipe.slim)
        for edit in recipe.boot_edits:
            edit(tree, recipe.windows)

    def add_windows(self, tree):
        """%SystemRoot%."""
        winfiles.add_windows(tree, self.recipe.windows, self.system_hive,
                             self.recipe.slim)

    def add_user_files(self, tree):
        """What its users have."""
        winfiles.add_user_files(tree)

    def add_other_windows(self, tree, number):
        """Another installation of the same Windows, in OTHER_ROOT."""
        other = dataclasses.replace(self.recipe.windows,
                                    system_root=OTHER_ROOT)
        data = build_hive(other, self.recipe.signature,
                          self.partitions[number - 1].start)
        winfiles.add_windows(tree, other, data, self.recipe.slim)

    # What the truth tells of the guest: see truth.py

    system_hive_path = SYSTEM_HIVE
    drivers_path = DRIVERS
    ide_drivers = tuple(windrivers.IDE_DRIVERS)

    def filesystem(self, number):
        """What a partition is formatted with."""
        return 'NTFS' if number in self.trees else 'FAT16'

    def describe_disk(self):
        """Facts about the disk beyond those of every guest."""
        return {}

    def describe_partition(self, number):
        """And about a partition."""
        return {}

    def describe_windows(self):
        """And about the Windows that is on it."""
        return {}

    def edit_tree(self, tree, number):
        windows = self.recipe.windows
        if number == self.windows_partition:
            for edit in self.recipe.tree_edits:
                edit(tree, windows)
        return tree


def place(layout):
    """Partitions one after another, each up to the end of a cylinder."""
    partitions, cylinder = [], 0
    for slot in layout:
        start = cylinder * disk.CYLINDER
        if slot.logical or not cylinder:        # behind a partition table
            start += disk.FIRST_TRACK
        cylinder += slot.cylinders
        partitions.append(disk.Partition(
            start, cylinder * disk.CYLINDER - start, slot.type, slot.active,
            slot.logical))
    return partitions


@functools.lru_cache(64)
def build_hive(windows, signature, start):
    """The SYSTEM hive of @windows in a partition that starts at @start."""
    return hive.build(
        registry.system(windows, signature, start * disk.SECTOR), 'SYSTEM',
        windows.hive_minor, (611, 611),
        winfiles.filetime(windows.installed + 86_400 * 200))


def read_real(shared_data, name, sha256):
    """A file of the shared data that must be that one; None if it is not."""
    path = os.path.join(shared_data, name)
    try:
        with open(path, 'rb') as source:
            data = source.read()
    except FileNotFoundError:
        return None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ntfs.BuildError('%s is not the hive that it should be' % path)
    return data


def builder(recipe):
    """The class that builds it: one of its own for what a BCD starts."""
    if not isinstance(recipe, VistaRecipe):
        return Guest
    import vista_guest      # it builds upon this module: not at its start
    return vista_guest.VistaGuest


def make(recipe, output, shared_data, populate):
    """Writes the guest to @output and the truth to @output.json."""
    folder = os.path.dirname(os.path.abspath(output))
    with tempfile.TemporaryDirectory(prefix='make-guest-') as work:
        guest = builder(recipe)(recipe, work, shared_data, populate)
        descriptor, temporary = tempfile.mkstemp('.tmp', '.make-guest-',
                                                 folder)
        try:
            with os.fdopen(descriptor, 'w+b') as raw:
                guest.build(raw)
            os.chmod(temporary, 0o666 & ~_umask())
            _write_json(output + '.json', truth.describe(guest, temporary))
            os.rename(temporary, output)
        except BaseException:
            os.unlink(temporary)
            raise


def _write_json(path, tree):
    temporary = '%s.%d.tmp' % (path, os.getpid())
    with open(temporary, 'w', encoding='utf-8') as output:
        json.dump(tree, output, indent=1, ensure_ascii=False)
        output.write('\n')
    os.rename(temporary, path)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
