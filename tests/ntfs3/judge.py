"""
What Linux's ntfs3 driver says of a volume

The driver runs in a kernel that is a program (user-mode Linux, see
build-kernel), which takes a fifth of a second and no privileges.  It works on
a copy: what it writes tells whether its idea of the volume is that of others.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import zlib
from dataclasses import dataclass, field

import disk
from tap import Skip

_HERE = os.path.dirname(os.path.abspath(__file__))
_MEMORY = '96M'
_TIMEOUT = 300                  # seconds, on a machine that has more to do

# Where the kernel has started, all of ntfs3 and of judge-init is said
_START = 'Run /init as init process'
_END = 'judge: done'
_COMPLAINT = re.compile('ntfs3: |judge: error|panic|BUG|WARNING|Call Trace')

# What judge-init writes: a folder, and files of growing size in it
_FOLDER, _FILES, _STEP = 'Written by ntfs3', 40, 733


@dataclass
class Verdict:
    """What became of a volume."""

    # Size and sum (see sums()) by path
    files: dict = field(default_factory=dict)
    # The same after files were written, and a second mount
    again: dict = field(default_factory=dict)
    # There was no room for files
    full: bool = False
    # The volume as it is then
    volume: str = ''
    complaints: list = field(default_factory=list)


def written():
    """The files that are written, as Verdict has them."""
    return sums({
        ('%s\\file number %02d.txt' % (_FOLDER, number)).upper():
        bytes([number * _STEP & 0xff]) * (number * _STEP)
        for number in range(_FILES)})


@functools.lru_cache(1)
def kernel():
    """
    The folder with the kernel, which is built if need be; Skip says what is
    missing.
    """
    folder = os.path.join(os.environ.get('XENPREP_BUILD') or
                          os.path.join(_HERE, '../../build'), 'ntfs3')
    result = subprocess.run(
        [os.path.join(_HERE, 'build-kernel'), folder],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode == 77:
        raise Skip('ntfs3: ' + result.stdout.strip())
    if result.returncode:
        raise AssertionError('ntfs3: no kernel: ' + result.stdout)
    return folder


def judge(programs, volume, folder):
    """
    The verdict on the file @volume; @folder is emptied.  @programs is what
    kernel() returned.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for name in ('dev', 'volume', 'temporary'):
        os.makedirs(os.path.join(folder, name))
    shutil.copy(os.path.join(programs, 'judge-init'),
                os.path.join(folder, 'init'))
    verdict = Verdict(volume=os.path.join(folder, 'image'))
    with open(verdict.volume, 'wb') as copy:
        copy.truncate(os.path.getsize(volume))
        disk.copy_sparse(volume, copy, 0)
    said = _run(os.path.join(programs, 'linux'), folder)
    _read_log(said, verdict)
    verdict.files = _read_list(os.path.join(folder, 'files'))
    verdict.again = _read_list(os.path.join(folder, 'again'))
    return verdict


def _run(program, folder):
    """Its messages."""
    root = os.path.abspath(folder)
    if re.search(r'\s', root):
        raise Skip('ntfs3: a blank in ' + root)
    # A comma would end the name of the image; a root must be absolute.
    command = [os.path.abspath(program), 'mem=' + _MEMORY, 'ubd0=image',
               'root=/dev/root', 'rootfstype=hostfs', 'rootflags=' + root,
               'rw', 'init=/init', 'con0=null,fd:1']
    temporary = os.path.join(root, 'temporary')
    with subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={'HOME': temporary, 'TMPDIR': temporary},
            start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=_TIMEOUT)
        except BaseException:
            # It has children, which do not end with it.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return output.decode(errors='replace')


def _read_log(said, verdict):
    if _START not in said:
        raise Skip('ntfs3: user-mode Linux does not start here: ' +
                   ' | '.join(said.splitlines()[-2:]))
    lines = said[said.index(_START):].splitlines()
    verdict.complaints = [line for line in lines if _COMPLAINT.search(line)]
    verdict.full = 'judge: full' in lines
    if _END not in lines:
        verdict.complaints.append('it did not come to its end: ' + lines[-1])


def _read_list(path):
    """What judge-init found: size and sum by path, without metadata."""
    found = {}
    try:
        with open(path, encoding='utf-8') as source:
            for line in source:
                size, crc, name = line.rstrip('\n').split(' ', 2)
                if not name.startswith('$'):
                    found[name.replace('/', '\\').upper()] = (
                        int(size), int(crc, 16))
    except FileNotFoundError:
        pass                    # it was not mounted: there is a complaint
    return found


def sums(tree):
    """The same of @tree, contents by path as readers.py has them."""
    return {path: (len(data), zlib.crc32(data))
            for path, data in tree.items()}
