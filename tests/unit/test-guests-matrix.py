#!/usr/bin/env python3
"""
Tests of the matrix: its tables cover what they should, its judges see faults

SPDX-License-Identifier: GPL-2.0-or-later
"""

import importlib.machinery
import importlib.util
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../guests'),
                os.path.join(HERE, '../matrix')]

import cell             # noqa: E402
import guest            # noqa: E402
import ntfs             # noqa: E402
import places           # noqa: E402
import readers          # noqa: E402
import states           # noqa: E402
import volumes          # noqa: E402
from layouts import LAYOUTS                 # noqa: E402
from tap import equal, main, run, tool      # noqa: E402


def load_script():
    """The module that tests/matrix/run-matrix is."""
    path = os.path.join(HERE, '../matrix/run-matrix')
    loader = importlib.machinery.SourceFileLoader('run_matrix', path)
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


MATRIX = load_script()
WORK = tempfile.TemporaryDirectory(prefix='test-matrix-')


def test_covering():
    """The smaller table has every pair of two columns' values."""
    columns = (MATRIX.WINDOWS, MATRIX.LAYOUTS, MATRIX.STATES)
    cells = MATRIX.covering()
    equal(len(set(cells)), len(cells), 'cells twice')
    for first, second in ((0, 1), (0, 2), (1, 2)):
        pairs = {(cell[first], cell[second]) for cell in cells}
        wanted = {(a, b) for a in columns[first] for b in columns[second]}
        equal(wanted - pairs, set(), 'pairs that are missing')


def test_shapes():
    """
    Each shape has two Windows and two states at least, each Windows has
    shapes; in the long form every Windows has every shape.
    """
    cells = MATRIX.shape_cells()
    equal(len(set(cells)), len(cells), 'cells twice')
    for shape in MATRIX.SHAPES:
        rows = [cell for cell in cells if cell[1] == shape]
        for column in (0, 2):
            equal(len({row[column] for row in rows}) >= 2, True, shape)
    equal({cell[0] for cell in cells}, set(MATRIX.WINDOWS), 'Windows')
    for windows in MATRIX.WINDOWS:
        found = MATRIX.all_cells(windows)
        equal({layout for _, layout, _ in found},
              {*MATRIX.LAYOUTS, *MATRIX.SHAPES}, windows)
        equal({state for _, _, state in found} <= set(MATRIX.STATES), True)


def test_names():
    """Each name stands for one thing."""
    equal(len(MATRIX.STATES), len(states.STATES), 'states')
    equal(len(MATRIX.LAYOUTS), len(LAYOUTS), 'layouts')
    equal(len(MATRIX.SHAPES), len(volumes.SHAPES), 'shapes')
    equal(MATRIX.LAYOUTS.keys() & MATRIX.SHAPES.keys(), set(), 'both')


def test_states():
    """Every version in every place; no state without an outcome."""
    alone = {(place, which) for state in states.STATES
             for place, which in state.there.items() if len(state.there) == 1}
    for place in states.PLACES:
        for which in (states.EQUAL, states.OLDER, states.NEWER, states.WRONG):
            equal((place, which) in alone, True, '%s in %s' % (which, place))
    for state in states.STATES:
        if state.winner:
            equal(state.winner in state.there, True, state.name)
        elif not state.refusal:
            equal(list(state.there), ['system32'], state.name)
        equal(bool(state.winner and state.refusal), False, state.name)


def test_versions():
    """Older is below the kernel's version, newer above it."""
    for windows in MATRIX.WINDOWS.values():
        ages = [states.version(windows, which) for which in (
            states.OLDEST, states.OLDER, states.EQUAL, states.NEWER)]
        equal(ages, sorted(set(ages)), windows.name)
        equal(ages[2], windows.version, windows.name)
        found = states.drivers(windows, states.WRONG)
        equal(found != states.drivers(windows, states.EQUAL), True)


def test_places():
    """Each place in the guest is somewhere below %SystemRoot%."""
    windows = MATRIX.WINDOWS['xp-x64']
    for place in states.PLACES:
        path = places.reported(place, windows)
        equal(bool(re.match(r'\\WINDOWS\\', path)),
              not places.is_users(place), path)
        equal('{' in path or '?' in path, False, path)


def built(state, layout='one primary'):
    """A cell whose guest is built, but not prepared."""
    for name in (*readers.TOOLS, 'mkntfs', 'istat'):
        tool(name)
    tools = cell.Tools(WORK.name, '', ntfs.find_populate(guest.HERE))
    one = cell.Cell(tools, MATRIX.WINDOWS['w2k-sp4'],
                    {**MATRIX.LAYOUTS, **MATRIX.SHAPES}[layout],
                    MATRIX.STATES[state])
    one.build()
    return one


def check_found(function, *arguments, what):
    """A judge finds a fault, and says so."""
    try:
        function(*arguments)
    except AssertionError as error:
        equal(what in str(error), True, str(error))
    else:
        raise AssertionError('not found: ' + what)


def test_judge_of_files():
    """Drivers that are not there."""
    one = built('equal in driver.cab')
    check_found(one.check_result, one.source, what='7z: files')


def test_judge_of_registry():
    """A hive that was not edited; lists that Windows 2000 does not know."""
    one = built('present')
    check_found(one.check_result, one.source, what='CONTROLSET001')
    windows = MATRIX.WINDOWS['xp-sp0']
    check_found(readers.check_lists, one.guest.system_hive, windows,
                what='subkey lists')


def test_judge_of_space():
    """Clusters in use that $Bitmap calls free."""
    one = built('present')
    volume = readers.cut_partition(
        one.source, one.guest.partitions[0], one.tools.path('spoilt'))
    readers.check_volume(volume)
    _, text = run('istat', volume, '6', text=True)
    cluster, = re.search(r'^Type: \$DATA .*\n(\d+)', text, re.M).groups()
    with open(volume, 'r+b') as file:
        file.seek(int(cluster) * 4096)
        file.write(b'\0')
    check_found(readers.check_volume, volume, what='mismatch')


def test_judge_of_the_rest():
    """A sector that is in no partition, and a source that is written to."""
    one = built('present')
    out = one.tools.path('changed')
    before = readers.digest(one.source)
    with open(one.source, 'rb') as source, open(out, 'wb') as target:
        target.write(source.read())
    equal(readers.digest(out), before, 'holes do not count')
    with open(out, 'r+b') as file:
        file.seek(440)
        file.write(b'\x55')
    equal(readers.digest(out) == before, False, 'a byte counts')
    check_found(one.check_outside, out, what='outside')


def changed(one, *places):
    """A copy of a cell's disk with other bytes at @places, offsets."""
    out = one.tools.path('changed')
    shutil.copyfile(one.source, out)
    with open(out, 'r+b') as file:
        for place in places:
            file.seek(place)
            file.write(b'\x40')
    return out


def test_judge_of_heads():
    """Heads may be others on the system partition, twice the same."""
    one = built('present', 'two primaries')
    system = one.guest.partitions[0]
    first, last = [sector * 512 + 0x1a
                   for sector in (system.start, system.end - 1)]
    one.check_outside(one.source)
    one.check_outside(changed(one, first, last))
    check_found(one.check_outside, changed(one, first), what='heads')
    for place in (first - 1, first + 2, last - 2, last + 2):
        check_found(one.check_outside, changed(one, first, last, place),
                    what='outside')
    one = built('present')
    check_found(one.check_outside, changed(one, one.guest.size - 486),
                what='outside')


def test_judge_of_new_files():
    """Other times, names, attributes than a new driver should have."""
    def check(layout, time=MATRIX.WINDOWS['w2k-sp4'].built,
              siblings=('pci.sys',)):
        one = built('present', layout)
        volume = readers.cut_partition(one.source, one.partition,
                                       one.tools.path('judged'))
        facts = readers.FileFacts(volume, 'WINNT\\system32\\drivers')
        facts.check_new('disk.sys', siblings, time)

    check('one primary')
    check_found(check, 'one primary', 1_000_000_000, what='times')
    check_found(check, 'POSIX names', what='name spaces')
    check_found(check, 'drivers\' folder compressed', what='attributes')
    check_found(check, 'read-only', what='attributes')
    check_found(lambda: check('one primary', siblings=()),
                what='security id')


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
