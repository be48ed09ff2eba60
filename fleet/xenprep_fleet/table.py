"""
What has become of a fleet: a line for each guest, and how many of each kind

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
from typing import List, Optional

from . import reports
from .errors import DONE, NO, printable, why
from .manifest import Guest
from .output import say
from .state import GOOD, Json, Store

OUTCOMES = ('prepared', 'unchanged', 'refused', 'failed', 'not done',
            'unreadable')
TITLES = ['GUEST', 'OUTCOME', 'WINDOWS', 'BOOTS', 'SECONDS',
          'TARGET, OR WHY NOT']


def differs(guest: Guest, report: Json) -> bool:
    """Whether a report is not about what the manifest asks for now."""
    return any(report.get(name) != value for name, value in
               (('source', guest.source), ('target', guest.target),
                ('options', guest.options)))


def gone(target: str) -> bool:
    """Whether a target, which is a file always, is not there any more."""
    try:
        os.stat(target)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError as error:
        raise reports.Unreadable(why(error)) from error
    return False


def cells(report: Optional[Json], guest: Optional[Guest]) -> List[str]:
    """What a guest's report tells, in the order of the titles."""
    if report is None:
        return ['not done', '', '', '', 'there is no report']
    if guest and differs(guest, report):
        return ['not done', '', '', '',
                'its report is about another source, target or options']
    if guest and report['outcome'] in GOOD and gone(guest.target):
        return ['not done', '', '', '',
                'its target is gone; --again converts it again']
    return [report['outcome'],
            reports.text(report, 'windows', 'name') or
            reports.text(report, 'report', 'windows', 'name'),
            reports.text(report, 'after', 'boots'),
            reports.seconds(report),
            reports.text(report, 'error') or reports.text(report, 'target')]


def row(store: Store, name: str, guest: Optional[Guest]) -> List[str]:
    """The line of a guest; one that cannot be told of is there, too."""
    try:
        told = cells(reports.read(store.report(name)), guest)
    except reports.Unreadable as error:
        told = ['unreadable', '', '', '', str(error)]
    return [printable(cell) for cell in (name, *told)]


def rows(store: Store, guests: Optional[List[Guest]]) -> List[List[str]]:
    """All guests: those of the manifest, or those that have a report."""
    if guests is not None:
        return [row(store, guest.name, guest) for guest in guests]
    return [row(store, name, None) for name in reports.names(store.folder)]


def show(store: Store, guests: Optional[List[Guest]]) -> int:
    """Prints the table; the exit status tells whether all is well."""
    found = rows(store, guests)
    widths = [max(len(line[column]) for line in [TITLES, *found])
              for column in range(len(TITLES))]
    lines = ['  '.join(cell.ljust(width) for cell, width
                       in zip(line, widths)).rstrip()
             for line in [TITLES, *found]]
    outcomes = [line[1] for line in found]
    counts = ', '.join(f'{outcomes.count(outcome)} {outcome}'
                       for outcome in OUTCOMES)
    say('\n'.join([*lines, f'{len(found)} guests: {counts}']))
    good = sum(outcomes.count(outcome) for outcome in GOOD)
    return DONE if found and good == len(found) else NO
