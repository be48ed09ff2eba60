#!/usr/bin/env python3
#
# Sources on a web server, read through a real nginx
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""nginx listens on the loopback interface with a certificate of an authority
that the machine does not know.  Only a client that is shown other files in
/etc and /usr/local, as if it had been installed, trusts it."""

import functools
import pathlib
import re
import sys
from typing import Callable, ContextManager, Dict, List, Tuple

import pipeline
from pipeline import Place, Result, answers, free_port, own_mounts, tap

TRUSTED = pathlib.Path('/etc/ssl/certs')
OWN = pathlib.Path('/usr/local/share/ca-certificates')

CONFIGURATION = '''
daemon off;
master_process off;
pid {path}/nginx.pid;
error_log {path}/nginx.log;
events {{ }}
http {{
    access_log {path}/access.log;
    client_body_temp_path {path}/nginx-body;
    proxy_temp_path {path}/nginx-proxy;
    fastcgi_temp_path {path}/nginx-fastcgi;
    uwsgi_temp_path {path}/nginx-uwsgi;
    scgi_temp_path {path}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {path}/server.crt;
        ssl_certificate_key {path}/server.key;
        root {path};
        {options}
    }}
}}
'''


class Web:
    """A web server, and clients that trust it or do not."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.port = free_port()
        self.certificates('localhost')

    def certificates(self, host: str) -> None:
        """An authority, and a certificate by it for that name."""
        openssl = [tap.tool('openssl'), 'req', '-x509', '-newkey', 'rsa:2048',
                   '-nodes', '-days', '2']
        self.place.run([*openssl, '-subj', '/CN=An authority of our own',
                        '-addext', 'basicConstraints=critical,CA:TRUE',
                        '-keyout', 'own-ca.key', '-out', 'own-ca.crt'])
        self.place.run([*openssl, '-subj', f'/CN={host}', '-addext',
                        f'subjectAltName=DNS:{host}', '-addext',
                        'basicConstraints=critical,CA:FALSE', '-CA',
                        'own-ca.crt', '-CAkey', 'own-ca.key', '-keyout',
                        'server.key', '-out', 'server.crt'])

    def names(self, file: str = 'web01.vmdk') -> Dict[str, str]:
        """What is here what the manual calls otherwise."""
        return {'images.example/web01.vmdk': f'localhost:{self.port}/{file}'}

    def serving(self, options: str = '') -> ContextManager:
        """nginx answers."""
        path = self.place.path
        (path / 'nginx.conf').write_text(CONFIGURATION.format(
            path=path, port=self.port, options=options))
        return self.place.server(
            [tap.tool('nginx'), '-p', path, '-e', path / 'nginx.log', '-c',
             path / 'nginx.conf'], answers(self.port))

    @functools.lru_cache(maxsize=None)
    def trusting(self) -> List[str]:
        """A command in front of one for which the authority is installed."""
        if not (TRUSTED / 'ca-certificates.crt').exists() or not OWN.is_dir():
            raise tap.Skip('ca-certificates is not installed')
        for name in 'certs', 'own':
            (self.place.path / name).mkdir()
        client = [*own_mounts(), 'sh', '-c', f'cd {self.place.path} && '
                  f'mount --bind certs {TRUSTED} && mount --bind own {OWN} '
                  '&& exec "$@"', 'sh']
        self.place.manual('https-trust', prefix=client)
        return client

    def requests(self) -> List[Tuple[str, str]]:
        """Method and status of each that nginx has answered."""
        log = (self.place.path / 'access.log').read_text()
        return re.findall(r'"(\w+) \S+ \S+" (\d+)', log)


@functools.lru_cache(maxsize=None)
def web_of(place: Place) -> Web:
    """The tests share a server."""
    return Web(place)


def test_trusted(place: Place) -> None:
    """Ranges of a VMDK become the same disk as the whole of it."""
    web = web_of(place)
    for label in 'https', 'https-options':
        with web.serving():
            place.manual(label, web.names(), prefix=web.trusting())
        place.arrived()
    tap.equal(set(web.requests()), {('HEAD', '200'), ('GET', '206')},
              'requests')


def test_untrusted(place: Place) -> None:
    """The machine does not know the authority; the user may know better."""
    web = web_of(place)
    with web.serving():
        place.refused(place.manual('https', web.names(), check=False),
                      'certificate verification failed')
        place.manual('https-options', {
            **web.names(), 'driver=https':
            'driver=https,file.file.sslverify=off'})
    place.arrived()


def test_other_name(place: Place) -> None:
    """The certificate is for another name than that of the server."""
    web = web_of(place)
    names = {'images.example': f'127.0.0.1:{web.port}'}
    with web.serving():
        place.refused(place.manual('https', names, check=False,
                                   prefix=web.trusting()),
                      'does not match target host name')


def test_refusals(place: Place) -> None:
    """No ranges, no file, not for everybody, no server."""
    web = web_of(place)

    def attempt(file: str = 'web01.vmdk') -> Result:
        return place.manual('https', web.names(file), check=False,
                            prefix=web.trusting())
    with web.serving('max_ranges 0;'):
        place.refused(attempt(), "does not support 'range'")
    with web.serving():
        place.refused(attempt('web02.vmdk'), 'returned error: N')
    with web.serving('deny all;'):
        place.refused(attempt(), 'returned error: N')
    place.refused(attempt(), 'Failed to connect')


# Requests for the part of the disk that is not read before it is copied
LATE = r'^bytes=8\d{7}-'

# nginx answers them otherwise than the rest.
LATE_ELSEWHERE = """
        location / {{
            if ($http_range ~ '{late}') {{
                rewrite ^ /late$uri last;
            }}
        }}
        location /late/ {{
            internal;
            {how}
        }}
"""


def test_late(how: str, message: str) -> Callable[[Place], None]:
    """A test of a server that is right at first, and errs while one copies.

    Such an answer must not become a part of the disk.
    """
    def test(place: Place) -> None:
        assert 80_000_000 < place.late < 90_000_000 - (1 << 20), place.late
        web = web_of(place)
        (place.path / 'short').mkdir(exist_ok=True)
        with open(place.path / 'short' / 'web01.raw', 'wb') as short:
            short.truncate(place.late + 1000)
        options = LATE_ELSEWHERE.format(late=LATE, how=how.format(
            path=place.path, port=web.port))
        with web.serving(options):
            place.failed(place.manual('https', {
                **web.names('web01.raw'), '-f vmdk': '-f raw'},
                check=False, prefix=web.trusting()), message,
                'error while reading|curl: The requested URL')
        assert place.target.exists(), 'it failed too early'
        place.target.unlink()
    return test


if __name__ == '__main__':
    sys.exit(pipeline.main('boot-unprepared', ['nginx', 'openssl'], [
        ('a server that is trusted', test_trusted),
        ('a server that is not trusted', test_untrusted),
        ("a server with another's certificate", test_other_name),
        ('no ranges, no file, no access, no server', test_refusals),
        ('no ranges any more', test_late(
            'alias {path}/; max_ranges 0;', 'sent the whole file')),
        ('another range', test_late(
            'rewrite ^/late(.*)$ $1 break; '
            'proxy_pass https://127.0.0.1:{port}; '
            'proxy_set_header Range "bytes=0-1048575";',
            'another part of it')),
        ('a file that became shorter', test_late(
            'alias {path}/short/;', 'is the file shorter')),
        ('a server that breaks', test_late(
            'return 500;', 'URL returned error')),
    ]))
