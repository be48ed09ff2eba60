"""
One run for one guest, from its source to its report

    look      what is the guest, would it boot as it is, and would it prepared?
              What is refused is refused here, before anything is written
    convert   into TARGET's folder, under another name; look at the result
    finish    write down what was made, give the target its name, and last
              of all the report

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import datetime
import errno
import json
import os
import time
from typing import Any, Iterator, List, Optional

from . import space, tools
from .errors import (
    ERROR, NO, Failed, Left, Refused, about, printable, why)
from .interrupt import uninterrupted
from .manifest import Guest, absolute
from .state import Json, Record, Store, identity, load, save, sync_folder


def local_names(info: Any) -> Iterator[str]:
    """All that may be a file in what qemu-img tells of a disk."""
    if isinstance(info, dict):
        for name, value in info.items():
            if name == 'filename' and isinstance(value, str):
                yield value
                # QEMU cuts off what is very long.
                with contextlib.suppress(ValueError):
                    if value.startswith('json:'):
                        yield from local_names(json.loads(value[5:]))
            else:
                yield from local_names(value)
    elif isinstance(info, list):
        for value in info:
            yield from local_names(value)


class Run:
    """One run for one guest."""

    def __init__(self, guest: Guest, store: Store, record: Record) -> None:
        self.guest = guest
        self.store = store
        self.record = record
        self.tools = tools.Tools(record.file)
        self.scratch = store.scratch(guest.name)
        self.machine = guest.machine
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self.clock = time.monotonic()
        self.report: Json = {}
        self.files: Optional[List[Json]] = None

    # ------------------------------------------------------------ tools

    def xenfix(self, command: str, node: List[str],
               *options: str) -> tools.Ended:
        """win-xenfix, on a node, looking at the guest's installation."""
        chosen = [f'--{name}={value}' for name, value in
                  ((name, self.guest.option(name))
                   for name in ('windows', 'dirty-hive', 'sandbox')) if value]
        ended = self.tools.call('win-xenfix', command, *chosen, *options,
                                *tools.image_options(node),
                                cwd=self.guest.base)
        # It has said nothing of the guest then.
        if ended.status < 0:
            raise Failed(ended.cause())
        return ended

    def prepared(self) -> List[str]:
        """The node of the prepared disk."""
        return tools.prepared_node(self.guest, self.scratch)

    def driver_said(self) -> Json:
        """What the driver has reported of the last call."""
        return load(self.scratch) or {}

    def gave_up(self, ended: tools.Ended) -> Exception:
        """Why a tool that was to prepare the guest did not."""
        said = self.driver_said()
        cause = said.get('error')
        if cause and said.get('outcome') == 'refused':
            return Refused(printable(cause))
        return Failed(printable(cause) if cause else ended.cause())

    # ------------------------------------------------------------- look

    def find_files(self) -> List[Json]:
        """The source's files, as they are now: extents, backing files."""
        ended = self.tools.call(
            'qemu-img', 'info', '--output=json', '--backing-chain',
            *tools.image_options(tools.disk_node(self.guest)),
            cwd=self.guest.base)
        if ended.status:
            raise Failed(ended.cause())
        names = {self.guest.source, *local_names(ended.json())}
        # Names of other things than files are not there.
        paths = {absolute(name, self.guest.base) for name in names}
        found = [identity(path) for path in sorted(paths)]
        return [file for file in found if file]

    def must_be_whole(self) -> None:
        """Fails on a disk that win-xenfix was changing when it was ended."""
        ended = self.tools.call(
            'win-xenfix', 'status',
            *tools.image_options(tools.disk_node(self.guest)),
            cwd=self.guest.base)
        if ended.status == NO:
            raise Failed('win-xenfix was cut off while it changed the disk: '
                         "run 'win-xenfix rollback' on it first")

    def look(self) -> None:
        """Which Windows it is, and the machine that it is to boot on."""
        ended = self.xenfix('info', tools.disk_node(self.guest),
                            '--output=json')
        info = ended.json() if ended.status == 0 else {}
        if 'windows' in info:
            self.report['windows'] = info['windows']
        if not self.machine:
            self.choose_machine(info.get('firmware'))

    def choose_machine(self, firmware: Optional[List[str]]) -> None:
        """The machine, if the manifest names none."""
        self.machine = 'xen-hvm'
        if self.guest.option('profile') == 'ahci':
            self.machine += '-ahci'
        if firmware and firmware[0] == 'uefi':
            self.machine += '-uefi'

    def look_before(self) -> None:
        """Would the guest boot there as it is?"""
        before = self.check(tools.disk_node(self.guest))
        if before:
            self.report['before'] = before

    def check(self, node: List[str]) -> Optional[Json]:
        """What win-xenfix check says; nothing if it cannot look."""
        ended = self.xenfix('check', node, '--output=json',
                            '--machine=' + self.machine)
        return None if ended.status == ERROR else ended.json()

    def check_prepared(self) -> None:
        """Refuses what would not boot though it was prepared."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.scratch)
        ended = self.xenfix('check', self.prepared(), '--output=json',
                            '--machine=' + self.machine)
        if ended.status == ERROR:
            raise self.gave_up(ended)
        self.must_boot(ended.json())

    def must_boot(self, verdict: Json) -> None:
        """Refuses a disk of which it is known that it does not boot."""
        if verdict.get('boots') != 'no' or not self.has_windows():
            return
        broken: Json = next((link for link in verdict['links']
                             if link['state'] == 'broken'), {})
        raise Refused(printable(
            f'prepared it would not boot on {self.machine}: ' +
            ': '.join(broken[key] for key in ('object', 'text', 'stop-code',
                                              'remedy') if key in broken)))

    def has_windows(self) -> bool:
        """Whether there is one: require-guest=off lets other disks pass."""
        return 'windows' in self.driver_said().get('report', {})

    def domain(self) -> Optional[Json]:
        """The configuration of a domain that fits the guest."""
        if not self.has_windows():
            return None
        kind = self.guest.domain or (
            'xl' if self.machine.startswith('xen') else 'libvirt')
        ahci = 'ahci' in self.machine or 'q35' in self.machine
        ended = self.xenfix(
            'config', self.prepared(), '--' + kind,
            '--name=' + self.guest.name, '--disk=' + self.guest.target,
            '--disk-format=' + self.guest.target_format,
            '--controller=' + ('ahci' if ahci else 'ide'))
        if ended.status:
            raise self.gave_up(ended)
        return {'format': kind, 'text': ended.out}

    # ---------------------------------------------------------- convert

    def size(self) -> int:
        """How many bytes the target is going to take."""
        ended = self.tools.call(
            'qemu-img', 'measure', '--output=json', '-O', 'qcow2',
            *tools.image_options(self.prepared()), cwd=self.guest.base)
        if ended.status:
            raise self.gave_up(ended)
        # qcow2 knows what is in use; other formats have large blocks.
        sparse = (self.guest.target_format in ('raw', 'qcow2') and
                  'preallocation' not in self.guest.target_options)
        measured: int = ended.json()[
            'required' if sparse else 'fully-allocated']
        return measured

    def convert(self, part: str) -> None:
        """Writes the prepared disk to @part."""
        options = (['-o', self.guest.target_options]
                   if self.guest.target_options else [])
        ended = self.tools.call(
            'qemu-img', 'convert', '-O', self.guest.target_format, *options,
            *tools.image_options(self.prepared()), part, cwd=self.guest.base)
        if ended.status:
            raise self.gave_up(ended)
        file = os.open(part, os.O_RDWR)
        try:
            with about(part):
                os.fsync(file)
        finally:
            os.close(file)

    def make(self, part: str) -> None:
        """A target that is complete and would boot, but for its name."""
        self.files = self.find_files()
        self.must_be_whole()
        self.look()
        self.look_before()
        self.check_prepared()
        domain = self.domain()
        space.take(self.store, self.record, part, self.size())
        self.convert(part)
        said = self.driver_said()
        after = self.check(tools.made_node(part, self.guest.target_format))
        if after is None:
            raise Failed('win-xenfix cannot read what qemu-img has written')
        self.must_boot(after)
        if any(identity(file['path']) != file for file in self.files):
            raise Failed('the source was written to while it was converted: '
                         'shut the guest down, and convert it again')
        # The driver's report tells of the Windows, too.
        self.report.pop('windows', None)
        self.report.update(outcome=said['outcome'], report=said['report'],
                           after=after)
        if domain:
            self.report['domain'] = domain

    # ----------------------------------------------------------- finish

    def state(self, made: Optional[Json]) -> Json:
        """All that is known, with the report in its final form."""
        guest = self.guest
        ours: Json = {'guest': guest.name, 'source': guest.source,
                      'target': guest.target, 'options': guest.options,
                      'machine': self.machine or 'xen-hvm'}
        ours.update(self.report)
        ours['started'] = self.started.strftime('%Y-%m-%dT%H:%M:%SZ')
        ours['seconds'] = round(time.monotonic() - self.clock, 3)
        return {'request': guest.request(), 'files': self.known_files(),
                'made': made, 'report': ours}

    def known_files(self) -> List[Json]:
        """The source's files; just its own if it could not be opened."""
        if self.files is not None:
            return self.files
        found = identity(self.guest.source)
        return [found] if found else []

    def finish(self, part: str, old: Json) -> None:
        """The target gets its name, and the report appears.

        @old is the state of the target that it replaces, if there is one.
        """
        target = self.guest.target
        if old and identity(target) != old['made']:
            raise Left(f'{target} was written to meanwhile: is the guest in '
                       'use? Move it away to have it made again', ERROR)
        made = identity(part)
        assert made, f'{part} is gone'
        made['path'] = target
        state = self.state(made)
        state['previous'] = dict(old, previous=None) if old else {}
        with uninterrupted():
            save(self.store.state_path(self.guest.name), state)
            rename(part, target, replace=bool(old))
            try:
                sync_folder(os.path.dirname(part))
                self.store.publish(self.guest.name, state)
            except OSError as error:
                # The next run finds the state, and completes the report.
                raise Left(f'{target} is made, but its report cannot be '
                           f'written: {why(error)}', ERROR) from error

    def give_up(self, outcome: str, error: str, old: Json) -> None:
        """The report of a guest that no target was made of."""
        if old:
            error += f'; {self.guest.target} is the one that was made before'
        self.report.update(outcome=outcome, error=error)
        state = self.state(old.get('made'))
        with uninterrupted():
            save(self.store.state_path(self.guest.name), state)
            self.store.publish(self.guest.name, state)

    def clean(self, part: str) -> None:
        """Leaves nothing unfinished behind."""
        for path in (part, self.scratch):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        self.record.clear()


def rename(part: str, target: str, replace: bool) -> None:
    """Gives a target its name, which nobody else must have taken."""
    if replace:
        os.replace(part, target)
        return
    try:
        os.link(part, target)
        os.unlink(part)
    except FileExistsError:
        raise Failed(exists(target)) from None
    except OSError as error:
        # Not all file systems have links.
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS,
                               errno.EMLINK):
            raise
        if os.path.lexists(target):
            raise Failed(exists(target)) from None
        os.rename(part, target)


def exists(target: str) -> str:
    """The message."""
    return (f'{target} exists, and was not made by this fleet: move it away, '
            'or name another target')
