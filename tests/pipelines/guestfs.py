#!/usr/bin/env python3
#
# libguestfs reads prepared disks, and virt-v2v converts one
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Both run Linux in a machine of their own, which takes a kernel, some 300 MB
of packages and, where KVM is no use, minutes.  So they are in no list that is
installed by itself (scripts/packages guestfs), and skipped without."""

import functools
import hashlib
import re
import sys
from typing import Dict

import pipeline
from pipeline import Place, tap

# virt-v2v reckons a BIOS' heads by the size alone.  On a disk as small as
# those of the tests it does not agree with SeaBIOS and with us.
SIZE = '10G'

DISKS = {'whole': ('raw', 'web01.img'), 'qcow2': ('qcow2', 'web01.qcow2'),
         'vhd': ('vpc', 'web01.vhd'), 'vhdx': ('vhdx', 'web01.vhdx')}


def environment(place: Place) -> Dict[str, str]:
    """No daemon, no KVM (nested, it may not work), nothing left behind."""
    return {'LIBGUESTFS_BACKEND': 'direct',
            'LIBGUESTFS_BACKEND_SETTINGS': 'force_tcg',
            'LIBGUESTFS_CACHEDIR': str(place.path),
            'TMPDIR': str(place.path)}


@functools.lru_cache(maxsize=None)
def need_appliance(place: Place) -> None:
    """libguestfs can start its machine; one without a kernel cannot."""
    result = place.run([tap.tool('guestfish'), '-a', '/dev/null', 'run'],
                       check=False, environment=environment(place))
    if result.status:
        lines = result.errors.splitlines() or ['it does not say why']
        raise tap.Skip(f'libguestfs cannot start its machine: {lines[-1]}')


def test_formats(place: Place) -> None:
    """In all formats libguestfs finds the bytes of the plain conversion."""
    need_appliance(place)
    command = [tap.tool('guestfish'), '--ro']
    sums = []
    for device, (label, (fmt, name)) in zip('abcd', DISKS.items()):
        place.manual(label)
        command += [f'--format={fmt}', '-a', name]
        sums += [':', 'checksum-device', 'sha256', f'/dev/sd{device}']
    said = place.run([*command, 'run', *sums],
                     environment=environment(place)).output
    wanted = hashlib.sha256(place.wanted.read_bytes()).hexdigest()
    tap.equal(said.split(), [wanted] * len(DISKS), 'checksums')
    for _, name in DISKS.values():
        (place.path / name).unlink()
    place.untouched()


def make_large(place: Place) -> None:
    """web01.img becomes an XP with all that Windows has, on a larger disk."""
    source = place.path / 'large.raw'
    place.run(['cp', '--sparse=always', pipeline.build('xp-sp3-built'),
               source])
    place.run(['qemu-img', 'resize', '-q', '-f', 'raw', source, SIZE])
    place.run(['qemu-img', 'convert', '-f', 'raw', '--image-opts',
               f'driver=win-xenprep,file.filename={source}', place.target])
    source.unlink()


def test_inspected(place: Place) -> None:
    """virt-inspector finds the Windows that it is."""
    need_appliance(place)
    make_large(place)
    said = place.manual('inspect', environment=environment(place)).output
    for element in ('<name>windows</name>', '<arch>i386</arch>',
                    '<osinfo>winxp</osinfo>',
                    '<windows_systemroot>/WINDOWS</windows_systemroot>'):
        assert element in said, said
    place.target.unlink()


def test_v2v(place: Place) -> None:
    """virt-v2v leaves a prepared disk on IDE, and what was prepared alone."""
    need_appliance(place)
    tap.tool('virt-v2v')
    make_large(place)
    place.manual('v2v', environment=environment(place))
    place.run(['win-xenfix', 'check', '-f', 'raw', 'out/web01-sda'])
    xml = (place.path / 'out' / 'web01.xml').read_text()
    assert "<target dev='hda' bus='ide'/>" in xml, xml
    said = place.run(['qemu-img', 'info', '-f', 'raw', '--image-opts',
                      'driver=win-xenprep,file.filename=out/web01-sda']
                     ).output
    assert re.search('(?m)^ *patches: 0$', said), said
    place.target.unlink()


if __name__ == '__main__':
    sys.exit(pipeline.main('boot-unprepared', ['guestfish'], [
        ('libguestfs reads all formats', test_formats),
        ('virt-inspector', test_inspected),
        ('virt-v2v', test_v2v),
    ]))
