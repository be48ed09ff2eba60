"""
Test of win-xenprep-helper against clients that lie, or are of another build

Usage: test-helper-liar.py HELPER

The helper trusts its client.  Yet it ends with one line about each request
that it does not understand, and each answer that is none; it never crashes,
and never outlives its client.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'guests'))
from tap import equal, main               # noqa: E402

HELPER = os.path.abspath(sys.argv[1])
HEADER = os.path.join(HERE, '../../fixer/xenprep-protocol.h')

HELLO, REQUEST, READ, READ_REPLY, PATCH, ZERO, REPORT, ERROR, END = range(1,
                                                                          10)
PREPARE, INSPECT, CHECK = 1, 2, 3
with open(HEADER, encoding='utf-8') as header:
    VERSION = int(re.search(r'XENPREP_PROTOCOL_VERSION (\d+)',
                            header.read()).group(1))
MAGIC = b'WINXPREP'
MIB = 1 << 20
MAX_PAYLOAD = MIB + 16
SECONDS = 10
DISK_SIZE = MIB
# More than the helper asks for on a disk that holds nothing
MOST_READS = 2000


class Client:
    """A helper, the socket to it, and what it says on standard error."""

    def __init__(self):
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(SECONDS)
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(    # pylint: disable=R1732
            [HELPER, '--sandbox=auto'], stdin=theirs, env={},
            stdout=subprocess.DEVNULL, stderr=self.errors)
        theirs.close()

    def send(self, data):
        """Sends bytes; a helper that is gone has left its reason."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def take(self, length):
        """So many bytes, less if the helper has ended."""
        data = b''
        while len(data) < length:
            try:
                piece = self.sock.recv(length - len(data))
            except ConnectionResetError:
                piece = b''
            if not piece:
                return data
            data += piece
        return data

    def receive(self):
        """A message: its kind and payload; None if there is none."""
        head = self.take(8)
        if len(head) < 8:
            return None, b''
        kind, length = struct.unpack('<II', head)
        return kind, self.take(length)

    def greet(self):
        """HELLO from both sides."""
        equal(self.receive(), (HELLO, hello()[8:]), "the helper's HELLO")
        self.send(hello())

    def close(self):
        """It ends, as it should, and has nothing to say to anybody else."""
        self.sock.close()
        status = self.process.wait(SECONDS)
        self.errors.seek(0)
        said = self.errors.read()
        self.errors.close()
        return status, said


def message(kind, payload=b'', length=None):
    """The bytes of a message."""
    return struct.pack('<II', kind, len(payload) if length is None
                       else length) + payload


def hello(version=VERSION):
    """The bytes of HELLO."""
    return message(HELLO, MAGIC + struct.pack('<I', version))


def request(verb=PREPARE, mode=0, sources=((DISK_SIZE, b'disk'),),
            options=b'{"profile":"ide"}', count=None):
    """The bytes of REQUEST."""
    return message(REQUEST, struct.pack(
        '<III', verb, mode, len(sources) if count is None else count) +
        b''.join(struct.pack('<QI', size, len(name)) + name
                 for size, name in sources) + options)


def check_ended(what, client, status):
    """It has ended by itself, without a crash or a sanitizer's report."""
    got, said = client.close()
    equal((got, said), (status, b''), what)


def refused(what, data, greeted=True, reads=False):
    """One line comes back, after some READs if @reads."""
    client = Client()
    if greeted:
        client.greet()
    else:
        client.receive()
    client.send(data)
    client.sock.shutdown(socket.SHUT_WR)
    kind, payload = client.receive()
    while reads and kind == READ:
        kind, payload = client.receive()
    equal(kind, ERROR, what)
    line = payload.decode()
    if not line.strip() or not line.isprintable() or len(payload) > 2048:
        raise AssertionError(f'{what}: {line!r}')
    equal(client.take(1), b'', what + ': nothing follows')
    check_ended(what, client, 1)
    return line


def understood(what, data):
    """It goes on to read, or has an answer; then its client is gone."""
    client = Client()
    client.greet()
    client.send(data)
    kind, payload = client.receive()
    if kind == ERROR and b'not understood' in payload or kind is None:
        raise AssertionError(f'{what}: {kind} {payload}')
    client.sock.shutdown(socket.SHUT_RDWR)
    check_ended(what, client, 1)


# -------------------------------------------------------------------- HELLO

def test_hello():
    """Magic, version, length, type."""
    sound = hello()
    for i in range(8, 16):
        wrong = bytearray(sound)
        wrong[i] ^= 0x20
        refused(f'magic {i}', bytes(wrong), False)
    for version in (0, VERSION - 1, VERSION + 1, VERSION << 8, 1 << 31,
                    0xffffffff):
        line = refused(f'version {version}', hello(version), False)
        equal(f'version {version} ' in line and f'version {VERSION}' in line,
              True, line)
    for length in (0, 1, 11, 13, 4096, MAX_PAYLOAD, MAX_PAYLOAD + 1,
                   0xffffffff):
        payload = (MAGIC + bytes(5000))[:min(length, 5000)]
        refused(f'length {length}', message(HELLO, payload, length), False)
    for kind in (0, REQUEST, READ_REPLY, END, 99, 0xffffffff):
        refused(f'type {kind}', message(kind, bytes(12)), False)


# ------------------------------------------------------------------ REQUEST

def test_fixed():
    """Each field in front of the options, and the length of all."""
    for kind in (0, HELLO, READ, READ_REPLY, END, 99, 1 << 31):
        refused(f'type {kind}', message(kind, request()[8:]))
    for length in (MAX_PAYLOAD + 1, 1 << 31, 0xffffffff):
        refused(f'length {length}', message(REQUEST, bytes(100), length))
    whole = request()[8:]
    for length in range(len(whole)):
        refused(f'cut after {length}', message(REQUEST, whole[:length]))
    refused('ends early', message(REQUEST, whole, len(whole) + 1))
    for verb in (0, 99, 1 << 31, 0xffffffff):
        refused(f'verb {verb}', request(verb))
    for verb, mode in ((PREPARE, 2), (PREPARE, 1 << 31), (INSPECT, 1),
                       (CHECK, 1), (CHECK, 0xffffffff)):
        refused(f'verb {verb}, mode {mode}', request(verb, mode))


def test_sources():
    """Their number, their names, their sizes."""
    one = (DISK_SIZE, b'disk')
    for count in (0, 2, 1000, 16384, 16385, 1 << 31, 0xffffffff):
        refused(f'{count} sources', request(count=count))
    refused('16385 sources', request(sources=[one] * 16385))
    refused('a long name', request(sources=[(DISK_SIZE, b'x' * 256)]))
    for length in (300, 1 << 31, 0xffffffff):
        refused(f'a name of {length}', message(REQUEST, struct.pack(
            '<IIIQI', PREPARE, 0, 1, DISK_SIZE, length) + b'x' * 299))
    understood('16384 sources', request(sources=[one] * 16384))
    understood('a name of 255', request(sources=[(DISK_SIZE, b'x' * 255)]))
    understood('no name', request(sources=[(DISK_SIZE, b'')]))
    for name in (b'\xff\xfe\x80', b'a\0b', b'\x1b[2J\r\n', b'%s%n'):
        understood(f'name {name}', request(sources=[(DISK_SIZE, name)]))


def test_json():
    """Options that are no JSON object, or one that is hard to read."""
    for what, text in (
            ('nothing', b''), ('a blank', b' '), ('null', b'null'),
            ('a number', b'1'), ('a string', b'"x"'), ('a list', b'[]'),
            ('cut', b'{"profile":'), ('two', b'{}{}'), ('a comma', b'{,}'),
            ('no UTF-8', b'{"profile": "\xff"}'),
            ('overlong', b'{"profile": "\xc0\xaf"}'), ('NULs', bytes(64)),
            ('half a surrogate', b'{"windows": "\\ud800"}'),
            ('controls', b'{"\x1b[2J\x07": 1}'),
            ('a long name', b'{"' + b'x' * 500_000 + b'": 1}'),
            ('many', b'{' + b','.join(b'"%x": 1' % i for i in
                                      range(50_000)) + b'}'),
            ('deep lists', b'[' * 1_000_000),
            ('deep lists, closed', b'[' * 400_000 + b']' * 400_000),
            ('deep objects', b'{"a":' * 150_000),
            ('deep, closed', b'{"a":' * 100_000 + b'1' + b'}' * 100_000),
            ('deep in a member', b'{"force": ' + b'[' * 400_000 +
             b']' * 400_000 + b'}'),
            ('mixed', b'{"a":[' * 100_000),
            ('comments', b'/*' + b'x' * 100_000),
            ('quotes', b'"' * 100_000), ('slashes', b'{"\\' * 1000)):
        refused(what, request(options=text))


BAD = (None, True, -1, 0, 1, 2, 16384, 1 << 31, 1 << 32, 1 << 63, 1 << 64,
       -1 << 63, 1.5, 1e300, '', 'x', 'on', '0', [], [1], [[]], [1, 1],
       [0, 1], [-1, 2], [1, 1 << 32], [1, -1], [1 << 32 | 1, 1], ['x', 1],
       [None, 1], [[], []], [{}, {}], [1.5, 1], [True, True], ['\x1b[2J'],
       {}, {'a': 1})

# For each member what of BAD, and what else, could be meant
NUMBERS = (0, 1, 2, 16384, 1 << 31, 1 << 32)
FINE = {
    'profile': ('ide',), 'profile-source': (), 'container-source': (),
    'reg-sources': (), 'driver-sources': (), 'windows': ('', 'x', 'on', '0'),
    'dirty-hive': ('refuse',), 'without': ([], ['\x1b[2J']), 'force': ([],),
    'auto-reboot': ('off',), 'details': (True,), 'witnesses': (True,),
    'strict-filters': (True,), 'require-guest': (True,),
    'source-date-epoch': NUMBERS,
}


def is_one_of(value, values):
    """Whether it is among them, and of the same type."""
    return any(type(value) is type(other) and value == other
               for other in values)


def test_members():
    """Each member with each kind of value."""
    for name, fine in FINE.items():
        for value in (*BAD, *fine):
            options = {'profile': 'ide', name: value}
            what = f'{name}: {value!r}'
            data = request(options=json.dumps(options).encode())
            if is_one_of(value, fine) and name != 'windows' and \
                    value != ['\x1b[2J']:
                understood(what, data)
            elif not is_one_of(value, fine):
                refused(what, data)
    for name in ('', 'Profile', 'profile ', 'verb', 'x' * 5000, '\x1b[2J',
                 '%s%n', 'profile\0x'):
        refused(f'a member {name[:20]!r}', request(options=json.dumps(
            {'profile': 'ide', name: 1}).encode()))


def test_member_sets():
    """Members that do not go together, or are missing."""
    for verb, options in ((PREPARE, {}), (CHECK, {}),
                          (CHECK, {'machine': 'toaster'}),
                          (CHECK, {'machine': '\x1b[2J'}),
                          (PREPARE, {'profile': 'ide', 'profile-source': 1})):
        refused(f'{verb}: {options}', request(
            verb, sources=[(DISK_SIZE, b'disk'), (10, b'p')],
            options=json.dumps(options).encode()))


# ------------------------------------------------------------------- answers

def asking():
    """A client whose helper has asked for bytes: and how many."""
    client = Client()
    client.greet()
    client.send(request())
    kind, payload = client.receive()
    equal(kind, READ, 'the first message')
    return client, struct.unpack('<IIQ', payload)[1]


def test_answers():
    """Each field of READ_REPLY, and what is none."""
    length = asking()[1]
    sound = message(READ_REPLY, bytes(4 + length))
    lies = {f'type {kind}': message(kind, sound[8:])
            for kind in (0, HELLO, REQUEST, READ, PATCH, ERROR, END, 99,
                         READ_REPLY | 1 << 31)}
    for size in (0, 1, 3, 4, 5, 4 + length - 1, 4 + length + 1, MAX_PAYLOAD):
        lies[f'length {size}'] = message(READ_REPLY, bytes(size))
    for size in (MAX_PAYLOAD + 1, 1 << 31, 0xffffffff):
        lies[f'declared {size}'] = message(READ_REPLY, bytes(64), size)
    for error in (1, 5, 133, 4095, 1 << 31, 0xffffffff):
        lies[f'errno {error}'] = message(READ_REPLY,
                                         struct.pack('<I', error))
        lies[f'errno {error}, and bytes'] = message(
            READ_REPLY, struct.pack('<I', error) + bytes(length))
    lies['cut'] = sound[:-1]
    lies['only a header'] = sound[:8]
    lies['no answer'] = b''
    for what, data in lies.items():
        client, _ = asking()
        client.send(data)
        client.sock.shutdown(socket.SHUT_WR)
        kind, payload = client.receive()
        if kind == READ and what.startswith('errno '):
            # It asks for less, and there is nobody left to answer.
            kind, payload = client.receive()
        equal(kind, ERROR, what)
        equal(payload.decode().isprintable(), True, what)
        check_ended(what, client, 1)


def test_unasked():
    """Answers that nobody asked for, before and behind the request."""
    reply = message(READ_REPLY, bytes(516))
    refused('before HELLO', reply, False)
    refused('before REQUEST', reply + request())
    refused('twice HELLO', hello() + request())
    # It asks before it sees them, and takes them for the answer.
    refused('behind REQUEST', request() + reply, reads=True)
    refused('a second REQUEST', request() + request(), reads=True)


def test_gone():
    """Its client ends, in each state and in the middle of each message."""
    data = hello() + request()
    for length in (*range(len(data)), len(data)):
        client = Client()
        client.send(data[:length])
        client.sock.close()
        check_ended(f'after {length} bytes', client, 1)
    client = Client()
    client.sock.close()
    check_ended('at once', client, 1)


# --------------------------------------------------------------------- sizes

def content(how, rng):
    """A function that makes the bytes of a disk."""
    if how == 'zeros':
        return bytes
    if how == 'ones':
        return lambda length: b'\xff' * length
    return rng.randbytes


def serve(client, what, size, make):
    """Answers reads, which lie within the disk, up to the last message."""
    for _ in range(MOST_READS):
        kind, payload = client.receive()
        if kind != READ:
            return kind, payload
        source, length, offset = struct.unpack('<IIQ', payload)
        if source or not 0 < length <= MIB or offset + length > size:
            raise AssertionError(f'{what}: reads {length} at {offset} of '
                                 f'source {source}, which has {size}')
        client.send(message(READ_REPLY, bytes(4) + make(length)))
    raise AssertionError(f'{what}: it does not stop reading')


OPTIONS = {PREPARE: {'profile': 'ide'}, INSPECT: {},
           CHECK: {'machine': 'xen-hvm'}}


def test_sizes():
    """Disks of any size, of nothing but zeros, ones, noise."""
    for size in (0, 1, 511, 512, 513, 1 << 20, (1 << 32) - 1, 1 << 41,
                 (1 << 63) - 1, 1 << 63, (1 << 64) - 512, (1 << 64) - 1):
        for how in 'zeros', 'ones', 'noise':
            for verb, options in OPTIONS.items():
                what = f'{size} bytes of {how}, verb {verb}'
                client = Client()
                client.greet()
                client.send(request(verb, sources=[(size, b'disk')],
                                    options=json.dumps(options).encode()))
                kind, payload = serve(client, what, size,
                                      content(how, random.Random(what)))
                if kind == REPORT:
                    json.loads(payload)
                    equal(client.receive(), (END, b''), what)
                    check_ended(what, client, 0)
                else:
                    equal(kind, ERROR, what + str(payload))
                    equal(payload.decode().isprintable(), True, what)
                    check_ended(what, client, 1)


def test_texts():
    """A profile and a .reg file of any size."""
    for size in (0, 1, 16 << 20, (16 << 20) + 1, 1 << 32, (1 << 64) - 1):
        for name, options in (
                ('profile', {'profile-source': 1}),
                ('reg', {'profile': 'ide', 'reg-sources': [1, 1]}),
                ('VMDK', {'profile': 'ide', 'container-source': 1})):
            what = f'{name} of {size} bytes'
            client = Client()
            client.greet()
            client.send(request(
                sources=[(DISK_SIZE, b'disk'), (size, b'file')],
                options=json.dumps(options).encode()))
            kind, payload = client.receive()
            while kind == READ:
                length = struct.unpack('<IIQ', payload)[1]
                client.send(message(READ_REPLY, bytes(4) + b'[' * length))
                kind, payload = client.receive()
            equal(kind, ERROR, what)
            equal(payload.decode().isprintable(), True, what)
            check_ended(what, client, 1)


# ------------------------------------------------------------------ by chance

def test_streams():
    """A sound conversation of which some bytes are others."""
    rng = random.Random(20261124)
    sound = hello() + request() + message(READ_REPLY, bytes(516))
    for number in range(300):
        stream = bytearray(sound)
        for _ in range(rng.choice((1, 1, 2, 4, 8))):
            at = rng.randrange(len(stream) - 500)
            stream[at] = rng.choice((rng.randrange(256), stream[at] ^ 1, 0,
                                     0xff))
        client = Client()
        client.receive()
        client.send(bytes(stream[:rng.choice((len(stream), rng.randrange(
            len(stream))))]))
        client.sock.shutdown(socket.SHUT_WR)
        kind, payload = client.receive()
        while kind == READ:
            kind, payload = client.receive()
        equal(kind, ERROR, f'stream {number}')
        equal(payload.decode().isprintable(), True, f'stream {number}')
        check_ended(f'stream {number}', client, 1)


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), test)
                   for name, test in list(globals().items())
                   if name.startswith('test_')]))
