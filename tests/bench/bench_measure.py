"""
What "make bench" measures: conversions, preparing, a remote disk, the jail

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys

import bench_tools
from bench_tools import ToolError

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../unit'))

import helperclient     # noqa: E402 pylint: disable=wrong-import-position

# What the driver asks the helper for, if the user asks for nothing.
DEFAULTS = {'profile': 'ide', 'boot-ini': 'auto'}
# Conversions take seconds and "qemu-img info" some milliseconds.
SHORT_RUNS = 3


class CountedDisk:
    """A disk that counts what is read of it."""

    def __init__(self, file):
        self.file = file
        self.reads = 0
        self.bytes = 0

    def fileno(self):
        """As a file has it."""
        return self.file.fileno()

    def seek(self, offset):
        """As a file has it."""
        return self.file.seek(offset)

    def read(self, length):
        """As a file has it."""
        self.reads += 1
        self.bytes += length
        return self.file.read(length)


class Bench:
    """All measurements; what they find is in @results."""

    def __init__(self, guests, programs, folder, runs, say):
        self.guests = guests
        self.programs = programs
        self.folder = folder
        self.runs = runs
        self.say = say
        self.meter = bench_tools.Meter(folder, programs)
        self.target = os.path.join(folder, 'target.raw')
        self.results = {'conversions': [], 'preparing': [], 'reads': [],
                        'remote': []}

    # ------------------------------------------------------------ conversions

    def _node(self, name, fmt, *options):
        return ','.join(['driver=win-xenprep', 'file.driver=' + fmt,
                         'file.file.filename=' + self.guests.path(name, fmt),
                         *options])

    def _make_target(self):
        """
        All cases write into one file, the blocks of which are there: where the
        kernel finds new ones takes as long as it likes.
        """
        self.meter.run([self.programs.qemu_img, 'convert', '-f', 'raw', '-O',
                        'raw', self.guests.path('main'), self.target])

    def _convert(self, source, *options, nowhere=False):
        """A case: one conversion over the target, or to nowhere."""
        target = ['-O', 'raw', self.target]
        if nowhere:
            target = ['--target-image-opts', 'driver=null-co,size=%d'
                      % os.path.getsize(self.guests.path('main'))]
        command = [self.programs.qemu_img, 'convert', '-n',
                   '--target-is-zero', *options, *source, *target]
        return lambda: self.meter.run(command)

    def _pair(self, name, fmt, *options, **where):
        """The cases "plain" and "driver", with options of qemu-img's."""
        return (self._convert(['-f', fmt, self.guests.path(name, fmt)],
                              *options, **where),
                self._convert(['--image-opts', self._node(name, fmt)],
                              *options, **where))

    def conversions(self, fmt, state):
        """Of the guest "main" as it is now, which is the @state."""
        cases = dict(zip(('plain', 'driver'), self._pair('main', fmt)))
        if state == 'drivers missing':
            cases['discard-free'] = self._convert(
                ['--image-opts', self._node('main', fmt, 'discard-free=on')])
            if fmt == 'raw':
                cases.update(zip(
                    ('plain -m 16 -W', 'driver -m 16 -W'),
                    self._pair('main', fmt, '-m', '16', '-W')))
        else:
            cases.update(zip(
                ('plain, to nowhere', 'driver, to nowhere'),
                self._pair('main', fmt, nowhere=True)))
        self.say('converting %s, %s' % (fmt, state))
        self._make_target()
        found = bench_tools.interleave(self.runs, cases, self._progress)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.target)
        for case, samples in found.items():
            self.results['conversions'].append({
                'format': fmt, 'state': state, 'case': case,
                'beside': 'plain' + case[len('driver'):]
                          if case.startswith('driver') else 'plain',
                'samples': samples})

    def _progress(self, done, runs):
        self.say('  run %d of %d' % (done, runs) if done else '  warm')

    # -------------------------------------------------------------- preparing

    def _info(self, *arguments):
        return lambda: self.meter.run([self.programs.qemu_img, 'info',
                                       *arguments])

    def preparing(self, name, fmt, state, *options):
        """"qemu-img info" through the driver, which prepares, and without."""
        self.say('preparing %s, %s, %s' % (name, fmt, state))
        found = bench_tools.interleave(self.runs * SHORT_RUNS, {
            'plain': self._info('-f', fmt, self.guests.path(name, fmt)),
            'driver': self._info('--image-opts',
                                 self._node(name, fmt, *options))})
        self.results['preparing'].append({
            'guest': name, 'format': fmt, 'state': state, **found})
        if fmt == 'raw':
            self.reads(name, state, *options)

    def reads(self, name, state, *options):
        """What the helper reads of the disk: the conversation, counted."""
        chosen = dict(option.split('=') for option in options)
        with open(self.guests.path(name), 'rb') as file:
            disk = CountedDisk(file)
            for _ in helperclient.converse_about(
                    self.programs.helper, disk, helperclient.PREPARE,
                    helperclient.APPLY, **DEFAULTS,
                    **{key: value == 'on' for key, value in chosen.items()}):
                pass
        self.results['reads'].append({
            'guest': name, 'state': state, 'reads': disk.reads,
            'bytes': disk.bytes})

    def cabextract(self):
        """How fast libmspack streams the cabinet of one folder, by itself."""
        program = shutil.which('cabextract')
        if not program:
            return
        # Alphabetically the last of the four, so all before it is unpacked.
        command = [program, '-q', '-d', self.folder, '-F', 'pciidex.sys',
                   self.guests.cabinet]
        found = bench_tools.interleave(
            self.runs, {'cabextract': lambda: self.meter.run(command)})
        self.results['cabextract'] = found['cabextract']

    # ---------------------------------------------------------- remote, jail

    def remote(self, name, state):
        """The same with a disk that answers 20 ms late."""
        self.say('preparing a remote disk, ' + state)
        with bench_tools.remote(self.guests.path(name), self.folder,
                                self.programs) as (sock, server, log):
            source = 'driver=nbd,server.type=unix,server.path=' + sock
            below = source.replace('driver', 'file.driver').replace(
                ',server', ',file.server')
            found = bench_tools.interleave(self.runs, {
                'plain': self._info('--image-opts', source),
                'driver': self._info('--image-opts',
                                     'driver=win-xenprep,' + below)})
            requests = None
            if log:
                before = bench_tools.requests_of(log)
                self._info('--image-opts', 'driver=win-xenprep,' + below)()
                requests = [after - first for first, after in zip(
                    before, bench_tools.requests_of(log))]
        self.results['remote'].append({
            'guest': name, 'state': state, 'server': server,
            'requests': requests, **found})

    def jail(self):
        """run-jail's own figure, in milliseconds."""
        self.say('the jail')
        command = [sys.executable, os.path.join(HERE, 'run-jail'),
                   self.programs.helper, self.programs.populate]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, check=False,
                                timeout=bench_tools.HANGS_AFTER)
        figure = re.search(r'^the jail costs (-?[\d.]+) ms', result.stdout,
                           re.M)
        if not figure:
            raise ToolError('run-jail does not say what the jail costs')
        self.results['jail'] = float(figure[1])

    # -------------------------------------------------------------------- all

    def run(self):
        """Everything, in the order of the two states of the guests."""
        path = self.guests.path
        for fmt in ('raw', 'vmdk'):
            self.conversions(fmt, 'drivers missing')
            self.preparing('main', fmt, 'drivers missing')
            self.preparing('one-folder', fmt, 'drivers missing')
        self.preparing('main', 'raw', 'discard-free', 'discard-free=on')
        self.preparing('hotfixed', 'raw', 'drivers missing')
        self.preparing('huge', 'raw', 'drivers missing')
        self.cabextract()
        for name in ('main', 'one-folder'):
            self.remote(name, 'drivers missing')
        with self.guests.drivers_present(path('main'), path('main', 'vmdk'),
                                         path('huge')):
            for fmt in ('raw', 'vmdk'):
                self.conversions(fmt, 'drivers present')
                self.preparing('main', fmt, 'drivers present')
            self.preparing('huge', 'raw', 'drivers present')
            self.remote('main', 'drivers present')
        self.jail()
