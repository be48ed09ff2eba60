#!/usr/bin/env python3
#
# Disks read in place out of an OVA
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""The OVA is what ovftool makes: an archive of tar with a description, a list
of checksums and a streamOptimized VMDK, in that order."""

import hashlib
import sys
from typing import Callable, Dict

import pipeline
from pipeline import Place, tap

DISK = 'web01-disk1.vmdk'

FORM = ('http://www.vmware.com/interfaces/specifications/vmdk.html'
        '#streamOptimized')

OVF = '''<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
          xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References>
    <File ovf:id="file1" ovf:href="{disk}" ovf:size="{size}"/>
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
    <Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="{capacity}"
          ovf:format="{form}"/>
  </DiskSection>
</Envelope>
'''


def make_parts(place: Place) -> None:
    """The three files of an appliance."""
    place.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o',
               'subformat=streamOptimized', place.raw, DISK])
    disk = place.path / DISK
    ovf = place.path / 'web01.ovf'
    ovf.write_text(OVF.format(disk=DISK, size=disk.stat().st_size,
                              capacity=place.raw.stat().st_size, form=FORM))
    (place.path / 'web01.mf').write_text(''.join(
        f'SHA256({path.name})= '
        f'{hashlib.sha256(path.read_bytes()).hexdigest()}\n'
        for path in (ovf, disk)))


def make_ova(place: Place, form: str = 'ustar', disk: str = DISK) -> None:
    """They become web01.ova."""
    ova = place.path / 'web01.ova'
    if not (place.path / DISK).exists():
        make_parts(place)
    place.run([tap.tool('tar'), f'--format={form}', '-cf', ova, 'web01.ovf',
               'web01.mf', disk])
    place.watch(ova)


def test_in_place(label: str, form: str) -> Callable[[Place], None]:
    """A test of one of the manual's ways, with one form of tar."""
    def test(place: Place) -> None:
        make_ova(place, form)
        place.manual(label)
        place.arrived()
    return test


def test_long_name(place: Place) -> None:
    """A name for which tar writes more than one header before the disk.

    GNU's way of doing so is beyond nbdkit's filter; what it finds is no disk.
    """
    name = 100 * 'n' + '-disk1.vmdk'
    make_ova(place)
    (place.path / DISK).rename(place.path / name)
    by_offset, by_nbdkit = {f' {DISK}': f' {name}'}, {f'={DISK}': f'={name}'}
    make_ova(place, 'pax', name)
    place.manual('ova-nbdkit', by_nbdkit)
    place.arrived()
    for form in 'pax', 'gnu':
        make_ova(place, form, name)
        place.manual('ova', by_offset)
        place.arrived()
    place.refused(place.manual('ova-nbdkit', by_nbdkit, check=False),
                  'invalid VMDK image descriptor')
    (place.path / name).rename(place.path / DISK)


def test_damaged(place: Place) -> None:
    """An OVA that was cut off, and one without such a disk."""
    make_ova(place)
    names: Dict[str, str] = {f' {DISK}': ' web02-disk1.vmdk'}
    place.refused(place.manual('ova', names, check=False),
                  'webN.ova: .*webN-diskN.vmdk')
    ova = place.path / 'web01.ova'
    whole = ova.read_bytes()
    ova.write_bytes(whole[:len(whole) * 3 // 4])
    place.watch(ova)
    place.refused(place.manual('ova', check=False),
                  'webN.ova: unexpected end of data')


def test_compressed(place: Place) -> None:
    """What is compressed is refused, whichever way it is tried."""
    make_ova(place)
    place.run([tap.tool('gzip'), '-f', 'web01.ova'])
    (place.path / 'web01.ova.gz').rename(place.path / 'web01.ova')
    place.watch(place.path / 'web01.ova')
    place.refused(place.manual('ova', check=False),
                  'webN.ova: .*compressed')
    result = place.manual('ova-nbdkit', check=False)
    assert result.status and not place.target.exists(), result
    place.refused(place.manual('whole', {'web01.vmdk': 'web01.ova'},
                               check=False),
                  'webN.ova.: is compressed by gzip')
    make_ova(place)
    place.refused(place.manual('whole', {'web01.vmdk': 'web01.ova'},
                               check=False), 'webN.ova.: is a tar archive')


def main() -> int:
    """Runs the tests."""
    return pipeline.main('boot-unprepared', ['tar', 'gzip'], [
        ('read by its offset, ustar', test_in_place('ova', 'ustar')),
        ('read by its offset, pax', test_in_place('ova', 'pax')),
        ('read by nbdkit', test_in_place('ova-nbdkit', 'ustar')),
        ('a long name', test_long_name),
        ('cut off, or another disk', test_damaged),
        ('compressed', test_compressed),
    ])


if __name__ == '__main__':
    sys.exit(main())
