"""
What came out of "make bench": tables, JSON, and what of the budgets is met

A ratio is the median of what each run took of what the plain one beside it
took, so that a moment in which the machine was slow counts in both.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections

from bench_tools import DELAY_MS, medians, ratio

MIB = 1 << 20

# The budgets of docs/performance.rst
CONVERT = 1.03
PREPARE_PRESENT, PREPARE_MISSING = 0.1, 0.5
READ_MIB = 32
MEMORY_MIB, HIVES = 32, 4
JAIL_MS = 20
DISCARD = 0.65
# Seconds, of a source of which each request takes 20 ms
REMOTE = 3.0

# @met is None if it could not be measured.
Budget = collections.namedtuple('Budget', 'what measured limit unit met')


class Results:
    """All that was measured; @found is what bench_measure has collected."""

    def __init__(self, found, hive_size):
        self.found = found
        self.hive = hive_size
        self.budgets = list(self._budgets())

    # ---------------------------------------------------------------- look up

    def conversion(self, fmt, state, case):
        """The samples of one, and those of the plain one beside it."""
        chosen = {entry['case']: entry for entry in self.found['conversions']
                  if (entry['format'], entry['state']) == (fmt, state)}
        entry = chosen[case]
        return entry['samples'], chosen[entry['beside']]['samples']

    def preparing(self, name, fmt, state, what='wall'):
        """Seconds that preparing takes."""
        entry = next(entry for entry in self.found['preparing']
                     if (entry['guest'], entry['format'],
                         entry['state']) == (name, fmt, state))
        return extra(entry, what)

    def read(self, name, state):
        """MiB that were read for it."""
        return next(entry['bytes'] for entry in self.found['reads']
                    if (entry['guest'], entry['state']) ==
                    (name, state)) / MIB

    # ---------------------------------------------------------------- budgets

    def _budgets(self):
        yield from self._of_conversions()
        yield from self._of_preparing()
        yield from self._of_memory()
        yield budget('the jail', self.found['jail'], JAIL_MS, 'ms')
        for fmt in ('raw', 'vmdk'):
            samples, plain = self.conversion(fmt, 'drivers missing',
                                             'discard-free')
            yield budget('discard-free=on, %s, wall / plain' % fmt,
                         ratio(samples, plain, 'wall'), DISCARD, '')
        for entry in self.found['remote']:
            if entry['guest'] == 'main':
                yield budget('preparing over NBD, %d ms late, %s'
                             % (DELAY_MS, entry['state']), extra(entry),
                             REMOTE, 's')

    def _of_conversions(self):
        for state in ('drivers present', 'drivers missing'):
            for fmt in ('raw', 'vmdk'):
                samples, plain = self.conversion(fmt, state, 'driver')
                for what in ('wall', 'cpu'):
                    less, note = 0, ''
                    if state == 'drivers missing':
                        less = self.preparing('main', fmt, state, what)
                        note = ', less preparing'
                    yield budget('convert %s, %s, %s / plain%s' % (
                        fmt, state, what, note),
                        ratio(samples, plain, what, less), CONVERT, '')
        samples, plain = self.conversion('raw', 'drivers missing',
                                         'driver -m 16 -W')
        yield budget('convert -m 16 -W, wall / plain, less preparing', ratio(
            samples, plain, 'wall', self.preparing(
                'main', 'raw', 'drivers missing')), CONVERT, '')

    def _of_preparing(self):
        state = 'drivers present'
        for name in ('main', 'huge'):
            size = '10 GiB' if name == 'main' else '2 TiB'
            yield budget('preparing, %s, %s' % (state, size),
                         self.preparing(name, 'raw', state),
                         PREPARE_PRESENT, 's')
            yield budget('... reads', self.read(name, state), READ_MIB, 'MiB')
        state = 'drivers missing'
        for fmt in ('raw', 'vmdk'):
            yield budget('preparing, cabinet of many folders, ' + fmt,
                         self.preparing('main', fmt, state),
                         PREPARE_MISSING, 's')
        # What else preparing does has the budget of a guest with drivers.
        floor = PREPARE_PRESENT + medians(self.found['cabextract']).wall \
            if 'cabextract' in self.found else None
        yield budget('preparing, cabinet of one folder; cabextract + %g s'
                     % PREPARE_PRESENT,
                     self.preparing('one-folder', 'raw', state), floor, 's')

    def _of_memory(self):
        limit = MEMORY_MIB + HIVES * self.hive / MIB
        for fmt in ('raw', 'vmdk'):
            samples, plain = self.conversion(fmt, 'drivers missing',
                                             'driver')
            yield budget('memory above plain, client and helper, ' + fmt,
                         (memory(medians(samples)) -
                          memory(medians(plain))) / 1024, limit, 'MiB')

    def as_tree(self):
        """For JSON."""
        found = dict(self.found)
        for kind in ('conversions', 'preparing', 'remote'):
            found[kind] = [plainly(entry) for entry in self.found[kind]]
        if 'cabextract' in found:
            found['cabextract'] = samples_tree(found['cabextract'])
        found['budgets'] = [row._asdict() for row in self.budgets]
        return found

    # ----------------------------------------------------------------- tables

    def print_tables(self):
        """For people."""
        self._print_conversions()
        self._print_preparing()
        self._print_budgets()

    def _print_conversions(self):
        print('\n%-42s %8s %8s %8s %6s %6s' % (
            'convert, medians', 'wall s', 'cpu s', 'MiB', 'wall', 'cpu'))
        for entry in self.found['conversions']:
            samples, plain = self.conversion(entry['format'], entry['state'],
                                             entry['case'])
            middle = medians(samples)
            print('%-42s %8.3f %8.3f %8.1f %6.3f %6.3f' % (
                '%s, %s: %s' % (entry['format'], entry['state'],
                                entry['case']),
                middle.wall, middle.cpu, memory(middle) / 1024,
                ratio(samples, plain, 'wall'), ratio(samples, plain, 'cpu')))

    def _print_preparing(self):
        print('\n%-42s %8s %8s %8s %8s' % ('preparing', 's', 'cpu s', 'READs',
                                           'MiB'))
        for entry in self.found['preparing']:
            print('%-42s %8.3f %8.3f %s' % (
                '%s, %s, %s' % (entry['guest'], entry['format'],
                                entry['state']),
                extra(entry), extra(entry, 'cpu'), self._reads_of(entry)))
        if 'cabextract' in self.found:
            print('%-42s %8.3f' % (
                'cabextract, the cabinet of one folder',
                medians(self.found['cabextract']).wall))
        for entry in self.found['remote']:
            print('%-42s %8.3f %8.3f%s' % (
                '%s, NBD %d ms late, %s' % (entry['guest'], DELAY_MS,
                                            entry['state']),
                extra(entry), extra(entry, 'cpu'),
                ' %8d %8.2f' % (entry['requests'][0],
                                entry['requests'][1] / MIB)
                if entry['requests'] else ''))
        print('%-42s %8.4f' % ('the jail', self.found['jail'] / 1000))

    def _reads_of(self, entry):
        for row in self.found['reads']:
            if entry['format'] == 'raw' and \
                    (row['guest'], row['state']) == (entry['guest'],
                                                     entry['state']):
                return '%8d %8.2f' % (row['reads'], row['bytes'] / MIB)
        return ''

    def _print_budgets(self):
        print('\n%-56s %9s %9s' % ('budget', 'measured', 'at most'))
        for row in self.budgets:
            word = {True: 'met', False: 'NOT met', None: 'unknown'}[row.met]
            limit = '%9.3f' % row.limit if row.limit is not None \
                else '%9s' % '-'
            print('%-56s %9.3f %s %-3s %s' % (row.what, row.measured, limit,
                                              row.unit, word))


def budget(what, measured, limit, unit):
    """Whether it is met, too."""
    return Budget(what, measured, limit, unit,
                  None if limit is None else measured <= limit)


def memory(sample):
    """KiB of client and helper; as if both had their peaks at one time."""
    return sample.client + sample.helper


def extra(entry, what='wall'):
    """How much more the driver takes than no driver; medians."""
    return getattr(medians(entry['driver']), what) - \
        getattr(medians(entry['plain']), what)


def samples_tree(samples):
    """All runs of one case, and their medians."""
    return {'runs': [sample._asdict() for sample in samples],
            'median': medians(samples)._asdict()}


def plainly(entry):
    """An entry for JSON."""
    return {key: samples_tree(value) if value and isinstance(value, list) and
            hasattr(value[0], '_asdict') else value
            for key, value in entry.items()}
