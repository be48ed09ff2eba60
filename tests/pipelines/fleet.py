#!/usr/bin/env python3
"""
Test of win-xenprep-fleet, by itself and under GNU parallel

Usage: fleet.py

One guest is the unit of work, so most is tested with fleets of one: what it
leaves behind when it is done, refused, disturbed, stopped or killed, and what
the next run makes of that.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import filecmp
import json
import os
import pathlib
import shutil
import signal
import sys
from typing import Dict, Iterator, List, Tuple

from fleetrig import (PATIENCE, PROGRAM, Fleet, documented,
                      image_options, part_of, power_off, session, until)

import tap
from tap import equal
from xenprep_fleet.space import MIB, with_margin
from xenprep_fleet.tools import Ended

# A slim guest with all that a fleet's run looks at.
KIND = 'boot-unprepared'


def has(text: str, *parts: str) -> None:
    """Fails unless all parts are in the text."""
    for part in parts:
        if part not in text:
            raise AssertionError(f'{part!r} is not in {text!r}')


# ----------------------------------------------------------- the manifest

def manifest_lines() -> None:
    """All wrong lines are named, and nothing starts while there is one."""
    with Fleet() as fleet:
        fleet.vmdk(KIND, 'a.vmdk')
        (fleet.folder / 'link.vmdk').symlink_to('a.vmdk')
        lines = {
            'a.vmdk': 'target is empty',
            '\tout/g0.img': 'source is empty',
            'a.vmdk\tout/g1.img\t\t\tmore': '5 fields, but the first line '
                                            'names 4 columns',
            'a.vmdk\tout/g2.img\tprofile': "option 'profile' has no value",
            'a.vmdk\tout/g3.img\tfile.driver=raw': "option 'file.driver' is "
                                                   'not for the manifest',
            'a.vmdk\tout/g4.img\treport=x': "option 'report' is not for",
            'a.vmdk\tout/g5.img\t\t../x': "guest '../x' cannot be the name",
            'a.vmdk\tout/ok.img': '',
            'a.vmdk\tout/../out/ok.img\t\tother': 'is that of line 10 already',
            'a.vmdk\tok.img': "guest 'ok' is on line 10 already",
            'b.vmdk\tlink.vmdk': 'is the source of line',
            'a.vmdk\tout/\x1b[2J.img': 'cannot be the name of a report',
            'a.vmdk\tout/101.img': "guest '101' cannot be the name of a dom",
            f'a.vmdk\tout/{250 * "x"}\t\tlong': 'is too long'}
        fleet.manifest(['# a comment', *lines])
        said = fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3)
        equal(len(said.splitlines()), len(lines) - 1, said)
        for number, (line, cause) in enumerate(lines.items(), 3):
            if cause:
                has(said, f'fleet.tsv:{number}: ')
                has(said, cause)
        has(fleet.run(8, status=3), 'fleet.tsv:3: ')
        equal(fleet.reports.exists(), False, 'reports')


def manifest_header() -> None:
    """The first line names the columns."""
    with Fleet() as fleet:
        for header, cause in (
                ('source\tgoal', "fleet.tsv:1: there is no column 'goal'"),
                ('source', "fleet.tsv:1: column 'target' is missing"),
                ('source\ttarget\tsource', "column 'source' is there twice")):
            fleet.manifest([], header)
            has(fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3), cause)
        fleet.manifest([])
        has(fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3),
            'there is no guest in it')
        (fleet.folder / 'fleet.tsv').write_bytes(b'source\ttarget\na\t\xff\n')
        has(fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3),
            'fleet.tsv:2: this is no UTF-8')
        has(fleet.call(PROGRAM, 'check', 'nowhere.tsv', status=3),
            'nowhere.tsv')


def manifest_tried() -> None:
    """What the tools know is asked of them, before anything starts."""
    with Fleet() as fleet:
        fleet.vmdk(KIND, 'a.vmdk')
        (fleet.folder / 'out/g5.img').mkdir()
        columns = 'source\ttarget\toptions\tsource-format\ttarget-format\t' \
                  'target-options\tmachine\tdomain'
        rows: List[Tuple[str, str]] = [
            ('a.vmdk\tout/g0.img\tprofile=ide,discard-free=on\tvmdk\tqcow2\t'
             'compression_type=zlib\txen-hvm-uefi\tlibvirt', ''),
            ('b.vmdk\tout/g1.img', 'b.vmdk does not exist'),
            ('out\tout/g2.img', 'out is a directory'),
            ('a.vmdk\tno/g3.img', 'no does not exist'),
            ('a.vmdk\tout/g4.img\tprofile=none', "there is no profile 'none'"),
            ('a.vmdk\tout/g5.img', 'out/g5.img is no file'),
            ('a.vmdk\tout/g6.img\tstrict=on', "support the option 'strict'"),
            ('a.vmdk\tout/g7.img\t\tvmdkk', "source-format: 'vmdkk' is no"),
            ('a.vmdk\tout/g8.img\t\t\tfoo', "target-format: 'foo' is no"),
            ('a.vmdk\tout/g9.img\t\t\t\t\tamiga', 'there is no such machine'),
            ('a.vmdk\tout/g10.img\t\t\t\t\t\txm', "domain: 'xm' is none of"),
            ('a.vmdk\tout/g11.img\t\t\tvmdk\tsubformat=monolithicFlat',
             'more than one file')]
        fleet.manifest([line for line, _ in rows[:-1]], columns)
        said = fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3)
        equal(len(said.splitlines()), len(rows) - 2, said)
        for number, (_, cause) in enumerate(rows[:-1], 2):
            lines = [line for line in said.splitlines()
                     if line.startswith(f'fleet.tsv:{number}: ')]
            equal(len(lines), 1 if cause else 0, said)
            has(said, cause)
        fleet.manifest([rows[-1][0]], columns)
        has(fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3), rows[-1][1])
        fleet.manifest([rows[0][0]], columns)
        equal(fleet.call(PROGRAM, 'check', 'fleet.tsv'), '1\n', 'count')


def manifest_target_options() -> None:
    """Options of the target's format are tried, and nothing is written."""
    rows = {
        'qcow2\tcluster_size=128k,lazy_refcounts=on': '',
        'qcow2\tnosuch=1': "Invalid parameter 'nosuch'; qemu-img create -f "
                           'qcow2 -o help lists',
        'qcow2\tcluster_size=3': 'Cluster size must be a power of two',
        'qcow2\tlazy_refcounts=maybe': "expects 'on' or 'off'",
        'qcow2\thelp': "Invalid parameter 'help'",
        'raw\tcluster_size=64k': "Invalid parameter 'cluster_size'",
        'raw\tpreallocation=falloc': '',
        # These cannot be measured.
        'vmdk\tsubformat=streamOptimized': '',
        'vmdk\tsubformat=monolithicSparse,nosuch=1': "parameter 'nosuch'",
        'vhdx\tblock_size=1M': '',
        'vpc\tforce_size=maybe': "expects 'on' or 'off'"}
    with Fleet() as fleet:
        fleet.vmdk(KIND, 'a.vmdk')
        fleet.manifest([f'a.vmdk\tout/g{number}.img\t{row}'
                        for number, row in enumerate(rows)],
                       'source\ttarget\ttarget-format\ttarget-options')
        said = fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3)
        equal(len(said.splitlines()), sum(map(bool, rows.values())), said)
        for number, cause in enumerate(rows.values(), 2):
            if cause:
                line, = [line for line in said.splitlines()
                         if line.startswith(f'fleet.tsv:{number}: ')]
                has(line, ': target-options: ', cause)
        equal(list(fleet.out.iterdir()), [], 'targets')


# -------------------------------------------------------------- one guest

def one_guest() -> None:
    """A guest with a name that needs quotes everywhere, and its report."""
    with Fleet() as fleet:
        fleet.env['LC_ALL'] = 'en_US.ISO-8859-1'
        name = 'wéb, "01" $(x) \'%s'
        source = fleet.vmdk(KIND, name + '.vmdk')
        path = fleet.manifest([f'{name}.vmdk\tout/{name}.img\tboot-ini=keep'],
                              'source\ttarget\toptions')
        # As a spreadsheet would save it
        path.write_bytes(b'\xef\xbb\xbf' +
                         path.read_bytes().replace(b'\n', b'\r\n'))
        equal(fleet.call(PROGRAM, 'check', 'fleet.tsv'), '1\n')
        has(fleet.run(), f'{name}: prepared')
        target = fleet.out / (name + '.img')
        fleet.must_be(target, source, 'boot-ini=keep')
        fleet.must_be_clean()
        report = fleet.report(name)
        for key, value in (('guest', name), ('source', str(source)),
                           ('target', str(target)), ('machine', 'xen-hvm'),
                           ('options', 'boot-ini=keep'),
                           ('outcome', 'prepared')):
            equal(report[key], value, key)
        equal(report['before']['boots'], 'no', 'before')
        equal(report['after']['boots'], 'yes', 'after')
        equal(report['report']['windows']['name'], 'Windows XP', 'windows')
        equal(report['domain']['format'], 'xl', 'domain')
        has(report['domain']['text'], name.replace('"', '\\"') + '.img')


def kinds_of_guests() -> None:
    """Firmware and options choose the machine; other targets, other nodes."""
    columns = 'source\ttarget\toptions\tsource-format\ttarget-format\tdomain'
    with Fleet() as fleet:
        uefi = fleet.vmdk('win11', 'u.vmdk')
        tap.run('qemu-img', 'convert', '-O', 'qcow2', uefi,
                fleet.folder / 'q,1.qcow2')
        node = ('driver=file,filename=' +
                str(fleet.folder / 'q,1.qcow2').replace(',', ',,'))
        fleet.manifest([
            'u.vmdk\tout/a.qcow2\tprofile=ahci\t\tqcow2\tlibvirt',
            f'{node}\tout/b.vhdx\t\tqcow2\tvhdx\tqemu'], columns)
        equal(fleet.call(PROGRAM, 'check', 'fleet.tsv'), '2\n')
        fleet.run(1)
        fleet.run(2)
        equal(fleet.report('a')['machine'], 'xen-hvm-ahci-uefi', 'machine')
        has(fleet.report('a')['domain']['text'], '<domain ', 'q35')
        equal(fleet.report('b')['machine'], 'xen-hvm-uefi', 'machine')
        has(fleet.report('b')['domain']['text'], 'qemu-system-x86_64')
        for target, form in (('a.qcow2', 'qcow2'), ('b.vhdx', 'vhdx')):
            _, info = tap.run('qemu-img', 'info', '-f', form,
                              fleet.out / target, text=True)
            has(info, 'file format: ' + form)
        tap.run('qemu-img', 'convert', '-O', 'raw', fleet.out / 'b.vhdx',
                fleet.folder / 'b.raw')
        fleet.must_be(fleet.folder / 'b.raw', uefi)


def odd_names() -> None:
    """A guest that is called as a file of our own."""
    with Fleet() as fleet:
        fleet.single(KIND, target='out/space.img')
        has(fleet.run(), 'space: prepared')
        fleet.must_be_clean()


def data_disk() -> None:
    """A disk without Windows is refused, or passes if that is asked for."""
    with Fleet() as fleet:
        fleet.vmdk('no-windows', 'd.vmdk')
        fleet.manifest(['d.vmdk\tout/a.img', 'd.vmdk\tout/b.img\t'
                        'require-guest=off'])
        has(fleet.run(1, status=1), 'refused')
        has(fleet.run(2), 'unchanged')
        equal('domain' in fleet.report('b'), False, 'domain')


def would_not_boot() -> None:
    """What the driver can do is not all: a guest that has no kernel."""
    with Fleet() as fleet:
        fleet.single('broken-no-ntdetect')
        has(fleet.run(status=1), 'refused: prepared it would not boot on '
            'xen-hvm: ', 'NTDETECT failed', 'copy ')
        equal(fleet.report()['outcome'], 'refused', 'outcome')
        equal(list(fleet.out.iterdir()), [], 'targets')
        equal(fleet.converted(), [], 'conversions')


def refused() -> None:
    """A refusal is a report, and is not tried again until the guest is."""
    with Fleet() as fleet:
        source = fleet.single('hibernated')
        has(fleet.run(status=1), 'a: refused: ', 'hibernated')
        report = fleet.report()
        has(report['error'], 'shut it down fully')
        equal((report['outcome'], report['before']['boots']),
              ('refused', 'no'), 'report')
        has(fleet.call(PROGRAM, 'table', 'reports', status=1),
            'a      refused  Windows XP', ' partition 1: Windows is hiber')
        before = fleet.snapshot()
        has(fleet.run(status=1), 'refused before, and nothing has changed')
        equal(fleet.snapshot(), before, 'after a second run')
        has(fleet.run(1, '--again', status=1), 'a: refused: ')
        equal(list(fleet.out.iterdir()), [], 'targets')
        # It was resumed, and shut down as it has to be.
        source.unlink()
        fleet.vmdk(KIND, 'a.vmdk')
        has(fleet.run(), 'a: prepared')


# -------------------------------------------------------- what goes wrong

def cut_off(fleet: Fleet) -> None:
    """A sparse VMDK whose end was not copied."""
    path = fleet.vmdk(KIND, 'a.vmdk')
    os.truncate(path, path.stat().st_size * 2 // 3)


def extent_missing(fleet: Fleet) -> None:
    """A VMDK whose second half was left behind."""
    fleet.vmdk(KIND, 'a.vmdk', 'monolithicFlat')
    (fleet.folder / 'a-flat.vmdk').unlink()


def base_missing(fleet: Fleet) -> None:
    """A snapshot without what it is one of."""
    fleet.vmdk(KIND, 'a.vmdk', 'delta')
    (fleet.folder / 'base of a.vmdk').unlink()


def no_vmdk(fleet: Fleet) -> None:
    """A file of something else."""
    (fleet.folder / 'a.vmdk').write_text('hello\n')


def gone(fleet: Fleet) -> None:
    """A source that was there when the manifest was checked."""


def failed() -> None:
    """What is the surroundings' fault is failed, and tried again."""
    for spoil in (cut_off, extent_missing, base_missing, no_vmdk, gone):
        with Fleet() as fleet:
            fleet.manifest(['a.vmdk\tout/a.img'])
            spoil(fleet)
            said = fleet.run(status=3)
            has(said, 'a: failed: ')
            equal(len(said.splitlines()), 1, said)
            equal(fleet.report()['outcome'], 'failed', spoil.__name__)
            equal(list(fleet.out.iterdir()), [], spoil.__name__)
            fleet.must_be_clean()
            for path in fleet.folder.glob('*.vmdk'):
                path.unlink()
            source = fleet.vmdk(KIND, 'a.vmdk')
            has(fleet.run(), 'a: prepared')
            fleet.must_be(fleet.out / 'a.img', source)


def no_tools() -> None:
    """Tools without the driver."""
    with Fleet() as fleet:
        fleet.single(KIND)
        (fleet.folder / 'tools/qemu-img').unlink()
        fleet.env['PATH'] = f'{fleet.folder}/tools:/usr/bin:/bin'
        for tool in ('qemu-img', 'win-xenfix'):
            (fleet.folder / 'tools' / tool).symlink_to('/bin/false')
        has(fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3),
            'qemu-img ended with status 1')
        has(fleet.run(status=3), 'failed: qemu-img ended with status 1')
        plain = fleet.folder / 'tools/qemu-img'
        # As QEMU 7.2 says it, and as QEMU 10 does.
        for said in ('Supported formats: raw vmdk\n\nwin-xenprep\n',
                     'Supported image formats:\n\n  raw\n  vmdk\n\n'
                     'See win-xenprep\n'):
            plain.unlink()
            plain.write_text(f"#!/bin/sh\ncat <<'EOF'\n{said}EOF\n")
            plain.chmod(0o755)
            has(fleet.call(PROGRAM, 'check', 'fleet.tsv', status=3),
                'has no driver win-xenprep: install win-xenprep')


def true_cause() -> None:
    """A tool says more than why it failed, and says that first."""
    columns = 'source\ttarget\ttarget-format\ttarget-options'
    with Fleet() as fleet:
        fleet.vmdk(KIND, 'a.vmdk')
        fleet.manifest(['a.vmdk\tout/a.img\tqcow2\tcluster_size=3'], columns)
        has(fleet.run(status=3), 'a: failed: ', 'Cluster size must be')
    for said, cause in (('info: 7 changes\nx: bad\n', 'x: bad'),
                        ('warning: old\nx: info: 7 changes\nno room\n',
                         'no room'),
                        ('info: 7 changes\n', 'x ended with status 1')):
        ended = Ended('x', 1, b'', f'x: {said}'.encode())
        equal(ended.cause(), cause, said)


def written_to_meanwhile() -> None:
    """A source that somebody uses while it is converted."""
    with Fleet() as fleet:
        source = fleet.single(KIND, target='out/slow.img')
        with fleet.begin() as process:
            until('it converts', lambda: part_of(fleet.out / 'slow.img'))
            os.utime(source)
            said = process.communicate(timeout=PATIENCE)[0]
        has(said, 'failed: the source was written to while it was converted')
        equal(list(fleet.out.iterdir()), [], 'targets')
        fleet.must_be_clean()


# ---------------------------------------------------------- done is done

def not_twice() -> None:
    """A second run does nothing; one with a change needs to be told to."""
    with Fleet() as fleet:
        source = fleet.single(KIND)
        target = fleet.out / 'a.img'
        fleet.run()
        before = fleet.snapshot()
        for again in ((), ('--again',)):
            equal(fleet.run(1, *again), 'a: prepared before\n', 'second run')
        os.utime(source)
        has(fleet.run(status=3), 'a.vmdk has changed; --again converts it')
        equal(fleet.snapshot(), before, 'without --again')
        has(fleet.run(1, '--again'), 'a: prepared')
        equal(target.stat().st_ino == before[str(target)][0], False, 'new')

        fleet.manifest(['a.vmdk\tout/a.img\tboot-ini=keep'])
        has(fleet.run(status=3), 'options has changed; --again')
        has(fleet.call(PROGRAM, 'table', 'reports', 'fleet.tsv', status=1),
            '1 not done')
        fleet.run(1, '--again')
        equal(fleet.report()['options'], 'boot-ini=keep', 'options')
        equal(len(fleet.converted()), 3, 'conversions')
        fleet.must_be_clean()


def targets_gone_and_used() -> None:
    """What happened to a target since decides what --again may do."""
    with Fleet() as fleet:
        source = fleet.single(KIND)
        target = fleet.out / 'a.img'
        fleet.run()
        target.unlink()
        has(fleet.run(status=3), 'its target is gone; --again')
        fleet.run(1, '--again')

        # The guest runs: done, and never to be replaced.
        with target.open('r+b') as file:
            file.write(b'used')
        used = target.read_bytes()
        has(fleet.run(), 'prepared before; its target was written to since')
        os.utime(source)
        has(fleet.run(1, '--again', status=3),
            'was written to since it was made')
        equal(target.read_bytes() == used, True, 'the target')

        # A failure leaves what was made before, and says so.
        target.unlink()
        fleet.run(1, '--again')
        source.write_text('hello\n')
        has(fleet.run(1, '--again', status=3), 'failed: ')
        has(fleet.report()['error'], 'is the one that was made before')
        has(fleet.run(status=3), 'the last try was failed; --again')
        equal(target.stat().st_size, len(used), 'the target')
        source.unlink()
        fleet.vmdk(KIND, 'a.vmdk')
        has(fleet.run(1, '--again'), 'prepared')
        fleet.must_be(target, source)


def used_meanwhile() -> None:
    """A target that somebody writes to while it is made again stays."""
    with Fleet() as fleet:
        source = fleet.single(KIND, target='out/slow.img')
        target = fleet.out / 'slow.img'
        fleet.run()
        old = fleet.report('slow')
        os.utime(source)
        with fleet.begin(1, '--again') as process:
            until('it converts', lambda: part_of(target))
            with target.open('r+b') as file:
                file.write(b'used')
            said = process.communicate(timeout=PATIENCE)[0]
        has(said, 'was written to meanwhile')
        equal(process.returncode, 3, 'status')
        equal(target.read_bytes()[:4], b'used', 'the target')
        equal(fleet.report('slow'), old, 'report')
        fleet.must_be_clean()


def no_report() -> None:
    """The target is made, but its report cannot be written."""
    with Fleet() as fleet:
        source = fleet.single(KIND)
        (fleet.reports / 'a.json').mkdir(parents=True)
        has(fleet.run(status=3), 'is made, but its report cannot be written')
        fleet.must_be(fleet.out / 'a.img', source)
        (fleet.reports / 'a.json').rmdir()
        has(fleet.run(), 'a: prepared before')
        equal(fleet.report()['outcome'], 'prepared', 'outcome')
        fleet.must_be_clean()


def foreign_target() -> None:
    """A file that is there is somebody else's."""
    with Fleet() as fleet:
        fleet.single(KIND)
        target = fleet.out / 'a.img'
        target.write_text('precious')
        for again in ((), ('--again',)):
            has(fleet.run(1, *again, status=3),
                'exists, and was not made by this fleet')
        equal(target.read_text(), 'precious', 'target')
        equal(fleet.report()['outcome'], 'failed', 'outcome')
        # It appears while we are at work.
        target.unlink()
        fleet.manifest(['a.vmdk\tout/slow.img\t\ta'])
        slow = fleet.out / 'slow.img'
        with fleet.begin() as process:
            until('it converts', lambda: part_of(slow))
            slow.write_text('precious')
            said = process.communicate(timeout=PATIENCE)[0]
        has(said, 'exists, and was not made by this fleet')
        equal(slow.read_text(), 'precious', 'target')
        fleet.must_be_clean()


# ------------------------------------------------------ stopped and killed

def stopped() -> None:
    """A signal is no outcome; nothing is left."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Fleet() as fleet:
            source = fleet.single(KIND, target='out/slow.img')
            with fleet.begin() as process:
                until('it converts', lambda: part_of(fleet.out / 'slow.img'))
                process.send_signal(number)
                said = process.communicate(timeout=PATIENCE)[0]
            has(said, f'slow: stopped by signal {int(number)}')
            equal(process.returncode, 128 + number, 'status')
            equal(list(fleet.out.iterdir()), [], 'targets')
            equal(list(fleet.reports.glob('*.json')), [], 'reports')
            fleet.must_be_clean()
            if number == signal.SIGTERM:
                fleet.run()
                fleet.must_be(fleet.out / 'slow.img', source)


def tool_killed() -> None:
    """qemu-img dies: of a signal that stops us too, or out of memory."""
    for number, said in ((signal.SIGTERM, 'stopped by signal 15'),
                         (signal.SIGKILL, 'failed: qemu-img was ended by '
                          'SIGKILL: out of memory?')):
        with Fleet() as fleet:
            fleet.single(KIND, target='out/slow.img')
            with fleet.begin() as process:
                until('it converts', lambda: part_of(fleet.out / 'slow.img'))
                child = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}'
                                     '/children').read_text().split()
                os.kill(int(child[0]), number)
                has(process.communicate(timeout=PATIENCE)[0], said)
            fleet.must_be_clean()


# A program that kills itself before or after something that it does.
KILL = '''
import importlib, os, runpy, signal, sys
point, when, program = sys.argv[1:4]
sys.dont_write_bytecode = True
sys.argv = [program, *sys.argv[4:]]
sys.path.insert(0, os.path.dirname(program))
module, _, names = point.partition(':')
owner = importlib.import_module('xenprep_fleet.' + module)
*path, name = names.split('.')
for step in path:
    owner = getattr(owner, step)
real = getattr(owner, name)
def killed(*arguments, **options):
    if when == 'after':
        real(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, killed)
runpy.run_path(program, run_name='__main__')
'''
POINTS = (('guest:space.take', 'after'), ('guest:Run.convert', 'after'),
          ('guest:save', 'before'), ('guest:save', 'after'),
          ('guest:os.link', 'after'), ('guest:rename', 'after'),
          ('state:Store.publish', 'after'), ('guest:Run.clean', 'before'))


def kill_at(fleet: Fleet, point: str, when: str, *more: str) -> None:
    """A run that is killed there."""
    fleet.call(sys.executable, '-c', KILL, point, when, PROGRAM, 'run',
               'fleet.tsv', '1', '--reports', 'reports', *more,
               status=-signal.SIGKILL)


def killed() -> None:
    """Killed anywhere: no half of a target, and the next run completes it."""
    with Fleet() as fleet:
        source = fleet.single(KIND)
        target = fleet.out / 'a.img'
        for point, when in POINTS:
            kill_at(fleet, point, when)
            if target.exists():
                fleet.must_be(target, source)
            if not (fleet.reports / 'a.json').exists():
                has(fleet.call(PROGRAM, 'table', 'reports', 'fleet.tsv',
                               status=1), '1 not done')
            made = target.stat().st_ino if target.exists() else None
            has(fleet.run(), 'a: prepared')
            equal(made in (None, target.stat().st_ino), True,
                  f'made twice: {when} {point}')
            fleet.must_be(target, source)
            equal(fleet.report()['outcome'], 'prepared', point)
            fleet.must_be_clean()
            target.unlink()
            shutil.rmtree(fleet.reports)


def killed_again() -> None:
    """The same where a target is replaced: it is the old one or the new."""
    with Fleet() as fleet:
        source = fleet.single(KIND)
        target = fleet.out / 'a.img'
        fleet.run()
        old = fleet.report()
        for point, when in (('guest:Run.convert', 'after'),
                            ('guest:save', 'after'),
                            ('guest:rename', 'after')):
            os.utime(source)
            inode = target.stat().st_ino
            kill_at(fleet, point, when, '--again')
            replaced = target.stat().st_ino != inode
            equal(replaced, point == 'guest:rename', point)
            if not replaced:
                has(fleet.run(status=3), 'has changed; --again')
                equal(fleet.report(), old, 'the report of the old one')
            has(fleet.run(1, '--again'), 'a: prepared')
            equal(fleet.report() != old, True, 'the report of the new one')
            old = fleet.report()
            fleet.must_be_clean()


def tools_die_too() -> None:
    """A killed run leaves no qemu-img that goes on writing."""
    with Fleet() as fleet:
        source = fleet.single(KIND, target='out/slow.img')
        with fleet.begin() as process:
            part = until('it converts',
                         lambda: part_of(fleet.out / 'slow.img'))[0]
            process.kill()
            process.communicate(timeout=PATIENCE)
        until('its tools have ended', lambda: not session(process.pid))
        whole = filecmp.cmp(part, fleet.by_hand(source), shallow=False)
        equal(whole, False, 'written to its end')
        has(fleet.run(), 'slow: prepared')
        equal(part.exists(), False, 'the unfinished target')
        fleet.must_be(fleet.out / 'slow.img', source)
        fleet.must_be_clean()


def half_changed() -> None:
    """A disk that win-xenfix was changing when it was ended."""
    with Fleet() as fleet:
        source = fleet.single(KIND)
        fleet.call('win-xenfix', 'drivers', '-q', '-f', 'vmdk', source)
        undo = source.parent / (source.name + '.xenfix-undo')
        with undo.open('r+b') as file:
            # The mark that the run was completed: docs/undo-file.rst.
            file.seek(480)
            file.write(bytes(32))
        has(fleet.run(status=3), "run 'win-xenfix rollback' on it first")
        equal(fleet.report()['outcome'], 'failed', 'outcome')
        fleet.call('win-xenfix', 'rollback', '-q', '-f', 'vmdk', source)
        has(fleet.run(), 'prepared')


def two_at_once() -> None:
    """The second waits for the first, and finds that all is done."""
    with Fleet() as fleet:
        fleet.single(KIND, target='out/slow.img')
        with fleet.begin() as first:
            until('it converts', lambda: part_of(fleet.out / 'slow.img'))
            with fleet.begin() as second:
                said = second.communicate(timeout=PATIENCE)[0]
            first.communicate(timeout=PATIENCE)
        has(said, 'another run is at work on it; waiting', 'prepared before')
        equal((first.returncode, second.returncode), (0, 0), 'statuses')
        equal(len(fleet.converted()), 1, 'conversions')


# ------------------------------------------------------------------- room

@contextlib.contextmanager
def small_disk(fleet: Fleet, mib: int) -> Iterator[None]:
    """Targets are on a disk of their own."""
    try:
        tap.run('mount', '-t', 'tmpfs', '-o', f'size={mib}m', 'none',
                fleet.out)
    except AssertionError as error:
        raise tap.Skip('no file system can be mounted here') from error
    try:
        yield
    finally:
        tap.run('umount', fleet.out)


def too_small() -> None:
    """No room: said before anything is written, and tried again."""
    with Fleet() as fleet, small_disk(fleet, 12):
        source = fleet.single(KIND)
        has(fleet.run(status=3), 'a: failed: ', ' MiB of free space, and ',
            'make room, or choose another folder')
        equal(fleet.converted(), [], 'conversions')
        fleet.must_be_clean()
        tap.run('mount', '-o', 'remount,size=100m', fleet.out)
        has(fleet.run(), 'a: prepared')
        fleet.must_be(fleet.out / 'a.img', source)


def filled_up() -> None:
    """Somebody else takes the room while we are at work."""
    with Fleet() as fleet, small_disk(fleet, 100):
        source = fleet.single('xp-sp3-built', target='out/slow.img')
        other = fleet.out / 'other'
        with fleet.begin() as process:
            until('it converts', lambda: part_of(fleet.out / 'slow.img'))
            with other.open('wb', buffering=0) as file:
                with contextlib.suppress(OSError):
                    while file.write(bytes(1 << 20)):
                        pass
            said = process.communicate(timeout=PATIENCE)[0]
        has(said, 'slow: failed: ', 'No space left on device')
        equal(list(fleet.out.iterdir()), [other], 'targets')
        fleet.must_be_clean()
        other.unlink()
        fleet.run()
        fleet.must_be(fleet.out / 'slow.img', source)


def wait_for_room() -> None:
    """More at once than there is room for: some wait, and all are made."""
    with Fleet() as fleet:
        for number in (1, 2, 3):
            fleet.vmdk('xp-sp3-built', f'{number}.vmdk')
        _, said = tap.run('qemu-img', 'measure', '-O', 'qcow2',
                          '--output=json', '--image-opts',
                          image_options(fleet.folder / '1.vmdk'))
        # Enough for all three, but not for what could come of them.
        room = 3 * with_margin(json.loads(said)['required']) // MIB - 3
        with small_disk(fleet, room):
            fill_it(fleet)


def fill_it(fleet: Fleet) -> None:
    """Three at once, two of which have room."""
    fleet.manifest([f'{number}.vmdk\tout/slow{number}.img'
                    for number in (1, 2, 3)])
    runs = [fleet.begin(number) for number in (1, 2, 3)]
    said = [process.communicate(timeout=PATIENCE)[0] for process in runs]
    equal([process.returncode for process in runs], [0, 0, 0], said)
    has(''.join(said), 'waiting for others to end')
    for number in (1, 2, 3):
        fleet.must_be(fleet.out / f'slow{number}.img',
                      fleet.folder / f'{number}.vmdk')
    fleet.must_be_clean()


# ------------------------------------------------------------ GNU parallel

def parallel() -> None:
    """The manual's command: outcomes, killed in the middle, done once."""
    tap.tool('parallel')
    _, said = tap.run('parallel', '--version', text=True, check=False)
    if 'GNU' not in said:
        raise tap.Skip('parallel is not GNU parallel')
    with Fleet() as fleet:
        sources: Dict[str, pathlib.Path] = {}
        for name, kind in (('slow1', KIND), ('xp', 'xp-sp3-built'),
                           ('w2k', 'w2k-sp4'), ('slow2', KIND)):
            sources[name] = fleet.vmdk(kind, name + '.vmdk')
        fleet.vmdk('dirty-volume', 'dirty.vmdk')
        fleet.vmdk(KIND, 'cut.vmdk')
        os.truncate(fleet.folder / 'cut.vmdk', 100000)
        names = ['slow1', 'dirty', 'xp', 'cut', 'w2k', 'slow2']
        fleet.manifest([f'{name}.vmdk\tout/{name}.img' for name in names])
        command = documented('fleet-parallel')

        process = fleet.start('bash', '-c', command)
        until('one converts', lambda: part_of(fleet.out / 'slow1.img'))
        power_off(process)
        equal((fleet.out / 'slow1.img').exists(), False, 'half a target')

        said = fleet.shell(command, status=1)
        equal('another run is at work' in said, False, said)
        has(said, '6 guests: 4 prepared, 0 unchanged, 1 refused, 1 failed, '
            '0 not done')
        for name, source in sources.items():
            fleet.must_be(fleet.out / (name + '.img'), source)
        fleet.must_be_clean()
        before = fleet.snapshot()
        count = len(fleet.converted())
        del before[str(fleet.reports / 'cut.json')]
        has(fleet.shell(command, status=1), '6 guests: 4 prepared, ')
        after = fleet.snapshot()
        del after[str(fleet.reports / 'cut.json')]
        equal(after, before, 'a second run')
        equal(len(fleet.converted()), count, 'conversions')


def table() -> None:
    """The table tells what is so, and its status whether all is well."""
    with Fleet() as fleet:
        fleet.single(KIND)
        has(fleet.call(PROGRAM, 'table', 'reports', 'fleet.tsv', status=1),
            'not done', '1 guests: 0 prepared')
        has(fleet.call(PROGRAM, 'table', 'reports', status=3), 'reports')
        fleet.run()
        for arguments in (('reports',), ('reports', 'fleet.tsv')):
            said = fleet.call(PROGRAM, 'table', *arguments)
            equal(said.splitlines()[1].split()[:5],
                  ['a', 'prepared', 'Windows', 'XP', 'yes'], said)
        path = fleet.reports / 'b.json'
        path.write_text('{"guest": "b", "outcome": "refused", "seconds": 1, '
                        '"error": "\\u001b[2J\\nx"}')
        said = fleet.call(PROGRAM, 'table', 'reports', status=1)
        has(said, '?[2J x', '2 guests: 1 prepared, 0 unchanged, 1 refused')


# ----------------------------------------------------------- what is said

def system_errors() -> None:
    """The file, the cause, and what to do; nothing of Python's."""
    with Fleet() as fleet:
        fleet.vmdk(KIND, 'a.vmdk')
        fleet.manifest(['a.vmdk\tno/a.img'])
        missing = fleet.folder / 'no'
        error = f'{missing}: No such file or directory: make it, or name ' \
                'another'
        equal(fleet.run(status=3), f'a: failed: {error}\n', 'no folder')
        equal(fleet.report()['error'], error, 'report')
        shutil.rmtree(fleet.reports)
        fleet.reports.touch()
        has(fleet.run(status=3), 'a: its report cannot be written: '
            f'{fleet.reports}', 'Not a directory: name a folder')
        equal(fleet.call(PROGRAM, 'check', 'out', status=3),
              'win-xenprep-fleet: out: Is a directory: name a manifest that '
              'can be read\n', 'manifest')
        equal(fleet.call(PROGRAM, 'table', 'none', status=3),
              f'win-xenprep-fleet: {fleet.folder}/none: No such file or '
              'directory: name the folder that --reports of run named\n',
              'folder of reports')


def reports_on_full_disk() -> None:
    """There is room for the target, and none for what is known of it."""
    with Fleet() as fleet, small_disk(fleet, 1):
        fleet.single(KIND, target='a.img')
        with (fleet.out / 'other').open('wb', buffering=0) as file:
            with contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass
        said = fleet.call(PROGRAM, 'run', 'fleet.tsv', 1, '--reports',
                          'out/reports', status=3)
        has(said, f'a: its report cannot be written: {fleet.out}/reports/',
            ': No space left on device: make room\n')
        equal(len(said.splitlines()), 1, said)
        equal((fleet.folder / 'a.img').exists(), False, 'target')
        (fleet.out / 'other').unlink()
        has(fleet.call(PROGRAM, 'run', 'fleet.tsv', 1, '--reports',
                       'out/reports'), 'a: prepared')


def full() -> None:
    """A full disk takes no answer: said in a line, and the status tells."""
    line = 'win-xenprep-fleet: standard output: No space left on device: ' \
           'make room\n'
    with Fleet() as fleet:
        fleet.single(KIND)
        fleet.run()
        for command in ('check fleet.tsv', 'table reports', '--help',
                        'table --help'):
            equal(fleet.shell(f'win-xenprep-fleet {command} >/dev/full',
                              status=3), line, command)
        has(fleet.shell('win-xenprep-fleet check fleet.tsv >&-', status=3),
            'standard output: Bad file descriptor')
        # What cannot be said does not change what is so.
        (fleet.folder / 'a.vmdk').touch()
        run = 'win-xenprep-fleet run fleet.tsv 1 --reports reports '
        has(fleet.shell(run + '--again >/dev/full'),
            'a: prepared; standard output: No space left on device')
        equal(fleet.report()['outcome'], 'prepared', 'outcome')
        has(fleet.shell(run), 'a: prepared before')
        (fleet.folder / 'a.vmdk').unlink()
        equal(fleet.shell(run + '--again 2>/dev/full', status=3), '', 'run')
        equal(fleet.report()['outcome'], 'failed', 'outcome')


def reader_ended() -> None:
    """Nobody reads on: nothing is said of that."""
    with Fleet() as fleet:
        fleet.single(KIND)
        fleet.reports.mkdir()
        for number in range(3000):
            (fleet.reports / f'{number}.json').symlink_to('/dev/null')
        for command in ('check fleet.tsv', 'table reports', '--help',
                        'run fleet.tsv 1 --reports reports'):
            said = fleet.shell('exec 3> >(true); wait $!; win-xenprep-fleet '
                               f'{command} >&3; echo $? >status')
            equal(said, '', command)
            equal((fleet.folder / 'status').read_text(),
                  '0\n' if 'run' in command else '141\n', command)
        said = fleet.shell('win-xenprep-fleet table reports | head -1')
        equal(len(said.splitlines()), 1, said)


def target_gone() -> None:
    """A guest whose target is gone is not done, as run says, too."""
    with Fleet() as fleet:
        fleet.single(KIND)
        target = fleet.out / 'a.img'
        table_of = (PROGRAM, 'table', 'reports', 'fleet.tsv')
        fleet.run()
        has(fleet.call(*table_of), '1 guests: 1 prepared')
        target.rename(fleet.folder / 'kept')
        said = 'its target is gone; --again converts it again\n'
        has(fleet.call(*table_of, status=1), 'a      not done', said,
            '1 guests: 0 prepared', '1 not done')
        has(fleet.run(status=3), said)
        fleet.out.rmdir()
        has(fleet.call(*table_of, status=1), said)
        # It is there, or not: nobody can tell.
        fleet.out.symlink_to('out')
        has(fleet.call(*table_of, status=1), 'a      unreadable',
            f'{target}: Too many levels of symbolic links: ')
        fleet.out.unlink()
        fleet.out.mkdir()
        # It may be that of a guest that is in use, or moved with it.
        target.symlink_to(fleet.folder / 'kept')
        has(fleet.call(*table_of), '1 guests: 1 prepared')


# What is no report, as a file's text, and the cause that the table has.
NO_REPORTS = {
    '': 'it is empty',
    '{"outcome": "prep': 'it is no JSON',
    100000 * '[': 'it is no JSON',
    '"\\u0000"': 'it is no report of a guest',
    '{"outcome": ["prepared"]}': 'it has no outcome that is known',
    '{"outcome": "prepared"}': "it says 'prepared', and has no 'report'",
    '{"outcome": "failed", "error": 1}': "it says 'failed', and has no 'err",
    (4 << 20) * ' ' + '{}': 'it has more than 4 MiB'}


def spoilt_reports(folder: pathlib.Path) -> Iterator[Tuple[str, str]]:
    """Reports that cannot be read: the names, and the causes."""
    folder.mkdir()
    for number, (text, cause) in enumerate(NO_REPORTS.items()):
        (folder / f'text{number}.json').write_text(text)
        yield f'text{number}', cause
    (folder / 'utf.json').write_bytes(b'{"outcome": "\xff"}')
    yield 'utf', 'it is no JSON'
    (folder / 'folder.json').mkdir()
    yield 'folder', 'it is no file'
    os.mkfifo(folder / 'pipe.json')
    yield 'pipe', 'it is no file'
    (folder / 'link.json').symlink_to('nowhere')
    yield 'link', 'it is a link to nothing'
    (folder / 'round.json').symlink_to('round.json')
    yield 'round', f'{folder}/round.json: Too many levels of symbolic links: '
    (folder / '\x1b.json').write_text('{}')
    yield '?', 'it has no outcome that is known'


def unreadable() -> None:
    """A report that does not tell is a guest that is not left out."""
    with Fleet() as fleet:
        fleet.single(KIND)
        spoilt = dict(spoilt_reports(fleet.reports))
        (fleet.reports / 'odd.json').write_text(
            '{"outcome": "prepared", "report": {"windows": []}, "seconds": '
            '1e999, "after": 7, "target": {}}')
        fleet.run()
        said = fleet.call(PROGRAM, 'table', 'reports', status=1)
        for name, cause in spoilt.items():
            line, = [line for line in said.splitlines()
                     if line.split()[:2] == [name, 'unreadable']]
            has(line, cause, ': ' if name == 'round' else
                ': move it away, and run the guest again')
        has(said, f'{len(spoilt) + 2} guests: 2 prepared, 0 unchanged, 0 ref'
            f'used, 0 failed, 0 not done, {len(spoilt)} unreadable')


def unreadable_mended() -> None:
    """The remedy helps: the next run completes the report."""
    with Fleet() as fleet:
        fleet.single(KIND)
        fleet.run()
        report = fleet.reports / 'a.json'
        for spoil in (os.mkfifo, os.mkdir):
            report.unlink()
            has(fleet.call(PROGRAM, 'table', 'reports', 'fleet.tsv',
                           status=1), '1 not done, 0 unreadable')
            spoil(report)
            has(fleet.call(PROGRAM, 'table', 'reports', 'fleet.tsv',
                           status=1), '0 not done, 1 unreadable')
            report.rename(fleet.folder / spoil.__name__)
            has(fleet.run(), 'prepared before')
            fleet.call(PROGRAM, 'table', 'reports', 'fleet.tsv')
        report.unlink()
        os.mkfifo(report)
        has(fleet.run(), 'prepared before')
        equal(fleet.report()['outcome'], 'prepared', 'outcome')


TESTS = [
    ('manifest: each wrong line is named', manifest_lines),
    ('manifest: the header', manifest_header),
    ('manifest: what the tools know is tried', manifest_tried),
    ('manifest: options of the target', manifest_target_options),
    ('one guest with an odd name', one_guest),
    ('machines, formats, nodes', kinds_of_guests),
    ('a guest called space', odd_names),
    ('a disk without Windows', data_disk),
    ('prepared, it would not boot', would_not_boot),
    ('refused', refused),
    ('failed', failed),
    ('failed: tools without the driver', no_tools),
    ('failed: the cause is what made it fail', true_cause),
    ('failed: the source was written to', written_to_meanwhile),
    ('done is not done again', not_twice),
    ('a target that is gone, or in use', targets_gone_and_used),
    ('a target that is used while it is made again', used_meanwhile),
    ('no report can be written', no_report),
    ("somebody else's target", foreign_target),
    ('stopped by a signal', stopped),
    ('a tool is ended by a signal', tool_killed),
    ('killed at each step', killed),
    ('killed while a target is replaced', killed_again),
    ('killed: its tools end with it', tools_die_too),
    ('a disk that is half-changed', half_changed),
    ('two runs at once', two_at_once),
    ('no room', too_small),
    ('the disk fills up', filled_up),
    ('waiting for room', wait_for_room),
    ('errors of the system', system_errors),
    ('no room for reports', reports_on_full_disk),
    ('the table', table),
    ('the table, and targets that are gone', target_gone),
    ('reports that cannot be read', unreadable),
    ('reports that could not be read', unreadable_mended),
    ('standard output on a full disk', full),
    ('standard output that nobody reads', reader_ended),
    ('GNU parallel', parallel),
]

if __name__ == '__main__':
    chosen = [test for test in TESTS
              if len(sys.argv) < 2 or any(word in test[0]
                                          for word in sys.argv[1:])]
    sys.exit(tap.main(chosen))
