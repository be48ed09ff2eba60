#!/usr/bin/env python3
#
# NBD: the prepared disk served, and sources served by others
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""nbdkit serves the guest's disk: late, not at all, with errors, or only for a
while.  A source "breaks" when a part of the disk is read that only the
conversion reads, so that it happens in the middle without a clock."""

import contextlib
import json
import sys
from typing import Any, ContextManager, Dict, Iterator, Sequence

import pipeline
from pipeline import Place, Result, answers, free_port, tap

READ = ('dd if=web01.raw bs=1M iflag=skip_bytes,count_bytes skip=$4 count=$3 '
        'status=none')


class Source:
    """nbdkit with the guest's disk, at a port."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.port = free_port()
        self.size = place.raw.stat().st_size

    def names(self) -> Dict[str, str]:
        """What is here what the manual calls otherwise."""
        return {'nbd.example:10809': f'127.0.0.1:{self.port}'}

    def command(self, *words: Any) -> Sequence[str]:
        """nbdkit at the port."""
        return [tap.tool('nbdkit'), '-f', '-i', '127.0.0.1', '-p',
                str(self.port), *words]

    def breaking(self, how: str) -> Sequence[str]:
        """A plugin for which something happens before the late part is read.

        $2 is the handle, $3 the length and $4 the offset.
        """
        late = self.place.late
        return ['eval', f'get_size=echo {self.size}',
                f'pread=if [ $4 -le {late} ] && [ {late} -lt $(($4 + $3)) ]; '
                f'then {how}; fi; {READ}']

    def serving(self, *words: Any) -> ContextManager:
        """It answers."""
        return self.place.server(self.command(*words), answers(self.port))

    def convert(self) -> Result:
        """The manual's conversion of such a source."""
        return self.place.manual('nbd-source', self.names(), check=False)


# ------------------------------------------------------- the disk, served

@contextlib.contextmanager
def served(place: Place) -> Iterator[None]:
    """qemu-nbd serves the prepared disk until the end."""
    place.manual('nbd-serve')
    try:
        yield
    finally:
        place.manual('nbd-stop')


def test_socket(place: Place) -> None:
    """qemu-nbd serves, nbdcopy fetches."""
    with served(place):
        place.manual('nbdcopy-socket')
    place.arrived()


def test_pipe(place: Place) -> None:
    """nbdcopy starts qemu-nbd itself."""
    place.manual('nbdcopy')
    place.arrived()


def test_map(place: Place) -> None:
    """What nbdinfo says of holes and zeros is true, and covers the disk."""
    said = place.manual('nbdinfo', {'--map': '--map --json'})
    extents = json.loads(said.output)
    end = 0
    with open(place.wanted, 'rb') as wanted:
        for extent in extents:
            tap.equal(extent['offset'], end, 'where an extent begins')
            end += extent['length']
            data = wanted.read(extent['length'])
            assert extent['type'] == 0 or not any(data), f'{extent} has data'
    tap.equal(end, place.wanted.stat().st_size, 'what the extents cover')
    assert {0, 3} <= {extent['type'] for extent in extents}, extents
    place.untouched()


def test_served_refusal(place: Place) -> None:
    """A guest that is refused is not served."""
    hibernated = pipeline.build('hibernated')
    names = {'file.driver=vmdk': 'file.driver=raw',
             'file.file.filename=web01.vmdk':
             f'file.file.filename={hibernated}'}
    result = place.manual('nbdcopy', names, check=False)
    place.untouched()
    assert result.status and 'hibernated' in result.errors, result
    assert not place.target.exists(), 'there is a target'


# ----------------------------------------------------- sources of others

def test_delay(place: Place) -> None:
    """A source that answers late is only late."""
    source = Source(place)
    with source.serving('--filter=delay', 'file', place.raw,
                        'delay-read=5ms'):
        result = source.convert()
    tap.equal((result.status, result.errors), (0, ''), 'status and message')
    place.arrived()


def test_errors(place: Place) -> None:
    """A source that cannot be read from the beginning."""
    source = Source(place)
    with source.serving('--filter=error', 'file', place.raw,
                        'error-pread-rate=100%'):
        place.refused(source.convert(), 'Input/output error')


def test_late_errors(place: Place) -> None:
    """One that cannot be read any more when the guest has been prepared."""
    source = Source(place)
    broken = place.path / 'broken'
    with source.serving('--filter=error', *source.breaking('touch broken'),
                        'error-pread-rate=100%', f'error-file={broken}'):
        # The read that breaks it succeeds itself.
        source.convert()
        place.target.unlink()
        result = source.convert()
        place.refused(result, 'Input/output error')
    broken.unlink()
    with source.serving(*source.breaking('echo EIO gone >&2; exit 1')):
        place.failed(source.convert(), 'reading .*Input/output error')
    place.target.unlink()


def test_death(place: Place) -> None:
    """A server that dies in the middle; no disk is taken for whole."""
    source = Source(place)
    with source.serving(*source.breaking('kill -9 $PPID; exit 1')):
        place.failed(place.manual('whole', {
            '-f vmdk': '-f raw', 'filename=web01.vmdk':
            f'filename=nbd://127.0.0.1:{source.port}'}, check=False),
                     'reading .*Input/output error')
    assert not place.target.exists(), 'half a disk is called whole'
    assert (place.path / 'web01.img.part').exists(), 'it died too early'
    place.manual('whole')
    place.arrived()


def test_retry(place: Place) -> None:
    """nbdkit's retry filter asks again where a read failed once."""
    source = Source(place)
    once = 'test -e once || { touch once; echo EIO gone >&2; exit 1; }'
    with source.serving(*source.breaking(once)):
        place.manual('retry', source.names())
        assert (place.path / 'once').exists(), 'no read has failed'
        place.arrived()
        (place.path / 'once').unlink()
        place.failed(source.convert(), 'reading .*Input/output error')
    place.target.unlink()


def test_reconnect(place: Place) -> None:
    """QEMU waits for a server that comes back."""
    source = Source(place)
    dying = source.command(*source.breaking(
        'test -e died || { touch died; kill -9 $PPID; exit 1; }'))
    names = {'nbd.example': '127.0.0.1', 'port=10809': f'port={source.port}'}
    with place.server(['sh', '-c', '"$@"; exec "$@"', 'sh', *dying],
                      answers(source.port)):
        place.manual('nbd-reconnect', names)
    assert (place.path / 'died').exists(), 'the server did not die'
    place.arrived()


if __name__ == '__main__':
    sys.exit(pipeline.main(
        'boot-unprepared', ['nbdkit', 'nbdcopy', 'nbdinfo'], [
            ('qemu-nbd serves, nbdcopy fetches', test_socket),
            ('nbdcopy starts qemu-nbd', test_pipe),
            ('nbdinfo tells where zeros are', test_map),
            ('a refused guest is not served', test_served_refusal),
            ('a source that is late', test_delay),
            ('a source with errors', test_errors),
            ('a source that begins to have errors', test_late_errors),
            ('a source that dies', test_death),
            ('a source that fails once, and nbdkit', test_retry),
            ('a source that comes back', test_reconnect),
        ]))
