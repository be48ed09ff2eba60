#!/usr/bin/env python3
"""
Test of .reg files against Wine's regedit: the same text imported there and
merged by the engine into the same keys, compared value by value

Usage: test-regfile-oracle.py REG-MERGE

The texts are those of reg-corpus, of the files that people publish, of the
article that this project began with, and random ones.  Wine's regedit is
right about UTF-16; the engine has to make the same of every other form.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../guests')]

import hive             # noqa: E402
import hiveread         # noqa: E402
import regtexts         # noqa: E402
import wineregedit      # noqa: E402
from regtexts import HEADER, PUBLISHED, ROOT, TEST, read, utf16  # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

REG_MERGE = os.path.abspath(sys.argv[1])
WORK = tempfile.TemporaryDirectory(prefix='test-regfile-')

TEXTS = regtexts.texts()
RANDOM_TEXTS = 400

# What is there before, below SYSTEM\XenprepTest.
BEFORE = {
    'Case': {
        'Key': {'Value': hive.sz('old'), 'größe': hive.sz('old'),
                'Ÿ': hive.sz('old'), 'я': hive.sz('old'),
                '': hive.sz('old default')},
        'Gone': {'Sub': {'a': hive.sz('1')}},
    },
    'delete': {
        'values': {'gone': hive.sz('1'), 'Gone too': hive.dword(2),
                   'stays': hive.sz('3'), '': hive.sz('4'),
                   'untouched': hive.binary(b'5' * 20000)},
        'keys': {'gone': {}, 'stays': {'a': hive.sz('1')},
                 'tree': {'a': {'b': {'c': hive.sz('1')}}, 'd': {}},
                 'again': {'old': hive.sz('1'), 'sub': {}},
                 'small letters': {}, 'ÄÖÜ': {'x': {}}},
    },
    'order': {'back': hive.sz('as it was'), 'set, deleted': hive.sz('0'),
              'was a string': hive.sz('0'), 'was a number': hive.dword(0)},
    'regedit4': {'Größe': {'a': hive.sz('1')},
                 'Straße': {'gone': hive.sz('1'), 'stays': hive.sz('2')}},
}
BEFORE_RANDOM = {
    'Control': {'start': hive.dword(1), 'Ÿ': hive.sz('x'), '': hive.sz('y'),
                'Été': {'ядро': {'ж': hive.multi_sz('a', 'b')}}},
    'ядро': {'[x]': hive.binary(bytes(100))},
}
BEFORE_IN_SET = {'Services': {'XenprepGone': {'Start': hive.dword(0)}}}
BEFORE_SOFTWARE = {'XenprepTest': {'Gone': {'a': hive.sz('1')}}}


# ------------------------------------------------------------------ files

def path_of(name):
    """Where a file of that name goes."""
    return os.path.join(WORK.name, name)


def write(name, data):
    """The path of a new file."""
    with open(path_of(name), 'wb') as output:
        output.write(data)
    return path_of(name)


# ------------------------------------------------------------------- hives

def system_before():
    """A SYSTEM hive that Windows could boot with, and BEFORE in it."""
    tree = {'ControlSet00%d' % number: BEFORE_IN_SET for number in (1, 2, 3)}
    tree['Select'] = {'Current': hive.dword(1), 'Default': hive.dword(1),
                      'Failed': hive.dword(2), 'LastKnownGood': hive.dword(3)}
    tree['XenprepTest'] = dict(BEFORE)
    return tree


def random_before():
    """The same with a tree for each random text."""
    tree = system_before()
    for seed in range(RANDOM_TEXTS):
        tree['XenprepTest']['random-%d' % seed] = BEFORE_RANDOM
    return tree


# Hives: the name of each, and what is in it before.
HIVES = {
    'system': ('SYSTEM', system_before),
    'random': ('SYSTEM', random_before),
    'software': ('SOFTWARE', lambda: BEFORE_SOFTWARE),
}


@functools.lru_cache(None)
def hive_before(which):
    """The path of one of HIVES."""
    name, tree = HIVES[which]
    return write(which + '.hive', hive.build(hive.Key().merge(tree()), name))


def merged(which, *files):
    """The tree of one of HIVES after the engine has merged @files (paths)."""
    out = path_of('merged.hive')
    run(REG_MERGE, HIVES[which][0], hive_before(which), out, *files)
    return hiveread.read(read(out))


def as_text(tree, path):
    """A .reg text that makes @tree, in the plainest form there is."""
    text = '[%s]\n' % path
    for name, item in tree.items():
        if isinstance(item, tuple):
            text += '"%s"=hex(%x):%s\n' % (
                name, item[0], ','.join('%02x' % byte for byte in item[1]))
    for name, item in tree.items():
        if isinstance(item, dict):
            text += as_text(item, path + '\\' + name)
    return text


def below(tree, *path):
    """What of @tree is below @path; the names of that in any letters."""
    return {key[len(path):]: values for key, values in tree.items()
            if [name.upper() for name in key[:len(path)]] ==
            [name.upper() for name in path]}


def with_parents(tree):
    """Wine writes no key that has but keys below it: with these, too."""
    full = {}
    for path, values in tree.items():
        for length in range(len(path)):
            full.setdefault(path[:length], {})
        full[path] = values
    return full


def compare(ours, wines, what):
    """Fails with the first key or value that differs."""
    wines = with_parents(wines)
    for path in sorted({*ours, *wines}):
        mine, other = ours.get(path), wines.get(path)
        for name in sorted({*(mine or ()), *(other or ())}):
            equal((mine or {}).get(name), (other or {}).get(name),
                  'key %r, value %r, %s' % (path, name, what))
        equal(mine is None, other is None, 'key %r is absent, %s' % (path,
                                                                     what))


# -------------------------------------------------------------------- Wine

def before_text():
    """What is there before, for Wine."""
    text = as_text(BEFORE, TEST[:-1])
    text += as_text(BEFORE_IN_SET, ROOT + '\\SYSTEM\\CurrentControlSet')
    text += as_text(BEFORE_SOFTWARE, ROOT + '\\SOFTWARE')
    for seed in range(RANDOM_TEXTS):
        text += as_text(BEFORE_RANDOM, TEST + 'random-%d' % seed)
    return HEADER + text


def optional(make, *args):
    """A text, or none where it is not there."""
    try:
        return [make(*args)]
    except Skip:
        return []


def wine_files():
    """All that is imported, in order: paths."""
    everything = [*TEXTS.values(), *optional(regtexts.article)]
    for name in PUBLISHED:
        everything += optional(regtexts.published, name)
    files = [write('wine-%d.reg' % number, regtexts.form_for_wine(text))
             for number, text in enumerate(everything)]
    return files + [write('wine-random-%d.reg' % seed,
                          utf16(regtexts.random_text(seed)))
                    for seed in range(RANDOM_TEXTS)]


def import_into(folder, *batches):
    """Wine's HKEY_LOCAL_MACHINE after it imported the batches of files."""
    regedit = wineregedit.Regedit(path_of(folder))
    try:
        for batch in batches:
            regedit.merge(*batch)
    finally:
        regedit.stop()
    return regedit.tree()


def import_all():
    """Wine's HKEY_LOCAL_MACHINE before all imports, and after them."""
    first = [write('before.reg', utf16(before_text()))]
    files = wine_files()
    batches = [files[start:start + 100]
               for start in range(0, len(files), 100)]
    return import_into('wine-before', first), import_into('wine', first,
                                                          *batches)


@functools.lru_cache(None)
def imported():
    """The trees of import_all(), or why there are none."""
    try:
        return import_all()
    except (Skip, AssertionError) as reason:
        return type(reason), str(reason)


def wine_trees():
    """The same, or the exception."""
    first, second = imported()
    if isinstance(first, type):
        raise first(second)
    return first, second


def in_wine(*path):
    """What Wine has below a key in the end."""
    return below(wine_trees()[1], *path)


# ------------------------------------------------------------------- tests

def test_before():
    """Both begin with the same."""
    before = wine_trees()[0]
    system = hiveread.read(read(hive_before('random')))
    software = hiveread.read(read(hive_before('software')))
    compare(below(system, 'XenprepTest'),
            below(before, 'System', 'XenprepTest'), 'SYSTEM')
    compare(below(software, 'XenprepTest'),
            below(before, 'Software', 'XenprepTest'), 'SOFTWARE')


def check_text(name, text, which, paths):
    """All forms of a text; @paths are pairs of places, ours and Wine's."""
    for what, data in regtexts.forms(text):
        ours = merged(which, write(name + '.reg', data))
        for our_path, wine_path in paths:
            compare(below(ours, *our_path), in_wine(*wine_path), what)


def system_path(name):
    """The place of a text's keys, in both."""
    return [(('XenprepTest', name.replace('-', ' ')),
             ('System', 'XenprepTest', name.replace('-', ' ')))]


def check_corpus(name):
    """One of TEXTS."""
    text = TEXTS[name]
    service = ('Services', 'XenprepTest'), ('Services', 'XenprepGone')
    if name == 'software':
        check_text(name, text, 'software',
                   [(('XenprepTest',), ('Software', 'XenprepTest'))])
    elif name == 'current-set':
        check_text(name, text, 'system', [
            (('ControlSet00%d' % number, *path),
             ('System', 'CurrentControlSet', *path))
            for number in (1, 3) for path in service])
    else:
        check_text(name, text, 'system', system_path(name))


def test_failed_set():
    """The control set that Failed names stays as it is."""
    ours = merged('system', write('current.reg',
                                  TEXTS['current-set'].encode()))
    before = hiveread.read(read(hive_before('system')))
    equal(below(ours, 'ControlSet002'), below(before, 'ControlSet002'))
    equal(below(ours, 'CurrentControlSet'), {})


def test_article():
    """The seed's text, as it stands there."""
    database = 'Control', 'CriticalDeviceDatabase'
    paths = [database] + [('Services', name)
                          for name in ('atapi', 'IntelIde', 'PCIIde')]
    text = regtexts.article()
    equal(len(in_wine('System', 'CurrentControlSet', *database)), 31)
    check_text('article', text, 'system', [
        (('ControlSet00%d' % number, *path),
         ('System', 'CurrentControlSet', *path))
        for number in (1, 3) for path in paths])


def check_published(name):
    """MergeIDE.reg as people have it."""
    check_text(name, regtexts.published(name), 'system',
               [(('XenprepTest', name), ('System', 'XenprepTest', name))])
    equal(len(in_wine('System', 'XenprepTest', name)) > 30, True)


def test_random():
    """All random texts in one hive."""
    files = [write('random-%d.reg' % seed, utf16(regtexts.random_text(seed)))
             for seed in range(RANDOM_TEXTS)]
    ours = merged('random', *files)
    for seed in range(RANDOM_TEXTS):
        place = 'random-%d' % seed
        compare(below(ours, 'XenprepTest', place),
                in_wine('System', 'XenprepTest', place),
                'seed %d: %r' % (seed, regtexts.random_text(seed)))


def test_random_8bit():
    """In UTF-8, they mean the same."""
    texts = [regtexts.random_text(seed) for seed in range(RANDOM_TEXTS)]
    wide = [write('wide-%d.reg' % number, utf16(text))
            for number, text in enumerate(texts)]
    narrow = [write('narrow-%d.reg' % number, text.encode())
              for number, text in enumerate(texts)]
    equal(merged('random', *narrow), merged('random', *wide))


# Where Wine 8.0 is no judge, and what is right instead: text, data, reason.
DIVERGENCES = {
    'odd-string': (
        '"v"=hex(2):41,00,42\n', {'v': (2, b'A\0B')},
        'Wine writes a NUL over the last byte (prepare_hex_string_data)'),
    'one-byte-string': (
        '"v"=hex(2):41\n', {'v': (2, b'A')},
        'Wine crashes: it looks at the last of no characters'),
    'empty-string-comment': (
        '"v"=hex(2): ;c\n', {'v': (2, b'')},
        'Wine crashes; hex(2): without a comment is an empty value on '
        'Windows (Wine\'s tests, import.c, Wine68b)'),
    'blank-after-last-comma': (
        '"v"=hex:01,\\\n  02, \n', {'v': (3, b'\1\2')},
        'Wine drops the value; in a value of one line it takes the blank'),
    'wide-strings-8-bit': (
        '"v"=hex(2):41,00,00,00\n', {'v': (2, b'A\0\0\0')},
        'Wine takes the strings of an 8-bit file to be 8-bit though it says '
        '5.00; MergeIDE.reg (KB314082) is such a file'),
}


def check_divergence(name):
    """The engine alone; Wine has no say here."""
    text, values, _ = DIVERGENCES[name]
    ours = merged('system', write('divergence.reg', (
        HEADER + '[%sdivergence]\n' % TEST + text).encode()))
    equal(below(ours, 'XenprepTest', 'divergence'), {(): values})


def tests():
    """Pairs of name and function."""
    yield 'before', test_before
    for name in TEXTS:
        yield name, functools.partial(check_corpus, name)
    yield 'failed-set', test_failed_set
    yield 'article', test_article
    for name in PUBLISHED:
        yield 'published/' + name, functools.partial(check_published, name)
    yield 'random', test_random
    yield 'random-8-bit', test_random_8bit
    for name in DIVERGENCES:
        yield 'divergence/' + name, functools.partial(check_divergence, name)


sys.exit(main(list(tests())))
