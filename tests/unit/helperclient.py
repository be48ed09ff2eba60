"""
A client of win-xenprep-helper that knows no more than xenprep-protocol.h

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import re
import shutil
import socket
import struct
import subprocess

HELLO, REQUEST, READ, READ_REPLY, PATCH, ZERO, REPORT, ERROR, END = range(1,
                                                                          10)
PREPARE, INSPECT, CHECK = 1, 2, 3
PLAN, APPLY = 0, 1

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       '../../fixer/xenprep-protocol.h'),
          encoding='utf-8') as _header:
    VERSION = int(re.search(r'_PROTOCOL_VERSION (\d+)', _header.read())[1])


class HelperError(Exception):
    """What the helper says of a guest that it cannot work on."""


class _Helper:
    """A helper that serves one request."""

    def __init__(self, program):
        self.sock, theirs = socket.socketpair()
        # Leaving it waits for the helper, which ends with the socket.
        self.process = subprocess.Popen(    # pylint: disable=R1732
            [program, '--sandbox=auto'], stdin=theirs, env={})
        theirs.close()

    def send(self, kind, payload):
        self.sock.sendall(struct.pack('<II', kind, len(payload)) + payload)

    def take(self, length):
        data = b''
        while len(data) < length:
            more = self.sock.recv(length - len(data))
            if not more:
                raise HelperError('the helper has ended without a word')
            data += more
        return data

    def receive(self):
        kind, length = struct.unpack('<II', self.take(8))
        return kind, self.take(length)

    def converse(self, disk, verb, mode, options):
        """The messages that are no reads."""
        size = os.fstat(disk.fileno()).st_size
        self.receive()
        self.send(HELLO, b'WINXPREP' + struct.pack('<I', VERSION))
        self.send(REQUEST, struct.pack('<IIIQI', verb, mode, 1, size, 4) +
                  b'disk' + json.dumps(options).encode())
        while True:
            kind, payload = self.receive()
            if kind == READ:
                _, length, offset = struct.unpack('<IIQ', payload)
                disk.seek(offset)
                self.send(READ_REPLY, struct.pack('<I', 0) +
                          disk.read(length))
            elif kind == ERROR:
                raise HelperError(payload.decode())
            elif kind == END:
                return
            else:
                yield kind, payload


def converse(program, path, verb, mode=PLAN, **options):
    """The messages about the disk at @path that are no reads."""
    with open(path, 'rb') as disk:
        yield from converse_about(program, disk, verb, mode, **options)


def converse_about(program, disk, verb, mode=PLAN, **options):
    """The same about @disk, an open file or what is read like one."""
    helper = _Helper(program)
    try:
        yield from helper.converse(disk, verb, mode, options)
    finally:
        helper.sock.close()
        helper.process.wait(10)


def ask(program, path, verb, mode=PLAN, **options):
    """The report about the disk at @path, and the patches: (offset, bytes)."""
    report, patches = None, []
    for kind, payload in converse(program, path, verb, mode, **options):
        if kind == PATCH:
            patches.append((struct.unpack_from('<Q', payload)[0],
                            payload[8:]))
        elif kind == REPORT:
            report = json.loads(payload)
    return report, patches


def check(program, path, **options):
    """What check says of the disk."""
    options.setdefault('machine', 'xen-hvm')
    return ask(program, path, CHECK, **options)[0]


def prepare(program, path, output, **options):
    """Writes the prepared disk to @output; the options are the driver's."""
    _, patches = ask(program, path, PREPARE, APPLY,
                     **{'profile': 'ide', 'boot-ini': 'auto', **options})
    shutil.copyfile(path, output)
    with open(output, 'r+b') as disk:
        for offset, data in patches:
            disk.seek(offset)
            disk.write(data)
