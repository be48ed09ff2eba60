"""
The disk that the targets engine and helper damage, and seeds made of it

docs/fuzzing.rst tells what the inputs are like; fuzz-base.h has the layout of
the disk's file.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import re
import socket
import struct
import subprocess

import guest
import hostile_regions
import ntfs
import recipes

HERE = os.path.dirname(os.path.abspath(__file__))

# Small, whole, and there is something to do about it
KIND = 'boot-unprepared'

_SECTOR = 512

# xenprep-protocol.h
_HELLO, _REQUEST, _READ, _READ_REPLY, _, _, _, _ERROR, _END = range(1, 10)
_PREPARE, _INSPECT, _CHECK = 1, 2, 3
_PLAN, _APPLY = 0, 1

_IDE = {'profile': 'ide'}
_REQUESTS = {
    'plan': (_PREPARE, _PLAN, dict(_IDE, details=True, witnesses=True)),
    'apply': (_PREPARE, _APPLY, dict(_IDE, force=['dirty-volume'])),
    'options': (_PREPARE, _APPLY, dict(
        _IDE, **{'without': ['ntfs-heads'], 'windows': '1:\\WINDOWS',
                 'auto-reboot': 'off', 'require-guest': False,
                 'dirty-hive': 'use-primary', 'source-date-epoch': 1})),
    'files': (_PREPARE, _APPLY, {
        'profile-source': 1, 'container-source': 3, 'reg-sources': [2, 1],
        'driver-sources': [3, 1]}),
    'inspect': (_INSPECT, _PLAN, {}),
    'check': (_CHECK, _PLAN, {'machine': 'xen-hvm'}),
}
_OTHER_FILE = b'REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A]\n"b"="c"\n'


def find_guest(cache, populate):
    """The path of the guest's disk in the folder @cache, made if need be."""
    path = os.path.join(cache, KIND + '.raw')
    if not os.path.exists(path):
        guest.make(recipes.find(KIND), path, '',
                   populate or ntfs.find_populate(guest.HERE))
    return path


def region_names():
    """Their names, in the order of their numbers."""
    with open(os.path.join(HERE, 'engine-regions.txt'),
              encoding='utf-8') as file:
        lines = file.read().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def _short(name):
    """Without the partition, and the number of a record."""
    name = name.removeprefix('partition 1: ')
    match = re.fullmatch(r'record \d+ \((.*)\)', name)
    return 'record ' + match[1] if match else name


def regions(path):
    """(offset, length) of each region of the disk, in their order."""
    with open(path + '.json', encoding='utf-8') as file:
        truth = json.load(file)
    with open(path, 'rb') as disk:
        found = {}
        for name, region in hostile_regions.find(disk, truth).items():
            found.setdefault(_short(name), region)
    # Of one in several pieces the first.
    return [found[name].extents[0] for name in region_names()]


def _runs(data):
    """(offset, bytes) of what is not zero."""
    zeros, start = bytes(_SECTOR), None
    for at in range(0, len(data) + _SECTOR, _SECTOR):
        sector = data[at:at + _SECTOR]
        if sector and sector != zeros[:len(sector)]:
            start = at if start is None else start
        elif start is not None:
            yield start, data[start:at]
            start = None


def base_file(path):
    """The file for XENPREP_FUZZ_BASE."""
    with open(path, 'rb') as file:
        data = file.read()
    places = regions(path)
    base = struct.pack('<QI', len(data), len(places))
    for offset, length in places:
        base += struct.pack('<QI', offset, length)
    return base + b''.join(struct.pack('<QI', offset, len(run)) + run
                           for offset, run in _runs(data))


def _edit(region, at, data):
    return struct.pack('<IB', region | at << 8, len(data) - 1) + data


def engine_seeds():
    """Each verb on the disk as it is, and some damage in each region."""
    names = region_names()
    for verb in range(4):
        for flags in (0, 0x0c, 0x3f):
            yield 'verb%d-%02x' % (verb, flags), bytes([verb, flags])
    for number, name in enumerate(names):
        at = 0x1b if 'boot sector' in name else 0x16
        yield 'region%02d' % number, bytes([number % 4, 0x0c]) + _edit(
            number, at, b'\xff')
        yield 'more%02d' % number, bytes([(number + 1) % 4, 7]) + _edit(
            number, 0x38, b'\0\0\0\0') + _edit(number, 0x80, b'\x01')


def _request(verb, mode, options, size, others):
    sources = [(size, b'disk')] + [(len(_OTHER_FILE), name)
                                   for name in others]
    return struct.pack('<III', verb, mode, len(sources)) + b''.join(
        struct.pack('<QI', length, len(name)) + name
        for length, name in sources) + json.dumps(options).encode()


def _part(data):
    return struct.pack('<I', len(data)) + data


def helper_seeds(path):
    """Requests, and how their READs are answered."""
    size = os.path.getsize(path)
    for name, (verb, mode, options) in _REQUESTS.items():
        others = [b'my.profile', b'my.reg', b'ATAPI.SY_'] \
            if 'profile-source' in options else []
        request = _part(_request(verb, mode, options, size, others)) + \
            _part(_OTHER_FILE)
        yield name, request + b'\x7f' * 16
        for lie in range(0x80, 0x85):
            yield '%s-lie%x' % (name, lie), request + bytes([5, lie])
        yield name + '-bytes', request + b'\x02\x85\x0c' + struct.pack(
            '<III', _READ_REPLY, 4, 5)
        yield name + '-edit', request + b'\x03\x86' + _edit(
            14, 0x30, b'\xff') + b'\x7f' * 8


class _Helper:
    """A helper that serves one request; keeps all that it sends."""

    def __init__(self, program):
        self.sock, theirs = socket.socketpair()
        self.process = subprocess.Popen(    # pylint: disable=R1732
            [program, '--sandbox=auto'], stdin=theirs, env={})
        theirs.close()
        self.stream = b''

    def take(self, length):
        """The next @length bytes; they are all there."""
        data = b''
        while len(data) < length:
            more = self.sock.recv(length - len(data))
            if not more:
                raise ntfs.BuildError('the helper has ended without a word')
            data += more
        self.stream += data
        return data

    def receive(self):
        """Type and payload of a message."""
        kind, length = struct.unpack('<II', self.take(8))
        return kind, self.take(length)

    def send(self, kind, payload):
        """Sends one message."""
        self.sock.sendall(struct.pack('<II', kind, len(payload)) + payload)

    def serve(self, disk):
        """Answers READs up to the end."""
        while True:
            kind, payload = self.receive()
            if kind in (_ERROR, _END):
                return
            if kind == _READ:
                _, length, offset = struct.unpack('<IIQ', payload)
                disk.seek(offset)
                self.send(_READ_REPLY, bytes(4) + disk.read(length))


def _record(program, path, verb, mode, options):
    """HELLO and all else that the helper sends."""
    helper = _Helper(program)
    try:
        _, hello = helper.receive()
        # Both have the same version.
        helper.send(_HELLO, hello)
        helper.send(_REQUEST, _request(verb, mode, options,
                                       os.path.getsize(path), []))
        with open(path, 'rb') as disk:
            helper.serve(disk)
    finally:
        helper.sock.close()
        helper.process.wait(10)
    return helper.stream


def _without_reads(stream):
    """The messages that are no READs, but for the first two of these."""
    kept, at, reads = b'', 0, 0
    while at < len(stream):
        kind, length = struct.unpack_from('<II', stream, at)
        reads += kind == _READ
        if kind != _READ or reads < 3:
            kept += stream[at:at + 8 + length]
        at += 8 + length
    return kept


def client_seeds(program, path):
    """What a helper really sends, and what none would."""
    hello = 20
    for flags, name in enumerate(('plan', 'apply', 'inspect', 'check')):
        stream = _without_reads(_record(program, path, *_REQUESTS[name]))
        yield name, bytes([flags]) + stream
        yield name + '-greeted', bytes([flags | 16]) + stream[hello:]
        yield name + '-fails', bytes([flags | 4 | 16]) + stream[hello:]
    yield 'error', bytes([16]) + struct.pack('<II', _ERROR, 5) + b'\xffa\nb\0'
    yield 'huge', bytes([16]) + struct.pack('<II', 5, 0xffffffff)
    yield 'zeros', bytes([17]) + struct.pack('<IIQQ', 6, 16, 512, 1 << 20)
