"""
win-xenfix, ended or made to fail where a test wants it

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import signal
import subprocess


class Xenfix:
    """Runs the program on one image, which is in a folder of its own."""

    def __init__(self, program, shim, folder, fmt):
        self.program = program
        self.shim = shim
        self.folder = folder
        self.fmt = fmt
        self.image = os.path.join(folder, 'disk')
        self.undo = self.image + '.xenfix-undo'
        self.trace_file = folder + '.trace'

    def run(self, command, *more, **crash):
        """
        Its exit status, standard output and error; @crash are variables of
        the shim, without CRASH_ and in lower case.
        """
        env = {**os.environ, 'LD_PRELOAD': self.shim, **{
            'CRASH_' + name.upper(): str(value)
            for name, value in {'dir': self.folder, **crash}.items()}}
        result = subprocess.run(
            [self.program, command, '-f', self.fmt, *more, self.image],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding='utf-8', env=env, check=False)
        return result.returncode, result.stdout, result.stderr

    def must(self, command, *more):
        """Runs it; what it prints.  Nothing may go wrong."""
        status, output, errors = self.run(command, *more)
        if status:
            raise AssertionError('%s: status %d: %s' % (command, status,
                                                        errors))
        return output

    def killed(self, command, at, when):
        """Runs it to its death; False if it ended before that."""
        status, _, errors = self.run(command, '-q', at=at, when=when)
        if status not in (0, -signal.SIGKILL):
            raise AssertionError('%s, to be killed %s operation %d: status '
                                 '%d: %s' % (command, when, at, status,
                                             errors))
        return status != 0

    def trace(self, command):
        """Runs it; what it did, as lists of words."""
        if os.path.exists(self.trace_file):
            os.unlink(self.trace_file)
        status, _, errors = self.run(command, '-q', trace=self.trace_file)
        if status:
            raise AssertionError('%s: status %d: %s' % (command, status,
                                                        errors))
        with open(self.trace_file, encoding='utf-8') as file:
            lines = [line.rstrip('\n').split(' ') for line in file]
        os.unlink(self.trace_file)
        return lines

    def state(self):
        """What status says: the report, and its exit status is checked."""
        status, output, errors = self.run('status', '--output=json')
        wanted = {'none': 0, 'pending': 1, 'done': 0, 'stale': 0,
                  'foreign': 2}
        if status == 3:
            raise AssertionError('status: ' + errors)
        report = json.loads(output)
        if status != wanted[report['state']]:
            raise AssertionError('status: %d, %s' % (status, output))
        return report

    def files(self):
        """The names in the folder."""
        return sorted(os.listdir(self.folder))
