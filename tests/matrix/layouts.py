"""
How the disk is laid out and where Windows is on it: the layouts

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
from dataclasses import dataclass, field

import disk
import guest
import ldm
import winfiles
from ntfs import VolumeSpec
from recipes import Recipe, Slot

# A cylinder has 8 MB
_WINDOWS = ('windows',)
_BOTH = Slot(('boot', 'windows'), 3, active=True)
_SYSTEM = Slot(('boot',), 1, active=True)
_ARC = 'multi(0)disk(0)rdisk(0)partition(%d)'
_SIGNATURE = 0x8e4b2d17


@dataclass(frozen=True)
class Layout:
    """A layout, and what win-xenprep must say of it."""

    name: str
    # Fields of Recipe that differ
    changes: dict = field(default_factory=dict)
    # What %SystemRoot% is called, behind the usual name
    suffix: str = ''
    # Options of the driver
    options: tuple = ()
    # Partition and %SystemRoot% of other installations
    others: tuple = ()
    # A line that a warning has, a regular expression
    warning: str = None
    # boot.ini, beside Windows, has paths that are made multi()
    rewrites: bool = False
    # What the refusal says, likewise; None: it is prepared
    refusal: str = None
    # Who reads the prepared volume's files
    readers: tuple = ('7z', 'sleuthkit')

    def windows(self, windows):
        """@windows as it is installed here."""
        return dataclasses.replace(
            windows, system_root=windows.system_root + self.suffix)

    def recipe(self, windows, _state=None, edits=()):
        """
        The guest of this layout, its tree edited by @edits first; see
        windows() for @windows.
        """
        recipe = Recipe('matrix', self.name, windows=windows, slim=True,
                        system_hive='built', layout=(_BOTH,),
                        signature=_SIGNATURE, spare_sectors=disk.CYLINDER)
        recipe = dataclasses.replace(recipe, **self.changes)
        return dataclasses.replace(recipe, tree_edits=(*edits,
                                                       *recipe.tree_edits))

    def refuses(self, _state):
        """What the refusal says, if a guest is refused for its layout."""
        return self.refusal

    def is_filler(self, _path):
        """Whether a file is there only to take room, and holds nothing."""
        return False

    def check(self, cell, volume):
        """What is to be seen on the prepared @volume beside its files."""

    @property
    def partition(self):
        """The number of the partition with Windows."""
        slots = self.changes.get('layout', (_BOTH,))
        return [number for number, slot in enumerate(slots, 1)
                if 'windows' in slot.contents][0]


def _boots_other(tree, windows):
    """boot.ini prefers the other installation, on the first partition."""
    entries = [(_ARC % 1 + guest.OTHER_ROOT, 'Other', '/fastdetect'),
               (_ARC % 2 + windows.system_root, 'This', '/fastdetect')]
    tree.file('boot.ini', winfiles.boot_ini(entries))


def _no_boot_ini(tree, _windows):
    tree.remove('boot.ini')


def _dynamic(kind):
    return (lambda raw: ldm.make_dynamic(raw, kind),)


LAYOUTS = (
    Layout('one primary'),
    Layout('two primaries', {'layout': (_SYSTEM, Slot(_WINDOWS, 3))}),
    Layout('logical drive, type 05, clusters of 512', {
        'layout': (_SYSTEM, Slot(_WINDOWS, 3, logical=True)),
        'extended_type': disk.TYPE_EXTENDED,
        'volume': VolumeSpec(cluster_size=512)}),
    Layout('second logical drive, type 0f', {
        'layout': (_SYSTEM, Slot(('data',), 1, logical=True),
                   Slot(_WINDOWS, 3, logical=True))}),
    Layout('OEM partition first, clusters of 64K', {
        'layout': (Slot(('fat',), 3, disk.TYPE_OEM), _BOTH),
        'volume': VolumeSpec(cluster_size=65536)}),
    Layout('WINDOWS.0', suffix='.0'),
    Layout('scsi() in boot.ini', {
        'arc': 'scsi(0)disk(0)rdisk(0)partition(%d)'}, rewrites=True),
    Layout('signature() in boot.ini', {
        'arc': 'signature(8e4b2d17)disk(0)rdisk(0)partition(%d)'},
        rewrites=True),
    Layout('two installations', {
        'layout': (Slot(('boot', 'windows', 'other'), 3, active=True),)},
        others=((1, guest.OTHER_ROOT),)),
    Layout('the installation that does not boot', {
        'layout': (Slot(('boot', 'other'), 3, active=True),
                   Slot(_WINDOWS, 3)),
        'boot_edits': (_boots_other,)},
        options=('windows=2:{root}',), others=((1, guest.OTHER_ROOT),)),
    Layout('no boot.ini', {'boot_edits': (_no_boot_ini,)},
           warning='boot.ini'),
    Layout('dynamic disk', {'disk_edits': _dynamic('simple')}),
    Layout('FAT system partition', {
        'layout': (Slot(('fat', 'boot'), 3, disk.TYPE_FAT16_LBA,
                        active=True), Slot(_WINDOWS, 3))},
        refusal='partition 1.*NTFS'),
    Layout('dynamic disk, mirrored', {'disk_edits': _dynamic('mirrored')},
           refusal='dynamic'),
)
