"""
Wine's regedit, as an oracle: imports .reg files, says what then is there

Debian's wine is enough, without a display.  A full prefix would take 700 MB
and its time; regedit needs but Wine's own files under their Windows names,
which links provide, and "disable" in .update-timestamp keeps Wine from
making more of it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import glob
import os
import re
import subprocess

from tap import Skip, tool

_REGEDIT = '/usr/lib/*/wine/*-windows/regedit.exe'
_TABLES = '/usr/share/wine/nls/*'       # which letters are the same
_TIMEOUT = 120


class Regedit:
    """A Wine prefix in @folder, which must be the user's own."""

    def __init__(self, folder):
        self.wine, self.server = tool('wine'), tool('wineserver')
        self.folder = folder
        self._make_prefix()
        self.environment = {
            name: value for name, value in os.environ.items()
            if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
        self.environment.update(WINEPREFIX=folder, HOME=folder,
                                WINEDEBUG='-all',
                                WINEDLLOVERRIDES='mscoree,mshtml=')
        # Debian's server ends with its last client, and the next one now and
        # then meets it dying; this one waits.
        self._run(self.server, '-p%d' % _TIMEOUT)

    def _make_prefix(self):
        regedits = glob.glob(_REGEDIT)
        if not regedits:
            raise Skip('wine is not where Debian has it')
        system = os.path.join(self.folder, 'drive_c', 'windows', 'system32')
        os.makedirs(system)
        libraries = os.path.join(os.path.dirname(regedits[0]), '*')
        for path in glob.glob(libraries) + glob.glob(_TABLES):
            os.symlink(path, os.path.join(system, os.path.basename(path)))
        drives = os.path.join(self.folder, 'dosdevices')
        os.mkdir(drives)
        os.symlink('../drive_c', os.path.join(drives, 'c:'))
        os.symlink('/', os.path.join(drives, 'z:'))
        with open(os.path.join(self.folder, '.update-timestamp'), 'w',
                  encoding='ascii') as stamp:
            stamp.write('disable\n')

    def _run(self, *command):
        """The exit status; a pipe would stay open in the server."""
        return subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT, check=False).returncode

    def merge(self, *paths):
        """Imports the files, one after the other."""
        status = self._run(self.wine, 'regedit', '/S',
                           *('Z:' + os.path.abspath(path) for path in paths))
        if status:
            raise AssertionError('wine regedit ended with %d' % status)

    def stop(self):
        """Ends Wine, which writes the registry to its files."""
        self._run(self.server, '-k')
        self._run(self.server, '-w')

    def tree(self):
        """HKEY_LOCAL_MACHINE after stop(), as parse() gives it."""
        with open(os.path.join(self.folder, 'system.reg'),
                  encoding='ascii') as source:
            return parse(source.read())


_KEY = re.compile(r'\[(.*)\] \d+')
_VALUE = re.compile(r'(?:@|"((?:[^"\\]|\\.)*)")=(.*)')
_STRING = re.compile(r'(?:str\(([0-9a-f]+)\):)?"(.*)"')
_HEX = re.compile(r'hex(?:\(([0-9a-f]+)\))?:(.*)')
_ESCAPE = re.compile(r'\\(?:x([0-9a-f]{1,4})|([0-7]{1,3})|(.))|([^\\]+)')
_CONTROLS = dict(zip('abtnvfre', '\a\b\t\n\v\f\r\x1b'))


def parse(text):
    """
    {path, a tuple of names: {name of value: (type, bytes)}} of a registry
    file of Wine's ("WINE REGISTRY Version 2", server/registry.c)
    """
    tree, values = {}, {}
    for line in text.replace('\\\n  ', '').split('\n'):
        if match := _KEY.fullmatch(line):
            path = _unescape(match.group(1)).split('\\')
            values = tree.setdefault(tuple(path), {})
        elif match := _VALUE.fullmatch(line):
            values[_unescape(match.group(1) or '')] = _data(match.group(2))
    return tree


def _unescape(text):
    """Text whose characters stand as \\xHHHH, \\OOO, \\n, or themselves."""
    units = b''
    for code, octal, char, plain in _ESCAPE.findall(text):
        if code or octal:
            number = int(code, 16) if code else int(octal, 8)
            units += number.to_bytes(2, 'little')
        else:
            plain = _CONTROLS.get(char, char) if char else plain
            units += plain.encode('utf-16-le')
    return units.decode('utf-16-le', 'surrogatepass')


def _data(text):
    """What stands behind the = of a value: type and bytes."""
    if match := _STRING.fullmatch(text):
        return int(match.group(1) or '1', 16), (
            _unescape(match.group(2)) + '\0').encode('utf-16-le',
                                                     'surrogatepass')
    if match := _HEX.fullmatch(text):
        return int(match.group(1) or '3', 16), bytes.fromhex(
            match.group(2).replace(',', ' '))
    assert text.startswith('dword:'), text
    return 4, int(text[6:], 16).to_bytes(4, 'little')
