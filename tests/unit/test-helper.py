"""
Test of win-xenprep-helper as a process: its jail, its end of the protocol

Usage: test-helper.py HELPER

A client that knows no more than xenprep-protocol.h talks to the real helper.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'guests'))
from tap import Skip, equal, main               # noqa: E402

HELPER = os.path.abspath(sys.argv[1])

HELLO, REQUEST, READ, READ_REPLY, PATCH, ZERO, REPORT, ERROR, END = range(1,
                                                                          10)
PREPARE, PLAN, APPLY = 1, 0, 1
VERSION = 3


class Client:
    """A helper and the socket to it."""

    def __init__(self, sandbox='auto'):
        ours, theirs = socket.socketpair()
        self.sock = ours
        self.process = subprocess.Popen([HELPER, '--sandbox=' + sandbox],
                                        stdin=theirs, env={})
        theirs.close()

    def send(self, kind, payload=b''):
        """Sends a message."""
        self.sock.sendall(struct.pack('<II', kind, len(payload)) + payload)

    def take(self, length):
        """Receives that many bytes."""
        data = b''
        while len(data) < length:
            more = self.sock.recv(length - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        """Receives a message: kind and payload."""
        kind, length = struct.unpack('<II', self.take(8))
        return kind, self.take(length)

    def greet(self, version=VERSION):
        """HELLO from both sides."""
        equal(self.receive(), (HELLO, b'WINXPREP' + struct.pack('<I', VERSION)),
              'the helper\'s HELLO')
        self.send(HELLO, b'WINXPREP' + struct.pack('<I', version))

    def request(self, size, mode=APPLY, verb=PREPARE, **options):
        """A request about a disk of that size."""
        options.setdefault('profile', 'ide')
        self.send(REQUEST, struct.pack('<IIIQI', verb, mode, 1, size, 4) +
                  b'disk' + json.dumps(options).encode())

    def serve(self, disk):
        """Answers reads of an open disk; the other messages, to the end."""
        messages = []
        while not messages or messages[-1][0] not in (ERROR, END):
            kind, payload = self.receive()
            if kind != READ:
                messages.append((kind, payload))
                continue
            _, length, offset = struct.unpack('<IIQ', payload)
            disk.seek(offset)
            self.send(READ_REPLY, struct.pack('<I', 0) + disk.read(length))
        return messages

    def error(self):
        """The message that must come now, an error; the helper ends."""
        kind, payload = self.receive()
        equal(kind, ERROR, 'the kind of message')
        equal(self.process.wait(10), 1, 'exit status')
        return payload.decode()


def guest():
    """The raw disk of a test guest."""
    cache = os.environ.get('XENPREP_GUESTS')
    if not cache:
        raise Skip('XENPREP_GUESTS does not name the test guests\' place')
    path = os.path.join(cache, 'xp-sp3-built.raw')
    if not os.path.exists(path):
        make = os.path.join(os.path.dirname(__file__), '..', 'guests',
                            'make-guest')
        subprocess.run([make, 'xp-sp3-built', path], check=True)
    return path


def prepare(mode):
    """All messages about a guest."""
    client = Client()
    client.greet()
    with open(guest(), 'rb') as disk:
        client.request(os.fstat(disk.fileno()).st_size, mode)
        messages = client.serve(disk)
    equal(client.process.wait(10), 0, 'exit status')
    return messages


def test_apply():
    """Patches, then the report that counts them, then the end."""
    messages = prepare(APPLY)
    patches = [payload for kind, payload in messages if kind == PATCH]
    report = json.loads(messages[-2][1])
    equal([kind for kind, _ in messages],
          [PATCH] * len(patches) + [REPORT, END], 'messages')
    equal(report['patches'], len(patches), 'patches')
    equal(report['patched-bytes'], sum(len(p) - 8 for p in patches), 'bytes')
    if not patches:
        raise AssertionError('no patch at all')


def test_plan():
    """The same report, but no patch."""
    messages = prepare(PLAN)
    equal([kind for kind, _ in messages], [REPORT, END], 'messages')
    plan, applied = (json.loads(m[-2][1]) for m in (messages,
                                                    prepare(APPLY)))
    equal(plan['changes'], applied['changes'], 'changes')


def test_jailed():
    """While it waits for a read: what the kernel says of the process."""
    client = Client()
    client.greet()
    client.request(1 << 20)
    equal(client.receive()[0], READ, 'the first message')
    proc = f'/proc/{client.process.pid}'
    with open(proc + '/status', encoding='ascii') as file:
        status = dict(line.split(':\t', 1) for line in file if ':\t' in line)
    equal(status['NoNewPrivs'].strip(), '1', 'NoNewPrivs')
    equal(status['Seccomp'].strip(), '2', 'Seccomp')
    with open(proc + '/environ', 'rb') as file:
        equal(file.read(), b'', 'environment')
    links = {fd: os.readlink(f'{proc}/fd/{fd}')
             for fd in os.listdir(proc + '/fd')}
    equal(sorted(links), ['0', '1', '2'], 'descriptors')
    equal(links['0'].startswith('socket:'), True, 'descriptor 0')
    equal((links['1'], links['2']), ('/dev/null',) * 2, 'the others')
    client.sock.close()
    equal(client.process.wait(10), 1, 'exit status without a client')


def test_other_version():
    """Another version is refused, naming both."""
    client = Client()
    client.greet(version=77)
    text = client.error()
    equal('version 77' in text and f'version {VERSION}' in text, True, text)


def test_bad_requests():
    """What is not understood is an error, and never a crash."""
    for options in ({'verb': 9}, {'mode': 9}, {'profile': 'nvme'},
                    {'frobnicate': 1}, {'profile-source': 1},
                    {'require-guest': 3}, {'source-date-epoch': -1},
                    {'container-source': 1 << 40}):
        client = Client()
        client.greet()
        client.request(1 << 20, **options)
        if not client.error():
            raise AssertionError(options)
    for payload in (b'', b'\0' * 11, b'\xff' * 40,
                    struct.pack('<IIIQI', 1, 1, 1, 0, 300) + b'x' * 300,
                    struct.pack('<IIIQI', 1, 1, 200, 0, 0)):
        client = Client()
        client.greet()
        client.send(REQUEST, payload)
        client.error()


def test_read_errors():
    """A disk that cannot be read is the message."""
    client = Client()
    client.greet()
    client.request(1 << 20)
    equal(client.receive()[0], READ, 'the first message')
    client.send(READ_REPLY, struct.pack('<I', 5))
    text = client.error()
    equal('Input/output error' in text, True, text)


def test_short_reply():
    """A reply that is too short ends the conversation."""
    client = Client()
    client.greet()
    client.request(1 << 20)
    equal(client.receive()[0], READ, 'the first message')
    client.send(READ_REPLY, struct.pack('<I', 0) + b'x')
    text = client.error()
    equal('client' in text, True, text)


def test_for_people():
    """Started by hand it says what it is."""
    result = subprocess.run([HELPER], stdin=subprocess.DEVNULL, check=False,
                            stderr=subprocess.PIPE, text=True)
    equal(result.returncode, 1, 'exit status')
    equal('win-xenprep block driver' in result.stderr, True, result.stderr)


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), test)
                   for name, test in list(globals().items())
                   if name.startswith('test_')]))
