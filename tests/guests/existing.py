"""
Windows in a volume that is there already, made by Windows itself

Nothing is formatted: guest-populate adds files to what the volume holds.
$LogFile and the volume's flags stay as they are.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os

import ntfs
import pe
import windrivers
import winfiles
from filetree import Tree
from tap import run

# A size for what is thrown away
_NO_LOG = 1 << 20


class _Additions(ntfs._Manifest):       # pylint: disable=protected-access
    """What is to be added; the state of the volume is not touched."""

    def add(self, *fields):
        if fields[0] not in ('logfile', 'flags'):
            super().add(*fields)


def populate(path, tree, program):
    """Adds the files of @tree to the volume in the file @path."""
    manifest, contents = path + '.manifest', path + '.contents'
    _Additions(ntfs.VolumeSpec(), tree, _NO_LOG).write(manifest, contents)
    run(program, path, manifest, contents)
    os.unlink(manifest)
    os.unlink(contents)


def small_windows(windows, system_hive, arc):
    """
    The files of a Windows of half a megabyte, for volumes with little room:
    all PE files are as small as they can be.  @arc: ARC path in boot.ini.
    """
    tree = Tree(windows.installed)
    entry = (arc + windows.system_root, windows.boot_title,
             windows.boot_options)
    winfiles.add_boot_files(tree, windows, entry, slim=True)
    winfiles.add_windows(tree, windows, system_hive, slim=True)
    for item in tree:
        name = item.path.rpartition('\\')[2]
        if name.endswith(('.sys', '.exe', '.dll')):
            tree.file(item.path, small_pe(name, windows))
    return tree


def small_pe(name, windows):
    """A kernel, HAL, library or driver of 5 KB."""
    modules = windrivers.IDE_DRIVERS.get(name, ('', ('ntoskrnl.exe',)))[1]
    exports = next((functions for module, functions
                    in windrivers.FUNCTIONS.items()
                    if module.upper() == name.upper()), ())
    return pe.PeFile(
        name, windows.machine, windows.version, exports=exports, size=0,
        label='(%s)' % windows.label, original_filename=_original(
            name, windows), dll=name.endswith('.dll'),
        imports={module: windrivers.FUNCTIONS[module] for module in modules},
        timestamp=windows.built).build()


def _original(name, windows):
    """Which of its kind a kernel or HAL is, its version resource tells."""
    return {'ntoskrnl.exe': windows.hal.kernel,
            'ntkrnlpa.exe': windows.hal.pae_kernel,
            'hal.dll': windows.hal.filename}.get(name, name)
