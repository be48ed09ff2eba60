#!/usr/bin/env python3
#
# Targets of all formats, read back by QEMU and by others
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Each target must have the guest's disk as the plain conversion has it, in
QEMU's eyes and in those of a reader of the format that is not QEMU's."""

import importlib
import pathlib
import re
import subprocess
import sys
from typing import Callable, ContextManager, NamedTuple, Optional

import pipeline
from pipeline import Names, Place, answers, free_port, tap

SECTOR = 512


def by_7z(path: pathlib.Path, out: pathlib.Path) -> None:
    """What 7-Zip finds in a VHD."""
    with open(out, 'wb') as file:
        subprocess.run([tap.tool('7z'), 'x', '-tVHD', '-so', path],
                       stdout=file, stderr=subprocess.DEVNULL, check=True)


def by_libvhdi(path: pathlib.Path, out: pathlib.Path) -> None:
    """What libvhdi finds in a VHD or VHDX."""
    try:
        pyvhdi = importlib.import_module('pyvhdi')
    except ImportError as error:
        raise tap.Skip('python3-libvhdi is not installed') from error
    disk = pyvhdi.file()
    disk.open(str(path))
    with open(out, 'wb') as file:
        while data := disk.read_buffer(1 << 20):
            file.write(data)
    disk.close()


class Target(NamedTuple):
    """A format: how the manual makes it, and who else reads it."""
    label: str
    name: str
    fmt: str
    checked: bool = False
    reader: Optional[Callable] = None


TARGETS = (
    Target('whole', 'web01.img', 'raw'),
    Target('qcow2', 'web01.qcow2', 'qcow2', True),
    Target('vhd', 'web01.vhd', 'vpc', reader=by_7z),
    Target('vhd', 'web01.vhd', 'vpc', reader=by_libvhdi),
    Target('vhd-fixed', 'web01.vhd', 'vpc', reader=by_7z),
    Target('vhd-fixed', 'web01.vhd', 'vpc', reader=by_libvhdi),
    Target('vhdx', 'web01.vhdx', 'vhdx', True, reader=by_libvhdi),
)


def judge(place: Place, target: Target) -> None:
    """QEMU and win-xenfix find the guest on it, ready to boot."""
    path = place.path / target.name
    said = place.run(['qemu-img', 'compare', '-f', 'raw', '-F', target.fmt,
                      place.wanted, path]).output
    assert 'size mismatch' not in said, said
    place.run(['win-xenfix', 'check', '-f', target.fmt, path])
    if target.checked:
        place.run(['qemu-img', 'check', '-f', target.fmt, path])


def test_target(target: Target) -> Callable[[Place], None]:
    """A test of one format by one reader."""
    def test(place: Place) -> None:
        path = place.path / target.name
        place.manual(target.label)
        judge(place, target)
        if target.reader:
            out = place.path / 'read.img'
            target.reader(path, out)
            place.arrived(out)
        place.untouched()
        path.unlink()
    return test


def sectors(place: Place, path: pathlib.Path) -> int:
    """How many a VHD has."""
    said = place.run(['qemu-img', 'info', '-f', 'vpc', path]).output
    size = re.search(r'\((\d+) bytes\)', said)
    assert size, said
    return int(size.group(1)) // SECTOR


def test_rounded(place: Place) -> None:
    """A VHD has the sectors of its source, or more without force_size.

    Then the other table of a GPT is not at the end any more.
    """
    path, table = place.path / 'web01.vhd', place.path / 'table.img'
    source = pipeline.build('win10-no-atapi')
    wanted = source.stat().st_size // SECTOR

    def verdict(names: Names) -> str:
        place.manual('vhd', {'-f vmdk': '-f raw', 'web01.vmdk': source,
                             **names})
        place.run(['win-xenfix', 'check', '-f', 'vpc', path,
                   '--machine=qemu-pc-uefi'])
        place.run(['qemu-img', 'convert', '-f', 'vpc', '-O', 'raw', path,
                   table])
        return place.run([tap.tool('sgdisk'), '--verify', table]).output
    said = verdict({})
    assert 'No problems found' in said, said
    tap.equal(sectors(place, path), wanted, 'sectors')
    said = verdict({',force_size=on': ''})
    assert 'secondary header' in said, said
    assert 0 < sectors(place, path) - wanted < 16 * 255, 'sectors'
    table.unlink()
    path.unlink()


def test_nbd(place: Place) -> None:
    """A target behind NBD has the disk; one that is too small has nothing."""
    port = free_port()
    names = {'nbd.example:10809': f'127.0.0.1:{port}'}
    size = place.wanted.stat().st_size
    store = place.path / 'store.img'

    def serving(length: int) -> ContextManager:
        # What was there before must not show through where zeros belong.
        store.write_bytes(length * b'\xff')
        return place.server([tap.tool('nbdkit'), '-f', '-i', '127.0.0.1',
                             '-p', str(port), 'file', store], answers(port))
    with serving(size):
        place.manual('nbd-target', names)
        place.run(['qemu-img', 'compare', '-f', 'raw', '-F', 'raw',
                   place.wanted, f'nbd://127.0.0.1:{port}/web01'])
    place.arrived(store)
    with serving(size - SECTOR):
        place.failed(place.manual('nbd-target', names, check=False),
                     'smaller than input')
    assert set(store.read_bytes()) == {0xff}, 'something was written'


if __name__ == '__main__':
    sys.exit(pipeline.main('boot-unprepared', [], [
        *((f'{target.label}, read by ' + (target.reader.__name__[3:] if
                                          target.reader else 'QEMU'),
           test_target(target)) for target in TARGETS),
        ('a VHD that is rounded up', test_rounded),
        ('a target behind NBD', test_nbd),
    ]))
