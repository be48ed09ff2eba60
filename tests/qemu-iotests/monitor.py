"""A program of QEMU's with a monitor, spoken to in QMP.

qemu-storage-daemon or the system emulator; both are used in the same way.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time

import iotests

# Longer than any answer or job takes, on a slow machine too
PATIENCE_SECONDS = 120


class Monitor:
    """A running program; ends with the block that it is used in."""

    def __init__(self, command, option='-mon'):
        """Starts a command; @option is what asks for a monitor."""
        ours, its = socket.socketpair()
        # pylint: disable=consider-using-with
        self.output = tempfile.TemporaryFile(dir=iotests.test_dir)
        self.process = subprocess.Popen(
            [*command, '--chardev', f'socket,id=monitor,fd={its.fileno()}',
             option, 'chardev=monitor,mode=control'],
            stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output, pass_fds=[its.fileno()])
        its.close()
        ours.settimeout(PATIENCE_SECONDS)
        self.stream = ours.makefile('rw', encoding='utf-8')
        ours.close()

    def __enter__(self):
        try:
            self._read()
            self.must('qmp_capabilities')
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *args):
        self._end()

    def _end(self):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.stream.close()
        self.output.close()

    def _read(self):
        try:
            line = self.stream.readline()
        except ConnectionError:
            line = ''
        if not line:
            status = self.process.wait(PATIENCE_SECONDS)
            raise RuntimeError(f'ended with status {status}: {self.said()}')
        return json.loads(line)

    def said(self):
        """What it has printed up to now."""
        self.output.seek(0)
        return self.output.read().decode(errors='backslashreplace')

    def command(self, name, /, **arguments):
        """Sends a command, '_' in names being '-'; returns (result, error)."""
        arguments = {key.replace('_', '-'): value
                     for key, value in arguments.items()}
        # One that has ended says nothing, which _read() makes an error.
        with contextlib.suppress(BrokenPipeError):
            self.stream.write(json.dumps(
                {'execute': name, 'arguments': arguments}) + '\n')
            self.stream.flush()
        while True:
            answer = self._read()
            if 'error' in answer:
                return None, answer['error']['desc']
            if 'return' in answer:
                return answer['return'], None
            # an event, of which nobody wants to know

    def must(self, name, /, **arguments):
        """Sends a command that has to succeed; returns its result."""
        result, error = self.command(name, **arguments)
        if error is not None:
            raise RuntimeError(f'{name}: {error}')
        return result

    def wait_for(self, job, *states):
        """Waits until a job is in one of these states; returns its data."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = [each for each in self.must('query-jobs')
                     if each['id'] == job]
            if not found or found[0]['status'] in states:
                return found[0] if found else {}
            time.sleep(0.02)
        raise RuntimeError(f'{job} is {found[0]["status"]}, not {states}')

    def finish(self, job):
        """Ends a job that dismisses nothing by itself; says what failed."""
        data = self.wait_for(job, 'ready', 'pending', 'concluded')
        if data.get('status') == 'ready':
            self.must('job-complete', id=job)
            data = self.wait_for(job, 'concluded')
        self.must('job-dismiss', id=job)
        return data.get('error', '')

    def helpers(self):
        """Children of the program that are still there, zombies too."""
        pid = self.process.pid
        with open(f'/proc/{pid}/task/{pid}/children',
                  encoding='ascii') as file:
            return file.read().split()

    def quit(self):
        """Makes it end; returns its exit status and what it has said."""
        self.must('quit')
        return self.process.wait(PATIENCE_SECONDS), self.said()


def storage_daemon(*args):
    """qemu-storage-daemon with a monitor, and more arguments."""
    return Monitor([iotests.qsd_prog, *args], '--monitor')


def emulator_path():
    """The emulator with win-xenprep; skips the test where there is none.

    It is a build of its own, which a machine need not have.
    """
    program = os.environ.get('XENPREP_EMULATOR') or os.path.join(
        os.environ['XENPREP_QEMU'], '../emulator/build/qemu-system-x86_64')
    if not os.access(program, os.X_OK):
        iotests.notrun('no emulator with win-xenprep is built: run '
                       'make emulator')
    return program


def emulator(*args):
    """A machine, of which only what @args ask for is there."""
    return Monitor([emulator_path(), '-nodefaults', '-display', 'none', *args])
