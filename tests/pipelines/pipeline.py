"""What tests of pipelines share: a disk, the manual's commands, servers

A test works in a directory of its own, which has the files that
docs/pipelines.rst speaks of: web01.vmdk is a guest's disk, and web01.img is
what shall become of it.  The commands are those of the manual, to the letter
but for names of hosts; so what is documented is what was tried.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import functools
import hashlib
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import (Any, Callable, Dict, Iterator, List, NamedTuple, Optional,
                    Sequence)

SOURCE = pathlib.Path(os.environ['XENPREP_SOURCE'])
sys.path.insert(0, str(SOURCE / 'tests' / 'guests'))
# pylint: disable=wrong-import-position
import tap  # noqa: E402

# What the manual calls something, and what it is called here
Names = Dict[str, Any]
Environment = Optional[Dict[str, str]]

MANUAL = SOURCE / 'docs' / 'pipelines.rst'

# A part of the disk behind its partitions, which is read when the disk is
# copied and not before
LATE_BYTES = 1 << 20
LATE_FROM_END = 8 << 20

# An NBD server of store.img that waits before it writes for the first time
STORE_READ = ('exec dd if=store.img bs=1M iflag=skip_bytes,count_bytes '
              'skip=$4 count=$3 status=none')
STORE_WRITE = '''touch written
while ! test -e write_on; do sleep 0.05; done
exec dd of=store.img bs=1M conv=notrunc oflag=seek_bytes seek=$4 status=none'''

# Longer than a command takes on a slow machine, shorter than a test may.
COMMAND_SECONDS = 300
START_SECONDS = 60


class Result(NamedTuple):
    """How a command ended, and what it said."""
    status: int
    output: str
    errors: str


def documented(label: str) -> str:
    """The commands below ".. pipeline: LABEL" in the manual."""
    text = MANUAL.read_text(encoding='utf-8')
    match = re.search(r'^\.\. pipeline: ' + re.escape(label) +
                      r'\n(?:.*\n)*?(?:.*::\n)\n((?:    .*\n|\n)+)', text,
                      re.M)
    assert match, f'docs/pipelines.rst has no commands called "{label}"'
    return re.sub('^    ', '', match.group(1), flags=re.M).strip() + '\n'


def with_names(text: str, names: Names) -> str:
    """Puts what is here in the place of what the manual calls it."""
    for name, here in names.items():
        assert name in text, f'the commands do not speak of {name}'
        text = text.replace(name, str(here))
    return text


def fingerprint(path: pathlib.Path) -> str:
    """A checksum of a file, and its size."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return f'{path.stat().st_size} {digest.hexdigest()}'


def free_port() -> int:
    """A port of the loopback interface that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def answers(port: int) -> Callable[[], bool]:
    """Whether somebody listens at a port."""
    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) == 0
    return ready


def until(condition: Callable[[], bool], what: str,
          process: Optional[subprocess.Popen] = None) -> None:
    """Waits, not forever, and not for a process that has ended."""
    end = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < end, f'waited in vain: {what}'
        assert process is None or process.poll() is None, \
            f'{what}: ended with {process and process.returncode}'
        time.sleep(0.02)


def stop(process: subprocess.Popen) -> None:
    """Ends a process and those that it has started."""
    for number in signal.SIGTERM, signal.SIGKILL:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return


def own_mounts() -> List[str]:
    """A command that gives another one file systems of its own.

    So it may be shown other files in /etc than the machine has.
    """
    command = [tap.tool('unshare'), '--user', '--map-root-user', '--mount']
    if subprocess.run([*command, 'true'], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise tap.Skip('no namespaces for users and mounts here')
    return command


def build(kind: str) -> pathlib.Path:
    """A raw disk with a guest of that kind; other tests read it, too."""
    path = pathlib.Path(os.environ['XENPREP_GUESTS']) / f'{kind}.raw'
    subprocess.run([os.environ['XENPREP_GUEST_BUILDER'], kind, path],
                   check=True)
    return path


class Place:
    """A directory with a guest's disk, and what is done in it."""

    def __init__(self, path: pathlib.Path, kind: str) -> None:
        self.path = path
        self.raw = path / 'web01.raw'
        self.run(['cp', '--sparse=always', build(kind), self.raw])
        self.late = self.write_late()
        self.vmdk = path / 'web01.vmdk'
        self.target = path / 'web01.img'
        self.wanted = path / 'plain.img'
        self.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', self.raw,
                  self.vmdk])
        self.sources: Dict[pathlib.Path, str] = {}
        self.watch(self.vmdk)
        self.plain_conversion()

    def write_late(self) -> int:
        """Writes data near the end of the disk; tells where."""
        with open(self.raw, 'r+b') as disk:
            disk.seek(-LATE_FROM_END, os.SEEK_END)
            late = disk.tell()
            assert not any(disk.read(LATE_BYTES)), 'the disk is used there'
            disk.seek(late)
            disk.write(random.Random(0).randbytes(LATE_BYTES))
        return late

    def plain_conversion(self) -> None:
        """What README does with a local disk; the others must equal it."""
        self.run(['qemu-img', 'convert', '-f', 'vmdk', '--image-opts',
                  f'driver=win-xenprep,file.filename={self.vmdk}',
                  self.wanted])
        assert self.run(['qemu-img', 'compare', '-f', 'raw', '-F', 'raw',
                         self.raw, self.wanted],
                        check=False).status == 1, 'nothing was prepared'

    def run(self, command: Sequence, check: bool = True,
            prefix: Sequence = (), environment: Environment = None) -> Result:
        """Runs a program in the directory."""
        done = subprocess.run(
            [str(word) for word in (*prefix, *command)], cwd=self.path,
            env={**os.environ, **(environment or {})}, timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors='replace', check=False)
        result = Result(done.returncode, done.stdout, done.stderr)
        if check and result.status:
            raise AssertionError(f'{command}: status {result.status}: '
                                 f'{result.output}{result.errors}')
        return result

    def manual(self, label: str, names: Optional[Names] = None,
               **options: Any) -> Result:
        """Runs the commands that the manual has under that label."""
        text = with_names(documented(label), names or {})
        return self.run(['sh', '-ec', text], **options)

    def start(self, label: str, names: Optional[Names] = None,
              prefix: Sequence = ()) -> subprocess.Popen:
        """Starts them, in a session of their own; see stop()."""
        text = with_names(documented(label), names or {})
        return subprocess.Popen(
            [*prefix, 'sh', '-ec', text], cwd=self.path,
            start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    @contextlib.contextmanager
    def server(self, command: Sequence, ready: Callable[[], bool],
               environment: Environment = None
               ) -> Iterator[subprocess.Popen]:
        """A program that serves as long as it is needed."""
        log = self.path / 'server.log'
        with open(log, 'w', encoding='utf-8') as file:
            process = subprocess.Popen(
                [str(word) for word in command], cwd=self.path,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT)
        try:
            until(ready, f'{command[0]} shall answer', process)
            yield process
        except AssertionError as error:
            raise AssertionError(f'{error}\n{log.read_text()}') from error
        finally:
            stop(process)

    def cut_while_read(self, names: Names, prefix: Sequence = ()) -> str:
        """What qemu-img says if somebody cuts the VMDK off while it copies.

        It writes to nbdkit, which lets it wait before anything is written.
        """
        port = free_port()
        whole = self.vmdk.read_bytes()
        store = self.path / 'store.img'
        store.touch()
        os.truncate(store, self.wanted.stat().st_size)
        with self.server(
                [tap.tool('nbdkit'), '-f', '-i', '127.0.0.1', '-p', str(port),
                 'eval', f'get_size=echo {store.stat().st_size}',
                 'can_write=exit 0', f'pread={STORE_READ}',
                 f'pwrite={STORE_WRITE}'], answers(port)):
            tool = self.start('nbd-target', {
                'nbd.example:10809': f'127.0.0.1:{port}', **names}, prefix)
            try:
                until((self.path / 'written').exists, 'a first write', tool)
                os.truncate(self.vmdk, len(whole) - LATE_BYTES // 2)
                (self.path / 'write_on').touch()
                said, _ = tool.communicate(timeout=COMMAND_SECONDS)
            finally:
                stop(tool)
                self.vmdk.write_bytes(whole)
        for path in store, self.path / 'written', self.path / 'write_on':
            path.unlink()
        tap.equal(tool.returncode, 1, said)
        return said

    def watch(self, path: pathlib.Path) -> pathlib.Path:
        """A source, which nobody may write to."""
        self.sources[path] = fingerprint(path)
        return path

    def untouched(self) -> None:
        """Nobody has written to a source."""
        for path, before in self.sources.items():
            tap.equal(fingerprint(path), before, path.name)

    def arrived(self, target: Optional[pathlib.Path] = None) -> None:
        """The target has the bytes of the plain conversion; takes it away."""
        target = target or self.target
        self.untouched()
        assert target.stat().st_size == self.wanted.stat().st_size, \
            f'{target.name} has {target.stat().st_size} bytes'
        self.run(['cmp', target, self.wanted])
        target.unlink()

    def refused(self, result: Result, message: str,
                target: Optional[pathlib.Path] = None) -> None:
        """It failed before there was a target, in one line that says why."""
        self.failed(result, message)
        assert not (target or self.target).exists(), 'there is a target'

    def failed(self, result: Result, message: str,
               others: str = '(?!)') -> None:
        """It failed, in one line that says why.

        QEMU has several readers, each of which may say that it cannot read,
        and some drivers tell the cause in a line of its own: @others.
        """
        self.untouched()
        assert result.status in (1, 2), f'status {result.status}'
        said = {re.sub(r'\d+', 'N', line)
                for line in (result.output + result.errors).splitlines()}
        causes = {line for line in said if re.search(message, line)}
        tap.equal(len(causes), 1, f'says {said}, not "{message}"')
        odd = [line for line in said - causes if not re.search(others, line)]
        tap.equal(odd, [], 'says, too')


def main(kind: str, tools: Sequence[str], tests: Sequence) -> int:
    """Runs tests, pairs of a name and a function that is given the place.

    Where a tool is missing, there are none.
    """
    with tempfile.TemporaryDirectory(prefix='pipeline-') as name:
        try:
            for program in tools:
                tap.tool(program)
            place = Place(pathlib.Path(name), kind)
        except tap.Skip as reason:
            print(f'1..0 # SKIP {reason}')
            return 0
        return tap.main([(what, functools.partial(test, place))
                         for what, test in tests])
