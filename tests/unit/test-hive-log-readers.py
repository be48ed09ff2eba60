#!/usr/bin/env python3
"""
Test of replayed hives, read by other programs

Usage: test-hive-log-readers.py HIVE-REPLAY

Where there is the hive that Windows itself made of the same logs, they have
to read the same in both.  Where there is not, all have to read it to its end,
and find what the logs put there.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../guests')]

import hivetools        # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

REPLAY = os.path.abspath(sys.argv[1])
SHARED = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
    HERE, '../../../shared/data')
HIVES = os.path.join(SHARED, 'hives')
LOGS = os.path.join(HIVES, 'logs')
WORK = tempfile.TemporaryDirectory(prefix='test-hive-log-')

# Hive, and what Windows made of it.
SAMPLES = [
    ('NewDirtyHive1/NewDirtyHive', 'NewDirtyHive1/RecoveredHive_Windows10'),
    ('OldDirtyHive/OldDirtyHive', 'OldDirtyHive/RecoveredHive_Windows7'),
    ('BadBaseBlockHive/BadBaseBlockHive',
     'OldDirtyHive/RecoveredHive_Windows7'),
]


def replay(hive):
    """The path of the hive with its logs replayed."""
    if not os.path.exists(hive):
        raise Skip('no real Windows files')
    result = os.path.join(WORK.name, os.path.basename(hive))
    run(REPLAY, hive, result)
    return result


def same_tree(hive, windows):
    """Each reader makes the same of both hives."""
    result = replay(os.path.join(LOGS, hive))
    windows = os.path.join(LOGS, windows)
    before = os.path.join(LOGS, hive)
    for name, reader in hivetools.READERS.items():
        equal(hivetools.difference(reader(windows), reader(result)), {}, name)
        if 'BadBaseBlock' not in hive:
            # The logs did change something, and the reader sees it.
            assert hivetools.difference(reader(before), reader(result)), name


def same_export(hive, windows):
    """All that regfexport prints, times of keys too, is the same."""
    _, ours = run('regfexport', replay(os.path.join(LOGS, hive)))
    _, theirs = run('regfexport', os.path.join(LOGS, windows))
    equal(ours, theirs)
    assert b'Key path' in ours


def hivexsh():
    """hivex's shell opens it."""
    result = replay(os.path.join(LOGS, SAMPLES[0][0]))
    script = os.path.join(WORK.name, 'script')
    with open(script, 'w', encoding='ascii') as file:
        file.write('load %s\ncd \\Key3\nls\n' % result)
    _, output = run('hivexsh', '-f', script)
    equal(sorted(output.split()), [b'Key3_1', b'Key3_2', b'Key3_3'])


def windows_10():
    """Three programs read a SYSTEM hive of 12 MB, and agree about its keys."""
    hive = os.path.join(HIVES, 'win10-1709-x64-dirty.SYSTEM')
    result = replay(hive)
    trees = {name: reader(result)
             for name, reader in hivetools.READERS.items()}
    keys = trees['hivexregedit'].keys()
    assert len(keys) > 10000, len(keys)
    equal(trees['regfexport'].keys() ^ keys, set(), 'regfexport')
    # It skips keys with some names.
    equal(trees['reged'].keys() - keys, set(), 'reged')
    assert len(trees['reged']) > len(keys) * 0.99
    before = hivetools.by_regfexport(hive)
    assert hivetools.difference(before, trees['regfexport'])


def all_tests():
    """Pairs of name and function."""
    tests = []
    for sample in SAMPLES:
        name = os.path.basename(sample[0])
        tests.append((name + ' reads as that of Windows',
                      functools.partial(same_tree, *sample)))
        tests.append((name + ' exports as that of Windows',
                      functools.partial(same_export, *sample)))
    return tests + [('hivexsh', hivexsh), ('Windows 10', windows_10)]


if __name__ == '__main__':
    sys.exit(main(all_tests()))
