"""
The manifest: a table of guests, one a line, separated by tabs

The first line names the columns.  Nothing in it is evaluated: a name may have
blanks, commas, quotes and whatever else a file's name can have, but for tabs
and ends of lines.  Empty lines, and those that begin with "#", are skipped.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
import os
import re
from typing import Dict, Iterator, List, Optional

from .errors import Failed

COLUMNS = ('source', 'target', 'guest', 'source-format', 'target-format',
           'target-options', 'options', 'machine', 'domain')
REQUIRED = ('source', 'target')

# What TARGET.XXXXXXXX.part leaves of a file's name.
LONGEST_TARGET = 255 - len('.12345678.part')

# A source that is no file begins so; what follows are options of QEMU.
NODE = 'driver='
# Options of the driver that other columns, or we ourselves, give it.
RESERVED = re.compile(r'(driver|report|file(\..*)?)=')
# Options that make a target of several files, or one that needs others.
SEVERAL_FILES = re.compile(
    r'(^|,)(data_file|backing_file|backing_fmt|'
    r'subformat=(twoGbMaxExtent\w*|monolithicFlat)\b)')


class Invalid(Exception):
    """Lines of a manifest that make no sense, a message for each."""

    def __init__(self, errors: List[str]) -> None:
        super().__init__('\n'.join(errors))
        self.errors = errors


@dataclasses.dataclass(frozen=True)
class Guest:
    """One line; file names are absolute."""
    place: str                  # file:line, for messages
    base: str                   # the manifest's folder
    name: str
    source: str
    target: str
    source_format: str
    target_format: str
    target_options: str
    options: str
    machine: str                # '': what its firmware and options suggest
    domain: str                 # '': what its machine suggests

    def request(self) -> Dict[str, str]:
        """What makes it another task if it changes."""
        return {'source': self.source, 'target': self.target,
                'source-format': self.source_format,
                'target-format': self.target_format,
                'target-options': self.target_options,
                'options': self.options, 'machine': self.machine,
                'domain': self.domain}

    def option(self, name: str) -> Optional[str]:
        """The value of one of the driver's options."""
        values = [value[len(name) + 1:] for value in split(self.options)
                  if value.startswith(name + '=')]
        return values[-1].replace(',,', ',') if values else None


def split(options: str) -> List[str]:
    """QEMU's options, one by one; a comma in a value is doubled."""
    if not options:
        return []
    return [option.replace('\0', ',,')
            for option in options.replace(',,', '\0').split(',')]


def absolute(name: str, base: str) -> str:
    """A file that the manifest names; relative to the manifest's folder."""
    return os.path.normpath(os.path.join(base, name))


def stem(path: str) -> str:
    """A guest is called as its target, without the suffix."""
    return os.path.splitext(os.path.basename(path))[0]


def whole(path: str) -> bytes:
    """What is in a manifest, whatever that is."""
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError as error:
        raise Failed(f'{path}: {os.strerror(error.errno or 0)}: name a '
                     'manifest that can be read') from error


class Reader:
    """Reads one manifest, and collects what is wrong with it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.base = os.path.dirname(os.path.abspath(path))
        self.columns: List[str] = []
        self.errors: List[str] = []
        self.guests: List[Guest] = []

    def wrong(self, number: int, cause: str) -> None:
        """Notes an error."""
        self.errors.append(f'{self.path}:{number}: {cause}')

    def read(self) -> List[Guest]:
        """All guests, or all errors."""
        lines = whole(self.path).split(b'\n')
        for number, line in enumerate(lines, 1):
            try:
                text = line.decode('utf-8-sig' if number == 1 else 'utf-8')
            except UnicodeDecodeError:
                self.wrong(number, 'this is no UTF-8')
                continue
            self.line(number, text[:-1] if text.endswith('\r') else text)
        if not self.guests and not self.errors:
            self.wrong(len(lines), 'there is no guest in it')
        self.twice()
        if self.errors:
            raise Invalid(self.errors)
        return self.guests

    def line(self, number: int, text: str) -> None:
        """One line, whatever it is."""
        if not text.strip() or text.startswith('#'):
            return
        if '\0' in text:
            self.wrong(number, 'there is a NUL byte in it')
        elif not self.columns:
            self.header(number, text.split('\t'))
        else:
            self.guest(number, text.split('\t'))

    def header(self, number: int, names: List[str]) -> None:
        """The names of the columns."""
        self.columns = names
        for name in names:
            if name not in COLUMNS:
                self.wrong(number, f"there is no column '{name}', only " +
                           ', '.join(COLUMNS))
            elif names.count(name) > 1:
                self.wrong(number, f"column '{name}' is there twice")
        for name in REQUIRED:
            if name not in names:
                self.wrong(number, f"column '{name}' is missing; the first "
                           'line names the columns, separated by tabs')
        if self.errors:
            raise Invalid(self.errors)

    def guest(self, number: int, fields: List[str]) -> None:
        """A guest."""
        if len(fields) > len(self.columns):
            self.wrong(number, f'{len(fields)} fields, but the first line '
                       f'names {len(self.columns)} columns')
            return
        row = dict(zip(self.columns, fields))
        for name in REQUIRED:
            if not row.get(name):
                self.wrong(number, f'{name} is empty')
                return
        guest = self.make(number, row)
        problems = list(wrong_with(guest))
        for problem in problems:
            self.wrong(number, problem)
        if not problems:
            self.guests.append(guest)

    def make(self, number: int, row: Dict[str, str]) -> Guest:
        """A guest of a line, with all that is left out."""
        source = row['source']
        if not source.startswith(NODE):
            source = absolute(source, self.base)
        target = absolute(row['target'], self.base)
        return Guest(
            place=f'{self.path}:{number}', base=self.base,
            name=row.get('guest') or stem(target),
            source=source, target=target,
            source_format=row.get('source-format') or 'vmdk',
            target_format=row.get('target-format') or 'raw',
            target_options=row.get('target-options', ''),
            options=row.get('options', ''),
            machine=row.get('machine', ''), domain=row.get('domain', ''))

    def twice(self) -> None:
        """What two lines must not have in common."""
        sources = {real(guest.source): guest for guest in self.guests
                   if not guest.source.startswith(NODE)}
        names: Dict[str, Guest] = {}
        targets: Dict[str, Guest] = {}
        for guest in self.guests:
            other = names.setdefault(guest.name, guest)
            if other is not guest:
                self.errors.append(
                    f"{guest.place}: guest '{guest.name}' is on line "
                    f"{line_of(other)} already; column guest names it")
            target = real(guest.target)
            other = targets.setdefault(target, guest)
            if other is not guest:
                self.errors.append(
                    f'{guest.place}: target {guest.target} is that of line '
                    f'{line_of(other)} already')
            if target in sources:
                self.errors.append(
                    f'{guest.place}: target {guest.target} is the source of '
                    f'line {line_of(sources[target])}')


def line_of(guest: Guest) -> str:
    """The number of its line."""
    return guest.place.rpartition(':')[2]


def real(path: str) -> str:
    """Equal for two names of one file, also if it is not there yet."""
    try:
        found = os.stat(path)
        return f'{found.st_dev}:{found.st_ino}'
    except OSError:
        return os.path.realpath(path)


def wrong_with(guest: Guest) -> Iterator[str]:
    """What the line itself tells."""
    if ('/' in guest.name or guest.name.startswith('.') or
            not guest.name.isprintable() or len(guest.name.encode()) > 200):
        yield (f"guest '{guest.name}' cannot be the name of a report: no "
               'slash, no dot at its beginning, 200 bytes at most; column '
               'guest gives it another')
    elif guest.name.isdigit() or guest.name != guest.name.strip():
        yield (f"guest '{guest.name}' cannot be the name of a domain: no "
               'number, no blank at its beginning or end; column guest gives '
               'it another')
    if len(os.path.basename(guest.target).encode()) > LONGEST_TARGET:
        yield f'the name of target {guest.target} is too long'
    for option in split(guest.options):
        match = RESERVED.match(option)
        if match:
            yield (f"option '{match.group(1)}' is not for the manifest: "
                   'source and source-format name the disk')
        elif '=' not in option:
            yield (f"option '{option}' has no value; a comma in a value is "
                   'doubled')
    match = SEVERAL_FILES.search(guest.target_options)
    if match:
        yield (f"target-options: '{match.group(0).strip(',')}' makes a target "
               'that is more than one file')


def read(path: str) -> List[Guest]:
    """All guests of a manifest; raises Invalid or Failed."""
    return Reader(path).read()
