#!/usr/bin/env python3
"""
Test of the bash completion of win-xenfix, by bash and bash-completion

Usage: completion.py

A line is split into words as readline would, and the function is called as
bash would; one test types into a bash on a terminal.  What is offered is
compared with what the tools themselves know.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import pathlib
import pty
import re
import select
import shlex
import subprocess
import sys
import tempfile
from typing import List, Set

from source import SOURCE

import toolhelp
from guestdisk import guest
from tap import Skip, equal, main, tool

SCRIPT = SOURCE / 'scripts' / 'completion' / 'win-xenfix'
LIBRARY = '/usr/share/bash-completion/bash_completion'

# Calls the function that "complete -F" has registered.  compopt works while
# bash completes only; what it is told is printed instead.
CALL = r'''
. %(library)s
. %(script)s
compopt() { printf 'option %%s\n' "${@: -1}"; }
COMP_WORDS=(%(words)s)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE=%(line)s
COMP_POINT=${#COMP_LINE}
COMP_TYPE=9
COMP_KEY=9
function=$(complete -p win-xenfix | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" win-xenfix "${COMP_WORDS[COMP_CWORD]}" \
    "${COMP_WORDS[COMP_CWORD - 1]}"
printf 'reply %%s\n' "${COMPREPLY[@]}"
'''


def need_bash_completion() -> None:
    """A test without it is skipped."""
    tool('bash')
    if not os.path.exists(LIBRARY):
        raise Skip('bash-completion is not installed')


def split(line: str) -> List[str]:
    """The words of a line, as COMP_WORDS has them: "=" and ":" are words."""
    words = []
    for word in line.split(' '):
        words += re.findall(r'[=:]+|[^=:]+', word) or ['']
    return words


class Reply:
    """What is offered for a line."""

    def __init__(self, line: str, folder: str = '/') -> None:
        need_bash_completion()
        text = CALL % {'library': LIBRARY, 'script': shlex.quote(str(SCRIPT)),
                       'words': ' '.join(map(shlex.quote, split(line))),
                       'line': shlex.quote(line)}
        result = subprocess.run(
            [tool('bash'), '--norc', '-c', text], cwd=folder, check=False,
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        equal((result.returncode, result.stderr), (0, ''), line)
        said = [said.partition(' ')[::2] for said in
                result.stdout.splitlines()]
        self.words = {word for kind, word in said
                      if kind == 'reply' and word}
        self.nospace = ('option', 'nospace') in said


def offered(line: str, folder: str = '/') -> Set[str]:
    """The words alone."""
    return Reply(line, folder).words


def test_shellcheck() -> None:
    """Nothing that shellcheck minds."""
    result = subprocess.run([tool('shellcheck'), str(SCRIPT)], check=False,
                            text=True, stdout=subprocess.PIPE,
                            stdin=subprocess.DEVNULL)
    equal((result.returncode, result.stdout), (0, ''), 'shellcheck')


def test_commands() -> None:
    """All commands, those that begin so, and none where there is one."""
    equal(offered('win-xenfix '), set(toolhelp.commands()), 'commands')
    equal(offered('win-xenfix ch'), {'check'}, 'ch')
    equal(offered('win-xenfix -V ch'), {'check'}, 'behind an option')
    equal(offered('win-xenfix -T info ch'), {'check'}, 'behind an argument')
    equal(offered('win-xenfix bogus'), set(), 'bogus')
    with tempfile.TemporaryDirectory() as folder:
        equal(offered('win-xenfix check ch', folder), set(), 'the second')


def without_arguments(options: Set[str]) -> Set[str]:
    """--format=FMT is completed to --format=."""
    return {re.sub('=.*', '=', option) for option in options}


def test_options() -> None:
    """Those that --help has, of each command."""
    equal(offered('win-xenfix -'), toolhelp.standard_options(), 'standard')
    for command in toolhelp.commands():
        equal(sorted(offered(f'win-xenfix {command} -')),
              sorted(without_arguments(toolhelp.command_options(command))),
              command)
    equal(offered('win-xenfix drivers --dr'),
          {'--driver-source=', '--dry-run'}, '--dr')


def test_space() -> None:
    """None behind a "=", for the argument follows."""
    assert Reply('win-xenfix check --machi').nospace
    assert not Reply('win-xenfix check --quie').nospace


def test_values() -> None:
    """What win-xenfix takes, all of it, joined by "=" and by a blank.

    Of profiles and parts those are offered that a user would name.
    """
    image = str(guest('xp-sp3'))
    asked = 0
    for command in toolhelp.commands():
        for name in toolhelp.command_options(command):
            option, _, argument = name.partition('=')
            known = toolhelp.choices(command, option, image) \
                if argument else set()
            if not known:
                continue
            asked += 1
            with tempfile.TemporaryDirectory() as folder:
                values = offered(f'win-xenfix {command} {option}=', folder)
                equal(offered(f'win-xenfix {command} {option} ', folder),
                      values, name)
            if name in ('--profile=PROFILE', '--without=PART'):
                assert values and values <= known, (name, values, known)
            else:
                equal(values, known, name)
    assert asked > 20, asked


def test_values_begun() -> None:
    """Those that begin so."""
    equal(offered('win-xenfix check --machine=xen-hvm-a'),
          {'xen-hvm-ahci', 'xen-hvm-ahci-uefi'}, '--machine=')
    equal(offered('win-xenfix check --machine xen-hvm-a'),
          {'xen-hvm-ahci', 'xen-hvm-ahci-uefi'}, '--machine ')
    equal(offered('win-xenfix check --machine=bogus'), set(), 'bogus')
    equal(offered('win-xenfix check -f raw --machine=qemu-q'),
          {'qemu-q35', 'qemu-q35-uefi'}, 'behind another option')


def test_formats() -> None:
    """Formats are those of QEMU, of which some are offered."""
    text = toolhelp.output_of('qemu-img', '--help')
    # QEMU 10 says "Supported image formats:".
    known = set(re.split('Supported .*formats:', text)[1].split())
    for line in ('info -f ', 'info --format=', 'config --disk-format='):
        values = offered('win-xenfix ' + line)
        assert {'raw', 'qcow2', 'vmdk', 'vpc', 'vhdx'} <= values <= known, \
            (line, values)


def test_files() -> None:
    """Images, and options that name a file."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ('win2003.img', 'own.reg', 'with blank.img'):
            pathlib.Path(folder, name).touch()
        equal(offered('win-xenfix check wi', folder),
              {'win2003.img', 'with blank.img'}, 'images')
        equal(offered('win-xenfix check -f raw win', folder),
              {'win2003.img'}, 'behind an argument')
        for option in ('--reg-file', '--undo', '--driver-source', '--profile'):
            for sign in '= ':
                equal(offered(f'win-xenfix drivers {option}{sign}own',
                              folder), {'own.reg'}, option + sign)
        equal(offered('win-xenfix config --disk=win', folder),
              {'win2003.img'}, '--disk')
        equal(offered('win-xenfix hal --source=own', folder), {'own.reg'},
              '--source')


def test_folders() -> None:
    """The reports of a fleet are a folder."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'reports').mkdir()
        pathlib.Path(folder, 'report.img').touch()
        equal(offered('win-xenfix report rep', folder), {'reports'}, 'report')
        equal(offered('win-xenfix report --html=rep', folder),
              {'reports', 'report.img'}, '--html')


def test_no_value() -> None:
    """An argument of which nothing is known is not completed by files."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'name').touch()
        for line in ('config --name=', 'config --name ', 'config --mac=n',
                     'check --windows=', 'boot-ini --add='):
            equal(offered('win-xenfix ' + line, folder), set(), line)
        # --quiet has no argument, so that an image follows.
        equal(offered('win-xenfix check --quiet ', folder), {'name'},
              '--quiet')


def test_no_tool() -> None:
    """Without win-xenfix nothing is offered, and nothing is said."""
    need_bash_completion()
    path = os.environ['PATH']
    with tempfile.TemporaryDirectory() as folder:
        for name in ('bash', 'sed', 'grep', 'cat'):
            os.symlink(tool(name), os.path.join(folder, name))
        os.environ['PATH'] = folder
        try:
            equal(offered('win-xenfix ch', folder), set(), 'no win-xenfix')
        finally:
            os.environ['PATH'] = path


def read_until(terminal: int, end: str) -> str:
    """What a terminal shows, up to some text."""
    shown = ''
    while end not in shown:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown
        shown += os.read(terminal, 4096).decode(errors='replace')
    return shown


def typed(keys: str, folder: str) -> str:
    """What a bash on a terminal shows when that is typed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM='dumb', INPUTRC='/dev/null')
        os.execv(tool('bash'), ['bash', '--norc', '--noprofile', '-i'])
    try:
        # The quotes keep what is typed from being taken for what is printed.
        os.write(terminal, f'. {LIBRARY}; . {SCRIPT}; echo DO""NE\n'.encode())
        read_until(terminal, 'DONE')
        os.write(terminal, keys.encode())
        return read_until(terminal, 'END')
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def test_terminal() -> None:
    """readline itself: a command, values, an option and a file."""
    need_bash_completion()
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'disk.img').touch()
        # Control-A goes to the begin of the line, Control-E to its end.
        shown = typed('win-xenfix che\t-f ra\t--machi\txen-hvm-ahci-u\tdis\t'
                      '\x01printf "<%s>" \x05; echo EN""D\n', folder)
    assert '<win-xenfix><check><-f><raw><--machine=xen-hvm-ahci-uefi>' \
        '<disk.img>' in shown, shown


def run_all() -> int:
    """Run all tests."""
    names = [name for name in globals() if name.startswith('test_')]
    return main([(name[len('test_'):], globals()[name]) for name in names])


if __name__ == '__main__':
    sys.exit(run_all())
