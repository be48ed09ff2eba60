"""
Test of win-xenprep-helper as a process: its jail, its end of the protocol

Usage: test-helper.py HELPER JAIL-WITHOUT

A client that knows no more than xenprep-protocol.h talks to the real helper.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import re
import select
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'guests'))
from tap import Skip, equal, main               # noqa: E402

HELPER, WITHOUT = map(os.path.abspath, sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')

HELLO, REQUEST, READ, READ_REPLY, PATCH, ZERO, REPORT, ERROR, END = range(1,
                                                                          10)
PREPARE, PLAN, APPLY = 1, 0, 1
with open(os.path.join(SOURCE, 'fixer', 'xenprep-protocol.h'),
          encoding='utf-8') as header:
    VERSION = int(re.search(r'_PROTOCOL_VERSION (\d+)', header.read())[1])

MIB = 1024 * 1024


class Client:
    """A helper and the socket to it."""

    def __init__(self, sandbox='auto', lacking=(), **options):
        ours, theirs = socket.socketpair()
        self.sock = ours
        kernel = [WITHOUT, *lacking, '--'] if lacking else []
        self.process = subprocess.Popen(
            [*kernel, HELPER, '--sandbox=' + sandbox], stdin=theirs, env={},
            **options)
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


def prepare(mode, **options):
    """All messages about a guest."""
    client = Client(**options)
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


def waiting(sandbox='auto', **options):
    """A client whose helper waits for a read."""
    client = Client(sandbox, **options)
    client.greet()
    client.request(MIB)
    equal(client.receive()[0], READ, 'the first message')
    return client


def proc_file(client, name):
    """What the kernel says of the helper: words behind the first blanks."""
    with open(f'/proc/{client.process.pid}/{name}', encoding='ascii') as file:
        return dict(re.findall(r'^(.+?)(?::\s+|\s{2,})(\S.*)$', file.read(),
                               re.M))


def test_jailed():
    """While it waits for a read: what the kernel says of the process."""
    client = waiting()
    status = proc_file(client, 'status')
    equal(status['NoNewPrivs'], '1', 'NoNewPrivs')
    equal(status['Seccomp'], '2', 'Seccomp')
    for kind in 'CapInh', 'CapPrm', 'CapEff', 'CapAmb':
        equal(int(status[kind], 16), 0, kind)
    # Of a process that must not be dumped all files are the superuser's.
    equal(os.stat(f'/proc/{client.process.pid}/mem').st_uid, 0, 'owner')
    client.sock.close()
    equal(client.process.wait(10), 1, 'exit status without a client')


def test_limits():
    """The limits of guest-limits.h are in force, or the user's lower ones."""
    client = waiting()
    limits = proc_file(client, 'limits')
    memory = 5 * 256 * MIB + 256 * MIB
    for name, soft, hard in (('Max cpu time', 60, 61),
                             ('Max address space', memory, memory),
                             ('Max file size', 0, 0),
                             ('Max core file size', 0, 0),
                             ('Max processes', 0, 0),
                             ('Max open files', 3, 3)):
        if limits[name].startswith('unlimited') and 'address' in name:
            raise Skip('a sanitizer needs all of the address space')
        equal([int(word) for word in limits[name].split()[:2]], [soft, hard],
              name)
    client.sock.close()
    client.process.wait(10)


def test_descriptors():
    """Whatever it inherits, the helper has a socket and twice /dev/null."""
    inherited = os.open('/dev/zero', os.O_RDONLY)
    # A jailed process' files are not to be seen by all.
    for sandbox in ('off', 'auto') if os.geteuid() == 0 else ('off',):
        for lacking in (), ('close_range',):
            client = waiting(sandbox, lacking=lacking, pass_fds=(inherited,))
            proc = f'/proc/{client.process.pid}'
            with open(proc + '/environ', 'rb') as file:
                equal(file.read(), b'', 'environment')
            links = {fd: os.readlink(f'{proc}/fd/{fd}')
                     for fd in os.listdir(proc + '/fd')}
            equal(sorted(links), ['0', '1', '2'], 'descriptors')
            equal(links['0'].startswith('socket:'), True, 'descriptor 0')
            equal((links['1'], links['2']), ('/dev/null',) * 2, 'the others')
            client.sock.close()
            client.process.wait(10)
    os.close(inherited)


# What a kernel may lack, and what is in force then.
LACKING = (
    (('landlock_create_ruleset',), 'landlock', ['rlimits', 'seccomp']),
    (('seccomp',), 'seccomp', ['landlock', 'rlimits']),
    (('seccomp', 'landlock_create_ruleset'), 'landlock', ['rlimits']),
)


def sandbox_of(messages):
    """What the report says of the jail."""
    return json.loads(messages[-2][1])['sandbox']


def test_lacking_auto():
    """sandbox=auto goes on with what the kernel has, and says what it is."""
    if 'landlock' not in sandbox_of(prepare(PLAN)):
        raise Skip('this kernel has no Landlock')
    for lacking, _, left in LACKING:
        equal(sandbox_of(prepare(PLAN, lacking=lacking)), left, lacking)
    equal(sandbox_of(prepare(PLAN, sandbox='off')), [], 'off')


def test_lacking_on():
    """sandbox=on refuses to go on, before it has read anything."""
    for lacking, name, _ in LACKING:
        client = Client('on', lacking=lacking)
        client.greet()
        text = client.error()
        equal(f'the kernel refuses {name}: Function not implemented' in text
              and 'sandbox=on' in text and 'sandbox=auto' in text, True, text)


def test_dies_with_its_parent():
    """The helper does not outlive who started it, with a socket or without."""
    ours, theirs = socket.socketpair()
    parent = subprocess.Popen(
        [sys.executable, '-c', 'import signal, subprocess, sys\n'
         'print(subprocess.Popen(sys.argv[1:]).pid, flush=True)\n'
         'signal.pause()', HELPER, '--sandbox=auto'],
        stdin=theirs, stdout=subprocess.PIPE, env={}, text=True)
    theirs.close()
    client = Client.__new__(Client)
    client.sock, client.process = ours, parent
    pid = int(parent.stdout.readline())
    handle = os.pidfd_open(pid)
    client.greet()
    client.request(MIB)
    equal(client.receive()[0], READ, 'the first message')
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    equal(select.select([handle], [], [], 10)[0], [handle],
          'the helper that has ended')
    os.close(handle)
    ours.close()


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
    # First a block, then no more than what is needed.
    for _ in range(2):
        equal(client.receive()[0], READ, 'the message')
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
