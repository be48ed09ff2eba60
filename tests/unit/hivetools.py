"""
What other programs read in a registry hive

hivexregedit (hivex), reged (chntpw) and regfexport (libregf) share no code
with the engine nor with one another.  Each has its blind spots: reged skips
keys with some names, the others stop at a damaged key.  What they print is
therefore compared with what they print of another hive.

A tree is {key in upper case: {value: (type, data)}}.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import re
import subprocess
import tempfile

import regtext
from tap import run

PREFIX = 'HKEY_LOCAL_MACHINE\\SOFTWARE'

SEGMENT = 16344                 # of big data

# regfexport's names of types, as far as it prints their data in full.
_TYPES = {'string (REG_SZ)': 1, 'expandable string (REG_EXPAND_SZ)': 2,
          'binary data (REG_BINARY)': 3,
          '32-bit integer little-endian (REG_DWORD_LITTLE_ENDIAN)': 4}
_DUMP = re.compile(r'[0-9a-f]{8}: ((?:[0-9a-f]{2} {1,2})+)')


def _decode(output):
    """They print a line in UTF-8 only if Latin-1 is not enough for it."""
    lines = []
    for line in output.split(b'\n'):
        try:
            lines.append(line.decode('utf-8'))
        except UnicodeDecodeError:
            lines.append(line.decode('latin-1'))
    # Names of keys may have line ends in them.
    return re.sub(r'^(\[[^]\n]*)\n([^]\n]*\]\r?)$', r'\1\2',
                  '\n'.join(lines), flags=re.M)


def by_hivexregedit(hive):
    """The tree as hivex reads it, or None if it stops halfway."""
    status, output = run('hivexregedit', '--export', '--prefix', PREFIX, hive,
                    '\\', check=False, stderr=subprocess.DEVNULL)
    return None if status else regtext.parse(_decode(output), PREFIX)


def by_reged(hive):
    """
    The tree as chntpw's reged reads it.  It knows nothing of big data, so that
    of large values only the length is right.
    """
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, 'out.reg')
        run('reged', '-x', hive, PREFIX, '\\', out, check=False)
        with open(out, 'rb') as file:
            text = _decode(file.read())
    # It ends no line after empty data.
    text = re.sub(r'(=hex(?:\(\w+\))?:)"', r'\1\n"', text)
    return {path: {name: as_reged(value) for name, value in values.items()}
            for path, values in regtext.parse(text, PREFIX).items()}


def as_reged(value):
    """A value as by_reged() has it."""
    kind, data = value
    return kind, data if len(data) <= SEGMENT else len(data)


def _described(lines):
    """Type and data by the lines about a value; else the lines themselves."""
    kind = _TYPES.get(lines[0].removeprefix('Type: ')) if lines else None
    text = lines[2].removeprefix('Data: ') if len(lines) > 2 else ''
    if kind in (1, 2) and not text.startswith('Data'):
        return kind, (text + '\0').encode('utf-16-le')
    if kind == 3:
        return kind, b''.join(bytes.fromhex(match.group(1)) for match
                              in map(_DUMP.match, lines) if match)
    if kind == 4 and text.isdigit():
        return kind, int(text).to_bytes(4, 'little')
    return lines


def by_regfexport(hive):
    """The tree as libregf reads it, or None if it stops halfway."""
    status, output = run('regfexport', hive, check=False)
    if status:
        return None
    tree, values, lines = {}, {}, []
    for line in output.decode('utf-8', 'replace').splitlines():
        if line.startswith('Key path: '):
            path = line.removeprefix('Key path: ').partition('\\')[2]
            values = tree.setdefault(path.upper(), {})
            lines = []
        elif match := re.match(r'Value: \d+ (.*)', line):
            name = match.group(1).replace('(default)', '')
            lines = values.setdefault(name, [])
        elif line and not line.startswith('Key: '):
            lines.append(line)
    return {path: {name: _described(lines) for name, lines in values.items()}
            for path, values in tree.items()}


READERS = {
    'hivexregedit': by_hivexregedit,
    'reged': by_reged,
    'regfexport': by_regfexport,
}


def difference(before, after):
    """{(key, value): what it is after}; a key's own value is None."""
    changed = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            changed[key, None] = 'new' if old is None else 'gone'
        old, new = old or {}, new or {}
        for name in old.keys() | new.keys():
            if old.get(name) != new.get(name):
                changed[key, name] = new.get(name)
    return changed


def reg_text(edit, prefix=PREFIX):
    """
    The .reg text of {key: {value: text}}; None in place of the values deletes
    the key, None in place of the text the value.
    """
    lines = ['Windows Registry Editor Version 5.00', '']
    for key, values in edit.items():
        lines.append('[%s%s\\%s]' % ('-' if values is None else '', prefix,
                                      key))
        for name, text in (values or {}).items():
            lines.append('%s=%s' % ('"%s"' % name if name else '@',
                                    '-' if text is None else text))
        lines.append('')
    return '\r\n'.join(lines)


def hex_text(data):
    """Bytes as a .reg file has them."""
    return 'hex:' + ','.join('%02x' % byte for byte in data)


def merge(program, hive, out, text):
    """Merges a .reg text by reg-merge; its status and message."""
    reg = out + '.reg'
    with open(reg, 'wb') as file:
        file.write(text.encode('ascii') if text.isascii() else
                   b'\xff\xfe' + text.encode('utf-16-le'))
    status, output = run(program, 'SOFTWARE', hive, out, reg, check=False)
    return status, re.sub(r'^(\S+:\d+: )?SOFTWARE: ', '',
                          output.decode().strip())
