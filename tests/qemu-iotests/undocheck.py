"""What the iotests of win-xenfix's changes share: a disk and its undo file.

The helper is a fake that follows orders (tests/fake/xenprep-fake-helper), so
that the disks need no Windows.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import json
import os
import re
import subprocess
import time

import iotests
from fakehelper import (
    BASE_BYTE, DISK_SIZE, START, disk, filtered, make_disk, order)
from iotests import imgfmt, log

XENFIX = os.path.join(os.environ['XENPREP_QEMU'], 'win-xenfix')
SHIM = os.environ['XENPREP_CRASH_SHIM']
WITNESSES = [{'what': 'partition 1: $LogFile', 'offset': 65536,
              'length': 8192},
             {'what': 'partition 1: $Volume', 'offset': 4096, 'length': 1024}]
REPORT = {'witnesses': WITNESSES}
# sectors 9 and 16; the second one is in a witness, 0xa5 is no base byte
PATCHES = [['patch', 4608, 'a5' * 512], ['patch', 8192, 'c3' * 512, 2]]
OTHERS = [['patch', 16384, 'b4' * 512]]
WITH_PATCHES = [*START, *PATCHES, ['report', REPORT], ['end']]

undo = disk + '.xenfix-undo'
other = iotests.file_path('other.img')
elsewhere, kept = iotests.file_path('elsewhere.undo', 'kept.undo')


def xenfix(*args, **kwargs):
    """Runs win-xenfix; returns its outcome."""
    return subprocess.run([XENFIX, *args], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding='utf-8', errors='backslashreplace',
                          **kwargs)


def clean(text):
    """Output without what differs from format to format."""
    text = filtered(text).replace(iotests.test_dir, 'TEST_DIR')
    # which lock it is depends on the format
    text = text.replace('get shared "write" lock', 'get "write" lock')
    return re.sub(rf'((?:format: |-f |driver=){imgfmt}\b)',
                  lambda match: match.group(1).replace(imgfmt, 'IMGFMT'),
                  text)


def outcome(*args, **kwargs):
    """One word for how it ended, and the message."""
    res = xenfix(*args, **kwargs)
    return f'status {res.returncode}' + (
        ': ' + clean(res.stderr) if res.stderr else '')


def drivers(*args, path=disk, **kwargs):
    """Runs drivers on an image of the format under test."""
    return outcome('drivers', '-q', '-f', imgfmt, *args, path, **kwargs)


def rollback(*args, path=disk):
    """Runs rollback."""
    return outcome('rollback', '-q', '-f', imgfmt, *args, path)


def state(*args, path=disk):
    """What status says, and its exit status."""
    res = xenfix('status', '--output=json', '-f', imgfmt, *args, path)
    if res.returncode == 3:
        return 'status 3: ' + clean(res.stderr)
    report = json.loads(res.stdout)
    return ', '.join([f'status {res.returncode}', report['state'],
                      *filter(None, [clean(report.get('difference', ''))])])


def shim(**variables):
    """An environment with the shim that ends programs, or fails."""
    return {**os.environ, 'LD_PRELOAD': SHIM,
            'CRASH_DIR': iotests.test_dir,
            **{'CRASH_' + name.upper(): str(value)
               for name, value in variables.items()}}


def fresh():
    """A disk as it was, and no undo file."""
    for path in disk, undo, undo + '.new', elsewhere, kept:
        if os.path.exists(path):
            os.unlink(path)
    make_disk()
    order(*WITH_PATCHES)


def is_as(patches, path=disk, fmt=imgfmt):
    """Whether the disk has these patches, and no others."""
    commands = []
    at = 0
    for _, offset, data, *times in patches:
        length = len(data) // 2 * (times[0] if times else 1)
        commands += [f'read -P {BASE_BYTE} {at} {offset - at}',
                     f'read -P 0x{data[:2]} {offset} {length}']
        at = offset + length
    commands.append(f'read -P {BASE_BYTE} {at} {256 * 1024 - at}')
    commands.append(f'read -P 0 {256 * 1024} {DISK_SIZE - 256 * 1024}')
    words = [word for command in commands for word in ('-c', command)]
    res = subprocess.run([*iotests.qemu_io_args, '-r', '-f', fmt, *words,
                          path], check=False, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    return res.returncode == 0 and 'Pattern' not in res.stdout


def log_state(what, patches, *args, path=disk):
    """The disk, and its undo file."""
    log(f'{what}: {"as wanted" if is_as(patches, path) else "OTHERWISE"}, '
        f'{state(*args, path=path)}')


def refused(what, got, *args, path=disk, patches=()):
    """It ended with one line, and the disk is what it was."""
    log(f'== {what} ==')
    log(got)
    if not got.startswith('status 3: ') or '\n' in got:
        log('NOT WELL REFUSED')
    if not is_as(patches, path):
        log('THE DISK IS CHANGED')


@contextlib.contextmanager
def background(*args, ready):
    """A program that runs while something is tried."""
    with subprocess.Popen(args, stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(500):
                if ready():
                    break
                time.sleep(0.02)
            yield
        finally:
            process.stdin.close()
            process.terminate()


def clean_up():
    """Removes what is not removed by itself."""
    for path in disk, other:
        for suffix in '', '.xenfix-undo', '.xenfix-undo.new':
            if os.path.exists(path + suffix):
                os.unlink(path + suffix)
    for path in elsewhere, kept:
        if os.path.exists(path):
            os.unlink(path)
