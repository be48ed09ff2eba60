"""
What ten years of use make of a volume: the shapes that a guest can have

A shape says how the volume is formatted and aged, and edits the file tree.
Edits get the tree and the Windows; they come after those that put drivers
into it, so that what is there is fragmented wherever it came from.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

import filler
import hive
import security
from filetree import COMPRESSED, READONLY, SPARSE

HIVE = 'system32\\config\\system'
DRIVERS = 'system32\\drivers'

# Of the classic NTFS compression, which packs 16 clusters at a time
UNIT_CLUSTERS = 16


def at(windows, path):
    """@path below %SystemRoot%, as the tree has it."""
    return '%s\\%s' % (windows.system_root[1:], path)


def large_hive(size):
    """A hive edit: a bin of @size bytes more, as deleted keys leave it."""
    return lambda data: hive.with_free_bin(data, size)


def _large(tree, windows):
    """The SYSTEM hive and the cabinets: what win-xenprep edits or reads."""
    mirror = HIVE.upper() + '.ALT'
    for key, entry in tree.entries.items():
        if key in (at(windows, HIVE).upper(), at(windows, mirror).upper()) \
                or key.endswith('.CAB'):
            yield entry


def in_runs(size):
    """A tree edit: the hive and the cabinets in runs of @size bytes."""
    def edit(tree, windows):
        for entry in _large(tree, windows):
            entry.chunk = size
    return edit


def compressed(cluster_size, fragmented=True):
    """A tree edit: they are compressed, each unit in another place."""
    def edit(tree, windows):
        for entry in _large(tree, windows):
            entry.attributes |= COMPRESSED
            entry.chunk = UNIT_CLUSTERS * cluster_size if fragmented else 0
    return edit


def sparse(cluster_size):
    """A tree edit: clusters of theirs that hold only zeros are not there."""
    def edit(tree, windows):
        for entry in _large(tree, windows):
            entry.attributes |= SPARSE
            entry.chunk = cluster_size
    return edit


def compressed_directory(tree, windows):
    """The drivers' folder and all in it are compressed."""
    folder = at(windows, DRIVERS).upper()
    for key, entry in tree.entries.items():
        if key == folder or key.startswith(folder + '\\'):
            entry.attributes |= COMPRESSED


def odd_case(tree, _windows):
    """Names in every other letter's case: WiNdOwS, SyStEm32."""
    tree.rename(lambda name: ''.join(
        c.lower() if index % 2 else c.upper()
        for index, c in enumerate(name)))


def posix_names(tree, _windows):
    """Names as a Linux that restored a backup has written them."""
    tree.without_short_names()


def twin(path, *data):
    """A tree edit: beside @path a name that differs in case only."""
    def edit(tree, windows):
        folder, _, name = at(windows, path).rpartition('\\')
        name = name.upper() if name != name.upper() else name.lower()
        tree.twin('\\'.join(filter(None, (folder, name))), *data)
    return edit


def twins_elsewhere(tree, windows):
    """Two names that differ in case, of a file that has no part in this."""
    data = tree.data(at(windows, 'system32\\hal.dll'))[:5_000]
    tree.file(at(windows, 'system32\\drivers\\etc\\hosts'), data)
    twin('system32\\drivers\\etc\\hosts', data)(tree, windows)


def crowd(path, count):
    """A tree edit: @count small files more in a folder."""
    def edit(tree, windows):
        folder = at(windows, path) if path else windows.system_root[1:]
        for number in range(count):
            name = '%s\\u%dinst%d.log' % (folder, number * 7919 % count,
                                          number)
            tree.file(name, b'%d' % number, security='public')
    return edit


def many_descriptors(count):
    """A tree edit: so many files, each with its own security descriptor."""
    def edit(tree, windows):
        for number in range(count):
            name = 'user %d' % number
            tree.descriptors[name] = security.descriptor(
                [((5, 21, 1708537768, 854245398, 1708537768, 1000 + number),
                  security.FILE_MODIFY),
                 (security.SYSTEM, security.FILE_ALL)])
            tree.file('home\\%04d' % number, b'%d' % number, security=name)
    return edit


def hard_links(*paths):
    """A tree edit: each file has a second name, in a folder of its own."""
    def edit(tree, windows):
        for path in paths:
            if at(windows, path).upper() in tree.entries:
                tree.directory('links')
                tree.link('links\\' + path.rpartition('\\')[2],
                          at(windows, path))
    return edit


def linked_sources(tree, windows):
    """All cabinets and drivers have a second name, but for system32's."""
    system32 = at(windows, 'system32\\').upper()
    for key in [key for key in tree.entries
                if key.endswith(('.CAB', '.SYS'))
                and not key.startswith(system32)]:
        tree.directory('links')
        tree.link('links\\' + key.replace('\\', '-'), key)


def streams(count):
    """A tree edit: named streams of the hive, the cabinets, the folder."""
    def edit(tree, windows):
        for entry in _large(tree, windows):
            entry.streams = {'stream %d' % number: b'%d ' % number * 40
                             for number in range(count)}
    return edit


def extended_attributes(tree, windows):
    """Those that OS/2 programs and some backups leave."""
    value = filler.raw_bytes('extended', 300)
    for entry in _large(tree, windows):
        entry.extended = _extended('BACKUP', value)


def _extended(name, value):
    """One attribute, as NTFS stores it: EA_ATTR in layout.h."""
    head = struct.pack('<BBH', 0, len(name), len(value))
    body = head + name.encode() + b'\0' + value
    size = -(-(len(body) + 4) // 4) * 4
    return (struct.pack('<I', size) + body).ljust(size, b'\0')


def read_only(tree, windows):
    """The hive, the folders on the way, and all drivers."""
    folder = at(windows, DRIVERS).upper()
    for key, entry in tree.entries.items():
        if folder.startswith(key) or key.startswith(folder) or \
                entry in _large(tree, windows):
            entry.attributes |= READONLY
