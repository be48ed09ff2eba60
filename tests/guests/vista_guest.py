"""
Builds the disk of one guest from Vista on: GPT or aligned MBR, BCD, ESP

SPDX-License-Identifier: GPL-2.0-or-later
"""

import bcd
import bootcode
import disk
import fat32
import gpt
import guest
import guids
import hive
import ntfs
import vista_drivers
import vista_files
import vista_registry
from filetree import Tree
from winfiles import filetime

MIB_SECTORS = (1 << 20) // disk.SECTOR

# Where setup's partitions start
FIRST = MIB_SECTORS


class VistaGuest(guest.Guest):
    """One guest under construction."""

    def place(self):
        """Partitions one after another, each of whole MiB."""
        partitions, start = [], FIRST
        for part in self.recipe.layout:
            kind = part.type if isinstance(part.type, int) else 0
            partitions.append(disk.Partition(
                start, part.mib * MIB_SECTORS, kind, part.active))
            start += part.mib * MIB_SECTORS
        return partitions

    @property
    def is_gpt(self):
        """Or MBR."""
        return self.recipe.scheme == 'gpt'

    @property
    def firmware(self):
        """What starts it."""
        return 'uefi' if any('esp' in part.contents
                             for part in self.recipe.layout) else 'bios'

    @property
    def disk_guid(self):
        """Of a GPT disk."""
        return guids.made_up('disk %08x' % self.recipe.signature)

    def partition_guid(self, number):
        """Of a partition of a GPT disk."""
        return self.recipe.layout[number - 1].guid or guids.made_up(
            'partition %d of %08x' % (number, self.recipe.signature))

    def tables(self):
        """Of the disk's kind, after the recipe's edits."""
        if not self.is_gpt:
            return super().tables()
        entries = []
        for number, part in enumerate(self.recipe.layout, 1):
            where = self.partitions[number - 1]
            entries.append(gpt.Entry(
                part.type, self.partition_guid(number), where.start,
                where.sectors, part.attributes, part.name))
        for edit in self.recipe.table_edits:
            entries = edit(entries)
        return gpt.tables(entries, self.disk_guid, self.size // disk.SECTOR)

    # ------------------------------------------------------- the BCD

    def number_of(self, contents):
        """The partition that holds @contents, or None."""
        for number, part in enumerate(self.recipe.layout, 1):
            if contents in part.contents:
                return number
        return None

    def bcd_place(self, number):
        """A partition as the BCD names it; None is none."""
        if number is None:
            return None
        if self.is_gpt:
            return bcd.Place(self.partition_guid(number), self.disk_guid)
        return bcd.Place(signature=self.recipe.signature, offset=self.
                         partitions[number - 1].start * disk.SECTOR)

    def make_bcd(self):
        """The file of the store."""
        windows = self.recipe.windows
        system = self.number_of('esp') or self.number_of('boot')
        store = bcd.Store(windows, self.firmware, self.bcd_place(system),
                          self.bcd_place(self.windows_partition),
                          self.bcd_place(self.number_of('recovery')),
                          tuple(self.bcd_place(number) for number, part
                                in enumerate(self.recipe.layout, 1)
                                if 'other' in part.contents))
        root = store.key()
        for edit in self.recipe.bcd_edits:
            edit(root, store)
        path = '\\EFI\\Microsoft\\Boot\\BCD' if self.firmware == 'uefi' \
            else '\\Boot\\BCD'
        return bcd.build(root, '\\Device\\HarddiskVolume1' + path,
                         filetime(windows.installed))

    # --------------------------------------------------- the registry

    def mounted_device(self, number):
        """What MountedDevices has for a partition."""
        if self.is_gpt:
            return b'DMIO:ID:' + guids.packed(self.partition_guid(number))
        return self.recipe.signature.to_bytes(4, 'little') + (
            self.partitions[number - 1].start * disk.SECTOR).to_bytes(
                8, 'little')

    def make_system_hive(self, shared_data):
        """SYSTEM and its logs, by name of file."""
        recipe = self.recipe
        if not self.windows_partition:
            return None
        files = self.read_real_hive(shared_data)
        if files:
            self.hive_source = 'real'
        else:
            files = {'SYSTEM': self.build_hive()}
        for edit in recipe.hive_edits:
            files['SYSTEM'] = edit(files['SYSTEM'])
        if len(files) == 1:
            return vista_files.with_logs('SYSTEM', files['SYSTEM'],
                                         recipe.windows)
        return files

    def read_real_hive(self, shared_data):
        """The real hive, with its logs if it needs them; or None."""
        files = {name: guest.read_real(shared_data, path, sha256)
                 for name, (path, sha256) in self.recipe.real_hive.items()}
        return None if None in files.values() else files

    def build_hive(self):
        """A hive of our own, as the recipe's edits leave it."""
        recipe, windows = self.recipe, self.recipe.windows
        number = self.windows_partition
        root = vista_registry.system(windows, self.mounted_device(number),
                                     self.firmware, number)
        for number in windows.control_sets:
            for edit in recipe.set_edits:
                edit(root.at('ControlSet%03d' % number))
        for edit in recipe.root_edits:
            edit(root)
        return hive.build(root, 'SYSTEM', 5, (611, 611),
                          filetime(windows.installed + 86_400 * 200))

    # ---------------------------------------------------- the volumes

    def make_volume(self, path, number, slot, partition):
        """No file at @path is made where there is no file system."""
        if 'reserved' in slot.contents:
            return
        if 'esp' not in slot.contents:
            super().make_volume(path, number, slot, partition)
            return
        tree = self.trees[number] = self.make_tree(number, slot)
        fat32.make_volume(path, partition.sectors, partition.start, tree)

    def install_boot_code(self, path, sectors):
        """That of a volume that a BIOS may start."""
        bootcode.install(path, sectors, 'BOOTMGR')

    def volume_spec(self, number):
        """Volumes that Windows has formatted say 0x8000: no damage."""
        if number == self.windows_partition:
            return self.recipe.volume
        label = self.recipe.layout[number - 1].label
        return ntfs.VolumeSpec(serial=0x41c7e2b0 + number, label=label,
                               flags=0x8000)

    def make_tree(self, number, slot):
        """The files of a partition."""
        windows = self.recipe.windows
        if 'esp' in slot.contents:
            tree = Tree(windows.installed)
            self.add_boot_files(tree, vista_files.add_efi_boot)
            return tree
        tree = super().make_tree(number, slot)
        if 'recovery' in slot.contents:
            vista_files.add_recovery(tree, windows)
        return tree

    def add_boot_files(self, tree, add=vista_files.add_bios_boot):
        """bootmgr and the BCD, as the recipe's own edits leave them."""
        add(tree, self.recipe.windows, self.make_bcd())
        for edit in self.recipe.boot_edits:
            edit(tree, self.recipe.windows)

    def add_windows(self, tree):
        """%SystemRoot%."""
        recipe = self.recipe
        vista_files.add_windows(tree, recipe.windows, self.system_hive,
                                recipe.slim, recipe.more_drivers)

    def add_other_windows(self, tree, number):
        """Another installation, on a partition of its own."""
        windows = self.recipe.windows
        root = vista_registry.system(windows, self.mounted_device(number),
                                     self.firmware, number)
        data = hive.build(root, 'SYSTEM', 5, (7, 7),
                          filetime(windows.installed))
        vista_files.add_windows(tree, windows, vista_files.with_logs(
            'SYSTEM', data, windows), slim=True)

    def add_user_files(self, tree):
        """What its users have."""
        vista_files.add_user_files(tree, self.recipe.windows)

    # ------------------------------------------------------ the truth

    system_hive_path = vista_files.SYSTEM_HIVE
    drivers_path = vista_files.DRIVERS
    ide_drivers = tuple(vista_drivers.IDE_DRIVERS)

    def filesystem(self, number):
        """What a partition is formatted with, None if with nothing."""
        contents = self.recipe.layout[number - 1].contents
        return 'FAT32' if 'esp' in contents else \
            None if 'reserved' in contents else 'NTFS'

    def describe_disk(self):
        """Facts about the disk beyond those of every guest."""
        facts = {'scheme': self.recipe.scheme, 'firmware': self.firmware}
        if self.is_gpt:
            facts.update(guid=self.disk_guid, signature=0)
        return facts

    def describe_partition(self, number):
        """And about a partition."""
        part = self.recipe.layout[number - 1]
        if not self.is_gpt:
            return {}
        return {'type_guid': part.type, 'name': part.name,
                'guid': self.partition_guid(number),
                'attributes': part.attributes}

    def describe_windows(self):
        """And about the Windows that is on it."""
        windows = self.recipe.windows
        number = self.number_of('esp') or self.number_of('boot')
        path = '\\EFI\\Microsoft\\Boot\\BCD' if self.firmware == 'uefi' \
            else '\\Boot\\BCD'
        return {'build': windows.build, 'edition': windows.edition,
                'bcd': {'partition': number, 'path': path},
                'mshdc': '%s\\%s' % (windows.system_root,
                                     vista_drivers.store_folder(windows))}
