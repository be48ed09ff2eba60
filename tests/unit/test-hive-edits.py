#!/usr/bin/env python3
"""
Test of edits of registry hives: what is written, and what is left alone

Usage: test-hive-edits.py REG-MERGE HIVE-FAULTS

hiveread.py reads what Windows would; HIVE-FAULTS is the engine's own judge;
reged and hivexregedit edit the same hives for comparison.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import random
import re
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../guests')]

import hive             # noqa: E402
import hiveread         # noqa: E402
import hivetools        # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

REG_MERGE, HIVE_FAULTS = (os.path.abspath(path) for path in sys.argv[1:3])
SHARED = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
    HERE, '../../../shared/data')
XP_HIVE = os.path.join(SHARED, 'hives/xp-sp3-x86-virtualpc.SYSTEM')
MERGEIDE = os.path.join(HERE, '../../fixer/profiles/mergeide.reg')
WORK = tempfile.TemporaryDirectory(prefix='test-hive-edits-')

SYSTEM = 'HKEY_LOCAL_MACHINE\\SYSTEM'
SEED = 5


# ------------------------------------------------------------------ files

def write(name, data):
    """The path of a new file."""
    path = os.path.join(WORK.name, name)
    with open(path, 'wb') as file:
        file.write(data)
    return path


def read(path):
    """The bytes of a file."""
    with open(path, 'rb') as file:
        return file.read()


def edit(before, changes):
    """Edits the bytes of a hive, which must come out without fault."""
    path = write('before', before)
    out = os.path.join(WORK.name, 'after')
    equal(hivetools.merge(REG_MERGE, path, out, hivetools.reg_text(changes)),
          (0, ''), 'merge')
    equal(run(HIVE_FAULTS, out), (0, b''), 'faults')
    return read(out)


def tree_of(data):
    """{key as in a .reg file: {value: (type, bytes)}}"""
    return {'\\'.join(path): values
            for path, values in hiveread.read(data).items()}


def cells(data):
    """The cells in use, what they hold."""
    bins, = struct.unpack_from('<I', data, 40)
    at = 4096
    while at < 4096 + bins:
        end = at + struct.unpack_from('<I', data, at + 8)[0]
        at += 32
        while at < end:
            size, = struct.unpack_from('<i', data, at)
            if size < 0:
                yield data[at + 4:at - size]
            at += abs(size)


def lists(data):
    """How many lists of subkeys there are of each kind, and the longest."""
    kinds = {}
    for cell in cells(data):
        kind, count = struct.unpack_from('<2sH', cell)
        if kind in (b'lf', b'lh', b'li', b'ri'):
            number, longest = kinds.get(kind.decode(), (0, 0))
            kinds[kind.decode()] = number + 1, max(longest, count)
    return kinds


# ------------------------------------------------------------------- keys

def many_names(count):
    """Names of which many differ in what sorts oddly."""
    rand = random.Random(SEED)
    letters = 'aBz_-0[`~éÉÿŸяЯßµ'
    names = {}
    while len(names) < count:
        name = ''.join(rand.choice(letters)
                       for _ in range(rand.randint(1, 12)))
        names.setdefault(name.upper(), name)
    return list(names.values())


def test_many_keys(minor, single, divided):
    """Keys are put where Windows looks for them, in lists that it knows."""
    names = many_names(1600)
    root = hive.Key().merge({name: {} for name in names[:400]})
    data = hive.build(root, minor=minor)
    for start, end, expected in ((400, 900, single), (900, 1600, divided)):
        data = edit(data, {name: {} for name in names[start:end]})
        equal(lists(data), expected, 'lists')
    equal(sorted(tree_of(data)), sorted(['', *names]), 'keys')
    data = edit(data, {name: None for name in names[:-1]})
    equal(list(tree_of(data)), ['', names[-1]], 'keys left')
    equal(list(lists(data)), list(single), 'lists left')


def test_there_and_back(minor):
    """Keys that come and go leave nothing behind, and use the same room."""
    root = hive.Key().merge({'a': {'b': {'x': hive.sz('y')}}, 'c': {}})
    before = hive.build(root, minor=minor)
    added = {'a\\new': {'': hivetools.hex_text(bytes(40000)), 'v': '"w"'},
             'a\\new\\below\\deep': {'d': 'dword:00000001'}, 'Z': {}}
    first = edit(before, added)
    gone = edit(first, {'a\\new': None, 'Z': None})
    equal(tree_of(gone), tree_of(before), 'tree')
    equal(len(list(cells(gone))), len(list(cells(before))), 'cells')
    equal(len(edit(gone, added)), len(first), 'size')
    # all but the root: its list of subkeys goes, too
    empty = edit(gone, {'a': None, 'c': None})
    equal((list(tree_of(empty)), lists(empty)), ([''], {}), 'empty hive')


def test_hivex_order():
    """A list that hivex has put out of order is put in order."""
    path = write('hivex', hive.build(hive.Key().merge({'k': {'n': {}}})))
    reg = write('hivex.reg', hivetools.reg_text(
        {'k\\' + name: {} for name in ('a_', 'ab', 'Größe')}).encode())
    run('hivexregedit', '--merge', '--prefix', hivetools.PREFIX,
        '--encoding', 'UTF-8', path, reg)
    equal(run(HIVE_FAULTS, path, check=False)[0], 1, 'hivex')
    data = edit(read(path), {'k\\new': {}})
    equal(list(tree_of(data)), ['', 'k'] + ['k\\' + name for name in (
        'ab', 'a_', 'Größe', 'n', 'new')], 'keys')


# ----------------------------------------------------------------- values

SIZES = (0, 4, 5, 12, 16344, 16345, 32689)


def test_sizes(minor):
    """Values of all sizes, and their change into one another."""
    names = ['%d to %d' % (old, new) for old in SIZES for new in SIZES]
    contents = {name: [os.urandom(int(size)) for size in re.findall(
        r'\d+', name)] for name in names}
    old = {name: hive.binary(content[0])
           for name, content in contents.items()}
    new = {name: hive.binary(content[1])
           for name, content in contents.items()}
    data = hive.build(hive.Key().merge({'k': {}, 'other': old}), minor=minor)
    for values in (old, new):
        data = edit(data, {'k': {name: hivetools.hex_text(value[1])
                                 for name, value in values.items()}})
        equal(tree_of(data)['k'] == values, True, 'values')
    data = edit(data, {'k': {name: None for name in names[1:]}})
    equal(tree_of(data)['k'] == {names[0]: new[names[0]]}, True, 'one left')
    data = edit(data, {'k': {names[0]: None}})
    equal(tree_of(data) == {'': {}, 'k': {}, 'other': old}, True, 'none left')


def test_in_place():
    """A number that changes costs a few bytes, and nothing moves."""
    root = hive.Key().merge({'k': {
        'Start': hive.dword(3), 'zero\0name': hive.sz('kept'),
        'big': hive.binary(os.urandom(50001)), 'text': hive.sz('long')}})
    before = hive.build(root, timestamp=1 << 56)
    after = edit(before, {'k': {'START': 'dword:00000000', 'text': '"lon"'}})
    equal(len(after), len(before), 'size')
    changed = [at for at in range(4096 + 32, len(before))
               if before[at] != after[at]]
    # Start: the number.  text: its size, and the g and the NUL behind it.
    equal(len(changed), 3, 'bytes that differ')
    values = dict(root.keys['k'].values, Start=hive.dword(0),
                  text=hive.sz('lon'))
    equal(tree_of(after)['k'] == values, True, 'values')


def test_too_large():
    """What Windows 2000's format has no room for is refused."""
    path = write('before', hive.build(hive.Key(), minor=3))
    out = os.path.join(WORK.name, 'after')
    text = hivetools.reg_text({'k': {'v': hivetools.hex_text(
        bytes((1 << 20) - 3))}})
    equal(hivetools.merge(REG_MERGE, path, out, text),
          (1, 'key k: a value of 1048573 bytes is too '
              'large for this hive, which has room for 1048572; leave it out'),
          'message')


# ------------------------------------------------------------------ reged

def mergeide_for_reged(sets):
    """The seed's text as reged can read it: no comments, no long lines."""
    with open(MERGEIDE, encoding='utf-8') as file:
        lines = [line for line in file.read().split('\n')[1:]
                 if not line.startswith(';')]
    body = re.sub(r'\\\n\s*', '', '\n'.join(lines))
    text = 'Windows Registry Editor Version 5.00\n' + ''.join(
        body.replace('CurrentControlSet', name) for name in sets)
    return text.replace('\n', '\r\n').encode()


def check_against_reged(data, sets):
    """reged and the engine make the same of a hive."""
    ours, theirs = os.path.join(WORK.name, 'ours'), write('theirs', data)
    reg = write('reged.reg', mergeide_for_reged(sets))
    status, output = run('reged', '-I', '-C', theirs, SYSTEM, reg,
                         check=False)
    equal((status, b'SUCCEEDED' in output), (2, True), 'reged')
    run(REG_MERGE, 'SYSTEM', write('before', data), ours, MERGEIDE)
    equal(read(theirs) == data, False, 'unchanged')
    for name, reader in hivetools.READERS.items():
        equal(hivetools.difference(reader(theirs), reader(ours)), {}, name)


def test_reged_xp():
    """The same on a real hive of Windows XP."""
    if not os.path.exists(XP_HIVE):
        raise Skip('there is no ' + XP_HIVE)
    check_against_reged(read(XP_HIVE), ['ControlSet001', 'ControlSet003'])


def test_reged_built(minor):
    """The same on a hive of the test guests' kind."""
    root = hive.Key().merge({
        'Select': {'Current': hive.dword(1), 'Default': hive.dword(1),
                   'LastKnownGood': hive.dword(1)},
        'ControlSet001': {
            'Control': {'CriticalDeviceDatabase': {'gendisk': {
                'Service': hive.sz('disk')}}},
            'Services': {'PCIIde': {'Start': hive.dword(4)}, 'z': {}}}})
    check_against_reged(hive.build(root, minor=minor), ['ControlSet001'])


TESTS = [
    ('many keys, Windows 2000', lambda: test_many_keys(
        3, {'li': (1, 900)}, {'ri': (1, 2), 'li': (2, 818)})),
    ('many keys, Windows XP', lambda: test_many_keys(
        5, {'lh': (1, 900)}, {'ri': (1, 2), 'lh': (2, 818)})),
    ('there and back, Windows 2000', lambda: test_there_and_back(3)),
    ('there and back, Windows XP', lambda: test_there_and_back(5)),
    ('hivex order', test_hivex_order),
    ('sizes, Windows 2000', lambda: test_sizes(3)),
    ('sizes, Windows XP', lambda: test_sizes(5)),
    ('in place', test_in_place),
    ('too large', test_too_large),
    ('reged, Windows XP', test_reged_xp),
    ('reged, built, version 1.3', lambda: test_reged_built(3)),
    ('reged, built, version 1.5', lambda: test_reged_built(5)),
]


if __name__ == '__main__':
    sys.exit(main(TESTS))
