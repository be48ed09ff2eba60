"""
One cell of the matrix: a Windows, a state of its drivers, a layout

The guest is built, prepared by qemu-img as a user would, and the result
judged by readers that are not ours.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import re
import shutil
import subprocess

import disk
import places
import readers
import states
from guest import Guest
from tap import Skip, equal

_READERS = {'7z': readers.tree_by_7zip,
            'sleuthkit': readers.tree_by_sleuthkit,
            'libfsntfs': readers.tree_by_libfsntfs}
_SYSTEM = '\\SYSTEM32\\CONFIG\\SYSTEM'
_BOOT_INI = 'BOOT.INI'
# What a disk on IDE is not started by, and what becomes of it
_ARC_BEYOND_IDE = re.compile(rb'(scsi|signature)\(\w+\)disk\(0\)rdisk\(0\)')
_ARC_OF_IDE = b'multi(0)disk(0)rdisk(0)'
_DRIVERS = '\\SYSTEM32\\DRIVERS\\'


# In an NTFS boot sector: the number of heads, two bytes
_HEADS = 0x1a
_BLOCK = 1 << 20


def read_at(file, offset, size):
    """Bytes of an open file."""
    file.seek(offset)
    return file.read(size)


def differences(old, new, start, end):
    """Where two open files differ from @start to @end, byte by byte."""
    for at in range(start, end, _BLOCK):
        size = min(_BLOCK, end - at)
        before, after = read_at(old, at, size), read_at(new, at, size)
        if before != after:
            yield from (at + index for index in range(size)
                        if before[index] != after[index])


def available_readers():
    """The names of the readers that there are."""
    try:
        readers.need_libfsntfs()
    except Skip:
        return [name for name in _READERS if name != 'libfsntfs']
    return list(_READERS)


class Tools:
    """What every cell needs: programs, and a folder for its files."""

    def __init__(self, work, qemu_img, populate):
        self.work = work
        self.qemu_img = qemu_img
        self.populate = populate
        self.registry = readers.Registry(work)
        self.readers = available_readers()

    def path(self, name):
        """A file in the folder."""
        return os.path.join(self.work, name)


class Cell:
    """A guest under test."""

    def __init__(self, tools, windows, layout, state):
        self.tools = tools
        self.layout = layout
        self.state = state
        self.windows = layout.windows(windows)
        self.source = tools.path('source.raw')
        self.options = [option.format(root=self.windows.system_root)
                        for option in layout.options]
        self.guest = None

    def run(self):
        """Raises AssertionError unless all is as it should be."""
        self.build()
        before = readers.digest(self.source)
        refusal = self.layout.refuses(self.state) or self.state.refusal
        if refusal:
            self.check_refused(refusal)
        else:
            self.check_report()
            self.check_prepared()
        equal(readers.digest(self.source), before, 'the source image')

    def build(self):
        """The disk, and what the user brings along."""
        def edit(tree, windows):
            for place, there in self.state.there.items():
                if not places.is_users(place):
                    places.fill_guest(place, tree, windows, states.contents(
                        windows, there))
        host = self.tools.path('host')
        shutil.rmtree(host, ignore_errors=True)
        paths = []
        for place, there in self.state.there.items():
            if places.is_users(place):
                paths += places.fill_host(
                    place, host, self.windows,
                    states.contents(self.windows, there))
        if len(paths) == 1:
            self.options.append('driver-source=' + paths[0])
        else:
            self.options += ['driver-source.%d=%s' % item
                             for item in enumerate(paths)]
        recipe = self.layout.recipe(self.windows, self.state, (edit,))
        self.guest = Guest(recipe, self.tools.work, '', self.tools.populate)
        with open(self.source, 'w+b') as raw:
            self.guest.build(raw)

    def qemu_img(self, verb, path, *more, options=()):
        """Runs qemu-img on the disk @path, through the driver."""
        text = ','.join(['driver=win-xenprep', 'file.filename=' + path,
                         *options])
        result = subprocess.run(
            [self.tools.qemu_img, *verb, '-f', 'raw', '--image-opts', text,
             *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False)
        return result.returncode, result.stdout, result.stderr

    def convert(self, name):
        """Prepares the disk; the result's path."""
        out = self.tools.path(name)
        if os.path.exists(out):
            os.unlink(out)
        equal(self.qemu_img(('convert', '-O', 'raw'), self.source, out,
                            options=self.options), (0, '', ''), 'convert')
        return out

    def info(self, path, options):
        """The report."""
        status, text, errors = self.qemu_img(('info', '--output=json'), path,
                                             options=options)
        equal((status, errors), (0, ''), 'info')
        return json.loads(text)['format-specific']['data']

    # ------------------------------------------------------------- refused

    def check_refused(self, pattern):
        """One line that says why, status 1, and no target."""
        out = self.tools.path('refused.raw')
        if os.path.exists(out):
            os.unlink(out)
        status, text, errors = self.qemu_img(
            ('convert', '-O', 'raw'), self.source, out, options=self.options)
        equal((status, text, errors.count('\n')), (1, '', 1), errors)
        equal(bool(re.search(pattern, errors)), True,
              '"%s" in: %s' % (pattern, errors))
        equal(os.path.exists(out), False, 'there is a target')

    # -------------------------------------------------------------- report

    def check_report(self):
        """Which Windows it is, and where its drivers come from."""
        report = self.info(self.source, self.options)
        windows = self.windows
        found = report['windows']
        equal({key: found.get(key) for key in (
            'partition', 'system-root', 'version', 'service-pack', 'machine',
            'product-type', 'product-name', 'name', 'control-sets')}, {
            'partition': self.layout.partition,
            'system-root': windows.system_root,
            'version': '%d.%d.%d.%d' % windows.version,
            'service-pack': windows.service_pack,
            'machine': 'x64' if windows.is_64 else 'x86',
            'product-type': windows.product_type,
            'product-name': windows.product_name, 'name': windows.name,
            'control-sets': windows.named_control_sets}, 'windows')
        equal([(o['partition'], o['system-root'])
               for o in report['other-windows']], list(self.layout.others),
              'other installations')
        self.check_sources(report)
        self.check_warnings(report)
        equal([change['path'] for change in report['changes']
               if change['path'] == '\\boot.ini'],
              ['\\boot.ini'] if self.layout.rewrites else [], 'boot.ini')

    def check_sources(self, report):
        """The winner is the only place that is used; each has its reason."""
        sources = report['driver-sources']
        used = [s['path'] for s in sources if s['used']]
        winner = self.state.winner
        equal(len(used), 1 if winner else 0, 'sources used: %r' % sources)
        equal([s for s in sources if not s['reason']], [], 'reasons')
        if winner:
            equal(used[0], places.reported(winner, self.windows), 'winner')
        written = [change['path'].upper().rpartition('\\')[2].lower()
                   for change in report['changes']
                   if change['object'] == 'file'
                   and change['path'].lower().endswith('.sys')]
        equal(sorted(written), sorted(self.new_drivers()), 'files written')

    def check_warnings(self, report):
        """Of older drivers, and of what the layout has."""
        text = '\n'.join(report['warnings'])
        equal('older' in text, self.state.warns, 'warning of age: ' + text)
        if self.layout.warning:
            equal(bool(re.search(self.layout.warning, text)), True,
                  '"%s" in: %s' % (self.layout.warning, text))

    # ------------------------------------------------------------ prepared

    def check_prepared(self):
        """Two conversions, equal, of a result that needs no third."""
        out = self.convert('out.raw')
        equal(readers.digest(self.convert('again.raw')), readers.digest(out),
              'the second conversion')
        report = self.info(out, self.options)
        equal((report['patches'], report['changes']), (0, []), 'prepared')
        self.check_result(out)

    def check_result(self, out):
        """What the readers find on the disk @out."""
        self.check_outside(out)
        volume = readers.cut_partition(out, self.partition,
                                       self.tools.path('volume'))
        readers.check_volume(volume)
        self.layout.check(self, volume)
        folder = self.tools.path('tree')
        for name in self.layout.readers:
            if name in self.tools.readers:
                self.check_tree(_READERS[name](volume, folder), name)

    @property
    def partition(self):
        """The partition that holds Windows."""
        return self.guest.partitions[self.layout.partition - 1]

    def check_outside(self, out):
        """
        Partition tables, other partitions, and what is in none; but for the
        heads in the boot sector of the system partition, and in its copy.
        """
        parts = ((0, self.partition.start * disk.SECTOR),
                 (self.partition.end * disk.SECTOR, self.guest.size))
        heads = self.heads()
        with open(self.source, 'rb') as old, open(out, 'rb') as new:
            for start, end in parts:
                equal([at for at in differences(old, new, start, end)
                       if at not in heads], [],
                      "bytes outside Windows' partition")
            copies = [read_at(new, at, 2) for at in heads[::2]]
        equal(len(set(copies)) <= 1, True, 'heads in the boot sectors')

    def heads(self):
        """Where an NTFS system partition has the heads: of each byte."""
        for number, partition in enumerate(self.guest.partitions, 1):
            if partition.active and number in self.guest.trees:
                size = self.guest.volume_spec(number).sector_size
                start = partition.start * disk.SECTOR
                last = partition.sectors * disk.SECTOR // size - 1
                return [start + at + byte for at in (0, last * size)
                        for byte in (_HEADS, _HEADS + 1)]
        return []

    def new_drivers(self):
        """The drivers that must be written, with their contents."""
        if not self.state.winner:
            return {}
        taken = states.contents(self.windows,
                                self.state.there[self.state.winner])
        return {name: data for name, data in taken.items()
                if name not in self.state.kept}

    def check_tree(self, found, reader):
        """Every file of the volume is as it was or as it should be now."""
        root = self.windows.system_root[1:].upper()
        hive = found.pop(root + _SYSTEM, b'')
        if self.windows.is_2000:
            equal(found.pop(root + _SYSTEM + '.ALT', None) == hive, True,
                  reader + ': SYSTEM.ALT is as SYSTEM')
        tree = self.guest.trees[self.layout.partition]
        expected = {path.upper(): data
                    for path, data in tree.contents().items()}
        del expected[root + _SYSTEM]
        expected.pop(root + _SYSTEM + '.ALT', None)
        if reader == '7z':              # which alone extracts streams
            expected.update(tree.streams())
        if self.layout.rewrites:
            expected[_BOOT_INI] = _ARC_BEYOND_IDE.sub(_ARC_OF_IDE,
                                                      expected[_BOOT_INI])
        for name, data in self.new_drivers().items():
            expected[root + _DRIVERS + name.upper()] = data
        filler = [path for path in found if self.layout.is_filler(path)]
        equal([path for path in filler if any(found.pop(path))], [],
              reader + ': files that hold nothing')
        equal(sorted(found), sorted(expected), reader + ': files')
        equal([path for path, data in expected.items()
               if found[path] != data], [], reader + ': files that differ')
        self.tools.registry.check(hive, self.windows, root)
