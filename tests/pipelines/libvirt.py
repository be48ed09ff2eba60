#!/usr/bin/env python3
#
# What "win-xenfix config --libvirt" prints, defined and started by libvirt
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""libvirtd runs as a user's, with all its state in the test's directory.  It
has no networks, so the card is on QEMU's user network; the processor is
emulated, so that no test needs KVM.  Where its driver is missing, libvirt's
mock one has to do, which starts nothing, but reads the XML as closely."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
from typing import (Callable, Dict, Iterator, NamedTuple, Optional,
                    Sequence)

import pipeline
from pipeline import Names, Place, Result, tap

DRIVERS = list(pathlib.Path('/usr/lib').glob(
    '*/libvirt/connection-driver/libvirt_driver_qemu.so'))


class Guest(NamedTuple):
    """A kind of guest, how it is prepared, and the machine that it gets."""
    what: str
    kind: str
    options: str
    config: str
    machine: str
    disk: str


GUESTS = (
    Guest('Windows XP on IDE', 'boot-unprepared', '', '', 'pc-i440fx',
          'ide0-0-0'),
    Guest('Windows 10 with UEFI', 'win10-no-atapi', '', '', 'pc-i440fx',
          'ide0-0-0'),
    Guest('Windows 10 on q35', 'win10-bios-no-store', ',profile=ahci',
          ' --controller=ahci', 'pc-q35', 'sata0-0-0'),
)


def prepare(place: Place, guest: Guest) -> Dict[str, str]:
    """The guest's disk, and the XML that the manual makes of it."""
    source = pipeline.build(guest.kind)
    place.run(['qemu-img', 'convert', '-f', 'raw', '--image-opts',
               f'driver=win-xenprep,file.filename={source}{guest.options}',
               place.target])
    return {'--libvirt': f'--libvirt --virt-type=qemu{guest.config}'}


class Daemon:
    """libvirtd, as a user's."""

    def __init__(self, place: Place) -> None:
        self.place = place
        home = place.path / 'libvirt'
        self.socket = home / 'run' / 'libvirt' / 'libvirt-sock'
        self.environment = {
            'HOME': str(home), 'LIBVIRT_DEFAULT_URI': 'qemu:///session',
            'XDG_RUNTIME_DIR': str(home / 'run'),
            'XDG_CONFIG_HOME': str(home / 'config'),
            'XDG_CACHE_HOME': str(home / 'cache'),
            'XDG_DATA_HOME': str(home / 'data')}
        (home / 'run').mkdir(parents=True, exist_ok=True)
        (home / 'config' / 'libvirt').mkdir(parents=True, exist_ok=True)
        (home / 'config' / 'libvirt' / 'qemu.conf').write_text(
            'security_driver = "none"\nstdio_handler = "file"\n')

    @staticmethod
    def user() -> Sequence[str]:
        """A command in front of one that is not to be root's."""
        if os.geteuid():
            return []
        command = [tap.tool('unshare'), '--user', '--map-user=1000',
                   '--map-group=1000']
        if subprocess.run([*command, 'true'], stderr=subprocess.DEVNULL,
                          check=False).returncode:
            raise tap.Skip('no namespaces for users here')
        return command

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """It answers; what it has started is gone in the end."""
        if not DRIVERS:
            raise tap.Skip('libvirt-daemon-driver-qemu is not installed')
        tap.tool('qemu-system-x86_64')
        with self.place.server([*self.user(), tap.tool('libvirtd')],
                               self.socket.exists, self.environment):
            yield

    def manual(self, label: str, names: Optional[Names] = None) -> Result:
        """The manual's commands, by that user."""
        return self.place.manual(label, names, prefix=self.user(),
                                 environment=self.environment)

    def virsh(self, *words: str) -> str:
        """What virsh says."""
        return self.place.run(['virsh', *words], prefix=self.user(),
                              environment=self.environment).output


def test_started(guest: Guest) -> Callable[[Place], None]:
    """A test that the machine runs, with the disk where it should be."""
    def test(place: Place) -> None:
        daemon = Daemon(place)
        names = {**prepare(place, guest), 'virsh define':
                 "sed -i 's/<interface type=.network.>/<interface "
                 "type=\"user\">/; /<source network=/d' web01.xml\n"
                 'virsh define'}
        with daemon.running():
            daemon.manual('libvirt', names)
            try:
                tap.equal(daemon.virsh('domstate', 'web01').strip(),
                          'running', 'state')
                machine = daemon.virsh('dumpxml', 'web01')
                assert f"machine='{guest.machine}" in machine, machine
                said = daemon.virsh('qemu-monitor-command', 'web01', '--hmp',
                                    'info block')
                shown = said[said.index(str(place.target)):]
                tap.equal(re.findall(r'Attached to:\s+(\S+)', shown)[:1],
                          [guest.disk], said)
            finally:
                daemon.manual('libvirt-undefine')
            assert 'web01' not in daemon.virsh('list', '--all')
        place.target.unlink()
    return test


def xml_of(place: Place, guest: Guest) -> str:
    """Makes web01.xml as the manual does; what the manual does with it."""
    make, define = pipeline.with_names(
        pipeline.documented('libvirt'),
        prepare(place, guest)).split('\n', 1)
    place.run(['sh', '-ec', make])
    return define


def test_defined(guest: Guest) -> Callable[[Place], None]:
    """A test that libvirt's mock driver takes the domain."""
    def test(place: Place) -> None:
        define = xml_of(place, guest)
        # Its domains live as long as virsh does.
        commands = '; '.join(re.findall('^virsh (.*)', define, re.M))
        said = place.run([tap.tool('virsh'), '-c', 'test:///default',
                          f'{commands}; list; destroy web01; undefine web01']
                         ).output
        assert re.search(r'web01 +running', said), said
        place.target.unlink()
    return test


def test_refused(place: Place) -> None:
    """It refuses what is no domain, so that its yes means something."""
    xml_of(place, GUESTS[0])
    xml = place.path / 'web01.xml'
    xml.write_text(xml.read_text().replace('hda', 'nowhere'))
    result = place.run([tap.tool('virsh'), '-c', 'test:///default', 'define',
                        xml], check=False)
    assert result.status and 'nowhere' in result.errors, result
    place.target.unlink()


if __name__ == '__main__':
    sys.exit(pipeline.main('boot-unprepared', ['virsh'], [
        *((f'{guest.what}: defined', test_defined(guest))
          for guest in GUESTS),
        ('what is no domain', test_refused),
        *((f'{guest.what}: started', test_started(guest))
          for guest in GUESTS),
    ]))
