"""
The programs that "make bench" runs, and how it measures them

Processor time and memory are the kernel's own count, wait4()'s: see
hostile-usage.c, which takes the helper's place to count for it, too.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '../..')
BUILD = os.path.normpath(os.path.join(SOURCE, 'build'))

HANGS_AFTER = 1800
DELAY_MS = 20

# Of one run: seconds; KiB of the client and of the helper
Sample = collections.namedtuple('Sample', 'wall cpu client helper')


class ToolError(Exception):
    """A tool does not do what it is there for."""


def _qemu_build():
    """Where the QEMU of this tree is built."""
    with open(os.path.join(BUILD, 'config.mk'), encoding='utf-8') as config:
        version = re.search(r'^QEMU_VERSION := (\S+)$', config.read(), re.M)
    return os.path.join(BUILD, 'qemu-%s' % version[1], 'build')


class Programs:
    """Ours, from the environment or as they are built here."""

    def __init__(self):
        tools = os.environ.get('XENPREP_QEMU') or _qemu_build()
        fixer = os.environ.get('XENPREP_FIXER') or \
            os.path.join(BUILD, 'fixer')
        self.qemu_img = os.path.join(tools, 'qemu-img')
        self.qemu_nbd = os.path.join(tools, 'qemu-nbd')
        self.xenfix = os.path.join(tools, 'win-xenfix')
        self.helper = os.path.join(fixer, 'fixer/win-xenprep-helper')
        self.populate = os.path.join(fixer, 'tests/guests/guest-populate')
        self.usage = os.path.join(fixer, 'tests/bench/hostile-usage')
        for path in vars(self).values():
            if not os.access(path, os.X_OK):
                raise ToolError('%s is not built: run make' % path)


class Meter:
    """Runs programs and measures them; @folder is for scratch."""

    def __init__(self, folder, programs):
        self._usage = os.path.join(folder, 'hostile-usage')
        self._lines = os.path.join(folder, 'lines')
        self._link = os.path.join(folder, 'helper')
        os.symlink(programs.usage, self._usage)
        os.symlink(programs.usage, self._link)
        os.symlink(programs.helper, self._link + '.real')
        self._environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(('LC_', 'WIN_XENPREP_', 'G_'))}
        self._environment.update(LC_ALL='C', WIN_XENPREP_HELPER=self._link)

    def run(self, command, unmeasured=0):
        """
        A Sample of one run; of the programs that it starts, only the helper
        counts.  The status may be whatever @unmeasured is, too.
        """
        for path in (self._lines, self._link + '.usage'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        start = time.perf_counter()
        with subprocess.Popen(
                [self._usage, self._lines, *command],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True,
                env=self._environment) as process:
            try:
                output = process.communicate(timeout=HANGS_AFTER)[0]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise ToolError('hangs: ' + ' '.join(command)) from None
        wall = time.perf_counter() - start
        if process.returncode not in (0, unmeasured):
            raise ToolError('%s: status %d: %s' % (
                ' '.join(command), process.returncode,
                output.decode(errors='replace').strip()))
        client, helpers = self._read(self._lines), self._read(
            self._link + '.usage')
        return Sample(wall, sum(line[2] for line in client + helpers) / 1000,
                      max(line[1] for line in client),
                      max((line[1] for line in helpers), default=0))

    @staticmethod
    def _read(path):
        """Lines of hostile-usage: status, KiB, milliseconds."""
        if not os.path.exists(path):
            return []
        with open(path, encoding='ascii') as file:
            return [tuple(map(int, line.split())) for line in file]


def interleave(runs, cases, progress=None):
    """
    Calls each of @cases (functions by name) @runs times, one after another,
    every other time in the opposite order: all meet the same moments of the
    machine.  Once before that, uncounted: their input is in memory then.
    """
    found = {name: [] for name in cases}
    for number in range(-1, runs):
        for name in sorted(cases, key=list(cases).index,
                           reverse=number % 2 == 1):
            sample = cases[name]()
            if number >= 0:
                found[name].append(sample)
        if progress:
            progress(number + 1, runs)
    return found


def medians(samples):
    """One Sample that has the median of each number."""
    return Sample(*map(statistics.median, zip(*samples)))


def ratio(samples, plain, what, less=0.0):
    """
    The median of what each run took of what the plain one beside it took;
    @less is taken off first.
    """
    return statistics.median(
        (getattr(a, what) - less) / max(getattr(b, what), 1e-9)
        for a, b in zip(samples, plain))


# ------------------------------------------------------------- remote sources

def _wait_for(path, process):
    for _ in range(1000):
        if os.path.exists(path):
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise ToolError('the NBD server does not start')


@contextlib.contextmanager
def remote(image, folder, programs):
    """
    Serves a raw image, each request 20 ms late.  Gives the socket, the name of
    the server, and a file that lists the requests or None.
    """
    sock = os.path.join(folder, 'nbd.sock')
    log = os.path.join(folder, 'nbd.log')
    nbdkit = shutil.which('nbdkit')
    if nbdkit:
        delay = '%dms' % DELAY_MS
        command = [nbdkit, '-f', '-r', '--exit-with-parent', '-U', sock,
                   '--filter=log', '--filter=delay', 'file', image,
                   'rdelay=' + delay, 'delay-extents=' + delay,
                   'logfile=' + log]
    else:
        # No delay, but as many requests in a second, one after another.
        log = None
        command = [programs.qemu_nbd, '-r', '-t', '-k', sock, '--object',
                   'throttle-group,id=late,x-iops-total=%d'
                   % (1000 // DELAY_MS), '--image-opts',
                   'driver=throttle,throttle-group=late,file.driver=raw,'
                   'file.file.filename=' + image]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            _wait_for(sock, process)
            yield sock, os.path.basename(command[0]), log
        finally:
            process.terminate()
            process.wait(30)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(sock)


def requests_of(log):
    """From nbdkit's log: how many reads, and of how many bytes in all."""
    with open(log, encoding='utf-8') as file:
        counts = [int(count, 16) for count in re.findall(
            r' Read id=\d+ offset=0x[0-9a-f]+ count=(0x[0-9a-f]+)',
            file.read())]
    return len(counts), sum(counts)
