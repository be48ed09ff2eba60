"""
Which drivers a guest has, of which versions, and where: the states

Each state says what lies in which place, and what must come of it by the rule
of win-xenprep-profile(5): a file that is there and fits stays; else all that is lacking comes from
one source, the one of the newest version that is not above the kernel's.
Equal ones are taken in the order of the places below.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from dataclasses import dataclass, field

import pe
import winfiles
from places import SP_CAB

EQUAL, OLDER, OLDEST, NEWER, WRONG = 'equal', 'older', 'oldest', 'newer', \
    'wrong machine'
DRIVERS = ('atapi.sys', 'intelide.sys', 'pciide.sys', 'pciidex.sys')

# In the order of preference
PLACES = ('user: CD', 'user: cabinet', 'user: files', 'ServicePackFiles',
          'cache', 'cache, packed', SP_CAB, 'driver.cab', 'dllcache')


@dataclass(frozen=True)
class State:
    """What is where, and what must come of it."""

    name: str
    # Place: which versions (all four files), or some files' versions by name
    there: dict
    # The place whose files are taken; None: nothing is written
    winner: str = None
    # A warning says that what is taken is older than the kernel
    warns: bool = False
    # What the refusal says, a regular expression; None: it is prepared
    refusal: str = None
    # Files that are not written, since they are there
    kept: tuple = field(default=())


def version(windows, which):
    """The version that a driver has in relation to the kernel."""
    major, minor, build, revision = windows.version
    return {OLDER: (major, minor, build - 5, 4321),
            OLDEST: (major, minor, build - 9, 1),
            NEWER: (major, minor, build, revision + 40)}.get(
                which, windows.version)


def drivers(windows, which):
    """The four files, of which version or machine type @which says."""
    machine = windows.machine
    if which == WRONG:
        machine = pe.MACHINE_AMD64 + pe.MACHINE_I386 - machine
    return winfiles.ide_drivers(windows, version(windows, which), machine)


def contents(windows, there):
    """The files of a place, as State.there describes it."""
    if isinstance(there, str):
        return drivers(windows, there)
    return {name: drivers(windows, which)[name]
            for name, which in there.items()}


def _in_each_place():
    """Missing from system32, and in one place only."""
    for place in PLACES:
        yield State('%s in %s' % (EQUAL, place), {place: EQUAL}, place)
        yield State('%s in %s' % (OLDER, place), {place: OLDER}, place, True)
        yield State('%s in %s' % (NEWER, place), {place: NEWER},
                    refusal='newer than the kernel')
        yield State('%s in %s' % (WRONG, place), {place: WRONG},
                    refusal='is for x(64|86), the guest is x(86|64)')


STATES = (
    State('present', {'system32': EQUAL}),
    State('present, older', {'system32': OLDER}),
    State('present, newer', {'system32': NEWER}),
    State('missing', {}, refusal='atapi.sys'),
    State('wrong machine in system32', {'system32': WRONG},
          refusal='atapi.sys'),
    State('wrong machine in system32, equal in driver.cab',
          {'system32': WRONG, 'driver.cab': EQUAL}, 'driver.cab'),
    State('one present, equal in driver.cab',
          {'system32': {'atapi.sys': EQUAL}, 'driver.cab': EQUAL},
          'driver.cab', kept=('atapi.sys',)),
    *_in_each_place(),
    State('equal on a CD of SZDD', {'user: CD of SZDD': EQUAL},
          'user: CD of SZDD'),
    State('equal on a CD of KWAJ', {'user: CD of KWAJ': EQUAL},
          'user: CD of KWAJ'),
    State('equal everywhere', {place: EQUAL for place in PLACES
                               if not place.startswith('user')},
          'ServicePackFiles'),
    State('equal everywhere, and the user has some',
          {'user: cabinet': EQUAL, 'driver.cab': EQUAL,
           'ServicePackFiles': EQUAL}, 'user: cabinet'),
    State('the user has older ones',
          {'user: files': OLDER, 'driver.cab': EQUAL}, 'driver.cab'),
    State('equal in all service packs\' cabinets',
          {'sp1.cab': EQUAL, 'sp2.cab': EQUAL, 'sp3.cab': EQUAL,
           'sp4.cab': EQUAL, 'driver.cab': EQUAL}, 'sp4.cab'),
    State('newer in sp4.cab, older in sp2.cab and driver.cab',
          {'sp4.cab': NEWER, 'sp2.cab': OLDER, 'driver.cab': OLDEST},
          'sp2.cab', True),
    State('older in ServicePackFiles, equal in driver.cab',
          {'ServicePackFiles': OLDER, 'driver.cab': EQUAL}, 'driver.cab'),
    State('newer in the cache, equal in dllcache',
          {'cache': NEWER, 'dllcache': EQUAL}, 'dllcache'),
    State('wrong machine in sp3.cab, equal in driver.cab',
          {'sp3.cab': WRONG, 'driver.cab': EQUAL}, 'driver.cab'),
    State('one lacking in ServicePackFiles, older in driver.cab',
          {'ServicePackFiles': {name: EQUAL for name in DRIVERS[:3]},
           'driver.cab': OLDER}, 'driver.cab', True),
)
