#!/usr/bin/env python3
#
# Sources on another machine, read through a real sshd
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""sshd listens on the loopback interface with a key of its own.  Whose home
has which keys is told by an /etc/passwd that only the client sees."""

import contextlib
import functools
import getpass
import os
import pathlib
import shutil
import sys
from typing import Dict, Iterator, List

import pipeline
from pipeline import Place, Result, answers, free_port, own_mounts, tap

USER = getpass.getuser()
PASSWD = pathlib.Path('/etc/passwd')
REMOTE = '/vmfs/volumes/ds1/web01/web01'


class Host:
    """A machine that ssh leads to, and a home from where it does."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.port = free_port()
        self.home = place.path / 'home'
        (self.home / '.ssh').mkdir(parents=True, exist_ok=True)
        for name in 'host', 'user', 'other':
            place.run([tap.tool('ssh-keygen'), '-q', '-t', 'ed25519', '-N',
                       '', '-f', place.path / name])
        shutil.copy(place.path / 'user', self.home / '.ssh' / 'id_ed25519')
        shutil.copy(place.path / 'user.pub',
                    self.home / '.ssh' / 'id_ed25519.pub')
        self.know('host')
        passwd = ''.join(
            f'root:x:0:0:root:{self.home}:/bin/sh\n'
            if line.startswith('root:') else line
            for line in PASSWD.read_text().splitlines(keepends=True))
        (place.path / 'passwd').write_text(passwd)

    def know(self, key: str) -> None:
        """The user takes that for the host's key."""
        kind, data = (self.place.path / f'{key}.pub').read_text().split()[:2]
        line = f'[localhost]:{self.port} {kind} {data}\n'
        (self.home / '.ssh' / 'known_hosts').write_text(line)
        (self.place.path / 'known_hosts').write_text(line)

    def names(self) -> Dict[str, str]:
        """What is here what the manual calls otherwise."""
        return {'root@esx1.example': f'{USER}@localhost:{self.port}',
                REMOTE: str(self.place.path / 'web01')}

    def options(self) -> Dict[str, str]:
        """The same where the manual has each option by itself."""
        return {'host=esx1.example': 'host=localhost', 'user=root':
                f'user={USER}', 'port=22': f'port={self.port}',
                REMOTE: str(self.place.path / 'web01')}

    def client(self) -> List[str]:
        """A command in front of one that lives in that home."""
        return [*own_mounts(), 'sh', '-c', f'mount --bind '
                f'{self.place.path}/passwd {PASSWD} && exec "$@"', 'sh']

    @contextlib.contextmanager
    def serving(self, options: str = '') -> Iterator[None]:
        """sshd answers."""
        path = self.place.path
        (path / 'sshd_config').write_text(
            f'Port {self.port}\nListenAddress 127.0.0.1\n'
            f'HostKey {path}/host\nAuthorizedKeysFile {path}/user.pub\n'
            'PidFile none\nStrictModes no\nUsePAM no\n'
            'PasswordAuthentication no\nPermitRootLogin yes\n'
            f'Subsystem sftp internal-sftp\n{options}')
        privileges = pathlib.Path('/run/sshd')
        made = not os.geteuid() and not privileges.is_dir()
        if made:
            privileges.mkdir()
        try:
            with self.place.server(
                    [tap.tool('sshd'), '-D', '-e', '-f',
                     path / 'sshd_config'], answers(self.port)):
                yield
        finally:
            if made:
                privileges.rmdir()


@functools.lru_cache(maxsize=None)
def made_once(place: Place) -> Host:
    """The tests share a host."""
    return Host(place)


def host_of(place: Place) -> Host:
    """It, and the user knows its key."""
    host = made_once(place)
    host.know('host')
    return host


def test_sparse(place: Place) -> None:
    """A VMDK on another machine becomes the same disk."""
    host = host_of(place)
    for label, names in (('ssh', host.names()),
                         ('ssh-options', host.options())):
        with host.serving():
            place.manual(label, names, prefix=host.client())
        place.arrived()


def test_flat(place: Place) -> None:
    """So does the flat extent, opened as raw."""
    host = host_of(place)
    place.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o',
               'subformat=monolithicFlat', place.raw, 'flat.vmdk'])
    flat = place.watch(place.path / 'flat-flat.vmdk')
    names = {**host.names(), REMOTE: str(place.path / 'flat')}
    with host.serving():
        place.manual('ssh-flat', names, prefix=host.client())
        place.arrived()
        place.refused(place.manual('ssh', names, prefix=host.client(),
                                   check=False),
                      'open the extent as raw: .*flat-flat.vmdk')
    del place.sources[flat]


def test_fingerprint(place: Place) -> None:
    """The host may be known by its key's checksum, the user to an agent."""
    host = host_of(place)
    names = {**host.options(),
             '-F esx1.example': f'-F [localhost]:{host.port}'}
    agent = place.path / 'agent'
    with host.serving(), place.server(
            [tap.tool('ssh-agent'), '-D', '-a', agent], agent.exists):
        environment = {'SSH_AUTH_SOCK': str(agent)}
        place.run([tap.tool('ssh-add'), place.path / 'user'],
                  environment=environment)
        place.manual('ssh-fingerprint', names, environment=environment)
        place.arrived()
        host.know('other')
        place.refused(place.manual('ssh-fingerprint', names, check=False,
                                   environment=environment),
                      'does not match host_key_check')


def test_strangers(place: Place) -> None:
    """Neither an unknown host nor another key is believed."""
    host = host_of(place)

    def attempt() -> Result:
        return place.manual('ssh', host.names(), prefix=host.client(),
                            check=False)
    with host.serving():
        (host.home / '.ssh' / 'known_hosts').write_text('')
        place.refused(attempt(), 'no host key was found in known_hosts')
        host.know('other')
        place.refused(attempt(), 'does not match the one in known_hosts')


def test_cut(place: Place) -> None:
    """A file that is cut while it is read is an error, not zeros."""
    host = host_of(place)
    with host.serving():
        said = place.cut_while_read({
            'filename=web01.vmdk': f'filename=ssh://{USER}@localhost:'
            f'{host.port}{place.vmdk}'}, host.client())
    assert 'the remote file ends before byte' in said, said


def test_refusals(place: Place) -> None:
    """No key, no file, no server."""
    host = host_of(place)

    def attempt(**names: str) -> Result:
        return place.manual('ssh', {**host.names(), **names},
                            prefix=host.client(), check=False)
    with host.serving():
        place.refused(attempt(**{REMOTE: '/nowhere/web01'}), 'No such file')
    with host.serving('PubkeyAuthentication no\n'):
        place.refused(attempt(), 'failed to authenticate')
    place.refused(attempt(), 'Connection refused')


if __name__ == '__main__':
    sys.exit(pipeline.main('boot-unprepared', ['sshd', 'ssh-keygen'], [
        ('a VMDK by ssh', test_sparse),
        ('a flat extent by ssh', test_flat),
        ("the host's key by its checksum, the user's from an agent",
         test_fingerprint),
        ('hosts that are not known', test_strangers),
        ('no access, no file, no server', test_refusals),
        ('a file that is cut while it is read', test_cut),
    ]))
