"""
Random .reg texts, in all the forms of the language that regedit takes

A text is made of one seed: the same seed makes the same text.  Left out is
only what Wine 8 is wrong about: strings written as an odd number of bytes,
strings written as no bytes with more than a line end behind them, blanks at
the end of a continued value behind its last comma.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import random

HEADER = 'Windows Registry Editor Version 5.00'
LINE_ENDS = ('\r\n', '\n', '\r')

_STRING_TYPES = (1, 2, 7)
_TYPES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0x10, 0x10001, 0xffffffff)

# Few names, so that they meet again; the second of each is the first in other
# letters.
_KEYS = (('Control', 'CONTROL'), ('été', 'ÉTÉ'), ('ЯДРО', 'ядро'),
         ('a]b', 'A]B'), ('[', '['), (';x', ';X'), ('"', '"'), ('-', '-'),
         (' a', ' A'), ('a ', 'A '), ('计算机', '计算机'), ('\U0001d11e', ) * 2,
         ('pci#ven_8086&dev_7010', 'PCI#VEN_8086&DEV_7010'))
_VALUES = (('Start', 'START'), ('', ''), ('ÿ', 'Ÿ'), ('ж', 'Ж'),
           ('a\\b', 'A\\B'), ('"q"', '"Q"'), ('a=b', 'A=B'), ('[x]', '[X]'),
           (';', ';'), (' ', ' '), ('@', '@'), ('\t', '\t'),
           ('\U0001f600', '\U0001f600'), ('n' * 300, 'N' * 300))
_TEXT = ('a', 'Z', '0', ' ', '\t', ';', '=', '"', '\\', '[', ']', '-', '@',
         '#', '%', '\x01', '\x7f', '\x80', 'ß', 'é', 'Ж', '\u2028', '算',
         '\ufeff', '\uffff', '\U0001d11e')
_COMMENTS = ('', '', '', '', ';', ';c', '; "a"="b"', ';\\', ';;[')


class Maker:
    """Makes one text; all its keys are @root or below it."""

    def __init__(self, seed, root):
        self.random = random.Random(seed)
        self.root = root
        self.line_end = self.random.choice(LINE_ENDS)

    def text(self):
        """The text, with its line ends."""
        lines = [HEADER, '']
        for _ in range(self.random.randint(1, 8)):
            lines += self.key()
            for _ in range(self.random.choice((0, 1, 2, 3, 8))):
                lines += self.value()
                lines += self.noise()
        if self.random.random() < 0.8:
            lines.append('')
        return self.line_end.join(lines)

    def blanks(self, most=2):
        return ''.join(self.random.choice(' \t') for _ in range(
            self.random.choice((0, 0, 0, 1, most))))

    def tail(self):
        """What may stand behind a complete line."""
        return self.blanks() + self.random.choice(_COMMENTS)

    def noise(self):
        """Lines that mean nothing."""
        return [self.tail() for _ in range(self.random.choice((0, 0, 0, 1)))]

    def path(self, depth):
        names = [self.random.choice(self.random.choice(_KEYS))
                 for _ in range(depth)]
        separator = '\\' * self.random.choice((1, 1, 1, 1, 2, 3))
        return separator.join([self.letters(self.root), *names])

    def letters(self, text):
        """The text in its own letters, or in others."""
        return self.random.choice((text, text, text.upper(), text.lower()))

    def key(self):
        """A key, perhaps after others that are deleted."""
        lines = []
        while self.random.random() < 0.25:
            lines.append('%s[-%s]%s' % (
                self.blanks(), self.path(self.random.randint(1, 3)),
                self.tail()))
        path = self.path(self.random.randint(0, 3))
        return lines + ['%s[%s%s]%s' % (
            self.blanks(), path, self.random.choice(('', '', '\\')),
            self.tail())]

    def value(self):
        """The lines of a value."""
        name = self.random.choice(self.random.choice(_VALUES))
        quoted = '"%s"' % _escape(name)
        if not name and self.random.random() < 0.8:
            quoted = '@'
        start = '%s%s%s=%s' % (self.blanks(), quoted, self.blanks(),
                               self.blanks())
        kind = self.random.choice((self.string, self.dword, self.bytes,
                                   self.bytes, self.deletion))
        return (start + kind()).split('\n')

    def deletion(self):
        return '-' + self.tail()

    def string(self):
        text = ''.join(self.random.choice(_TEXT) for _ in range(
            self.random.choice((0, 1, 2, 5, 30))))
        return '"%s"%s' % (_escape(text), self.tail())

    def dword(self):
        number = self.random.choice((0, 1, 0x19, 0xffffffff,
                                     self.random.getrandbits(32)))
        form = self.random.choice(('%x', '%08x', '%X', '%04x'))
        return 'dword:' + self.blanks() + form % number + self.tail()

    def bytes(self):
        """hex: and hex(n):, over several lines."""
        kind = self.random.choice(_TYPES)
        start = 'hex(%s):' % (self.random.choice(('%x', '%X', '%08x')) % kind)
        if kind == 3 and self.random.random() < 0.8:
            start = 'hex:'
        size = self.random.choice((0, 1, 2, 3, 4, 5, 8, 40, 200))
        data = self.data(size)
        if kind in _STRING_TYPES:
            data = data[:len(data) // 2 * 2]
            if not data:
                return start
        lines = self.written(data) + self.tail()
        if '\n' in lines and lines.rstrip().endswith(','):
            lines = lines.rstrip()
        return start + lines

    def data(self, size):
        """Random bytes, or UTF-16 with NULs here and there."""
        if self.random.random() < 0.5:
            return self.random.randbytes(size)
        text = ''.join(self.random.choice('aÄ算\0') for _ in range(size))
        return (text + self.random.choice(('', '\0', '\0\0'))).encode(
            'utf-16-le')

    def written(self, data):
        """@data as regedit would write it, or as a person would."""
        if not data:
            return self.blanks()
        form = self.random.choice(('%02x', '%02X', '%x'))
        out = self.continuation() if self.random.random() < 0.1 else ''
        breaks = self.random.choice((0, 0.05, 0.3))
        for index, byte in enumerate(data):
            last = index == len(data) - 1
            out += form % byte
            if not last or self.random.random() < 0.2:
                out += ','
                if self.random.random() < 0.1:
                    out += self.blanks()
            if not last and self.random.random() < breaks:
                out += self.continuation()
        return out

    def continuation(self):
        lines = [self.blanks() + '\\' + self.tail()]
        while self.random.random() < 0.2:
            lines.append(self.tail())
        return '\n'.join([*lines, self.random.choice(('  ', '', '\t'))])


def _escape(text):
    return text.replace('\\', '\\\\').replace('"', '\\"')


def make(seed, root):
    """The text of @seed about the key @root."""
    return Maker(seed, root).text()
