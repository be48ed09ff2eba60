"""
What the tools themselves say of their commands and options

win-xenfix is asked by --help, and by values that no option can have; the block
driver by the schema that qemu-storage-daemon shows whoever asks it over QMP.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import json
import os
import pathlib
import re
import subprocess
from typing import Any, Dict, List, NamedTuple, Set

from tap import tool

# How an error tells what else there is; the words follow, up to the end of
# the line, a ';' or " as argument".
CHOICES = re.compile(r'(?:must be used with(?! a )|'
                     r'there is no such machine, only|'
                     r'built in:|can be left out:|; use|use one of) '
                     r'(.*?)(?: as argument|;|$)', re.M)


class Schema(NamedTuple):
    """Options of the driver, and the values of those that have few."""
    names: Set[str]
    values: Dict[str, List[str]]


def output_of(*command: str) -> str:
    """What a tool prints; it has to succeed."""
    program = command[0] if '/' in command[0] else tool(command[0])
    return subprocess.run([program, *command[1:]], check=True,
                          stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE).stdout


# ---------------------------------------------------------------- win-xenfix

def options_of(text: str) -> Set[str]:
    """Options as a --help has them: '-f' and '--format=FMT'."""
    found: Set[str] = set()
    for line in re.findall(r'^ {2,6}(-.*)', text, re.M):
        words = re.findall(r'^(-\w)?(?:, +)?(--[\w-]+(?:=\S+)?)?', line)
        found |= {word for word in words[0] if word}
    return found


def words_below(text: str, title: str) -> List[str]:
    """The indented words below a title, in a --help that Python makes."""
    listed = text[text.index(f'  {title}\n'):].partition('\n\n')[0]
    return re.findall(r'^    (\S+) ', listed, re.M)


@functools.lru_cache(None)
def commands() -> List[str]:
    """Commands of win-xenfix, as its --help has them."""
    text = output_of('win-xenfix', '--help')
    listed = text[text.index('Commands:\n'):].partition('\n\n')[0]
    return re.findall(r'^  (\S+) ', listed, re.M)


@functools.lru_cache(None)
def command_options(command: str) -> Set[str]:
    """Options of a command of win-xenfix."""
    return options_of(output_of('win-xenfix', command, '--help'))


def standard_options() -> Set[str]:
    """Options that stand before the command."""
    return options_of(output_of('win-xenfix', '--help'))


def choices(command: str, option: str, image: str) -> Set[str]:
    """What an option can be, if there are few: win-xenfix names them.

    @image is looked at by some commands before they look at the option.
    """
    words = [tool('win-xenfix'), command, option + '=bogus', image]
    if '--format=FMT' in command_options(command):
        words[2:2] = ['-f', 'raw']
    if command == 'config':
        words.insert(2, '--libvirt')
    if '--dry-run' in command_options(command):
        words.insert(2, '--dry-run')
    result = subprocess.run(words, check=False, stdin=subprocess.DEVNULL,
                            text=True, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)
    match = CHOICES.search(result.stderr) if result.returncode else None
    return set(re.findall(r"[\w-]+", re.sub(r'\b(?:or|and)\b', '',
                                            match.group(1)))) \
        if match else set()


# ---------------------------------------------------------------- the driver

def _ask_daemon() -> List[Dict[str, Any]]:
    """The schema of qemu-storage-daemon: that of the build, if there is one.

    It is a folder further down than the other tools there.
    """
    built = pathlib.Path(os.environ.get('XENPREP_QEMU', '.'),
                         'storage-daemon', 'qemu-storage-daemon')
    words = ''.join(json.dumps({'execute': word}) + '\n' for word in
                    ('qmp_capabilities', 'query-qmp-schema', 'quit'))
    answers = subprocess.run(
        [str(built) if built.exists() else tool('qemu-storage-daemon'),
         '--chardev', 'stdio,id=monitor', '--monitor', 'monitor'],
        input=words, check=True, text=True, stdout=subprocess.PIPE).stdout
    for line in answers.splitlines():
        answer = json.loads(line).get('return')
        if isinstance(answer, list):
            return answer
    raise AssertionError('no schema in: ' + answers[:500])


@functools.lru_cache(None)
def driver_schema() -> Schema:
    """What QMP takes for the driver, beside what it takes for each."""
    types = {entry['name']: entry for entry in _ask_daemon()}
    add = types[types['blockdev-add']['arg-type']]
    variant = next(case['type'] for case in add['variants']
                   if case['case'] == 'win-xenprep')
    values: Dict[str, List[str]] = {}
    names: Set[str] = set()
    for member in types[variant]['members']:
        kind = types[member['type']]
        if kind['meta-type'] == 'array':
            kind = types[kind['element-type']]
        names.add(member['name'])
        if kind['meta-type'] == 'enum':
            values[member['name']] = [value['name']
                                      for value in kind['members']]
    return Schema(names, values)
