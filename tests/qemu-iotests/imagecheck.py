"""What the iotests about VMDKs and about agreement share: bytes of images.

Holes are skipped, so that a large disk with little in it takes no time.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import hashlib
import os
import random
import re
import subprocess

import guestcheck as g
import iotests
from vmdkmaker import SECTOR, data_runs


def in_test_dir(*names):
    """Paths in the test's directory."""
    paths = [os.path.join(g.DIR, name) for name in names]
    return paths[0] if len(paths) == 1 else paths


def difference(path, should_be):
    """Says where two files differ; '' if they do not."""
    sizes = os.path.getsize(path), os.path.getsize(should_be)
    if sizes[0] != sizes[1]:
        return f'{sizes[0]} bytes instead of {sizes[1]}'
    for one, other in (path, should_be), (should_be, path):
        with open(one, 'rb') as file, open(other, 'rb') as peer:
            for at, data in data_runs(file):
                also = os.pread(peer.fileno(), len(data), at)
                if data != also:
                    at += next(i for i, (a, b) in enumerate(zip(data, also))
                               if a != b)
                    return f'differs at byte {at}'
    return ''


def difference_of_zeros(path, start):
    """Says where a file has other bytes than zeros from an offset on."""
    with open(path, 'rb') as file:
        for at, data in data_runs(file):
            rest = data[max(start - at, 0):]
            if rest.count(0) != len(rest):
                return f'has data behind byte {max(at, start)}'
    return ''


def differing_runs(old, new):
    """Offset and length of the runs of sectors in which two disks differ."""
    sectors = set()
    for one, other in (old, new), (new, old):
        with open(one, 'rb') as file, open(other, 'rb') as peer:
            for at, data in data_runs(file):
                also = os.pread(peer.fileno(), len(data), at)
                if data != also:
                    sectors.update(
                        (at + i) // SECTOR for i in range(0, len(data), SECTOR)
                        if data[i:i + SECTOR] != also[i:i + SECTOR])
    runs = []
    for sector in sorted(sectors):
        if runs and runs[-1][0] + runs[-1][1] == sector * SECTOR:
            runs[-1][1] += SECTOR
        else:
            runs.append([sector * SECTOR, SECTOR])
    return [tuple(run) for run in runs]


def bytes_at(path, offset, length):
    """Part of a file."""
    with open(path, 'rb') as file:
        return os.pread(file.fileno(), length, offset)


def io_reads(node, commands):
    """What qemu-io reads: the bytes of each command, and what it says."""
    args = ['-r', '--image-opts']
    for command in commands:
        args += ['-c', command]
    reads = [b'']
    said = []
    for line in iotests.qemu_io(*args, node).stdout.splitlines():
        dump = re.match('[0-9a-f]{8,}:  ((?:[0-9a-f]{2} )+)', line)
        if dump:
            reads[-1] += bytes.fromhex(dump.group(1))
        elif line.startswith('read '):
            reads.append(b'')
        elif ' ops; ' not in line:
            said.append(line)
    return reads[:-1], said


def fingerprint(path):
    """Size and checksum of a file, with where its holes are."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for at, data in data_runs(file):
            digest.update(b'%d ' % at + data)
    return os.path.getsize(path), digest.hexdigest()


def fingerprints(directory):
    """The same for all files of a disk."""
    return {name: fingerprint(os.path.join(directory, name))
            for name in sorted(os.listdir(directory))}


def copy(source, out, size=None):
    """A copy of a raw disk, or of more or less than that."""
    subprocess.run(['cp', '--sparse=always', source, out], check=True)
    if size:
        os.truncate(out, size)
    return out


def scribble(path, places, seed, length=SECTOR):
    """Writes bytes that cannot be compressed to some places of a disk."""
    noise = random.Random(seed)
    with open(path, 'r+b') as file:
        for place in places:
            file.seek(place)
            file.write(noise.randbytes(length))


def show(text):
    """A message without what differs from run to run."""
    return text.replace(g.DIR, 'TEST_DIR').rstrip('\n')


def log_refused(what, disk, *more, fmt='vmdk'):
    """Converts, which must fail at open; shows how."""
    out = in_test_dir('refused.img')
    res = g.convert(disk, out, *more, fmt=fmt, check=False)
    iotests.log(f'== {what} ==')
    iotests.log(show(res.stdout))
    if res.returncode != 1 or res.stdout.count('\n') != 1:
        iotests.log(f'NOT WELL REFUSED: status {res.returncode}')
    if os.path.exists(out):
        iotests.log('A TARGET IS LEFT')
        os.unlink(out)
