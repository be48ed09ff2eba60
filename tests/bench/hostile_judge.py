"""
Puts a hostile disk before qemu-img and win-xenfix, and judges what they say

A disk is prepared, or refused in one clear line; in good time, within the
memory that is allowed, and without a word of nonsense.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import json
import os
import re
import signal
import subprocess

import hostile_disks

HANGS_AFTER = 40
SLOW_AFTER = 10
# docs/performance.rst: above what the same conversion takes without the driver
SPARE_KIB = 32 << 10
HIVE_FACTOR = 4

# What the driver is for, so that it cannot be what is wrong afterwards
INJECTED = ('controller', 'channel')
_HELPER_FAILED = re.compile("helper '.*?' |report this as a bug")
_SANITIZER = re.compile('runtime error:|Sanitizer')
_READERS = re.compile(r'(qemu-img: error while reading at byte \d+: .*\n)+')
_PATH = re.compile(r"/\S*/")

Ran = collections.namedtuple('Ran', 'status output seconds kib')


class Problem(Exception):
    """What a program should not have done."""


class Tools:
    """The programs, each of which is measured; @folder is for scratch."""

    def __init__(self, folder, programs, helper, usage):
        self.folder = folder
        self.qemu_img = os.path.join(programs, 'qemu-img')
        self.xenfix = os.path.join(programs, 'win-xenfix')
        self._usage = os.path.join(folder, 'hostile-usage')
        self._lines = os.path.join(folder, 'lines')
        self._link = os.path.join(folder, 'helper')
        os.symlink(usage, self._usage)
        os.symlink(usage, self._link)
        os.symlink(helper, self._link + '.real')
        with open(helper, 'rb') as file:
            self.sanitized = b'__asan_init' in file.read()
        self._seconds = 0
        self.clear()

    def clear(self):
        """Forgets what was measured."""
        self.slowest = (0, '')
        self.largest = 0

    def run(self, *command):
        """Runs one; peaks of it and of the helper are added up."""
        for path in (self._lines, self._link + '.usage'):
            if os.path.exists(path):
                os.unlink(path)
        output, hung = self._wait([self._usage, self._lines, *command])
        if hung:
            raise Problem('hangs: ' + ' '.join(command))
        status, kib, _ = self._read(self._lines)[0]
        helpers = self._read(self._link + '.usage')
        ran = Ran(status, output, self._seconds,
                  kib + max([line[1] for line in helpers], default=0))
        name = os.path.basename(command[0]) + ' ' + command[1]
        self.slowest = max(self.slowest, (ran.seconds, name))
        self.judge_end(ran, helpers, command)
        return ran

    def _wait(self, command):
        start = os.times().elapsed
        with subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ,
                     'WIN_XENPREP_HELPER': self._link}) as process:
            try:
                output, hung = process.communicate(timeout=HANGS_AFTER)[0], 0
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, hung = process.communicate()[0], 1
        self._seconds = os.times().elapsed - start
        return output.decode(errors='backslashreplace'), hung

    @staticmethod
    def _read(path):
        if not os.path.exists(path):
            return []
        with open(path, encoding='ascii') as file:
            return [tuple(map(int, line.split())) for line in file]

    def judge_end(self, ran, helpers, command):
        """What no disk may bring about."""
        what = os.path.basename(command[0]) + ' ' + command[1]
        if os.WIFSIGNALED(ran.status):
            raise Problem('%s: signal %d' % (what, os.WTERMSIG(ran.status)))
        for status, _, _ in helpers:
            if os.WIFSIGNALED(status) or os.WEXITSTATUS(status) > 1:
                raise Problem('%s: the helper ends with %d: %s'
                              % (what, status, ran.output))
        if _SANITIZER.search(ran.output):
            raise Problem(what + ': ' + ran.output)
        if ran.seconds > SLOW_AFTER and not self.sanitized:
            raise Problem('%s: takes %.1f s' % (what, ran.seconds))


def check_line(ran):
    """A failure is one line that can be shown."""
    line = ran.output[:-1]
    if _READERS.fullmatch(ran.output):
        # qemu-img reads at several places at once, and each may fail.
        return line.splitlines()[0]
    if not ran.output.endswith('\n') or not line.isprintable() or \
            not line.strip():
        raise Problem('not one line: %r' % ran.output)
    if _HELPER_FAILED.search(line):
        raise Problem(line)
    return line


def general(line):
    """A message without what differs from disk to disk."""
    line = re.sub("^qemu-img: (Could not open '.*?': )?|^win-xenfix: ", '',
                  line)
    line = _PATH.sub('', line)
    line = re.sub(r"'[^']*'|\\.*?(?=[:,;]|$)", 'X', line)
    return re.sub(r'\b(0x)?[0-9a-f]*\d[0-9a-f]*\b', 'N', line)[:160]


def partition_in(disk, folder, path, name):
    """What is where Windows' partition was, as a file of its own."""
    number = disk.truth['windows']['partition']
    partition = disk.truth['partitions'][number - 1]
    out = os.path.join(folder, name)
    with open(out, 'wb') as target:
        hostile_disks.rawdisk.copy_sparse(
            path, target, 0, partition['start'],
            partition['start'] + partition['size'])
        target.truncate(partition['size'])
    return out


class Judge:
    """All about disks in one worker."""

    def __init__(self, tools):
        self.tools = tools
        self.target = os.path.join(tools.folder, 'target.raw')
        self.plain = {}
        self.messages = collections.Counter()

    def node(self, disk, path=None):
        """The options of the driver over a disk, or over the raw @path."""
        driver = 'raw' if path else disk.driver
        return 'driver=win-xenprep,file.driver=%s,file.file.filename=%s' % (
            driver, path or disk.path)

    def limit(self, disk):
        """How much memory converting it may take, in KiB."""
        if disk.source not in self.plain:
            self.plain[disk.source] = self.convert_plainly(disk)
        hive = max((entry['size'] for entry in disk.truth['files']
                    if '\\config\\' in entry['path'].lower() and
                    not entry['directory']), default=0)
        return self.plain[disk.source] + SPARE_KIB + \
            HIVE_FACTOR * (hive >> 10)

    def convert_plainly(self, disk):
        """What it takes without the driver; the disk is whole."""
        ran = self.tools.run(self.tools.qemu_img, 'convert', '-f',
                             disk.driver, '-O', 'raw', disk.path,
                             self.target)
        os.unlink(self.target)
        return ran.kib

    def convert(self, disk, limit):
        """Returns None if it was converted, else the message."""
        if os.path.exists(self.target):
            os.unlink(self.target)
        ran = self.tools.run(self.tools.qemu_img, 'convert', '-O', 'raw',
                             '--image-opts', self.node(disk), self.target)
        self.tools.largest = max(self.tools.largest, ran.kib)
        if ran.kib > limit and not self.tools.sanitized:
            raise Problem('convert: %d KiB, the limit is %d; %s'
                          % (ran.kib, limit, ran.output))
        if ran.status == 0:
            if ran.output:
                raise Problem('convert says, with status 0: ' + ran.output)
            return None
        line = check_line(ran)
        if os.path.exists(self.target) and 'Could not open' in line:
            raise Problem('a target is left: ' + line)
        self.messages[general(line)] += 1
        return line

    def check(self, path, driver):
        """The state of each link, or None and the message."""
        ran = self.tools.run(self.tools.xenfix, 'check', '--output=json',
                             '-f', driver, path)
        status = os.WEXITSTATUS(ran.status)
        if status == 3:
            line = check_line(ran)
            self.messages[general(line)] += 1
            return None, line
        report = json.loads(ran.output)
        if status != ('yes', 'no', 'unknown').index(report['boots']):
            raise Problem('check: status %d, %s' % (status,
                                                    report['boots']))
        return {link['name']: link for link in report['links']}, ''

    def again(self, disk):
        """The target is prepared: it needs nothing more."""
        ran = self.tools.run(self.tools.qemu_img, 'info', '--output=json',
                             '--image-opts', self.node(disk, self.target))
        if ran.status:
            raise Problem('a second conversion: ' + ran.output)
        report = json.loads(ran.output)['format-specific']['data']
        if report['patches'] or report['changes']:
            raise Problem('a second conversion changes: %s'
                          % report['changes'])

    def agree(self, disk, before):
        """What check says of the target goes with what it said before."""
        after, message = self.check(self.target, 'raw')
        if after is None:
            raise Problem('check of the target: ' + message)
        for name, link in after.items():
            was = (before or {}).get(name, {}).get('state')
            if link['state'] == 'broken' and (name in INJECTED or
                                              was == 'ok'):
                raise Problem('check of the target: %s: %s, %s'
                              % (name, link['text'],
                                 link.get('stop-code')))
        return after

    def by_ntfsresize(self, disk):
        """A volume that ntfsresize finds no fault with still has none."""
        if disk.driver != 'raw':
            return
        complaints = []
        for path in (disk.path, self.target):
            volume = partition_in(disk, self.tools.folder, path,
                                  'volume.ntfs')
            result = subprocess.run(
                ['ntfsresize', '-i', '-f', volume], check=False, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, errors='replace',
                timeout=HANGS_AFTER)
            complaints.append((result.returncode, result.stdout))
        if complaints[0][0] == 0 and complaints[1][0]:
            raise Problem('ntfsresize: ' + complaints[1][1][-1000:])

    def judge(self, disk, limit, by_others):
        """One word for how it ended."""
        stamp = [os.stat(path).st_mtime_ns for path in disk.files()]
        before, _ = self.check(disk.path, disk.driver)
        message = self.convert(disk, limit)
        if [os.stat(path).st_mtime_ns for path in disk.files()] != stamp:
            raise Problem('the source was written')
        if message is not None:
            return 'read error' if os.path.exists(self.target) else \
                'refused'
        self.again(disk)
        self.agree(disk, before)
        if by_others:
            self.by_ntfsresize(disk)
        return 'converted'
