"""
qemu-img and win-xenfix: where they are, how they are called, how they end

No shell is between: each argument is handed over as it is.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import ctypes
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from typing import Any, List, Optional, Sequence

from .errors import Failed, Stopped, printable
from .manifest import Guest, NODE, split

DRIVER = 'win-xenprep'
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

# What a tool says besides: nothing of it is why it failed.
BESIDES = re.compile(r'[^:]*: (info|warning): ')
# The formats in qemu-img's help: on that line, or since QEMU 10 below it.
FORMATS = re.compile(r'^Supported (?:image )?formats:(.*\n(?:\n?(?: .*\n)+)?)',
                     re.M)


class Ended:
    """A tool that has ended."""

    def __init__(self, name: str, status: int, out: bytes, err: bytes):
        self.name = name
        self.status = status
        self.out = out.decode(errors='replace')
        self.err = err.decode(errors='replace')

    def json(self) -> Any:
        """What it printed, if that is JSON."""
        try:
            return json.loads(self.out)
        except ValueError:
            raise Failed(f'{self.name}: its output is no JSON') from None

    def cause(self) -> str:
        """The line that says why it did not do what it was to do."""
        if self.status < 0:
            name = signal.Signals(-self.status).name
            return f'{self.name} was ended by {name}' + (
                ': out of memory?' if name == 'SIGKILL' else '')
        lines = [line for line in self.err.splitlines()
                 if line.strip() and not BESIDES.match(line)]
        said = [line for line in lines if line.startswith(self.name + ': ')]
        for line in [*said, *reversed(lines)]:
            return printable(line)
        return f'{self.name} ended with status {self.status}'


class Tools:
    """The patched tools.

    @keep is a file that children hold open as long as they live.
    """

    def __init__(self, keep: Optional[int] = None) -> None:
        self.keep = keep

    def call(self, name: str, *arguments: str, cwd: str) -> Ended:
        """Runs one.  It does not outlive us, whatever happens to us."""
        parent = os.getpid()

        def not_alone() -> None:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        with subprocess.Popen(
                [find(name), *arguments], cwd=cwd, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                pass_fds=[] if self.keep is None else [self.keep],
                preexec_fn=not_alone) as process:
            try:
                out, err = process.communicate()
            except BaseException:
                process.kill()
                raise
        # A batch system may signal it before us.
        if -process.returncode in (signal.SIGTERM, signal.SIGINT,
                                   signal.SIGHUP):
            raise Stopped(-process.returncode)
        return Ended(name, process.returncode, out, err)


def find(name: str) -> str:
    """The tool of the installation that this program is of, or of PATH."""
    here = os.path.dirname(os.path.realpath(sys.argv[0]))
    for folder in (os.path.join(here, '../lib/win-xenprep/bin'), here):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return os.path.normpath(path)
    path = shutil.which(name) or ''
    if not path:
        raise Failed(f'{name} was not found: install win-xenprep, or put its '
                     'tools into PATH')
    return path


def quote(value: str) -> str:
    """A value of QEMU's options."""
    return value.replace(',', ',,')


def file_node(path: str, prefix: str) -> List[str]:
    """A file or a block device, as QEMU is to open it."""
    try:
        block = stat.S_ISBLK(os.stat(path).st_mode)
    except OSError:
        block = False
    return [f'{prefix}driver={"host_device" if block else "file"}',
            f'{prefix}filename={quote(path)}']


def disk_node(guest: Guest, prefix: str = '') -> List[str]:
    """The source's disk, as it is."""
    below = prefix + 'file.'
    if guest.source.startswith(NODE):
        inner = [below + option for option in split(guest.source)]
    else:
        inner = file_node(guest.source, below)
    return [f'{prefix}driver={guest.source_format}', *inner]


def prepared_node(guest: Guest, report: str) -> List[str]:
    """The source's disk, prepared; @report is written on the way."""
    return ['driver=' + DRIVER, *split(guest.options),
            'report=' + quote(report), *disk_node(guest, 'file.')]


def made_node(path: str, image_format: str) -> List[str]:
    """An image that we have made."""
    return [f'driver={image_format}', *file_node(path, 'file.')]


def image_options(node: Sequence[str]) -> List[str]:
    """As the tools take it."""
    return ['--image-opts', ','.join(node)]


def formats(tools: Tools, cwd: str) -> List[str]:
    """What qemu-img can open or make."""
    ended = tools.call('qemu-img', '--help', cwd=cwd)
    match = FORMATS.search(ended.out)
    if not match:
        raise Failed(ended.cause())
    found = match.group(1).split()
    if DRIVER not in found:
        raise Failed(f'{find("qemu-img")} has no driver {DRIVER}: install '
                     'win-xenprep, or put its tools first into PATH')
    return found
