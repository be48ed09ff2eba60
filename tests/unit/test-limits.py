"""
Test of docs/limits.rst: each limit of the headers is in it, with its value,
and the tests that it names are there

Usage: test-limits.py

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '..', '..')
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, '..', 'guests')]

from tap import equal, main                     # noqa: E402

HEADERS = ('fixer/guest/guest-limits.h', 'fixer/xenprep-protocol.h',
           'fixer/xenfix/report-limits.h')
UNITS = {'KiB': 1024, 'MiB': 1024 * 1024}


def read(*names):
    """The text of a file of the tree."""
    with open(os.path.join(SOURCE, *names), encoding='utf-8') as file:
        return file.read()


def limits():
    """What the headers have: values by name."""
    found = dict(UNITS)
    for header in HEADERS:
        for name, text in re.findall(
                r'^#define (KiB|MiB|LIMIT_\w+|XENPREP_MAX_\w+)\s+(.+)$',
                read(header), re.M):
            words = re.sub(r'(\d)ULL\b', r'\1', text).replace('/', '//')
            if not re.fullmatch(r'[\w\s()*+/]+', words):
                raise AssertionError(f'{name} is {text}')
            # Nothing but numbers, names and signs, of our own header.
            found[name] = eval(words, {}, found)    # pylint: disable=W0123
    return {name: value for name, value in found.items()
            if name not in UNITS}


def rows():
    """Name, value and tests of each row of the tables."""
    text = re.sub(r'\n       (?=\S)', ' ', read('docs', 'limits.rst'))
    return re.findall(r'\n   \* - ``(\w+)``\n     - (.+)\n     - .+\n'
                      r'     - .+\n     - (.+)', text)


def test_all():
    """Both have the same limits."""
    equal(sorted(name for name, _, _ in rows()), sorted(limits()),
          'the rows of docs/limits.rst')
    if len(limits()) < 50:
        raise AssertionError('hardly any limit was found')


def test_values():
    """16 MiB is 16 * MiB."""
    for name, value, _ in rows():
        number, _, unit = value.partition(' ')
        equal(int(number) * UNITS.get(unit, 1), limits()[name], name)


def test_tests():
    """A test is a file, its cases are named in it; or why there is none."""
    for name, _, tests in rows():
        if tests.startswith('none: '):
            continue
        for kind, test, cases in re.findall(
                r'(unit|iotests)/([\w-]+)(?:: ([\w, -]+))?', tests):
            folder = 'tests/unit' if kind == 'unit' else 'tests/qemu-iotests'
            names = [f'test-{test}.c', f'test-{test}.py'] \
                if kind == 'unit' else [test]
            there = [file for file in names
                     if os.path.exists(os.path.join(SOURCE, folder, file))]
            equal(len(there), 1, f'{name}: {kind}/{test}')
            for case in filter(None, cases.split(', ')):
                if not re.search(rf'[/"\']{case}["\']', read(folder, there[0])):
                    raise AssertionError(f'{name}: {kind}/{test} has no '
                                         f'case {case}')
        if not re.search(r'(unit|iotests)/', tests):
            raise AssertionError(f'{name}: no test, and no reason why')


def test_use():
    """A limit that nothing keeps to is none."""
    text = ''
    for folder in ('fixer', 'fixer/guest', 'fixer/xenfix', 'block'):
        for file in sorted(os.listdir(os.path.join(SOURCE, folder))):
            if file.endswith('.c') or file.endswith('-internal.h'):
                text += read(folder, file)
    text += ''.join(line for header in HEADERS
                    for line in read(header).splitlines(True)
                    if re.match(r'#define \w+ .*(LIMIT|MAX)_', line))
    for name in limits():
        uses = re.findall(rf'(?<!#define )\b{name}\b', text)
        if not uses:
            raise AssertionError(f'{name} is used nowhere')


if __name__ == '__main__':
    sys.exit(main([('all limits are in docs/limits.rst', test_all),
                   ('with their values', test_values),
                   ('and with tests that are there', test_tests),
                   ('each is kept to', test_use)]))
