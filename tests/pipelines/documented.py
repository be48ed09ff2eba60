#!/usr/bin/env python3
"""
Test of the documents: each command that they have does what they say

Usage: documented.py [DOCUMENT...]

Each document has a sandbox: a directory with the disks that the documents
name, made of test guests.  Its commands are run there one after the other,
with the paths /srv, /run and /tmp being folders of it.  What is not run is in
documentedcases.py, with the reason.  A block below ".. pipeline: LABEL" is run
by another test, which must be there.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import fnmatch
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from source import SOURCE

import doccommands
import documentedcases as cases
import fleetreports
import manpages
import windrivers
import winversions
from doccommands import Block, as_one_line
from guestdisk import guest
from tap import Skip, equal, main, tool

TESTS = SOURCE / 'tests' / 'pipelines'
BUILD = pathlib.Path(os.environ.get('XENPREP_BUILD') or SOURCE / 'build')
QEMU = pathlib.Path(os.environ.get('XENPREP_QEMU') or '.')

# Longer than any of the commands takes.
TIMEOUT = 120
# Absolute paths that the documents have, and that the sandbox has instead.
HOST_PATHS = re.compile(r'(?<![\w.])/(srv|run|tmp)/')

# Entries of the table that a command was found for.
USED: List[Any] = []
# What was not looked at, as a program is not there.
LACKING: List[str] = []


def find(table, block: Block, line: str) -> Optional[Any]:
    """The entry of a table that a command has; the first one counts."""
    for entry in table:
        if fnmatch.fnmatch(block.document, entry.document) and \
                re.fullmatch(entry.pattern, line):
            USED.append(entry)
            return entry
    return None


# --------------------------------------------------------------- the sandbox

# What the disks of the documents are.  All HALs are in the image.
IMAGE = 'hal-change-w2k3-sp2-acpi-up'
IMAGES = ('win2003.img', 'IMAGE')
VMDKS = {'win2003.vmdk': 'w2k3-sp2', 'win10.vmdk': 'win10'}

_VMDKS = tempfile.TemporaryDirectory(prefix='documented-vmdk-')


@functools.lru_cache(None)
def vmdk(kind: str) -> pathlib.Path:
    """A disk as it comes from VMware; nothing writes to it."""
    path = pathlib.Path(_VMDKS.name, kind + '.vmdk')
    subprocess.run([str(QEMU / 'qemu-img'), 'convert', '-O', 'vmdk',
                    str(guest(kind)), str(path)], check=True)
    path.chmod(0o444)
    return path


@functools.lru_cache(None)
def setup_files() -> Dict[str, bytes]:
    """The folder I386 of a setup CD: what of it is asked for."""
    windows = winversions.W2K3_SP2
    files = {name: windrivers.driver(name, windows) for name in
             ('atapi.sys', 'intelide.sys', 'pciide.sys', 'pciidex.sys')}
    files['halmacpi.dll'] = windrivers.setup_hal('halmacpi.dll', windows)
    for name in ('ntkrnlmp.exe', 'ntkrpamp.exe'):
        files[name] = windrivers.setup_kernel(name, windows)
    return files


class Sandbox:
    """A directory with what the documents name, and what runs there."""

    def __init__(self, folder: str) -> None:
        # Of all programs of others these alone are not there anyhow.
        for name in ('nbdcopy', 'nbdinfo'):
            tool(name)
        self.folder = pathlib.Path(folder)
        self.servers: List[subprocess.Popen] = []
        self.env = dict(os.environ)
        self.env['PATH'] = os.pathsep.join(
            [str(QEMU), str(QEMU / 'storage-daemon'), str(SOURCE / 'fleet'),
             os.environ['PATH']])
        for name in ('srv', 'run', 'tmp', 'I386', 'DIR'):
            (self.folder / name).mkdir()
        for name in ('tests', 'build', 'fixer'):
            (self.folder / name).symlink_to(SOURCE / name)
        for name, kind in VMDKS.items():
            (self.folder / name).symlink_to(vmdk(kind))
            (self.folder / 'srv' / name).symlink_to(vmdk(kind))
        for name, data in setup_files().items():
            (self.folder / 'I386' / name).write_bytes(data)
        (self.folder / 'fleet.tsv').write_text(
            'source\ttarget\toptions\n'
            'win2003.vmdk\tsrv/web01.img\tdiscard-free=on\n')
        (self.folder / 'foo.sys').write_bytes(setup_files()['atapi.sys'])

    def reports(self) -> None:
        """What a fleet leaves behind."""
        (self.folder / 'reports').mkdir()
        (self.folder / 'reports' / 'web01.json').write_text(
            json.dumps(fleetreports.prepared()))

    def image(self, name: str) -> None:
        """A raw disk that was converted without the driver."""
        (self.folder / (name + '.xenfix-undo')).unlink(missing_ok=True)
        subprocess.run(['cp', '--sparse=always', str(guest(IMAGE)),
                        str(self.folder / name)], check=True)

    def words(self, command: str) -> List[str]:
        """How a command is run here."""
        here = HOST_PATHS.sub(lambda match: f'{self.folder}/{match.group(1)}/',
                              command)
        return [tool('bash'), '-c', here]

    def run(self, command: str) -> subprocess.CompletedProcess:
        """Run one to its end."""
        return subprocess.run(self.words(command), cwd=self.folder,
                              env=self.env, check=False, text=True,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)

    def serve(self, command: str, socket: str) -> None:
        """Start a server, and wait for its socket."""
        # pylint: disable=consider-using-with
        server = subprocess.Popen(self.words('exec ' + command),
                                  cwd=self.folder, env=self.env,
                                  stdin=subprocess.DEVNULL)
        self.servers.append(server)
        deadline = time.monotonic() + TIMEOUT
        while not (self.folder / socket).exists():
            equal(server.poll(), None, command)
            assert time.monotonic() < deadline, command
            time.sleep(0.02)

    def stop_servers(self) -> None:
        """They end when what they are for is done."""
        for server in self.servers:
            server.send_signal(signal.SIGTERM)
            server.wait(TIMEOUT)
        self.servers.clear()
        for socket in self.folder.glob('**/*.sock'):
            socket.unlink()


def run_command(sandbox: Sandbox, block: Block, command: str) -> None:
    """Run a command, and see what comes out."""
    entry = find(cases.EXPECT, block, as_one_line(command)) or \
        cases.Expect('', '')
    for name in IMAGES:
        if name in entry.fresh or not (sandbox.folder / name).exists():
            sandbox.image(name)
    if 'win-xenfix report' in command and \
            not (sandbox.folder / 'reports').exists():
        sandbox.reports()
    command += entry.added and ' ' + entry.added
    what = f'{block.place}: {command}'
    if entry.serves:
        sandbox.serve(command, entry.serves)
        command = entry.asked or 'true'
    result = sandbox.run(command)
    said = result.stdout[-1000:]
    equal(result.returncode, entry.status, f'{what}\n{said}\nstatus')
    assert entry.says in result.stdout, f'{what}\n{said}\nlacks {entry.says}'


# ------------------------------------------------- what is looked at instead

def make_takes(targets: str) -> None:
    """make -n, in a tree of its own, which it does not configure."""
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        for part in ('Makefile', 'scripts', 'qemu-patches', 'docs', 'tests',
                     'fixer', 'block'):
            (tree / part).symlink_to(SOURCE / part)
        # It would fetch a QEMU; with these files there is no need to call it.
        (tree / 'configure').write_text('#!/bin/sh\nexit 1\n')
        (tree / 'configure').chmod(0o755)
        config = (BUILD / 'config.mk').read_bytes()
        for folder in ('build', *(f'build/qemu-{series.stem}' for series in
                                  (SOURCE / 'qemu-patches').glob('*.series'))):
            (tree / folder).mkdir()
            (tree / folder / 'config.mk').write_bytes(config)
        result = subprocess.run(
            [tool('make'), '-C', name, '-n', *targets.split()], check=False,
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, INSTALL_DEPS='no'))
    equal(result.returncode, 0, f'make {targets}\n{result.stdout}')


def has_options(line: str, program: str) -> None:
    """The program's --help has the options of a command.

    A program of others need not be there; the document's result tells.
    """
    words = program.split()
    if words[0].startswith('./'):
        words[0] = str(SOURCE / words[0])
    if not shutil.which(words[0]):
        LACKING.append(words[0])
        return
    text = subprocess.run([*words, '--help'], check=False,
                          text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout
    for option in re.findall(r' (--[\w-]+)', line):
        assert re.search(re.escape(option) + r'(?![\w-])', text), \
            (line, option)


def look_instead(entry: cases.NotRun, block: Block, line: str) -> None:
    """What can be said of a command without running it."""
    how, _, what = entry.instead.partition(' ')
    if how == 'make':
        for part in line.split(' && '):
            part = re.sub('^sudo ', '', part)
            if part.startswith('make'):
                make_takes(part[len('make'):])
            else:
                has_options(part, part.split()[0])
    elif how == 'options':
        has_options(line, what)
    elif how == 'file':
        assert (SOURCE / what).is_file(), (block.place, what)
    else:
        equal(how, '', block.place)


# ------------------------------------------------------------------ documents

def is_command(sandbox: Sandbox, block: Block, command: str) -> bool:
    """Whether there is such a program, or an entry in the table."""
    line = as_one_line(command)
    if find(cases.NOT_RUN, block, line) or find(cases.EXPECT, block, line):
        return True
    words = re.sub(r'^(\w+=\S* +|sudo +|env +|export +)*', '', line).split()
    if re.fullmatch(r'\w+=\S*', words[0]):
        return len(words) == 1
    return bool(re.fullmatch(r'[\w./+-]+', words[0])) and \
        sandbox.run(f'type -t {words[0]}').returncode == 0


def elsewhere(block: Block) -> bool:
    """Whether another test takes the block, by its label, and runs it."""
    if not block.label:
        return False
    own = {path.name for path in TESTS.glob('doc*.py')}
    callers = [path.name for path in TESTS.glob('*.py')
               if path.name not in own and
               f"'{block.label}'" in path.read_text(encoding='utf-8')]
    assert callers, f'{block.place}: no test runs {block.label!r}'
    return True


def check_yaml(block: Block) -> None:
    """A block that is a file of YAML, for Kubernetes."""
    try:
        import yaml                 # pylint: disable=import-outside-toplevel
    except ImportError:
        LACKING.append('python3-yaml')
        return
    what = yaml.safe_load(block.text)
    assert {'apiVersion', 'kind', 'metadata', 'spec'} <= set(what), block.place


def take_block(sandbox: Sandbox, block: Block) -> None:
    """Run a block's commands, or find it in the table."""
    if elsewhere(block):
        return
    for entry in cases.NO_SHELL:
        if fnmatch.fnmatch(block.document, entry.document) and \
                block.text.lstrip().startswith(entry.begins):
            USED.append(entry)
            if entry.file:
                (sandbox.folder / entry.file).write_text(block.text + '\n')
            if entry.file.endswith('.yaml'):
                check_yaml(block)
            return
    for command in doccommands.commands(block):
        assert is_command(sandbox, block, command), \
            f'{block.place}: neither a command nor in the table: {command}'
        not_run = find(cases.NOT_RUN, block, as_one_line(command))
        if not_run:
            look_instead(not_run, block, as_one_line(command))
        else:
            run_command(sandbox, block, command)
    sandbox.stop_servers()


def take_document(name: str) -> None:
    """All blocks of a document, in a sandbox; it has to be well-formed."""
    blocks = doccommands.blocks(SOURCE, name)
    if not blocks:
        return
    with tempfile.TemporaryDirectory(prefix='documented-') as folder:
        sandbox = Sandbox(folder)
        try:
            for block in blocks:
                take_block(sandbox, block)
        finally:
            sandbox.stop_servers()
    lacking = ', '.join(sorted(set(LACKING)))
    LACKING.clear()
    if lacking:
        raise Skip(f'passed, but for what needs {lacking}')


def test_make_targets() -> None:
    """What the text has as "make TARGET", in blocks and without, is there."""
    text = ' '.join((SOURCE / name).read_text(encoding='utf-8')
                    for name in doccommands.documents(SOURCE))
    targets = set(re.findall(r'`make\s+([a-z][\w-]*)(?: [A-Z_]+=\S+)*`',
                             text))
    assert {'check', 'bench'} <= targets, targets
    make_takes(' '.join(sorted(targets)))


def test_table() -> None:
    """No entry that no document has any more."""
    manpages.need_docutils()
    unused = [entry for table in (cases.EXPECT, cases.NOT_RUN, cases.NO_SHELL)
              for entry in table if entry not in USED]
    assert not unused, unused


# ------------------------------------------------------- can the test fail?

def fails(text: str, label: str = '') -> str:
    """The message that a block makes the test fail with."""
    block = Block('docs/man/win-xenfix.1.rst', 1, text, label)
    with tempfile.TemporaryDirectory(prefix='documented-') as folder:
        sandbox = Sandbox(folder)
        try:
            take_block(sandbox, block)
        except AssertionError as error:
            return str(error)
        finally:
            sandbox.stop_servers()
    raise AssertionError(f'this passes: {text}')


def test_negative() -> None:
    """Commands that go wrong, that are not there, that no target has."""
    fails('qemu-img info --nonsense win2003.vmdk')
    fails('win-xenfix info nosuch.vmdk')
    fails('# fine\nwin-xenfix info win2003.vmdk\nnosuchprogram --help')
    fails('some text: that is no command')
    fails('make check-nosuch')
    assert 'no test' in fails('true', label='no-such-label')
    assert 'neither' in fails('xm create win2003.cfg')


def run_all() -> int:
    """A result for each document."""
    names = sys.argv[1:] or doccommands.documents(SOURCE)
    tests: List[Tuple[str, Callable[[], None]]] = [
        (name, functools.partial(take_document, name)) for name in names]
    if not sys.argv[1:]:
        tests += [('make-targets', test_make_targets),
                  ('table', test_table), ('negative', test_negative)]
    return main(tests)


if __name__ == '__main__':
    sys.exit(run_all())
