"""
The reports of a folder, whoever has written them

Each is looked at as "win-xenfix report" does: one that cannot be read, or that
lacks what its outcome promises, is a guest of which it is not known what has
become, and never one less.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
from typing import Any, List, Optional

from .errors import Failed, why
from .state import GOOD, Json, Unfit, read_file

BAD = ('refused', 'failed')
# As that of win-xenfix; real ones have less than 100 KiB.
LIMIT = 4 << 20
REMEDY = 'move it away, and run the guest again'


class Unreadable(Exception):
    """A report is there, and does not tell; the message has a remedy."""


def names(folder: str) -> List[str]:
    """The guests that a folder has reports of."""
    try:
        files = os.listdir(folder)
    except OSError as error:
        raise Failed(f'{folder}: {os.strerror(error.errno or 0)}: name the '
                     'folder that --reports of run named') from error
    return sorted(name[:-5] for name in files
                  if name.endswith('.json') and not name.startswith('.'))


def read(path: str) -> Optional[Json]:
    """A report; nothing if there is none, Unreadable if it is no use."""
    try:
        report = parse(read_file(path, LIMIT))
    except FileNotFoundError:
        if os.path.islink(path):
            raise Unreadable(f'it is a link to nothing: {REMEDY}') from None
        return None
    except Unfit as error:
        raise Unreadable(f'{error}: {REMEDY}') from error
    except OSError as error:
        raise Unreadable(why(error)) from error
    fault = fault_of(report)
    if fault:
        raise Unreadable(f'{fault}: {REMEDY}')
    return report


def parse(data: bytes) -> Json:
    """What a report says."""
    try:
        # Numbers of any length are to be taken, and none is an index.
        report = json.loads(data.decode(), parse_int=float)
    except (ValueError, RecursionError):
        raise Unfit('it is empty' if not data else 'it is no JSON') from None
    if not isinstance(report, dict):
        raise Unfit('it is no report of a guest')
    return report


def fault_of(report: Json) -> str:
    """What is wrong with a report; '' if nothing is."""
    outcome = report.get('outcome')
    if outcome not in GOOD + BAD:
        return 'it has no outcome that is known'
    needs, kind = ('report', dict) if outcome in GOOD else ('error', str)
    if not isinstance(report.get(needs), kind):
        return f"it says '{outcome}', and has no '{needs}'"
    return ''


def text(report: Json, *path: str) -> str:
    """A string in a report; '' if there is none."""
    found: Any = report
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ''


def seconds(report: Json) -> str:
    """How long it took."""
    found = report.get('seconds')
    return f'{found:.1f}' if isinstance(found, float) else ''
