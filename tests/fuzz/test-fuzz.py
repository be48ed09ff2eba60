"""
Test of the fuzz targets, without a fuzzer: they replay what was found

Usage: test-fuzz.py DIRECTORY TARGET...

DIRECTORY has the targets as programs.  Each is called with its seeds, and
with the files that once showed a fault (tests/fuzz/regressions).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, '..', 'guests')]

from tap import Skip, main                      # noqa: E402

PROGRAMS, TARGETS = sys.argv[1], sys.argv[2:]

# Longer than all files of a target take, under sanitizers on a slow machine
TIMEOUT_SECONDS = 240


def make_seeds(folder):
    """Writes seeds and the disk to be damaged into @folder."""
    guests = os.environ.get('XENPREP_GUESTS')
    result = subprocess.run(
        [sys.executable, os.path.join(HERE, 'make-seeds'), folder] +
        (['--guests', guests] if guests else []), check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode == 1 and result.stdout.startswith('make-seeds: '):
        raise Skip(result.stdout.strip())
    if result.returncode:
        raise AssertionError(result.stdout)


def count(folder):
    """How many files there are in it."""
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def replay(seeds, target):
    """Calls the target with all of its files."""
    if not os.path.exists(os.path.join(seeds, 'base')):
        make_seeds(seeds)
    folders = [os.path.join(seeds, target),
               os.path.join(HERE, 'regressions', target)]
    files = sum(map(count, folders))
    suppressions = os.path.join(HERE, 'leaks.supp')
    result = subprocess.run(
        [os.path.join(PROGRAMS, 'fuzz-' + target),
         *filter(os.path.isdir, folders)],
        env=dict(os.environ, XENPREP_FUZZ_BASE=os.path.join(seeds, 'base'),
                 LSAN_OPTIONS='print_suppressions=0:suppressions=' +
                 suppressions),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
    output = result.stdout.decode(errors='replace')
    if result.returncode or not output.endswith('%d replayed\n' % files):
        raise AssertionError('fuzz-%s ended with %d: %s' % (
            target, result.returncode, output[-4000:]))
    if count(folders[0]) == 0:
        raise AssertionError('there are no seeds for ' + target)


def run():
    """The exit status."""
    with tempfile.TemporaryDirectory(prefix='test-fuzz-') as seeds:
        return main([('replay of ' + target,
                      functools.partial(replay, seeds, target))
                     for target in TARGETS])


if __name__ == '__main__':
    sys.exit(run())
