"""
What is said on standard output, and on standard error

Either may take nothing: a full disk, a pipe whose reader has ended.  Python
would try again when the program ends, and spoil the exit status.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import errno
import os
import signal
import sys
from typing import TextIO

from .errors import ERROR, printable, why


class Unwritable(Exception):
    """Standard output takes nothing; @status is how that ends."""

    def __init__(self, error: OSError) -> None:
        error.filename = 'standard output'
        super().__init__(why(error))
        # Who has closed a pipe knows that, and wants to hear no more.
        self.silent = isinstance(error, BrokenPipeError)
        self.status = 128 + signal.SIGPIPE if self.silent else ERROR


def drop(stream: TextIO) -> None:
    """What a stream still holds goes nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def say(text: str, end: str = '\n') -> None:
    """Prints something that was asked for; Unwritable if that fails."""
    if sys.stdout is None:
        raise Unwritable(OSError(errno.EBADF, ''))
    try:
        print(text, end=end, flush=True)
    except OSError as error:
        drop(sys.stdout)
        raise Unwritable(error) from error


def tell(message: str) -> None:
    """A line about what happens; exit status and reports tell it, too."""
    if sys.stderr is None:
        return
    try:
        print(printable(message), file=sys.stderr, flush=True)
    except OSError:
        drop(sys.stderr)
