"""
Reads .reg text as hivexregedit and reged print it, to compare hives by

SPDX-License-Identifier: GPL-2.0-or-later
"""

import re

from hive import REG_BINARY, REG_DWORD, REG_SZ

_VALUE = re.compile(r'(@|"((?:[^"\\]|\\.)*)")=(.*)', re.DOTALL)
_HEX = re.compile(r'hex(?:\(([0-9a-fA-F]+)\))?:(.*)', re.DOTALL)


def parse(text, prefix=''):
    """{key path in upper case: {value name: (type, bytes)}}"""
    tree, values = {}, None
    text = re.sub(r'\\\r?\n[ \t]*', '', text)       # continued lines
    for line in re.split(r'\r?\n', text):
        if line.startswith('['):
            path = line[1:line.rindex(']')].upper()
            values = tree.setdefault(_strip(path, prefix.upper()), {})
        elif match := _VALUE.match(line):
            name = _unescape(match.group(2) or '')
            values[name] = _value(match.group(3).strip())
    return tree


def _strip(path, prefix):
    return path[len(prefix):].strip('\\') if path.startswith(prefix) else path


def _unescape(text):
    return re.sub(r'\\(.)', r'\1', text)


def _value(text):
    if text.startswith('dword:'):
        return REG_DWORD, int(text[6:], 16).to_bytes(4, 'little')
    if match := _HEX.match(text):
        kind = int(match.group(1), 16) if match.group(1) else REG_BINARY
        return kind, bytes.fromhex(match.group(2).replace(',', ' '))
    return REG_SZ, (_unescape(text[1:-1]) + '\0').encode('utf-16-le')


def flatten(key, path=''):
    """The same form of a hive.Key."""
    tree = {path.upper(): dict(key.values)}
    for name, child in key.keys.items():
        tree.update(flatten(child, path + '\\' + name if path else name))
    return tree
