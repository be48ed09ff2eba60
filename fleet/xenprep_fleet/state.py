"""
What is known of a guest from earlier runs, and who is at work on it

REPORTS/GUEST.json is the guest's report: complete, and the last thing that a
run does.  REPORTS/.fleet has what only we need:

    GUEST.json  what the report was made of: the line of the manifest, the
                files of the source with their sizes and times, the target as
                it was made, and the report itself.  It is written just before
                the target gets its name, so that the next run can tell what
                happened if that one ended between the two
    GUEST.lock  locked as long as somebody is at work on the guest; it names
                the unfinished target, and the room that it will take
    .space.lock locked for moments: while room or a guest's lock is taken
                (no guest's name begins with a dot)

The locks are flock()'s: the kernel takes them back from whoever dies, and NFS
from a client that is lost.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import fcntl
import json
import os
import stat
import time
from typing import Any, Dict, Iterator, List, Optional

from .errors import about
from .output import tell

Json = Dict[str, Any]

# How often one looks whether somebody else has ended, in seconds.
LOOK_AGAIN = 1.0
# Outcomes of a guest that has a target.
GOOD = ('prepared', 'unchanged')


class Unfit(Exception):
    """What is there under a name is not what has to be."""


def read_file(path: str, limit: Optional[int] = None) -> bytes:
    """All of a file; whatever else has its name is not waited for."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY |
                   os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Unfit('it is no file')
        with about(path), open(file, 'rb', closefd=False) as stream:
            data = stream.read() if limit is None else stream.read(limit + 1)
    finally:
        os.close(file)
    if limit is not None and len(data) > limit:
        raise Unfit(f'it has more than {limit >> 20} MiB')
    return data


def load(path: str) -> Optional[Json]:
    """A JSON object of a file, or nothing if there is none."""
    try:
        found = json.loads(read_file(path).decode())
    except (FileNotFoundError, Unfit, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def sync_folder(path: str) -> None:
    """The names in a folder outlive that the power fails."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with about(path):
            os.fsync(folder)
    finally:
        os.close(folder)


def save(path: str, value: Json) -> None:
    """Writes JSON so that it is there completely or not at all."""
    unfinished = path + '.new'
    with about(path), open(unfinished, 'w', encoding='utf-8') as file:
        json.dump(value, file, indent=4)
        file.write('\n')
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    sync_folder(os.path.dirname(path))


def identity(path: str) -> Optional[Json]:
    """What tells whether a file was written to; nothing if it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return {'path': path, 'size': found.st_size, 'mtime': found.st_mtime_ns}


class Lock:
    """A file that is held as long as we, or a tool that we started, live."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def take(self, wait: bool) -> bool:
        """Takes it; False if somebody has it."""
        try:
            with about(self.path):
                fcntl.flock(self.file,
                            fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Gives it back."""
        os.close(self.file)


class Record:
    """The lock of a guest, and what the file says: who needs which room."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock

    @property
    def file(self) -> int:
        """What has to stay open."""
        return self.lock.file

    def read(self) -> Json:
        """What is said; nothing if the last one has ended well."""
        return load(self.lock.path) or {}

    def write(self, part: str, need: int) -> None:
        """Says what is going to be written."""
        self.clear()
        with about(self.lock.path):
            os.pwrite(self.file,
                      json.dumps({'part': part, 'need': need}).encode(), 0)
            os.fsync(self.file)

    def clear(self) -> None:
        """Says that nothing is."""
        with about(self.lock.path):
            os.ftruncate(self.file, 0)


class Store:
    """The folder of reports of one fleet."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.hidden = os.path.join(self.folder, '.fleet')

    def create(self) -> None:
        """Makes the folder if it is not there."""
        os.makedirs(self.hidden, exist_ok=True)

    def report(self, name: str) -> str:
        """The path of a guest's report."""
        return os.path.join(self.folder, name + '.json')

    def state_path(self, name: str) -> str:
        """The path of what we know of a guest."""
        return os.path.join(self.hidden, name + '.json')

    def scratch(self, name: str) -> str:
        """The path of what the driver reports, as long as a run lasts."""
        return os.path.join(self.hidden, name + '.driver')

    def state(self, name: str) -> Json:
        """What we know of a guest."""
        return load(self.state_path(name)) or {}

    def forget(self, name: str) -> None:
        """Drops what we know of a guest."""
        os.unlink(self.state_path(name))

    def publish(self, name: str, state: Json) -> None:
        """Makes the report of what we know, if it is not there already."""
        if load(self.report(name)) != state['report']:
            save(self.report(name), state['report'])

    @contextlib.contextmanager
    def space_lock(self) -> Iterator[None]:
        """For a moment nobody else takes room, or the lock of a guest."""
        lock = Lock(os.path.join(self.hidden, '.space.lock'))
        try:
            lock.take(wait=True)
            yield
        finally:
            lock.close()

    @contextlib.contextmanager
    def at_work(self, name: str) -> Iterator[Record]:
        """Nobody else is at work on the guest; waits until that is so."""
        lock = Lock(os.path.join(self.hidden, name + '.lock'))
        try:
            said = False
            while True:
                with self.space_lock():
                    if lock.take(wait=False):
                        break
                if not said:
                    tell(f'{name}: another run is at work on it; waiting')
                    said = True
                time.sleep(LOOK_AGAIN)
            yield Record(lock)
        finally:
            lock.close()

    def others(self, own: Record) -> List[Json]:
        """What the others that are at work say; the space lock is held."""
        found = []
        for entry in os.scandir(self.hidden):
            if (not entry.name.endswith('.lock') or
                    entry.path == own.lock.path or
                    entry.name == '.space.lock'):
                continue
            lock = Lock(entry.path)
            try:
                if not lock.take(wait=False):
                    found.append(Record(lock).read())
            finally:
                lock.close()
        return [record for record in found if record]
