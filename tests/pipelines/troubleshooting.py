#!/usr/bin/env python3
"""
Test of docs/troubleshooting.rst: what it quotes is there, and what is there is
quoted

Usage: troubleshooting.py

SPDX-License-Identifier: GPL-2.0-or-later
"""

import ast
import re
import sys
from typing import Iterator, List, Set

from source import SOURCE

import manpages
from tap import main

PAGE = SOURCE / 'docs' / 'troubleshooting.rst'

# "..." of C, and several that follow each other, which are one.
STRING = r'"(?:[^"\\\n]|\\.)*"'
STRINGS = re.compile(rf'{STRING}(?:\s*{STRING})*')
# Between two strings that are one there may be a macro: PRIu64, SHUT_DOWN.
MACRO = re.compile(r'"\s+[A-Z][A-Z0-9_]*\s+"|"\s+[A-Z][A-Z0-9_]*\s*(?=[,;)])')


def titled(title: str):
    """A section of the document."""
    return manpages.section(manpages.read(PAGE, 2), title)


def quoted(title: str) -> List[str]:
    """What a section has definitions of: literals."""
    return [literal for names, _ in manpages.items(titled(title))
            for literal in names]


def c_sources() -> Iterator[str]:
    """Our C sources, and what the patches add to QEMU's."""
    for folder in ('block', 'fixer', 'fixer/guest', 'fixer/xenfix'):
        for path in (SOURCE / folder).glob('*.[ch]'):
            yield path.read_text(encoding='utf-8')
    for path in (SOURCE / 'qemu-patches').glob('*/*.patch'):
        for file in re.split('^diff --git ', path.read_text(encoding='utf-8'),
                             flags=re.M):
            if re.match(r'a/\S+[.][ch] ', file):
                yield '\n'.join(re.findall(r'^\+(?!\+\+)(.*)', file, re.M))


def c_strings() -> Iterator[str]:
    """All strings in them, as the compiler joins them."""
    for text in c_sources():
        # A line that goes on, in a macro.
        text = MACRO.sub('""', text.replace('\\\n', '\n'))
        for match in STRINGS.finditer(text):
            yield ''.join(ast.literal_eval(string) for string in
                          re.findall(STRING, match.group()))


def golden_outputs() -> str:
    """What the image tests say that the tools say."""
    return '\n'.join(path.read_text(encoding='utf-8', errors='replace')
                     for path in sorted((SOURCE / 'tests' /
                                         'qemu-iotests').glob('*.out')))


def unsaid(messages: List[str]) -> List[str]:
    """Messages that are in no source and no expected output."""
    known = '\n'.join(c_strings()) + golden_outputs()
    return [message for message in messages if message not in known]


def untold(lines: Set[str], messages: List[str]) -> List[str]:
    """Lines that none of the messages is a part of."""
    return [line for line in lines
            if not any(message in line for message in messages)]


def test_messages() -> None:
    """Each message is in a source, or in the expected output of a test."""
    messages = quoted('Messages of the tools')
    assert len(messages) > 40, messages
    missing = unsaid(messages)
    assert not missing, missing


def refusals() -> Set[str]:
    """What the image tests see refused, without the command's name."""
    found = set()
    for name in ('win-xenprep-refusals.out', 'win-xenprep-options.out',
                 'win-xenprep-hal.out', 'win-xenprep-report.out'):
        text = (SOURCE / 'tests' / 'qemu-iotests' / name).read_text()
        found |= set(re.findall(r"Could not open '[^']*': (.*)", text))
    assert len(found) > 40, found
    # A line of a file of the user's, with the place: it says it all.
    return {line for line in found
            if not re.match(r'[\w-]+\.(profile|reg):\d+:\d+: no ', line)}


def test_refusals() -> None:
    """Each refusal that the image tests know is told of."""
    lines = untold(refusals(), quoted('Messages of the tools'))
    # A file that is not there needs no explanation.
    missing = [line for line in lines if 'No such file' not in line]
    assert not missing, missing


def screens() -> Set[str]:
    """What win-xenfix check says that is on the screen."""
    found = set()
    for path in (SOURCE / 'fixer' / 'guest').glob('check*.c'):
        text = path.read_text(encoding='utf-8')
        found |= set(re.findall(r'\b(0x[0-9A-F]{8} [A-Z0-9_]+)"', text))
        found |= set(re.findall(r'\b(0xc[0-9a-f]{7})\b', text))
    assert len(found) > 8, found
    return found


def test_screens() -> None:
    """Each screen that win-xenfix check knows is told of, by its number."""
    told = set(quoted('Before Windows starts')) | set(quoted('STOP screens'))
    missing = screens() - told
    assert not missing, missing


def test_texts() -> None:
    """Screens without a number are in the sources, or in check.rst."""
    check = (SOURCE / 'docs' / 'check.rst').read_text(encoding='utf-8')
    known = '\n'.join([*c_strings(), ' '.join(check.split())])
    missing = [text for text in quoted('Before Windows starts')
               if text not in known]
    assert not missing, missing


def test_negative() -> None:
    """What nobody says is found out, and what nobody tells of."""
    assert unsaid(['Windows is hibernating']), 'this is said'
    assert untold({'partition 1: the disk is on fire'},
                  quoted('Messages of the tools')), 'this is told of'


def run_all() -> int:
    """Run all tests."""
    names = [name for name in globals() if name.startswith('test_')]
    return main([(name[len('test_'):], globals()[name]) for name in names])


if __name__ == '__main__':
    sys.exit(run_all())
