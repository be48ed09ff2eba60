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
import regrandom        # noqa: E402
import wineregedit      # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

REG_MERGE = os.path.abspath(sys.argv[1])
CORPUS = os.path.join(HERE, 'reg-corpus')
SHARED = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
    HERE, '../../../shared/data')
WORK = tempfile.TemporaryDirectory(prefix='test-regfile-')

HEADER = regrandom.HEADER + '\n\n'
ROOT = 'HKEY_LOCAL_MACHINE'
TEST = ROOT + '\\SYSTEM\\XenprepTest\\'
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


def read(path):
    """The bytes of a file."""
    with open(path, 'rb') as source:
        return source.read()


def utf16(text):
    """As regedit exports."""
    return b'\xff\xfe' + text.encode('utf-16-le')


def with_line_ends(text, line_end):
    """The text, which has LF."""
    return text.replace('\n', line_end)


def forms(text):
    """(what it is, bytes) of all files that mean the same as @text."""
    if text.startswith('REGEDIT4'):
        encodings = (('8-bit', lambda text: text.encode('cp1252')),
                     ('UTF-8', str.encode))
    else:
        encodings = (('UTF-16', utf16), ('UTF-8', str.encode),
                     ('UTF-8 with mark', lambda text: b'\xef\xbb\xbf' +
                      text.encode()))
    for name, encode in encodings:
        for line_end in regrandom.LINE_ENDS:
            yield name + repr(line_end), encode(with_line_ends(text,
                                                               line_end))
        yield name + ' without end', encode(text.rstrip('\n'))


def form_for_wine(text):
    """The form that Wine reads right."""
    return next(forms(text))[1]


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


# ------------------------------------------------------------------- texts

def big_values():
    """Around the limits of a cell, of one and two segments, and of 64 KB."""
    text = HEADER + '[%sbig values]\n' % TEST
    for size in (4, 5, 16343, 16344, 16345, 32688, 32689, 65535, 65536,
                 262144):
        data = ','.join('%x' % (at * 7 % 251) for at in range(size))
        text += '"%d"=hex:%s\n' % (size, data)
    for size in (8171, 8172, 32767, 100000):
        text += '"string of %d"="%s"\n' % (size, 'Ж' * size)
    return text


def big_names():
    """Names as long as the registry takes them, and many of them."""
    text = HEADER + '[%sbig names]\n"%s"="1"\n"%s"="2"\n' % (
        TEST, 'v' * 16383, 'Ж' * 16382 + 'A')
    for name in ('k' * 255, 'Ж' * 255, '\U0001d11e' * 127 + 'k'):
        text += '[%sbig names\\%s]\n@="3"\n' % (TEST, name)
    text += '[%sbig names%s]\n@="4"\n' % (TEST, '\\d' * 300)
    for number in range(1200):
        text += '[%sbig names\\many\\%d]\n' % (TEST, number * 7 % 1200)
    return text + '[%sbig names\\values]\n' % TEST + ''.join(
        '"%d"=dword:%x\n' % (number, number) for number in range(1200))


GENERATED = {'big-values': big_values, 'big-names': big_names}


def texts():
    """{name: text} of all that is compared, but for random ones."""
    found = {}
    for name in sorted(os.listdir(CORPUS)):
        found[name[:-len('.reg')]] = read(os.path.join(
            CORPUS, name)).decode()
    found.update((name, make()) for name, make in GENERATED.items())
    return found


TEXTS = texts()


def published(name):
    """A text that people publish, with its keys below SYSTEM\\XenprepTest."""
    path = os.path.join(SHARED, 'reg', name)
    if not os.path.exists(path):
        raise Skip(path + ' is not there')
    text = read(path).decode('ascii').replace('\r\n', '\n')
    place = '\\SYSTEM\\ControlSet001\\'
    assert place in text
    return text.replace(place, '\\SYSTEM\\XenprepTest\\%s\\' % name)


def article():
    """The registry text of the seed, with the control set that it names."""
    path = os.path.join(SHARED, '../seed-article.txt')
    if not os.path.exists(path):
        raise Skip(path + ' is not there')
    text = read(path).decode().replace('\r\n', '\n')
    start = text.index(regrandom.HEADER)
    return text[start:text.index('```', start)]


def random_text(seed):
    """One that changes a tree of its own."""
    return regrandom.make(seed, TEST + 'random-%d' % seed)


# -------------------------------------------------------------------- Wine

PUBLISHED = ('jakobadam-mergeide.reg', 'petersondrew-MergeIDE.reg')


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
    everything = [*TEXTS.values(), *optional(article)]
    for name in PUBLISHED:
        everything += optional(published, name)
    files = [write('wine-%d.reg' % number, form_for_wine(text))
             for number, text in enumerate(everything)]
    return files + [write('wine-random-%d.reg' % seed,
                          utf16(random_text(seed)))
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
    for what, data in forms(text):
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
    equal(len(in_wine('System', 'CurrentControlSet', *database)), 31)
    check_text('article', article(), 'system', [
        (('ControlSet00%d' % number, *path),
         ('System', 'CurrentControlSet', *path))
        for number in (1, 3) for path in paths])


def check_published(name):
    """MergeIDE.reg as people have it."""
    check_text(name, published(name), 'system',
               [(('XenprepTest', name), ('System', 'XenprepTest', name))])
    equal(len(in_wine('System', 'XenprepTest', name)) > 30, True)


def test_random():
    """All random texts in one hive."""
    files = [write('random-%d.reg' % seed, utf16(random_text(seed)))
             for seed in range(RANDOM_TEXTS)]
    ours = merged('random', *files)
    for seed in range(RANDOM_TEXTS):
        place = 'random-%d' % seed
        compare(below(ours, 'XenprepTest', place),
                in_wine('System', 'XenprepTest', place),
                'seed %d: %r' % (seed, random_text(seed)))


def test_random_8bit():
    """In UTF-8, they mean the same."""
    wide = [write('wide-%d.reg' % seed, utf16(random_text(seed)))
            for seed in range(RANDOM_TEXTS)]
    narrow = [write('narrow-%d.reg' % seed, random_text(seed).encode())
              for seed in range(RANDOM_TEXTS)]
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
