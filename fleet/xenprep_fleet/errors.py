"""
How a guest can end, other than well

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import errno
import os
from typing import Iterator

# Exit statuses, as those of win-xenfix.
DONE, NO, ERROR = 0, 1, 3

# What to do about errors of the system.
REMEDIES = {
    errno.ENOSPC: 'make room',
    errno.EDQUOT: 'make room',
    errno.ENOENT: 'make it, or name another',
    errno.ENOTDIR: 'name a folder',
    errno.EISDIR: 'move it away',
    errno.EBADF: 'leave it open',
    errno.EACCES: 'have its owner allow it',
    errno.EPERM: 'have its owner allow it',
    errno.EROFS: 'mount it so that it can be written to',
    errno.ENOLCK: 'mount it so that files can be locked',
}


class Refused(Exception):
    """The guest cannot be prepared as it is; the message says what to do."""


class Failed(Exception):
    """Something around the guest does not work: it can be tried again."""


class Left(Exception):
    """Nothing was tried, and what was reported before stays true."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Stopped(Exception):
    """A signal asked us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f'stopped by signal {number}')
        self.number = number


def printable(text: str) -> str:
    """One line that does nothing to a terminal, whatever a guest wrote."""
    return ''.join(char if char.isprintable() else '?'
                   for char in ' '.join(text.split('\n')))


def why(error: Exception) -> str:
    """An error; one of the system with its file, cause and remedy."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    cause = os.strerror(error.errno)
    remedy = REMEDIES.get(error.errno, 'see to that, and try again')
    # The second name is what the first was to become.
    name = error.filename2 or error.filename
    return f'{name}: {cause}: {remedy}' if name else f'{cause}: {remedy}'


@contextlib.contextmanager
def about(path: str) -> Iterator[None]:
    """Errors of the system that name no file are about this one."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or path
        raise
