"""
Lies of a helper, made systematically: orders for xenprep-fake-helper

Each field of each message takes values at and beside its limits; each message
comes in each state of the conversation; the helper ends in each state, in
each way; and each member of a report is of another type, missing, too large.

A lie is a name and a list of steps.  What follows the lie would be right if
the lie were believed, so that a client that believes it ends with success.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import copy
import json
import random
import signal
import struct

MAGIC = b'WINXPREP'
HELLO, REQUEST, READ, READ_REPLY, PATCH, ZERO, REPORT, ERROR, END = range(1,
                                                                          10)
NAMES = ('HELLO', 'REQUEST', 'READ', 'READ_REPLY', 'PATCH', 'ZERO', 'REPORT',
         'ERROR', 'END')
KIB, MIB = 1 << 10, 1 << 20
MAX_READ = MIB
MAX_PAYLOAD = MAX_READ + 16
SECTOR = 'a5' * 512

GREETING = [['hello'], ['wait', 'HELLO']]
START = [*GREETING, ['wait', 'REQUEST']]
END_STEPS = [['report'], ['end']]
# Signals that end a process, and the one that stops it
ENDING = [number for number in range(1, 65)
          if number not in (signal.SIGCHLD, signal.SIGCONT, signal.SIGSTOP,
                            signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
                            signal.SIGURG, signal.SIGWINCH, 32, 33)]


def _message(kind, payload=b''):
    return (struct.pack('<II', kind, len(payload)) + payload).hex()


def _around(*values):
    """The values, and those beside them; no negative ones."""
    return sorted({value + by for value in values for by in (-1, 0, 1)
                   if value + by >= 0})


def _wide(bits, *values):
    """Values of a field of so many bits: beside these, and the extremes."""
    top = 1 << bits
    return sorted({value for value in _around(
        0, top // 2, top - 1, *values) if value < top})


# -------------------------------------------------------------- each message

def hello(version):
    """HELLO: its magic, the version, its length."""
    sound = MAGIC + struct.pack('<I', version)
    # It does not end before it has been spoken to.
    wait = ['wait', 'HELLO']
    for i in range(len(MAGIC)):
        wrong = bytearray(sound)
        wrong[i] ^= 0x20
        yield f'HELLO, magic {i}', [['raw', HELLO, wrong.hex()], wait]
    for name, other in (('0', 0), ('of the last build', version - 1),
                        ('of the next', version + 1),
                        ('shifted', version << 8), ('turned', version << 24),
                        ('2^31 off', version | 1 << 31),
                        ('2^32 - 1', 0xffffffff)):
        yield f'HELLO, version {name}', [['hello', other], wait]
    for length in (0, 1, 8, 11, 13, 16, 4096, MAX_PAYLOAD):
        yield f'HELLO, length {length}', [
            ['raw', HELLO, sound.ljust(length, b'\0')[:length].hex()], wait]
    yield 'HELLO, twice', [['hello'], *START, *END_STEPS]


def read(size):
    """READ: its source, length and offset, and its own length."""
    def steps(source, offset, length):
        return [*START, ['raw', READ, struct.pack(
            '<IIQ', source, length, offset).hex()], *END_STEPS]

    for source in _wide(32, 1, 16384):
        if source:
            yield f'READ, source {source}', steps(source, 0, 512)
    for length in _wide(32, MAX_READ, size):
        if not 0 < length <= MAX_READ:
            yield f'READ, length {length}', steps(0, 0, length)
    for offset in _wide(64, size - 512, size):
        if offset > size - 512:
            yield f'READ, offset {offset}', steps(0, offset, 512)
    for length in (0, 1, 8, 15, 17, 24, MAX_PAYLOAD):
        yield f'READ, its length {length}', [
            *START, ['raw', READ, '00', length], *END_STEPS]


def patch(size):
    """PATCH: its offset and its length."""
    for offset in _wide(64, 512, size - 512, size, 1 << 32):
        if offset % 512 or not 0 < offset < size:
            yield f'PATCH, offset {offset}', [
                *START, ['patch', offset, SECTOR], *END_STEPS]
    for length in (0, 1, 511, 513, 1023, size - 1, size, MAX_READ):
        yield f'PATCH, length {length}', [
            *START, ['patch', 512, 'a5', length], *END_STEPS]
    for length in range(8):
        yield f'PATCH, its length {length}', [
            *START, ['raw', PATCH, '00', length], *END_STEPS]


def zero(size):
    """ZERO: its offset, its length, and its own length."""
    for offset in _wide(64, 512, size - 512, size, 1 << 32):
        if offset % 512 or not 0 < offset < size:
            yield f'ZERO, offset {offset}', [
                *START, ['zero', offset, 512], *END_STEPS]
    for length in _wide(64, 512, size - 512, size, 1 << 32):
        if length % 512 or not 0 < length <= size - 512:
            yield f'ZERO, length {length}', [
                *START, ['zero', 512, length], *END_STEPS]
    for length in (0, 8, 15, 17, 24, MAX_PAYLOAD):
        yield f'ZERO, its length {length}', [
            *START, ['raw', ZERO, '00', length], *END_STEPS]


def order():
    """Two extents: the second one before, on, or across the first."""
    kinds = {'PATCH': lambda at: ['patch', at, SECTOR, 2],
             'ZERO': lambda at: ['zero', at, 1024]}
    for first, make_first in kinds.items():
        for second, make_second in kinds.items():
            for at in (512, 1536, 2048, 2560):
                yield f'{first} at 2048, {second} at {at}', [
                    *START, make_first(2048), make_second(at), *END_STEPS]


def header():
    """The type and the length in front of a message."""
    for kind in (0, REQUEST, READ_REPLY, 10, 255, 256 + PATCH,
                 (1 << 31) + PATCH, 0xffffffff):
        for length in (0, 16):
            yield f'type {kind}, length {length}', [
                *START, ['raw', kind, '00', length], *END_STEPS]
    for kind in (PATCH, REPORT, ERROR, END):
        for length in (MAX_PAYLOAD + 1, 1 << 31, 0xffffffff):
            yield f'{NAMES[kind - 1]}, declared length {length}', [
                *START, ['bytes', struct.pack('<II', kind, length).hex()],
                ['bytes', '00' * 64]]


# --------------------------------------------------------------- each state

def _states(verb):
    """What comes before, by name; @verb is that of a sound report."""
    found = {
        'at first': [],
        'after HELLO': [['hello']],
        'after the greeting': GREETING,
        'after REQUEST': START,
        'after REPORT': [*START, [verb]],
        'after END': [*START, [verb], ['end']],
    }
    if verb == 'report':
        found['after a PATCH'] = [*START, ['patch', 512, SECTOR]]
    return found


_SOUND = {
    HELLO: MAGIC + bytes(4), REQUEST: bytes(12), READ: struct.pack(
        '<IIQ', 0, 512, 0), READ_REPLY: bytes(4), PATCH: bytes.fromhex(
            '0004000000000000' + SECTOR), ZERO: struct.pack(
                '<QQ', 8192, 512), REPORT: b'{}', ERROR: b'something',
    END: b'',
}


def states(verb='report'):
    """Each message in each state in which it should not come."""
    may_come = {'after REQUEST': (READ, PATCH, ZERO, ERROR),
                'after a PATCH': (READ, PATCH, ZERO, ERROR),
                'after REPORT': (END,)}
    for state, steps in _states(verb).items():
        # Nor does it end before it has been spoken to.
        wait = [] if ['wait', 'HELLO'] in steps else [['wait', 'HELLO']]
        for kind in range(HELLO, END + 1):
            if kind not in may_come.get(state, ()):
                yield f'{state}: {NAMES[kind - 1]}', [
                    *steps, ['raw', kind, _SOUND[kind].hex()], *wait]


def ends(verb='report'):
    """The helper ends in each state, and in the middle of a message."""
    half = [['bytes', _message(ERROR, bytes(520))[:60]]]
    for state, steps in _states(verb).items():
        sound = state == 'after END'
        if not sound:
            yield f'{state}: exits', [*steps, ['exit', 0]]
            yield f'{state}: closes', [*steps, ['close']]
        yield f'{state}: fails', [*steps, ['exit', 3]]
        yield f'{state}: dies', [*steps, ['kill', signal.SIGSEGV]]
        if steps and not sound:
            yield f'{state}: exits in a message', [*steps, *half, ['exit', 0]]
    for number in ENDING:
        yield f'signal {number}', [*START, ['kill', number]]
    for status in (1, 2, 77, 127, 255):
        yield f'status {status}', [*START, ['exit', status]]


def stalls(verb='report'):
    """The helper waits in each state, and in the middle of a message."""
    half = [['bytes', _message(ERROR, bytes(520))[:60]]]
    for state, steps in _states(verb).items():
        yield f'{state}: hangs', [*steps, ['hang']]
        if steps and state != 'after END':
            yield f'{state}: hangs in a message', [*steps, *half, ['hang']]
    yield 'stops itself', [*START, ['kill', signal.SIGSTOP], ['hang']]
    yield 'trickles', [*START, ['trickle', _message(ERROR, bytes(520)), 20]]
    yield 'closes, then hangs', [*START, [verb], ['end'], ['close'],
                                 ['hang']]
    yield 'has a child', [*START, ['fork'], ['exit', 0]]
    # More answers than a socket holds, and none is taken
    yield 'takes no answers', [*START, *[['raw', READ, struct.pack(
        '<IIQ', 0, MIB, 0).hex()]] * 8, ['hang']]


# -------------------------------------------------------------- text, floods

CONTROLS = 'a\x1b[2Jb\x07\r\nc\u202ed\u2028e\x9b31mf\x7f\u200bg\0h\ufeff'


def errors():
    """ERROR: what could be done to a terminal."""
    yield 'error, empty', [*START, ['error', '']]
    yield 'error, blanks', [*START, ['error', ' \t\r\n ']]
    yield 'error, lines', [*START, ['error', 'one\r\ntwo\n\nthree\n']]
    yield 'error, controls', [*START, ['error', CONTROLS]]
    yield 'error, a title', [*START, ['error', '\x1b]0;owned\x07\x1bP\x1b\\']]
    yield 'error, all of ASCII', [
        *START, ['raw', ERROR, bytes(range(1, 128)).hex()]]
    yield 'error, no UTF-8', [
        *START, ['raw', ERROR, bytes(range(128, 256)).hex()]]
    yield 'error, cut UTF-8', [*START, ['raw', ERROR, '61e282']]
    yield 'error, surrogates', [*START, ['raw', ERROR, '61eda080edb08062']]
    yield 'error, other planes', [
        *START, ['error', '\U000e0001\U000e007f\U0001f600\ue000\u0378']]
    yield 'error, NULs', [*START, ['raw', ERROR, '00', 16]]
    yield 'error, %', [*START, ['error', '%s%n%n%x']]
    yield 'error, 2048 bytes', [*START, ['error', 'x' * 2048]]
    yield 'error, 2049 bytes', [*START, ['error', 'x' * 2049]]
    yield 'error, as long as a message', [
        *START, ['raw', ERROR, '61', MAX_PAYLOAD]]
    yield 'error, and another', [*START, ['error', 'one'], ['error', 'two']]


def texts():
    """REPORTs that are no JSON, or hardly."""
    for name, text in (
            ('empty', ''), ('a blank', ' '), ('null', 'null'),
            ('a number', '1'), ('a string', '"x"'), ('a list', '[]'),
            ('two', '{}{}'), ('cut', '{"profile": "i'), ('a comma', '{,}'),
            ('a comment', '{/* */}'), ('quotes', "{'profile': 'ide'}"),
            ('a name twice', '{"profile": "a", "profile": "b"}'),
            ('no name', '{"": 1}'), ('a percent', '{"profile": %s}'),
            ('half a surrogate', '{"profile": "\\ud800"}'),
            ('a NUL, escaped', '{"profile": "\\u0000"}'),
            ('a control character', '{"profile": "\x01"}'),
            ('names that are controls', '{"\x1b[2J\x7f": 1}'),
            ('a large number', '{"patches": 1' + '0' * 400 + '}'),
            ('an exponent', '{"patches": 1e999}'),
            ('NaN', '{"patches": NaN}'), ('minus', '{"patches": -}'),
            ('deep lists', '[' * 500_000),
            ('lists as deep as may be', '[' * 1000 + ']' * 1000),
            ('deep objects', '{"a":' * 200_000),
            ('many lists', '[' + '[],' * 300_000 + '[]]'),
            ('many names', '{' + ','.join('"%x":1' % i for i in
                                          range(80_000)) + '}'),
            ('one long string', '{"profile": "' + 'x' * 1_000_000 + '"}'),
            ('as long as may be', '{}'.ljust(MIB)),
            ('too long', '{}'.ljust(MIB + 1))):
        yield f'report, {name}', [*START, ['text', REPORT, text], ['end']]
    for name, data in (('a NUL', '7b7d00'), ('UTF-16', 'fffe7b007d00'),
                       ('a mark', 'efbbbf7b7d'),
                       ('no UTF-8', '7b22ff223a317d'),
                       ('overlong UTF-8', '7b22c0af223a317d')):
        yield f'report, {name}', [*START, ['raw', REPORT, data], ['end']]


def counts():
    """REPORTs that do not agree with what came before."""
    sent = [*START, ['patch', 512, SECTOR]]
    for name, value in (('patches', 0), ('patches', 2), ('patches', -1),
                        ('patches', 1 << 32 | 1), ('patched-bytes', 0),
                        ('patched-bytes', 513), ('patched-bytes', -512),
                        ('discarded-bytes', 512), ('discarded-bytes', -512),
                        ('windows', None)):
        yield f'report, {name} {value}', [
            *sent, ['report', {name: value}], ['end']]


def floods():
    """All that is limited in sum, at its limit and beyond; on 1 GiB."""
    yield 'patches: 64 MiB', [
        *START, *[['patch', (i + 1) * MIB, 'a5', MIB] for i in range(64)],
        *END_STEPS]
    yield 'patches: 64 MiB and a sector', [
        *START, *[['patch', (i + 1) * MIB, 'a5', MIB] for i in range(64)],
        ['patch', 100 * MIB, SECTOR], *END_STEPS]
    yield 'extents: 1 Mi', [*START, ['zero', 512, 512, MIB], *END_STEPS]
    yield 'extents: 1 Mi and one', [
        *START, ['zero', 512, 512, MIB + 1], *END_STEPS]
    yield 'READs: 1 Mi and one', [
        *START, ['reads', 0, 0, 1, MIB + 1], *END_STEPS]
    yield 'READs: 16 GiB and a byte', [
        *START, ['reads', 0, 0, MIB, 16 * KIB], ['reads', 0, 0, 1, 1],
        *END_STEPS]
    yield 'warnings: 100,000', [
        *START, ['report', {'warnings': [''] * 100_000}], ['end']]
    yield 'bytes: no end', [*START, ['bytes', 'ff' * MIB]]


# ------------------------------------------------------------- each member

def _lies_about(value):
    """Names of lies, and what is in the place of a value."""
    if isinstance(value, bool):
        return {'0': 0, 'a string': 'yes'}
    if isinstance(value, int):
        return {'-1': -1, '2^31': 1 << 31, '2^63 - 1': (1 << 63) - 1,
                '2^63': 1 << 63, '2^64 - 1': (1 << 64) - 1, '2^64': 1 << 64,
                'a fraction': 1.5, 'a string': '1', 'true': True}
    if isinstance(value, str):
        return {'a number': 1, 'empty': '', 'controls': CONTROLS,
                'long': 'x' * 20_000, '%': '%s%n%n%x'}
    if isinstance(value, list):
        return {'empty': [], 'null inside': [None], 'a list inside': [[]],
                'a thousand': value[:1] * 1000}
    return {'an empty object': {}}


def _places(value, path=()):
    """All members below; of lists the first one stands for all."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _places(member, path + (name,))
    elif isinstance(value, list) and value:
        yield from _places(value[0], path + (0,))


def _changed(report, path, value, remove=False):
    """A copy of a report in which one place is another."""
    report = copy.deepcopy(report)
    place = report
    for step in path[:-1]:
        place = place[step]
    if remove:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return report


def members(report, before=()):
    """
    For each place in a report: its path, the lie's name, and the steps; those
    in @before come in front of it.
    """
    for path, value in _places(report):
        name = '.'.join(map(str, path))
        lies = {**_lies_about(value), 'null': None}
        if not isinstance(value, list):
            lies['a list'] = []
        if isinstance(value, dict):
            lies['one more'] = {**value, 'more': 1}
        else:
            lies['an object'] = {}
        for lie, other in lies.items():
            yield name, lie, whole(_changed(report, path, other), before)
        yield name, 'missing', whole(_changed(report, path, None, True),
                                     before)


def whole(report, before=()):
    """Steps that send all of a report."""
    return [*START, *before, ['text', REPORT, json.dumps(report)], ['end']]


# --------------------------------------------------------------- by chance

def streams(seed, count, report):
    """A sound conversation of which some bytes are others."""
    sound = b''.join(bytes.fromhex(part) for part in (
        _message(READ, _SOUND[READ]), _message(PATCH, _SOUND[PATCH]),
        _message(ZERO, _SOUND[ZERO]), _message(REPORT, report),
        _message(END)))
    # What tells one message from another, and all but the report
    heads = 24 + 16 + 512 + 24 + 8
    for number in range(count):
        rng = random.Random(f'{seed} {number}')
        stream = bytearray(sound)
        for _ in range(rng.choice((1, 1, 2, 4, 8, 16))):
            at = rng.randrange(heads if rng.random() < 0.5 else len(stream))
            stream[at] = rng.choice((rng.randrange(256), stream[at] ^ 1,
                                     0, 0xff, stream[at] + 1 & 0xff))
        cut = rng.random() < 0.2
        if cut:
            del stream[rng.randrange(len(stream)):]
        yield f'stream {number}', [*START, ['bytes', stream.hex()]]
