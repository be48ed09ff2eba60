"""
The files of a guest before they are a volume: a tree that recipes edit

SPDX-License-Identifier: GPL-2.0-or-later
"""

import hashlib
import re
from dataclasses import dataclass, field

READONLY, HIDDEN, SYSTEM, ARCHIVE = 0x1, 0x2, 0x4, 0x20
COMPRESSED, SPARSE = 0x800, 0x200

_SHORT = re.compile(r"[A-Z0-9!#$%&'()@^_`{}~-]{1,8}"
                    r"(\.[A-Z0-9!#$%&'()@^_`{}~-]{1,3})?", re.IGNORECASE)
_NOT_IN_SHORT = re.compile(r"[^A-Z0-9!#$%&'()@^_`{}~-]")


@dataclass
class Entry:
    """
    A file or directory.  A file has @data, or @allocate bytes of none, or is
    another name of the file @link_to.
    """

    path: str                   # with backslashes, from the root
    data: bytes = None
    allocate: int = None
    mtime: int = 0
    attributes: int = 0
    security: str = 'system-file'
    chunk: int = 0              # bytes in a run of a fragmented file
    dos_name: str = ''          # filled in by Tree
    streams: dict = field(default_factory=dict)     # contents by name
    extended: bytes = b''       # extended attributes
    reparse: bytes = b''        # the whole $REPARSE_POINT
    plain: bytes = None         # what is compressed in a stream
    link_to: str = None

    @property
    def is_directory(self):
        return self.data is None and self.allocate is None


class Tree:
    """Entries by path; a path is found whatever its case."""

    def __init__(self, mtime):
        self.mtime = mtime
        self.entries = {}       # path in upper case -> Entry, in order
        self.cabinets = {}      # path in upper case -> members, a dict
        self.descriptors = {}   # security descriptors beside the usual ones
        self._short_names = {}  # directory in upper case -> names in it

    def directory(self, path, **options):
        """Adds @path and the directories above it that are not there."""
        parent, _, _ = path.rpartition('\\')
        if parent and parent.upper() not in self.entries:
            self.directory(parent, **options)
        if path.upper() not in self.entries:
            options.setdefault('security', 'system-directory')
            self._insert(Entry(path, **options))

    def file(self, path, data, **options):
        """Adds a file, or replaces one where it stands."""
        if path.upper() in self.entries:
            old = self.entries[path.upper()]
            old.data, old.allocate = data, None
            for name, value in options.items():
                setattr(old, name, value)
            return
        parent, _, _ = path.rpartition('\\')
        if parent:
            self.directory(parent)
        self._insert(Entry(path, data, **options))

    def allocate(self, path, size, **options):
        """Adds a file that has clusters but no contents."""
        self._insert(Entry(path, allocate=size, **options))

    def link(self, path, target, **options):
        """Adds another name of the file @target, which is there already."""
        target = self.entries[target.upper()]
        self._insert(Entry(path, target.data, mtime=target.mtime,
                           attributes=target.attributes,
                           link_to=target.path, dos_name='-', **options))

    def twin(self, path, data=None, **options):
        """
        Adds a file or, without @data, a directory whose name differs from
        another's in case only.  It has no short name.
        """
        entry = Entry(path, data, mtime=self.mtime, dos_name='-', **options)
        self.entries[path] = entry      # others are in upper case

    def rename(self, change):
        """Names are @change(name) from now on, in each part of each path."""
        for entry in self:
            entry.path = _renamed(entry.path, change)
            if entry.link_to:
                entry.link_to = _renamed(entry.link_to, change)

    def without_short_names(self):
        """All names are POSIX names, as those that Linux has written."""
        for entry in self:
            entry.dos_name = '-'

    def remove(self, path):
        """Removes a file, or a directory and all that is in it."""
        key = path.upper()
        if key not in self.entries:
            raise KeyError(path)
        for name in [n for n in self.entries
                     if n == key or n.startswith(key + '\\')]:
            del self.entries[name]

    def data(self, path):
        """The contents of the file @path."""
        return self.entries[path.upper()].data

    def contents(self):
        """The files' contents by path, without directories."""
        return {entry.path: entry.data for entry in self
                if not entry.is_directory}

    def streams(self):
        """The contents of named streams, by path in upper case."""
        return {('%s:%s' % (entry.path, name)).upper(): data
                for entry in self for name, data in entry.streams.items()}

    def _insert(self, entry):
        entry.mtime = entry.mtime or self.mtime
        parent, _, name = entry.path.upper().rpartition('\\')
        taken = self._short_names.setdefault(parent, set())
        # The library can give a short name to a file of one name only
        if not entry.link_to:
            entry.dos_name = short_name(name, taken)
            taken.add(entry.dos_name)
        self.entries[entry.path.upper()] = entry

    def __iter__(self):
        return iter(self.entries.values())


def _renamed(path, change):
    return '\\'.join(change(name) for name in path.split('\\'))


def short_name(name, taken):
    """The 8.3 name that Windows would make for @name beside @taken."""
    name = name.upper()
    if _SHORT.fullmatch(name) and name not in taken:
        return name
    stem, dot, extension = name.lstrip('.').rpartition('.')
    if not dot:
        stem, extension = extension, ''
    stem = _NOT_IN_SHORT.sub('', stem.replace('+', '_'))
    suffix = '.' + _NOT_IN_SHORT.sub('', extension)[:3] if extension else ''
    for number in range(1, 5):
        short = '%s~%d%s' % (stem[:6], number, suffix)
        if short not in taken:
            return short
    # From the fifth on, Windows puts a hash of the name into it
    digest = hashlib.sha256(name.encode()).hexdigest().upper()
    for number in range(1, 10):
        short = '%s%s~%d%s' % (stem[:2], digest[:4], number, suffix)
        if short not in taken:
            return short
    raise ValueError('no short name left for ' + name)
