#!/usr/bin/env python3
"""
Test of a fleet under Slurm: 40 guests, five of them broken, and a node that
dies in the middle

Usage: fleet-slurm.py

It goes on from one test to the next: the fleet is one, and its cluster, too.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import datetime
import pathlib
import re
import sys
from typing import Any, Dict, List, NamedTuple, Optional

from source import SOURCE
from fleetrig import PROGRAM, Fleet, documented, part_of, until
from slurmrig import MEMORY_MIB, NODES, Cluster

import tap
from tap import equal

SUBFORMATS = ('monolithicSparse', 'streamOptimized', 'monolithicFlat',
              'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat', 'delta')

GOOD = ('w2k-sp4', 'xp-sp0', 'xp-sp2', 'xp-sp3', 'xp-sp3-built',
        'xp-sp3-prepared-drivers', 'xp-sp3-upgraded', 'xp-x64', 'w2k3-sp2',
        'w2k3-two-partitions', 'w2k3-x64', 'two-windows', 'scsi-boot-ini',
        'logical-drive', 'volume-flag-8000', 'dirty-hive-with-log',
        'resumed', 'win-vista', 'win-vista-uefi', 'win7',
        'win7-reserved', 'win7-x64', 'win7-uefi', 'ws2008r2', 'win8.1',
        'win8.1-uefi', 'ws2012r2', 'win10', 'win10-bios', 'win11',
        'win11-24h2', 'ws2016', 'ws2019', 'ws2022', 'ws2025')
BROKEN = {'hibernated': 'hibernated', 'dirty-volume': 'chkdsk',
          'win10-bitlocker': 'BitLocker', 'no-driver-cab': 'driver.cab',
          'second-disk': 'another disk'}

# As many as run at the same time.  More than that follow on one another that
# take their time, so that each node is once at two of them.
AT_ONCE = 4
SLOW = ('w2k3-x64', 'two-windows', 'scsi-boot-ini', 'logical-drive',
        'volume-flag-8000', 'dirty-hive-with-log')


class Line(NamedTuple):
    """A guest of the fleet."""
    kind: str
    name: str
    source: pathlib.Path
    target: pathlib.Path
    options: str


class State:
    """What one test leaves for the next."""
    fleet: Fleet
    cluster: Optional[Cluster] = None
    lines: List[Line] = []
    killed_with: List[str] = []
    most_on_node: Dict[str, int] = {}
    before_kill: Dict[str, Any] = {}
    after: Dict[str, Any] = {}


def mixed() -> List[str]:
    """The kinds in an order in which the broken ones are among the others."""
    kinds = list(GOOD)
    for number, kind in enumerate(BROKEN):
        kinds.insert(3 + 8 * number, kind)
    return kinds


def build() -> None:
    """40 guests, as VMware may have left them, with names of all kinds."""
    fleet = State.fleet
    for number, kind in enumerate(mixed()):
        name = ('slow ' if kind in SLOW else '') + kind
        if number % 5 == 0:
            name = f"{name}, n°'{number}'"
        folder = fleet.folder / 'vms' / name
        folder.mkdir(parents=True)
        source = fleet.vmdk(kind, str(folder / (name + '.vmdk')),
                            SUBFORMATS[number % len(SUBFORMATS)])
        options = 'discard-free=on' if number % 7 == 0 else ''
        State.lines.append(Line(kind, name, source,
                                fleet.out / (name + '.img'), options))
    fleet.manifest([f'{line.source}\t{line.target}\t{line.options}'
                    for line in State.lines])
    equal(fleet.call(PROGRAM, 'check', 'fleet.tsv'), '40\n', 'guests')


def commands() -> str:
    """Those of the manual; only the installed files are somewhere else."""
    return documented('fleet-slurm').replace('/usr/share/win-xenprep',
                                             str(SOURCE / 'fleet'))


def submit() -> str:
    """Has Slurm do the fleet; the file of the table."""
    fleet = State.fleet
    table = fleet.folder / 'fleet-table.txt'
    if table.exists():
        table.unlink()
    fleet.shell(commands())
    return str(table)


def need_cluster() -> Cluster:
    """Tests are skipped where there is no Slurm."""
    if State.cluster is None:
        raise tap.Skip('there is no cluster')
    return State.cluster


def start() -> None:
    """A cluster of two nodes."""
    fleet = State.fleet
    cluster = Cluster(fleet.folder / 'slurm', fleet.env)
    State.cluster = cluster.__enter__()     # ended in main()


def victims(cluster: Cluster, node: str) -> List[Line]:
    """Guests that a node is writing the targets of."""
    tasks = [task for task in cluster.running(node) if task.isdigit()]
    State.most_on_node[node] = max(State.most_on_node.get(node, 0), len(tasks))
    lines = [State.lines[int(task) - 1] for task in tasks]
    return [line for line in lines if part_of(line.target)]


def kill() -> None:
    """A node dies while it converts two guests."""
    cluster = need_cluster()
    submit()
    node = until('a node is in the middle of two conversions', lambda: [
        node for node in NODES if sum(line.kind in SLOW for line
                                      in victims(cluster, node)) == 2])[0]
    at_work = victims(cluster, node)
    cluster.kill_node(node)
    State.before_kill = State.fleet.snapshot()
    # One may have ended while we looked; it has its report, or its state.
    State.killed_with = [line.name for line in at_work
                         if part_of(line.target)]
    equal(bool(State.killed_with), True, 'guests that were at work')
    for line in at_work:
        if line.name in State.killed_with:
            equal(line.target.exists(), False, f'half a {line.name}')
    cluster.start_node(node)


def outcomes() -> None:
    """All ends, with the table that the last job printed."""
    cluster = need_cluster()
    until('Slurm has done all', lambda: not cluster.queue())
    table = (State.fleet.folder / 'fleet-table.txt').read_text()
    equal(table.splitlines()[-1], '40 guests: 35 prepared, 0 unchanged, '
          '5 refused, 0 failed, 0 not done, 0 unreadable', table)
    log = (cluster.folder / 'slurmctld.log').read_text()
    requeued = set(re.findall(r'Requeuing JobId=\d+_(\d+)', log))
    at_work = {str(number) for number, line in enumerate(State.lines, 1)
               if line.name in State.killed_with}
    equal(at_work <= requeued, True, f'{at_work} requeued: {requeued}')


def none_half_done() -> None:
    """Each target is what the driver makes by itself, and would boot."""
    need_cluster()
    fleet = State.fleet
    fleet.must_be_clean()
    for line in State.lines:
        report = fleet.report(line.name)
        if line.kind in BROKEN:
            equal(report['outcome'], 'refused', line.name)
            equal(BROKEN[line.kind] in report['error'], True, report['error'])
            equal(line.target.exists(), False, line.name)
            continue
        equal(report['outcome'], 'prepared', line.name)
        fleet.must_be(line.target, line.source, line.options)
        status, said = tap.run('win-xenfix', 'check', '-f', 'raw',
                               '--machine=' + report['machine'], line.target,
                               text=True, check=False)
        equal(status, 0, f'{line.name}: {said}')
        equal(report['after']['boots'], 'yes', line.name)
    equal(len(list(fleet.out.iterdir())), 35, 'targets')


def once() -> None:
    """What was done when the node died was not done again."""
    need_cluster()
    fleet = State.fleet
    after = fleet.snapshot()
    for path, what in State.before_kill.items():
        if not path.endswith('.part'):
            equal(after.get(path), what, path)
    counts = {line.name: fleet.converted().count(line.name + '.img')
              for line in State.lines}
    for line in State.lines:
        expected = (0 if line.kind in BROKEN else
                    2 if line.name in State.killed_with else 1)
        equal(counts[line.name], expected, f'conversions of {line.name}')


def bounded() -> None:
    """Never more at once than the array, and the nodes' memory, allow."""
    need_cluster()
    begins = []
    ends = []
    for line in State.lines:
        report = State.fleet.report(line.name)
        started = datetime.datetime.strptime(report['started'],
                                             '%Y-%m-%dT%H:%M:%SZ')
        # It began within that second.
        begins.append(started + datetime.timedelta(seconds=1))
        ends.append(started + datetime.timedelta(seconds=report['seconds']))
    most = max(sum(begin <= moment < end for begin, end in zip(begins, ends))
               for moment in begins)
    equal(1 < most <= AT_ONCE, True, f'{most} at once')
    # A task asks for 512 MiB.
    equal(State.most_on_node, {node: MEMORY_MIB // 512 for node in NODES},
          'tasks on a node')


def second_run() -> None:
    """The whole fleet once more: nothing is done, and nothing changes."""
    cluster = need_cluster()
    fleet = State.fleet
    before = fleet.snapshot()
    count = len(fleet.converted())
    submit()
    until('Slurm has done all', lambda: not cluster.queue())
    equal(fleet.snapshot(), before, 'targets and reports')
    equal(len(fleet.converted()), count, 'conversions')
    table = (fleet.folder / 'fleet-table.txt').read_text()
    equal('35 prepared, 0 unchanged, 5 refused' in table, True, table)


def page() -> None:
    """The page of the fleet has all of them."""
    need_cluster()
    fleet = State.fleet
    _, commands_of = tap.run('win-xenfix', '--help', text=True)
    if not re.search(r'^  report ', str(commands_of), re.M):
        raise tap.Skip('win-xenfix has no command report')
    html = fleet.folder / 'fleet.html'
    status, said = tap.run('win-xenfix', 'report', fleet.reports, '--html',
                           html, check=False, text=True)
    equal((status, said), (1, '40 guests: 35 prepared, 5 refused\n'), 'says')
    text = html.read_text(encoding='utf-8')
    for word, count in (('prepared', 35), ('refused', 5)):
        equal(len(re.findall(f'data-outcome="{word}"', text)), count, word)


TESTS = [
    ('40 guests and a manifest', build),
    ('a cluster of two nodes', start),
    ('a node dies while it converts', kill),
    ('35 prepared, 5 refused', outcomes),
    ('none half-done', none_half_done),
    ('what was done is not done again', once),
    ('no more at once than allowed', bounded),
    ('a second run does nothing', second_run),
    ('the page', page),
]


def main() -> int:
    """Runs the tests, and ends the cluster whatever happens."""
    with Fleet() as fleet:
        State.fleet = fleet
        try:
            return tap.main(TESTS)
        finally:
            if State.cluster:
                State.cluster.__exit__()


if __name__ == '__main__':
    sys.exit(main())
