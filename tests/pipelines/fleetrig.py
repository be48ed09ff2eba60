"""
A fleet for tests: guests as VMware would have left them, a manifest, runs

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import filecmp
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from source import SOURCE
from guestdisk import guest

import tap

PROGRAM = SOURCE / 'fleet' / 'win-xenprep-fleet'
# Its modules can be imported after this.
sys.path.insert(1, str(SOURCE / 'fleet'))
# Longer than anything here takes on a slow machine.
PATIENCE = 600

# A qemu-img whose conversions to some targets take their time, so that they
# can be met while they are at work; all else is the real one's.
SLOW = '''#!/bin/bash
real={real}
if [ "$1" = convert ]; then
    echo "${{@: -1}}" >>"{log}"
    if [[ ${{@: -1}} == *slow* ]]; then
        shift
        exec "$real" convert -r 2M "$@"
    fi
fi
exec "$real" "$@"
'''


def until(what: str, condition: Callable[[], Any]) -> Any:
    """Waits for something that is going to be; what it is."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f'after {PATIENCE} s still not: {what}')


def documented(label: str) -> str:
    """The commands that guide and manual page have under that label."""
    found = []
    for name in ('docs/fleet.rst', 'docs/man/win-xenprep-fleet.1.rst'):
        text = (SOURCE / name).read_text(encoding='utf-8')
        match = re.search(r'^\.\. pipeline: ' + re.escape(label) +
                          r'\n\n::\n\n((?:    .*\n)+)', text, re.M)
        assert match, f'{name} has no commands called "{label}"'
        found.append(match.group(1))
    tap.equal(found[1], found[0], 'the manual page, beside the guide')
    return found[0]


def image_options(path: pathlib.Path, options: str = '') -> str:
    """The command that the manual has, for a VMDK of any name."""
    name = str(path).replace(',', ',,')
    return ('driver=win-xenprep,file.driver=vmdk,file.file.driver=file,' +
            f'file.file.filename={name}' + (options and ',' + options))


class Fleet:
    """A folder with a fleet in it; it is removed in the end."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix='fleet-')
        self.folder = pathlib.Path(self._folder.name)
        self.reports = self.folder / 'reports'
        self.out = self.folder / 'out'
        self.out.mkdir()
        self.lines: List[Sequence[str]] = []
        self.env = dict(os.environ)
        self.convert_log = self.folder / 'converted'
        self._own_tools()

    def __enter__(self) -> 'Fleet':
        return self

    def __exit__(self, *_: Any) -> None:
        self._folder.cleanup()

    def _own_tools(self) -> None:
        """The program by its name, and a qemu-img that may be slow."""
        tools = self.folder / 'tools'
        tools.mkdir()
        real = tap.tool('qemu-img')
        slow = tools / 'qemu-img'
        slow.write_text(SLOW.format(real=real, log=self.convert_log))
        slow.chmod(0o755)
        self.convert_log.touch()
        wrapper = tools / 'win-xenprep-fleet'
        wrapper.write_text(f'#!/bin/sh\nexec "{PROGRAM}" "$@"\n')
        wrapper.chmod(0o755)
        self.env['PATH'] = f'{tools}:{self.env["PATH"]}'

    # ----------------------------------------------------------- guests

    def vmdk(self, kind: str, name: str,
             subformat: str = 'monolithicSparse') -> pathlib.Path:
        """A guest as a VMDK of that name; "delta": with a snapshot."""
        path = self.folder / name
        base = path
        if subformat == 'delta':
            subformat = 'monolithicFlat'
            base = path.with_name('base of ' + path.name)
        tap.run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o',
                'subformat=' + subformat, guest(kind), base)
        if base is not path:
            tap.run('qemu-img', 'create', '-q', '-f', 'vmdk', '-F', 'vmdk',
                    '-b', base, path)
        return path

    def manifest(self, lines: Sequence[str],
                 columns: str = 'source\ttarget\toptions\tguest',
                 name: str = 'fleet.tsv') -> pathlib.Path:
        """Writes one; lines are as they are in the file."""
        path = self.folder / name
        path.write_text('\n'.join([columns, *lines]) + '\n', encoding='utf-8')
        return path

    def single(self, kind: str, options: str = '', target: str = 'out/a.img',
               name: str = 'a.vmdk') -> pathlib.Path:
        """A fleet of one guest; its source."""
        source = self.vmdk(kind, name)
        self.manifest([f'{name}\t{target}\t{options}'])
        return source

    # ------------------------------------------------------------- runs

    def start(self, *arguments: Any, **options: Any) -> subprocess.Popen:
        """Starts a program in the folder, in a session of its own."""
        return subprocess.Popen(
            [str(argument) for argument in arguments], cwd=self.folder,
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
            **options)

    def call(self, *arguments: Any, status: Optional[int] = 0) -> str:
        """Runs a program in the folder; what it says."""
        with self.start(*arguments) as process:
            try:
                output, _ = process.communicate(timeout=PATIENCE)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if status is not None and process.returncode != status:
            raise AssertionError(f'{arguments}: status {process.returncode}, '
                                 f'should be {status}: {output}')
        return output

    def run(self, number: int = 1, *more: str, status: int = 0) -> str:
        """Has one guest prepared."""
        return self.call(PROGRAM, 'run', 'fleet.tsv', number, '--reports',
                         'reports', *more, status=status)

    def begin(self, number: int = 1, *more: str) -> subprocess.Popen:
        """The same, without waiting."""
        return self.start(PROGRAM, 'run', 'fleet.tsv', number, '--reports',
                          'reports', *more)

    def shell(self, command: str, status: Optional[int] = 0) -> str:
        """Commands of the manual; the status is that of the last one."""
        return self.call('bash', '-c', command, status=status)

    # --------------------------------------------------------- judgment

    def report(self, name: str = 'a') -> Dict[str, Any]:
        """A guest's report; an error if there is none."""
        found: Dict[str, Any] = json.loads(
            (self.reports / (name + '.json')).read_text(encoding='utf-8'))
        return found

    def unfinished(self) -> List[pathlib.Path]:
        """All that only a run that is at work may have."""
        found = [*self.folder.rglob('*.part'), *self.folder.rglob('*.new'),
                 *self.folder.rglob('*.driver')]
        return found + [path for path in self.folder.rglob('*.lock')
                        if path.stat().st_size]

    def converted(self) -> List[str]:
        """The targets of all conversions that were begun."""
        return [line.rpartition('/')[2].rsplit('.', 2)[0]
                for line in self.convert_log.read_text().splitlines()]

    def by_hand(self, source: pathlib.Path, options: str = '') -> pathlib.Path:
        """What the driver makes of a source without us."""
        plain = self.folder / 'by-hand.img'
        tap.run('qemu-img', 'convert', '-O', 'raw', '--image-opts',
                image_options(source, options), plain)
        return plain

    def must_be(self, target: pathlib.Path, source: pathlib.Path,
                options: str = '') -> None:
        """Fails unless the target is what the driver makes of the source."""
        plain = self.by_hand(source, options)
        if not filecmp.cmp(plain, target, shallow=False):
            raise AssertionError(f'{target} has not the bytes of a conversion')
        plain.unlink()

    def must_be_clean(self) -> None:
        """Fails if a run has left something unfinished."""
        tap.equal(self.unfinished(), [], 'left behind')

    def snapshot(self) -> Dict[str, Any]:
        """What must not change if nothing is done: targets, and reports."""
        files = [*self.out.rglob('*'), *self.reports.glob('*.json')]
        return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns,
                            path.stat().st_size) for path in files}


def part_of(target: pathlib.Path) -> List[pathlib.Path]:
    """The unfinished target, when something was written to it."""
    return [path for path in target.parent.glob(target.name + '.*.part')
            if path.stat().st_blocks]


def session(leader: int) -> List[int]:
    """All processes of a session."""
    found = []
    for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = stat.read_text().rpartition(')')[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != 'Z':
            found.append(int(stat.parent.name))
    return found


def kill_all(find: Callable[[], List[int]]) -> None:
    """Ends processes until none is found any more; they may start others."""
    while victims := find():
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def power_off(process: subprocess.Popen) -> None:
    """Ends a program, and all that it has started, at once."""
    kill_all(lambda: session(process.pid))
    process.communicate()
