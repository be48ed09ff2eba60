"""
What of a manifest can be tried before anything is started

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
from typing import Dict, Iterator, List, Tuple

from . import tools
from .manifest import NODE, Guest
from .tools import Tools

DOMAINS = ('xl', 'libvirt', 'qemu')

# A disk of nothing: options that do not fit it do not fit any.
NO_DISK = ('file.driver=null-co,file.size=64M,file.read-zeroes=on,'
           'require-guest=off')


class Checker:
    """Asks the tools; equal questions once."""

    def __init__(self, base: str) -> None:
        self.tools = Tools()
        self.base = base
        self.formats = tools.formats(self.tools, base)
        self.answers: Dict[Tuple[str, ...], str] = {}

    def ask(self, *command: str) -> str:
        """What is wrong with the options of a command; '' if nothing is."""
        if command not in self.answers:
            ended = self.tools.call(*command, cwd=self.base)
            wrong = ended.status == 3 or (ended.status and
                                          ended.name == 'qemu-img')
            self.answers[command] = ended.cause() if wrong else ''
        return self.answers[command]

    def options(self, options: str) -> str:
        """What is wrong with options of the driver."""
        node = ','.join(filter(None, ('driver=win-xenprep', options, NO_DISK)))
        said = self.ask('qemu-img', 'info', '--image-opts', node)
        return said.replace(f"qemu-img: Could not open '{node}': ", '')

    def machine(self, machine: str) -> str:
        """What is wrong with the name of a machine."""
        node = 'driver=null-co,size=64M,read-zeroes=on'
        said = self.ask('win-xenfix', 'check', '--machine=' + machine,
                        '--image-opts', node)
        return said.replace(f'win-xenfix: {node}: ', '')

    def target_options(self, guest: Guest) -> str:
        """What is wrong with options of the target's format.

        All that can be found without a file: a disk is measured, which tells
        of unknown options, and of values as far as they matter for that.
        """
        measure = ('qemu-img', 'measure', '--size=64M', '-O',
                   guest.target_format)
        said = self.ask(*measure, '-o', guest.target_options)
        # Not all formats can be measured, whatever the options.
        if not said or said == self.ask(*measure):
            return ''
        return (f"target-options: {said.replace('qemu-img: ', '', 1)}; "
                f'qemu-img create -f {guest.target_format} -o help lists '
                'what there is')

    def known_formats(self, guest: Guest) -> Iterator[str]:
        """What is wrong with formats, and options of the target's."""
        wrong = [f"{column}: '{name}' is no format that qemu-img knows"
                 for column, name in (('source-format', guest.source_format),
                                      ('target-format', guest.target_format))
                 if name not in self.formats or name == tools.DRIVER]
        yield from wrong
        if guest.target_options and not wrong:
            yield self.target_options(guest)

    def guest(self, guest: Guest) -> Iterator[str]:
        """All that is wrong with a line."""
        yield from wrong_source(guest)
        yield from wrong_target(guest)
        yield from self.known_formats(guest)
        if guest.options:
            yield self.options(guest.options)
        if guest.machine:
            yield self.machine(guest.machine)
        if guest.domain and guest.domain not in DOMAINS:
            yield f"domain: '{guest.domain}' is none of " + ', '.join(DOMAINS)


def wrong_source(guest: Guest) -> Iterator[str]:
    """What is wrong with the source's file."""
    source = guest.source
    if source.startswith(NODE):
        return
    if not os.path.exists(source):
        yield f'source {source} does not exist'
    elif os.path.isdir(source):
        yield f'source {source} is a directory'
    elif not os.access(source, os.R_OK):
        yield f'source {source} may not be read'


def wrong_target(guest: Guest) -> Iterator[str]:
    """What is wrong with the target's file."""
    folder = os.path.dirname(guest.target)
    if not os.path.isdir(folder):
        yield f"target's folder {folder} does not exist"
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield f"target's folder {folder} may not be written to"
    if os.path.lexists(guest.target) and not os.path.isfile(guest.target):
        yield f'target {guest.target} is no file'


def check(guests: List[Guest]) -> List[str]:
    """All that is wrong, a message for each."""
    checker = Checker(guests[0].base)
    return [f'{guest.place}: {problem}' for guest in guests
            for problem in checker.guest(guest) if problem]
