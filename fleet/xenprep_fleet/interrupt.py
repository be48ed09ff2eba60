"""
Signals that ask us to end

What was begun is cleaned up then, which takes a moment; what must not be left
half done is done first.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import signal
from typing import Any, Iterator

from .errors import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop(number: int, _frame: Any) -> None:
    """A handler."""
    raise Stopped(number)


def handle() -> None:
    """From now on a signal is an exception."""
    for number in SIGNALS:
        # nohup has it ignored.
        if (number != signal.SIGHUP or
                signal.getsignal(number) != signal.SIG_IGN):
            signal.signal(number, stop)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals wait until it is over."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
