"""What the iotests with a fake helper share.

The fake follows orders (tests/fake/xenprep-fake-helper).  The disk that it
"prepares" needs no Windows.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import struct
import subprocess

import iotests
from iotests import imgfmt, log

FAKE = os.path.join(os.environ['XENPREP_SOURCE'],
                    'tests/fake/xenprep-fake-helper')

KIB = 1024
MIB = 1024 * 1024
DISK_SIZE = MIB
# the first part of the disk has data, the rest is a hole
DATA_SIZE = 256 * KIB
BASE_BYTE = 0x5a

# what a helper that behaves says first and last
START = [['hello'], ['wait', 'HELLO'], ['wait', 'REQUEST']]
END = [['report'], ['end']]

disk, out, helper = iotests.file_path('disk.img', 'out.img', 'helper')
orders, request, state, answer = iotests.file_path(
    'helper.orders', 'helper.request', 'helper.state', 'helper.read')


def install():
    """Puts the fake into the helper's place."""
    os.symlink(FAKE, helper)
    os.environ['WIN_XENPREP_HELPER'] = helper
    os.environ.pop('SOURCE_DATE_EPOCH', None)


def make_disk():
    """The disk that most tests use."""
    iotests.qemu_img('create', '-f', imgfmt, disk, str(DISK_SIZE))
    iotests.qemu_io('-f', imgfmt, '-c', f'write -P {BASE_BYTE} 0 {DATA_SIZE}',
                    disk)


def order(*steps):
    """Tells the fake helper what to do from now on."""
    with open(orders, 'w', encoding='utf-8') as file:
        json.dump(steps, file)


def options(*more, path=disk, fmt=imgfmt):
    """The options of a node over a disk."""
    return ','.join(['driver=win-xenprep', f'file.driver={fmt}',
                     f'file.file.filename={path}', *more])


def options_for_zeros(*more, **kwargs):
    """The same, with the option that allows the helper to send zeros."""
    return options('discard-free=on', *more, **kwargs)


def run(*args, **kwargs):
    """Runs qemu-img; returns its outcome."""
    return subprocess.run(iotests.qemu_img_args + list(args), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding='utf-8', errors='backslashreplace',
                          **kwargs)


def environment(**variables):
    """An environment for one command."""
    return {**os.environ, **variables}


def filtered(text):
    """Output without what differs from run to run."""
    return iotests.filter_testfiles(text).rstrip('\n')


def refused(what, *more, node=None, **kwargs):
    """Converts, which must fail; shows how."""
    node = node or options(*more)
    log(f'== {what} ==')
    if os.path.exists(out):
        os.unlink(out)
    res = run('convert', '-O', 'raw', '--image-opts', node, out, **kwargs)
    # the name of the node is long, and tells nothing here
    log(filtered(res.stdout.replace(node, 'NODE', 1)))
    if res.returncode != 1 or res.stdout.count('\n') != 1 or \
            not res.stdout.rstrip('\n').isprintable():
        log(f'NOT WELL REFUSED: status {res.returncode}')
    if os.path.exists(out):
        log('A TARGET IS LEFT')


def saved_request():
    """What the client has asked the helper for, once."""
    with open(request, 'rb') as file:
        data = file.read()
    os.unlink(request)
    verb, mode, count = struct.unpack_from('<III', data)
    at = 12
    sources = []
    for _ in range(count):
        size, length = struct.unpack_from('<QI', data, at)
        name = data[at + 12:at + 12 + length].decode()
        sources.append(f'{name}: {size}')
        at += 12 + length
    return {'verb': verb, 'mode': mode, 'sources': sources,
            'options': json.loads(data[at:])}
