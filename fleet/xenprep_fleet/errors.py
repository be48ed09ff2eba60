"""
How a guest can end, other than well

SPDX-License-Identifier: GPL-2.0-or-later
"""

# Exit statuses, as those of win-xenfix.
DONE, NO, ERROR = 0, 1, 3


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
