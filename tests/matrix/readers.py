"""
Independent readers of a prepared disk, and what they must find

Nothing here trusts our own code: files are read by sleuthkit and by 7-Zip,
the registry by hivexregedit and by reged, the volume by ntfsresize.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import configparser
import datetime
import functools
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys

import disk
import regtext
from tap import Skip, equal, run

TOOLS = ('tsk_recover', '7z', 'ntfsresize', 'hivexregedit', 'reged',
         'ntfsinfo', 'istat')

_ROOT_KEY = 'HKEY_LOCAL_MACHINE\\SYSTEM'
_WORDS_OF_TROUBLE = re.compile('mismatch|error|corrupt|inconsist', re.I)
_READ_SIZE = 1 << 20


def digest(path):
    """A checksum of a file, holes and zeros being the same."""
    total = hashlib.sha256(b'%d' % os.path.getsize(path))
    with open(path, 'rb') as source:
        for at, stop in disk.data_extents(source):
            source.seek(at)
            while at < stop:
                block = source.read(min(4096, stop - at))
                if block.count(0) != len(block):
                    total.update(b'%d' % at + block)
                at += len(block)
    return total.hexdigest()


def cut_partition(path, partition, out):
    """Copies a partition (disk.Partition) into a file of its own."""
    start = partition.start * disk.SECTOR
    with open(out, 'wb') as target:
        target.truncate(partition.sectors * disk.SECTOR)
        disk.copy_sparse(path, target, 0, start,
                         start + partition.sectors * disk.SECTOR)
    return out


def tree_by_sleuthkit(volume, folder):
    """All files of a volume that are not metadata: contents by path."""
    return _tree(volume, folder, ('tsk_recover', '-a', volume, folder))


def tree_by_7zip(volume, folder):
    """The same, as 7-Zip reads them."""
    return _tree(volume, folder, ('7z', 'x', '-y', '-bd', '-o' + folder,
                                  '-x![SYSTEM]', volume))


_FSNTFS_EXTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                               'fsntfs-extract')


@functools.lru_cache(1)
def need_libfsntfs():
    """Raises tap.Skip if Python's module of libfsntfs is not installed."""
    if subprocess.run([sys.executable, '-c', 'import pyfsntfs'],
                      stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip('pyfsntfs is not installed (python3-libfsntfs)')


def tree_by_libfsntfs(volume, folder):
    """The same, as libfsntfs reads them; see need_libfsntfs()."""
    return _tree(volume, folder, (sys.executable, _FSNTFS_EXTRACT, volume,
                                  folder))


def _tree(volume, folder, command):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    run(*command)
    found = {}
    for parent, _, names in os.walk(folder):
        inside = os.path.relpath(parent, folder)
        for name in names:
            path = os.path.normpath(os.path.join(inside, name))
            if not path.startswith('$'):
                with open(os.path.join(parent, name), 'rb') as source:
                    found[path.replace('/', '\\').upper()] = source.read()
    equal(bool(found), True, command[0] + ' reads files of ' + volume)
    return found


def check_volume(volume):
    """ntfsresize -i -f finds each cluster used once, and no other."""
    _, text = run('ntfsresize', '-i', '-f', volume, text=True, check=False)
    bad = [line for line in text.splitlines()
           if _WORDS_OF_TROUBLE.search(line)]
    equal(bad, [], 'ntfsresize')
    equal('Space in use' in text, True, 'ntfsresize came to its end: ' + text)


class FileFacts:
    """What ntfsinfo and istat say of files in one folder of a volume."""

    def __init__(self, volume, folder):
        self.volume = volume
        self.folder = folder.replace('\\', '/')

    def by_ntfsinfo(self, name):
        """The text about a file."""
        return run('ntfsinfo', '-f', '-F', '%s/%s' % (self.folder, name),
                   self.volume, text=True)[1]

    def security(self, name):
        """The id of a file's security descriptor."""
        return re.search(r'Security ID:\s+(\d+)',
                         self.by_ntfsinfo(name)).group(1)

    def check_new(self, name, siblings, time):
        """
        A new file has one name for both name spaces, the descriptor of one of
        its @siblings, plain data, and @time in all its times.
        """
        text = self.by_ntfsinfo(name)
        equal(re.findall(r'Namespace:\s+(.*)', text), ['Win32 & DOS'],
              name + ': name spaces')
        equal(self.security(name) in map(self.security, (
            s for s in siblings if s.lower().endswith('.sys'))), True,
              name + ': security id')
        equal(re.findall(r'attributes:\s+(.*)', text),
              ['ARCHIVE (0x00000020)'] * 2, name + ': attributes')
        equal(set(re.findall(r'Attribute flags:\s+(.*)', text)), {'0x0000'},
              name + ': is compressed or sparse')
        wanted = datetime.datetime.fromtimestamp(time, datetime.timezone.utc)
        equal(set(re.findall(r'Time:\s+(.*)', text)),
              {wanted.strftime('%a %b %e %H:%M:%S %Y UTC')}, name + ': times')
        number = re.match(r'Dumping Inode (\d+)', text).group(1)
        _, text = run('istat', self.volume, number, text=True)
        equal(set(re.findall(r'(?m)^(?:Created|File Modified|MFT Modified|'
                             r'Accessed):\s+(.*)', text)),
              {wanted.strftime('%Y-%m-%d %H:%M:%S.000000000 (UTC)')},
              name + ': times by sleuthkit')
        equal(re.findall(r'(?m)^Flags: (.*)', text), ['Archive'] * 2,
              name + ': flags by sleuthkit')


@functools.lru_cache(1)
def _profile_keys():
    """What the profile puts into each control set, from its text."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        '../../fixer/profiles/mergeide.reg')
    with open(path, encoding='utf-8') as source:
        text = source.read()
    text = re.sub(r'(?m)^;.*$', '', text)
    keys = regtext.parse(text, _ROOT_KEY + '\\CurrentControlSet')
    return {key: values for key, values in keys.items() if values}


@functools.lru_cache(1)
def _disabled_services():
    """Services that parts of the profile keep from starting, upper case."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          '../../fixer/profiles')
    names = set()
    for file in os.listdir(folder):
        if file.endswith('.profile'):
            parser = configparser.ConfigParser(interpolation=None)
            parser.read(os.path.join(folder, file), encoding='utf-8')
            if parser.has_option('services', 'disable'):
                names.update(parser['services']['disable'].upper().split(';'))
    equal(len(names) > 40, True, 'the profiles disable services')
    return names


def _check_disabled(values, path):
    """A service of the profiles' does not start, and is on no list."""
    parent, _, name = path.rpartition('\\')
    for value, (_, data) in values.items():
        if parent.endswith('\\SERVICES') and value.upper() == 'START' and \
                name in _disabled_services():
            equal(int.from_bytes(data, 'little'), 4, path)
        if value.upper() in ('UPPERFILTERS', 'LOWERFILTERS'):
            listed = data.decode('utf-16-le').upper().split('\0')
            equal(_disabled_services() & set(listed), set(),
                  path + ': ' + value)
            equal(any(listed), True, path + ': an empty ' + value)


class Registry:
    """Checks SYSTEM hives; one that was looked at is not read again."""

    def __init__(self, folder):
        self.folder = folder
        self.good = {}          # checksum of the hive -> control sets

    def check(self, data, windows, root):
        """
        All keys and values of the profile are in the control sets that
        Select names, by both readers, and the readers agree on all there is.
        """
        key = hashlib.sha256(data).hexdigest(), windows.named_control_sets
        if key in self.good.items():
            return
        path = os.path.join(self.folder, 'SYSTEM')
        with open(path, 'wb') as output:
            output.write(data)
        found = _by_hivexregedit(path)
        equal(_by_reged(path), found, root + ': reged and hivexregedit')
        for number in windows.named_control_sets:
            self.check_set(found, 'CONTROLSET%03d' % number)
        check_lists(data, windows)
        self.good[key[0]] = key[1]

    def check_set(self, found, name):
        missing = [(key, value) for key, values in _profile_keys().items()
                   for value, what in values.items()
                   if found.get(name + '\\' + key, {}).get(value) != what]
        equal(missing, [], name)
        for path, values in found.items():
            if path.startswith(name + '\\'):
                _check_disabled(values, path)


def _by_hivexregedit(path):
    _, text = run('hivexregedit', '--export', path, '\\', text=True,
                  encoding='latin-1', stderr=None)
    return regtext.parse(text)


def _by_reged(path):
    run('reged', '-x', path, _ROOT_KEY, '\\', path + '.reg')
    with open(path + '.reg', encoding='latin-1', newline='') as source:
        return regtext.parse(source.read(), _ROOT_KEY)


def check_lists(data, windows):
    """Subkey lists are of the kind that this Windows knows."""
    size, = struct.unpack_from('<I', data, 40)
    kinds, at = set(), 4096
    while at < 4096 + size:
        end = at + struct.unpack_from('<I', data, at + 8)[0]
        at += 32
        while at < end:
            length, = struct.unpack_from('<i', data, at)
            if length < 0 and data[at + 4:at + 6] in (b'lf', b'lh', b'li'):
                kinds.add(data[at + 4:at + 6])
            at += abs(length)
    equal(kinds, {b'lf' if windows.hive_minor < 5 else b'lh'},
          'kinds of subkey lists')
