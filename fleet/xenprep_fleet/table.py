"""
What has become of a fleet: a line for each guest, and how many of each kind

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
from typing import List, Optional

from .errors import DONE, NO, Failed, printable
from .manifest import Guest
from .output import say
from .state import Json, Store, load

OUTCOMES = ('prepared', 'unchanged', 'refused', 'failed', 'not done')
TITLES = ['GUEST', 'OUTCOME', 'WINDOWS', 'BOOTS', 'SECONDS',
          'TARGET, OR WHY NOT']


def differs(guest: Guest, report: Json) -> bool:
    """Whether a report is not about what the manifest asks for now."""
    return any(report.get(name) != value for name, value in
               (('source', guest.source), ('target', guest.target),
                ('options', guest.options)))


def row(name: str, report: Optional[Json],
        guest: Optional[Guest]) -> List[str]:
    """The cells of a guest."""
    if report is None or not {'outcome', 'seconds'} <= report.keys():
        return [name, 'not done', '', '', '', 'there is no report']
    if guest and differs(guest, report):
        return [name, 'not done', '', '', '',
                'its report is about another source, target or options']
    windows = (report.get('windows') or
               report.get('report', {}).get('windows', {}))
    return [printable(cell) for cell in (
        name, report['outcome'], windows.get('name', ''),
        report.get('after', {}).get('boots', ''),
        f'{report["seconds"]:.1f}',
        report.get('error') or report['target'])]


def reported(folder: str) -> List[str]:
    """The guests that a folder has reports of."""
    try:
        files = os.listdir(folder)
    except OSError as error:
        raise Failed(f'{folder}: {os.strerror(error.errno or 0)}: name the '
                     'folder that --reports of run named') from error
    return sorted(name[:-5] for name in files
                  if name.endswith('.json') and not name.startswith('.'))


def rows(store: Store, guests: Optional[List[Guest]]) -> List[List[str]]:
    """All guests: those of the manifest, or those that have a report."""
    if guests is not None:
        return [row(guest.name, load(store.report(guest.name)), guest)
                for guest in guests]
    return [row(name, load(store.report(name)), None)
            for name in reported(store.folder)]


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
    good = outcomes.count('prepared') + outcomes.count('unchanged')
    return DONE if found and good == len(found) else NO
