"""
What the volume is like that Windows is on: the shapes

Each is a layout of one partition, whose volume and files have a history.
Cells of these are judged as all others, and their new files more closely.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
from dataclasses import dataclass

import readers
import shapes
import states
import winfiles
from layouts import Layout
from ntfs import VolumeSpec

# Clusters of 4 KiB that a hive may grow by, and a directory, and $MFT
_GROWTH = 20

# What is tried on every shape in the short form, and in the long one
FEW_STATES = ('equal in driver.cab',
              'wrong machine in system32, equal in driver.cab', 'present')
MORE_STATES = (*FEW_STATES, 'equal in sp?.cab',
               'one present, equal in driver.cab')
# A volume of thousands of files takes a second to read
LARGE_STATES = FEW_STATES[:2]


@dataclass(frozen=True)
class Shape(Layout):
    """A shape, and what win-xenprep must say of it."""

    readers: tuple = ('7z', 'sleuthkit', 'libfsntfs')
    # Clusters that are left beyond what the new drivers take; None: many
    spare: int = None
    # Refused only if a driver has to be written over
    only_if_replaced: bool = False
    # Has thousands of files
    large: bool = False

    def few_states(self):
        """The names of those that it is tried with in the short form."""
        return LARGE_STATES if self.large else FEW_STATES

    def all_states(self):
        """And in the long one."""
        return LARGE_STATES if self.large else MORE_STATES

    def refuses(self, state):
        """What the refusal says, for a guest in @state."""
        there = state.there.get('system32', {})
        replaced = [name for name in _names(there) if name not in state.kept]
        if self.only_if_replaced and not (state.winner and replaced):
            return None
        return self.refusal

    def recipe(self, windows, state=None, edits=()):
        """See Layout."""
        recipe = super().recipe(windows, state, edits)
        if self.spare is None:
            return recipe
        return dataclasses.replace(recipe, volume=dataclasses.replace(
            recipe.volume, spare_clusters=max(0, self.spare + needed(
                windows, state, recipe.volume.cluster_size))))

    def is_filler(self, path):
        """See Layout."""
        return path == 'FILLER.BIN' or path.startswith('MANY\\')

    def check(self, cell, volume):
        """New files are as Windows would have made them."""
        tree = cell.guest.trees[self.partition]
        root = cell.windows.system_root[1:].upper()
        folder = tree.entries['%s\\%s' % (root, shapes.DRIVERS.upper())].path
        siblings = [entry.path.rpartition('\\')[2] for entry in tree
                    if entry.path.startswith(folder + '\\')]
        facts = readers.FileFacts(volume, folder)
        for name in cell.new_drivers():
            if name not in [sibling.lower() for sibling in siblings]:
                facts.check_new(name, siblings, winfiles.hive_mtime(
                    cell.guest.system_hive))


def needed(windows, state, cluster_size):
    """Clusters that the new drivers of a guest in @state take."""
    if not state or not state.winner:
        return 0
    taken = states.contents(windows, state.there[state.winner])
    there = _names(state.there.get('system32', {}))
    return sum(-(-len(data) // cluster_size)
               for name, data in taken.items() if name not in there)


def _names(there):
    """The drivers in a place, as State.there describes it."""
    return states.DRIVERS if isinstance(there, str) else tuple(there)


_OF_SHAPE = [field.name for field in dataclasses.fields(Shape)]


def _shape(name, *edits, hive=0, **options):
    """@options are fields of Shape, or else of VolumeSpec."""
    volume = {option: value for option, value in options.items()
              if option not in _OF_SHAPE}
    changes = {'volume': VolumeSpec(**volume), 'tree_edits': edits}
    if hive:
        changes['hive_edits'] = (shapes.large_hive(hive),)
    return Shape(name, changes, **{
        option: value for option, value in options.items()
        if option in _OF_SHAPE})


_NO_ROOM = 'no room'
_TWO = 'names.*differ.*case'
_LINKS = 'hard link'
# 7-Zip knows neither $MFT with an attribute list nor such sectors
_OTHERS = ('sleuthkit', 'libfsntfs')
# libfsntfs stumbles over a file's second record that is nearly full, as the
# cabinet of 2000 SP4 has one: on the volume as it was before, too
_NOT_FSNTFS = ('7z', 'sleuthkit')
# libfsntfs is slow with large folders, and finds nothing in them where
# clusters are not of 4 KiB
_LARGE = {'large': True, 'readers': _NOT_FSNTFS}

SHAPES = (
    _shape('files in single clusters', free_step=2),
    _shape('hive in 500 runs', shapes.in_runs(1024), hive=1 << 19,
           cluster_size=1024),
    _shape('hive in 4,000 runs', shapes.in_runs(512), hive=1 << 21,
           cluster_size=512, readers=_NOT_FSNTFS),
    _shape('compressed', shapes.compressed(4096, False), hive=1 << 18),
    _shape('compressed, units apart', shapes.compressed(2048),
           hive=1 << 18, cluster_size=2048),
    _shape('compressed, room in single clusters', shapes.compressed(4096),
           hive=1 << 18, spare=200, scattered=True, refusal=_NO_ROOM),
    _shape('drivers\' folder compressed', shapes.compressed_directory),
    _shape('sparse', shapes.sparse(4096), hive=1 << 19),
    _shape('sparse, clusters of 512', shapes.sparse(512), hive=1 << 19,
           cluster_size=512),
    _shape('MFT in 60 runs', mft_runs=60),
    _shape('MFT in 300 runs', mft_runs=300, free_step=2, readers=_OTHERS),
    *(_shape('clusters of %d' % size, cluster_size=size)
      for size in (512, 1024, 2048, 8192, 16384, 32768, 65536)),
    _shape('sectors of 4096', sector_size=4096, readers=_OTHERS),
    _shape('sectors of 4096, clusters of 64K', sector_size=4096,
           cluster_size=65536, readers=_OTHERS),
    _shape('upgraded from NTFS 3.0', upgraded=True),
    _shape('odd case', shapes.odd_case),
    _shape('POSIX names', shapes.posix_names),
    _shape('two names that differ in case, elsewhere',
           shapes.twins_elsewhere),
    _shape('SYSTEM and system', shapes.twin(shapes.HIVE, b'none'),
           refusal=_TWO),
    _shape('drivers and DRIVERS', shapes.twin(shapes.DRIVERS),
           refusal=_TWO),
    _shape('5,000 files beside the drivers', shapes.crowd(
        shapes.DRIVERS, 5_000), **_LARGE),
    _shape('5,000 files in %SystemRoot%', shapes.crowd('', 5_000),
           cluster_size=512, **_LARGE),
    _shape('2,000 security ids', shapes.many_descriptors(2_000),
           **_LARGE),
    _shape('room for the drivers, in single clusters', spare=_GROWTH,
           scattered=True),
    _shape('a cluster too few', spare=-1, scattered=True, refusal=_NO_ROOM),
    _shape('full', spare_clusters=0, refusal=_NO_ROOM),
    _shape('MFT full, room in single clusters', mft_full='data',
           spare=_GROWTH, scattered=True),
    _shape('MFT full and in 60 runs', mft_full='data', mft_runs=60),
    _shape('bitmap of MFT full', mft_full='bitmap'),
    _shape('hard links of the sources', shapes.linked_sources),
    _shape('hard links of the drivers', shapes.hard_links(
        *(shapes.DRIVERS + '\\' + name for name in states.DRIVERS)),
           refusal=_LINKS, only_if_replaced=True),
    _shape('hard link of SYSTEM', shapes.hard_links(shapes.HIVE),
           refusal=_LINKS),
    _shape('named streams', shapes.streams(3)),
    _shape('60 named streams', shapes.streams(60)),
    _shape('extended attributes', shapes.extended_attributes),
    _shape('read-only', shapes.read_only),
)
