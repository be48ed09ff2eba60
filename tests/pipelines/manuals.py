#!/usr/bin/env python3
"""
Test of the manual pages: they build, readers take them, and they tell of all
options that the tools have, and of no others

Usage: manuals.py

What there is to be told is asked of the tools (--help, the schema over QMP) or
read from their source, never from a list of this test.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, Iterator, List, Set, Tuple

from source import SOURCE

import manpages
import toolhelp
from guestdisk import guest
from tap import equal, main, tool

MANUALS = SOURCE / 'docs' / 'man'
BUILD = pathlib.Path(os.environ.get('XENPREP_BUILD') or SOURCE / 'build')

# What is there until the test ends.
KEPT = contextlib.ExitStack()

# A page with a fault that docutils only warns of.
FAULT = '''====
fault
====

Synopsis
--------
'''


# ----------------------------------------------------------------- the pages

def sources() -> Dict[str, pathlib.Path]:
    """The pages' sources, by their names without .rst."""
    found = {path.stem: path for path in MANUALS.glob('*.rst')}
    for name in ('win-xenprep.7', 'win-xenfix.1', 'win-xenprep-profile.5'):
        assert name in found, name
    return found


def page(name: str):
    """The tree of one."""
    return manpages.read(sources()[name])


@contextlib.contextmanager
def tree_for_make() -> Iterator[pathlib.Path]:
    """All that "make man" needs, in a place of its own."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        for part in ('Makefile', 'configure', 'scripts', 'qemu-patches'):
            (path / part).symlink_to(SOURCE / part)
        shutil.copytree(MANUALS, path / 'docs' / 'man')
        (path / 'build').mkdir()
        # A copy is newer than all that would have it written anew.
        (path / 'build' / 'config.mk').write_bytes(
            (BUILD / 'config.mk').read_bytes())
        yield path


def make_man(path: pathlib.Path) -> Tuple[int, str]:
    """Run "make man": its status, and what it says."""
    manpages.need_docutils()
    result = subprocess.run([tool('make'), '-C', str(path), 'man'],
                            check=False, text=True,
                            env=dict(os.environ, INSTALL_DEPS='no', QEMU=''),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    return result.returncode, result.stdout


@functools.lru_cache(None)
def built() -> List[pathlib.Path]:
    """All pages, as they are installed; they are made once."""
    path = KEPT.enter_context(tree_for_make())
    status, output = make_man(path)
    equal(status, 0, output)
    pages = sorted((path / 'build' / 'man').glob('*'))
    equal([file.name for file in pages], sorted(sources()), 'pages')
    return pages


def quiet(*command) -> str:
    """What a reader of pages prints; a complaint of it is a failure."""
    result = subprocess.run([tool(command[0]), *map(str, command[1:])],
                            check=False, text=True, stdin=subprocess.DEVNULL,
                            env=dict(os.environ, MANWIDTH='80'),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal((result.returncode, result.stderr), (0, ''), command)
    return result.stdout


def test_build() -> None:
    """Each source becomes a page."""
    for file in built():
        assert '.SH SYNOPSIS' in file.read_text() or \
            '.SH DESCRIPTION' in file.read_text(), file


def test_build_fault() -> None:
    """A warning is an error, and leaves no page behind."""
    with tree_for_make() as path:
        (path / 'docs' / 'man' / 'fault.1.rst').write_text(FAULT)
        status, output = make_man(path)
        assert status and 'fault.1.rst:1' in output, (status, output)
        assert not (path / 'build' / 'man' / 'fault.1').exists()


def test_man() -> None:
    """man shows them, and groff has no warnings."""
    for file in built():
        shown = quiet('man', '--warnings', '-E', 'UTF-8', '-l', file)
        assert len(shown.splitlines()) > 30, file


def test_mandoc() -> None:
    """mandoc, another reader, finds no errors."""
    for file in built():
        quiet('mandoc', '-Tlint', '-Werror', file)


def test_whatis() -> None:
    """Name and purpose of each are what whatis finds."""
    with tempfile.TemporaryDirectory() as name:
        for file in built():
            folder = pathlib.Path(name) / ('man' + file.suffix[1:])
            folder.mkdir(exist_ok=True)
            shutil.copy(file, folder)
            quiet('lexgrog', file)
        quiet('mandb', '--quiet', '--create', name)
        for file in built():
            said = quiet('whatis', '-M', name, file.stem)
            assert said.startswith(f'{file.stem} ({file.suffix[1:]})'), said


def test_references() -> None:
    """Pages of ours and files that a page names are there."""
    for name, path in sources().items():
        text = path.read_text(encoding='utf-8')
        for other, number in re.findall(r'\*\*(win-[\w-]+)\*\*\\ \((\d)\)',
                                        text):
            assert f'{other}.{number}' in sources(), (name, other)
        for file in re.findall(r'``((?:docs|fixer)/[\w./-]+)``', text):
            assert (SOURCE / file).exists(), (name, file)


# ---------------------------------------------------------------- win-xenfix

def test_commands() -> None:
    """Each command has a section, and each section is a command."""
    part = manpages.section(page('win-xenfix.1'), 'Commands')
    titles = [title.partition(' ')[0] for title in manpages.sections(part)
              if title != 'Commands']
    equal(titles, toolhelp.commands(), 'commands')


def test_standard_options() -> None:
    """Options in front of the command."""
    part = manpages.section(page('win-xenfix.1'), 'Standard options')
    equal(manpages.options(part), toolhelp.standard_options(), 'options')


def common_parts(tree) -> List:
    """What is told once for several commands."""
    return [manpages.section(tree, title) for title in
            ('Options of each command', 'Options of commands that report',
             'Options of commands that open an image',
             'Options of commands that look at the guest')]


def command_page(command: str) -> Set[str]:
    """The options that the page says a command has."""
    tree = page('win-xenfix.1')
    each, *others = common_parts(tree)
    found = manpages.options(manpages.section(tree, command))
    found |= manpages.options(each)
    for part in others:
        # The section says who does not have them.
        if command not in manpages.literals(part.next_node(
                manpages.nodes.paragraph)):
            found |= manpages.options(part)
    return found


def test_command_options() -> None:
    """The options of each command, with the names of their arguments."""
    for command in toolhelp.commands():
        equal(sorted(command_page(command)),
              sorted(toolhelp.command_options(command)), command)


def told_of(option: str, text) -> Set[str]:
    """Values that a definition tells of, or that of the driver's option."""
    found = manpages.words(text)
    for names, driver_text in manpages.items(driver_page()):
        if option.lstrip('-') in names:
            found |= manpages.words(driver_text)
    return found


def test_command_values() -> None:
    """What win-xenfix names when a value is wrong is what the page says."""
    image = str(guest('xp-sp3'))
    tree = page('win-xenfix.1')
    asked = 0
    for command in toolhelp.commands():
        told = command_page(command)
        for part in (manpages.section(tree, command), *common_parts(tree)):
            for names, text in manpages.items(part):
                for name in told & set(names):
                    option, _, argument = name.partition('=')
                    # See test_parts().
                    if not argument or name in ('--profile=PROFILE',
                                                '--without=PART'):
                        continue
                    said = toolhelp.choices(command, option, image)
                    asked += bool(said)
                    lacking = said - told_of(option, text)
                    # NAME-uefi: the page says it once for all machines.
                    lacking -= {value for value in lacking
                                if value.endswith('-uefi') and
                                value[:-len('-uefi')] in said}
                    assert not lacking, (command, name, lacking)
    assert asked > 20, asked


def test_exit_status() -> None:
    """The same numbers as --help has."""
    part = manpages.section(page('win-xenfix.1'), 'Exit status')
    text = toolhelp.output_of('win-xenfix', '--help')
    line = next(line for line in text.splitlines()
                if line.startswith('Exit status: '))
    terms = [term.astext() for term in
             part.findall(manpages.nodes.term)]
    equal(terms, re.findall(r'(?<![\w-])\d+', line), 'exit status')


# --------------------------------------------------------- win-xenprep-fleet

def test_fleet() -> None:
    """The commands and the options of win-xenprep-fleet."""
    program = str(SOURCE / 'fleet' / 'win-xenprep-fleet')
    tree = page('win-xenprep-fleet.1')
    commands = toolhelp.words_below(toolhelp.output_of(program, '--help'),
                                    'COMMAND')
    equal(sorted(manpages.defined(manpages.section(tree, 'Commands'))),
          sorted(commands), 'commands')
    options = set()
    for command in commands:
        options |= toolhelp.options_of(
            toolhelp.output_of(program, command, '--help'))
    told = manpages.options(manpages.section(tree, 'Options'))
    equal(sorted(option.partition(' ')[0] for option in told),
          sorted(options), 'options')


def test_fleet_status() -> None:
    """The same exit statuses as --help has."""
    part = manpages.section(page('win-xenprep-fleet.1'), 'Exit status')
    text = toolhelp.output_of(
        str(SOURCE / 'fleet' / 'win-xenprep-fleet'), '--help')
    said = ' '.join(text.split()).partition('Exit status: ')[2]
    terms = [term.astext().replace(' ', '') for term in
             part.findall(manpages.nodes.term)]
    equal(terms, re.findall(r'(?:^|; )(\d+(?:\+N)?) ', said), 'exit status')


# ---------------------------------------------------------------- the driver

def driver_page():
    """The part of the page that lists the driver's options."""
    return manpages.section(page('win-xenprep.7'), 'Options')


def test_driver_options() -> None:
    """The options that QMP takes, and those of a command line."""
    names = toolhelp.driver_schema().names
    equal(sorted(manpages.defined(driver_page())), sorted(names), 'page')
    source = (SOURCE / 'block/win-xenprep-options.c').read_text()
    equal(sorted(set(re.findall(r'^#define WIN_XENPREP_OPT_\w+ "(.*)"',
                                source, re.M)) | {'file'}),
          sorted(names), 'block/win-xenprep-options.c')


def test_driver_values() -> None:
    """Each value that an option can have is told of."""
    values = toolhelp.driver_schema().values
    assert 'use-primary' in values['dirty-hive'], values
    for names, text in manpages.items(driver_page()):
        for name in names:
            lacking = set(values.get(name, ())) - manpages.literals(text)
            assert not lacking, (name, lacking)


def test_parts() -> None:
    """What can be left out is a part of the profile, or a fix."""
    profiles = {path.stem for path in
                (SOURCE / 'fixer' / 'profiles').glob('*.profile')}
    fixes = manpages.defined(manpages.section(
        page('win-xenprep-profile.5'), 'Sections')) & {'ntfs-heads'}
    assert fixes, 'no fix is told of'
    for names, text in manpages.items(driver_page()):
        if names == ['without']:
            for name in manpages.literals(text):
                assert name in profiles | fixes | {'without.0', 'without.1'}, \
                    name
        if names == ['profile']:
            assert {'ide', 'ahci'} <= manpages.literals(text) & profiles


def test_readme() -> None:
    """The options in README.md's table are options, with right values."""
    text = (SOURCE / 'README.md').read_text(encoding='utf-8')
    table = re.search(r'^\| option \|.*?\n\n', text, re.M | re.S)
    assert table, 'README.md has no table of options'
    schema = toolhelp.driver_schema()
    told = {name: manpages.literals(text)
            for names, text in manpages.items(driver_page())
            for name in names}
    rows = re.findall(r'^\| `([\w-]+)` \|(.*)\|$', table.group(), re.M)
    assert len(rows) > 3, rows
    for name, row in rows:
        assert name in schema.names, name
        for value in re.findall(r'`([a-z-]+)`', row):
            assert value in told[name], (name, value)


# --------------------------------------------------------------- the profile

def known_keys() -> Set[Tuple[str, str]]:
    """Sections and keys that the parser of profiles knows."""
    folder = SOURCE / 'fixer' / 'guest'
    names = dict(re.findall(r'#define (PROFILE_\w+) "([\w-]+) ?"',
                            (folder / 'profile-internal.h').read_text()))
    found = re.findall(r'^    \{ ("[\w-]+"|PROFILE_\w+), "([\w-]+)" \},$',
                       (folder / 'profile-keys.c').read_text(), re.M)
    return {(group.strip('"') if group.startswith('"') else names[group], key)
            for group, key in found}


def told_keys() -> Set[Tuple[str, str]]:
    """Those that the page tells of."""
    part = manpages.section(page('win-xenprep-profile.5'), 'Sections')
    found = set()
    for names, text in manpages.items(part):
        group = re.fullmatch(r'\[([\w-]+)(?: .*)?\]', names[0])
        if not group:
            continue
        keys = next(child for child in text.children
                    if isinstance(child, manpages.nodes.definition_list))
        for item in keys.children:
            term = item.next_node(manpages.nodes.term)
            found |= {(group.group(1), key) for key in
                      manpages.literals(term)}
    return found


def test_profile_keys() -> None:
    """Both have the same keys."""
    known = known_keys()
    assert len(known) > 20, known
    equal(sorted(told_keys()), sorted(known), 'keys')


def main_program() -> int:
    """Run all tests."""
    names = [name for name in globals() if name.startswith('test_')]
    with KEPT:
        return main([(name[len('test_'):], globals()[name])
                     for name in names])


if __name__ == '__main__':
    sys.exit(main_program())
