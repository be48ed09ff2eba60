"""
Test of the jail's list of system calls: all that is in it is needed

Usage: test-jail-calls.py HELPER JAIL-TRACE JAIL-END

Each verb of the helper is traced on guests that take it through all of its
work.  A call that the list allows is one that some run makes, or it is made in
another case, of which the list says what it is; those at an end are traced as
well.  Whatever is not in the list would have killed the helper.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'guests'))
import helperclient as client                   # noqa: E402
from tap import Skip, equal, main               # noqa: E402

HELPER, TRACE, END = map(os.path.abspath, sys.argv[1:4])

# Name of the run, test guest, verb, mode, options.  What ends in an error is
# as much a run as any other.
RUNS = (
    ('prepare', 'xp-sp3-built', client.PREPARE, client.APPLY,
     {'profile': 'ide'}),
    ('prepare-plan', 'xp-sp3-compressed', client.PREPARE, client.PLAN,
     {'profile': 'ide', 'details': True, 'witnesses': True}),
    ('prepare-hive', 'w2k-large-hive', client.PREPARE, client.APPLY,
     {'profile': 'ide'}),
    ('prepare-logs', 'dirty-hive-with-log', client.PREPARE, client.APPLY,
     {'profile': 'ide'}),
    ('prepare-compact', 'win10-compact', client.PREPARE, client.APPLY,
     {'profile': 'ide'}),
    ('prepare-error', 'full-volume', client.PREPARE, client.APPLY,
     {'profile': 'ide'}),
    ('inspect', 'xp-sp3-built', client.INSPECT, client.PLAN, {}),
    ('inspect-bitlocker', 'bitlocker', client.INSPECT, client.PLAN, {}),
    ('check', 'boot-prepared', client.CHECK, client.PLAN,
     {'machine': 'xen-hvm'}),
)

# How a jailed process ends, and what its client sees of it.
ENDS = {
    'abort': 128 + signal.SIGABRT,
    'assertion': 128 + signal.SIGABRT,
    'heap': 128 + signal.SIGABRT,
    'memory': 128 + signal.SIGTRAP,
    'without-memory': 0,
    'growth': 0,
    'message': 0,
}

# Calls that are made on other kernels or architectures, by some C libraries
# only, or by a person who stops the helper.
ELSEWHERE = {'clock_gettime', 'fstat', 'poll', 'ppoll', 'restart_syscall',
             'sysinfo'}


def allowed():
    """What the jail lets pass: name -> (refused, when)."""
    listed = subprocess.run([TRACE, '--list'], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    if listed == 'sanitized\n':
        raise Skip('a sanitizer makes calls of its own')
    calls = {}
    for line in listed.splitlines():
        action, name, when = line.split(' ', 2)
        calls[name] = (action == 'refused', when)
    return calls


def guest(name):
    """The raw disk of a test guest."""
    cache = os.environ.get('XENPREP_GUESTS')
    if not cache:
        raise Skip('XENPREP_GUESTS does not name the test guests\' place')
    path = os.path.join(cache, name + '.raw')
    if not os.path.exists(path):
        make = os.path.join(os.path.dirname(__file__), '..', 'guests',
                            'make-guest')
        subprocess.run([make, name, path], check=True)
    return path


def read_trace(path):
    """Names of the calls in a trace."""
    with open(path, encoding='ascii') as file:
        return {line.split()[0] for line in file}


def trace_run(scratch, name, disk, verb, mode, options):
    """The calls that the helper makes in one run."""
    path = os.path.join(scratch, name)
    wrapper = path + '.sh'
    with open(wrapper, 'w', encoding='ascii') as file:
        file.write(f'#!/bin/sh\nexec "{TRACE}" "{path}" "{HELPER}" "$@"\n')
    os.chmod(wrapper, 0o755)
    try:
        client.ask(wrapper, guest(disk), verb, mode, **options)
    except client.HelperError as err:
        equal('error' in name, True, f'{name}: {err}')
    else:
        equal('error' in name, False, name + ': an error was expected')
    return read_trace(path)


def test_verbs():
    """What each run needs, some run makes, and none makes another call."""
    calls = allowed()
    users = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        for run in RUNS:
            for call in trace_run(scratch, *run):
                users[call].append(run[0])
    for name, (refused, when) in sorted(calls.items()):
        print(f'# {name:16} {"refused" if refused else "allowed"}:',
              ', '.join(users[name]) or when)
    equal(sorted(name for name, made in users.items()
                 if made and name not in calls), [],
          'calls that are not in the list')
    equal(sorted(name for name, (_, when) in calls.items()
                 if not users[name] and not when), [],
          'calls that nobody needs any more')


def test_ends():
    """A process that finds itself wrong ends as its client expects."""
    calls = allowed()
    made = set()
    with tempfile.TemporaryDirectory() as scratch:
        for how, status in ENDS.items():
            path = os.path.join(scratch, how)
            result = subprocess.run([TRACE, path, END, how], check=False)
            equal(result.returncode, status, how)
            made |= read_trace(path)
    print('# calls at an end:', ', '.join(sorted(made)))
    equal(sorted({name for name, (_, when) in calls.items() if when}
                 - made - ELSEWHERE), [],
          'calls that are not made when the list says so')


if __name__ == '__main__':
    sys.exit(main([('verbs', test_verbs),
                   ('ends', test_ends)]))
