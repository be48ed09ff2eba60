#!/usr/bin/env python3
"""
Test of edits of real registry hives, read back by other programs

Usage: test-hive-files.py REG-MERGE HIVE-FAULTS

hive-samples.txt says what becomes of each hive of the shared data.  The edit
makes keys that sort before, between and after others, values of all kinds,
and big data.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../guests')]

import hivetools        # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

REG_MERGE, HIVE_FAULTS = (os.path.abspath(path) for path in sys.argv[1:3])
SHARED = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
    HERE, '../../../shared/data')
HIVES = os.path.join(SHARED, 'hives')
SAMPLES = os.path.join(HERE, 'hive-samples.txt')
WORK = tempfile.TemporaryDirectory(prefix='test-hive-files-')

# Longer than one segment of big data.  (hivex loses the last bytes if that is
# 1 to 4 bytes more than a multiple of 8 in the last segment.)
BIG = bytes(range(256)) * 70 + b'the end'


# The only one that hivexregedit and regfexport give up on.
DAMAGED = 'edge/TruncatedNameHive'


# {value: (its text, type, data)}
VALUES = {
    '': ('"default"', 1, 'default\0'.encode('utf-16-le')),
    'number': ('dword:00000003', 4, b'\3\0\0\0'),
    'expand': ('hex(2):25,00,41,00,25,00,00,00', 2,
               '%A%\0'.encode('utf-16-le')),
    'big': (hivetools.hex_text(BIG), 3, BIG),
    'größe': ('hex:01,02,03,04,05', 3, b'\1\2\3\4\5'),
}


def edit_below(key):
    """The edit of a hive: {key: {value: (its text, type, data)}}"""
    edit = {'!Xenprep': dict(VALUES)}
    for name in ('_under', 'Zeta', 'alpha', 'Яма'):
        edit['!Xenprep\\' + name] = {}
    edit[key + '\\Xenprep'] = {'x': ('"y"', 1, b'y\0\0\0')}
    edit.setdefault(key, {})['XenprepValue'] = ('dword:00000007', 4,
                                                b'\7\0\0\0')
    return edit


def merge(hive, edit):
    """Edits a hive: the path of the result, or None; and the message."""
    out = os.path.join(WORK.name, 'edited')
    texts = {key: {name: text for name, (text, _, _) in values.items()}
             for key, values in edit.items()}
    status, message = hivetools.merge(REG_MERGE, hive, out,
                                      hivetools.reg_text(texts))
    return None if status else out, message


def expected_changes(edit, before):
    """What the edit changes in a tree."""
    changed = {}
    for key, values in edit.items():
        if key.upper() not in before:
            changed[key.upper(), None] = 'new'
        for name, (_, kind, data) in values.items():
            changed[key.upper(), name] = kind, data
    return changed


def check_reader(name, hive, edited, edit):
    """
    One of the programs reads the edit, and nothing else has changed; False if
    the program cannot read such a hive, with the edit or without.
    """
    before, after = (hivetools.READERS[name](path) for path in (hive, edited))
    if before is None:
        equal(after, None, name)
        return False
    expected = expected_changes(edit, before)
    if name == 'reged':
        expected = {item: value if value == 'new' else
                    hivetools.as_reged(value)
                    for item, value in expected.items()}
    found = hivetools.difference(before, after)
    equal(hivetools.difference({'': expected}, {'': found}), {}, name)
    return True


def base_block(path):
    """Sequence numbers, size of the bins, size of the file."""
    with open(path, 'rb') as file:
        base = file.read(4096)
    primary, secondary = struct.unpack_from('<II', base, 4)
    bins, = struct.unpack_from('<I', base, 40)
    return primary, secondary, bins, os.path.getsize(path)


def check_base_block(hive, edited):
    """The edited hive is clean, newer, and no larger than it has to be."""
    primary, _, bins, size = base_block(hive)
    after = base_block(edited)
    equal(after[:2], (primary + 1, primary + 1), 'sequence numbers')
    equal(after[3], max(size, after[2] + 4096), 'size of the file')
    if after[2] - bins not in range(0, 32768, 4096):
        raise AssertionError('bins: %d, were %d' % (after[2], bins))


def check_sample(name, outcome, key):
    """One line of the table."""
    hive = os.path.join(HIVES, name)
    edit = edit_below(key)
    edited, message = merge(hive, edit)
    if outcome != 'prepared':
        equal(edited, None, 'edited')
        equal(message[:len(outcome)], outcome, 'message')
        return
    equal(message, '', 'message')
    check_base_block(hive, edited)
    if run(HIVE_FAULTS, hive, check=False)[0] == 0:
        equal(run(HIVE_FAULTS, edited), (0, b''), 'faults')
    read = [check_reader(reader, hive, edited, edit)
            for reader in hivetools.READERS]
    equal(read.count(True) >= (1 if name == DAMAGED else 3), True, 'readers')


def read_samples():
    """The lines of the table."""
    with open(SAMPLES, encoding='utf-8') as file:
        return [line.rstrip('\n').split('\t') + ['!Xenprep']
                for line in file if line.strip() and line[0] != '#']


def has_lines():
    """Each file of the shared data that is no log has a line."""
    if not os.path.isdir(HIVES):
        raise Skip('there is no ' + HIVES)
    found = {os.path.relpath(os.path.join(parent, name), HIVES)
             for parent, _, names in os.walk(HIVES) for name in names
             if not name.endswith(('.LOG1', '.LOG2'))}
    equal(sorted({sample[0] for sample in read_samples()}), sorted(found),
          'files')


def sample_test(name, outcome, key):
    """A line of the table as a test."""
    def test():
        if not os.path.isdir(HIVES):
            raise Skip('there is no ' + HIVES)
        check_sample(name, outcome, key)
    return '%s %s' % (name, key), test


if __name__ == '__main__':
    sys.exit(main([('every file has a line', has_lines)] +
                  [sample_test(*sample[:3]) for sample in read_samples()]))
