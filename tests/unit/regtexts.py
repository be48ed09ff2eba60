"""
The .reg texts that test-regfile-oracle.py compares, and the forms of each

reg-corpus has those that a person wrote; others are made here, since they
are long, or are taken from where people publish them.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os

import regrandom
from tap import Skip

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, 'reg-corpus')
SHARED = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
    HERE, '../../../shared/data')

HEADER = regrandom.HEADER + '\n\n'
ROOT = 'HKEY_LOCAL_MACHINE'
TEST = ROOT + '\\SYSTEM\\XenprepTest\\'

# Files below SHARED.
PUBLISHED = ('jakobadam-mergeide.reg', 'petersondrew-MergeIDE.reg')


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
