"""
A small harness for tests in Python: TAP on stdout, tools that may be missing

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import shutil
import subprocess
import sys
import traceback

_PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'


class Skip(Exception):
    """A test cannot run here; the message says why."""


def tool(name):
    """The path of a program, or a skipped test."""
    path = shutil.which(name, path=_PATH)
    if not path:
        raise Skip(name + ' is not installed')
    return path


def run(*command, check=True, **options):
    """Runs a tool (see tool()); its exit status and output."""
    options.setdefault('stderr', subprocess.STDOUT)
    result = subprocess.run([tool(command[0]), *map(str, command[1:])],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            check=False, **options)
    output = result.stdout
    if check and result.returncode:
        raise AssertionError('%s ended with %d: %s' % (
            ' '.join(map(str, command)), result.returncode, output[-2000:]))
    return result.returncode, output


def equal(actual, expected, what=''):
    """Fails unless the two are equal."""
    if actual != expected:
        raise AssertionError('%s: is %.500r, should be %.500r'
                             % (what, actual, expected))


def main(tests):
    """Runs @tests, pairs of name and function; the exit status."""
    failed = 0
    print('1..%d' % len(tests))
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print('ok %d %s' % (number, name))
        except Skip as reason:
            print('ok %d %s # SKIP %s' % (number, name, reason))
        except Exception:               # a test that breaks has failed
            failed += 1
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
            print('not ok %d %s' % (number, name))
        sys.stdout.flush()
    return 1 if failed else 0
