#!/usr/bin/env python3
#
# Conversions that end early: half a disk is never called a disk
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""The guest's disk comes from nbdkit, which stops at a place of our choice
until it is told to go on; so what is interrupted is interrupted there."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from typing import Callable, Iterator, List

import pipeline
from pipeline import Place, answers, free_port, own_mounts, tap, until

PLUGIN = '''if [ $4 -le {place} ] && [ {place} -lt $(($4 + $3)) ]; then
    touch reached
    while ! test -e go_on; do sleep 0.05; done
fi
exec dd if=web01.raw bs=1M iflag=skip_bytes,count_bytes skip=$4 count=$3 \
status=none'''


def children(pid: int) -> List[int]:
    """Processes that one has started."""
    listed = pathlib.Path(f'/proc/{pid}/task/{pid}/children')
    with contextlib.suppress(FileNotFoundError):
        return [int(word) for word in listed.read_text().split()]
    return []


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    with contextlib.suppress(FileNotFoundError):
        return pathlib.Path(f'/proc/{pid}/stat').read_text() \
            .rpartition(')')[2].split()[0] == 'Z'
    return True


@contextlib.contextmanager
def stopped(place: Place, where: int) -> Iterator[subprocess.Popen]:
    """The manual's conversion, which has come to that part of the disk."""
    port = free_port()
    for name in 'reached', 'go_on':
        (place.path / name).unlink(missing_ok=True)
    with place.server(
            [tap.tool('nbdkit'), '-f', '-i', '127.0.0.1', '-p', str(port),
             'eval', f'get_size=echo {place.raw.stat().st_size}',
             'pread=' + PLUGIN.format(place=where)], answers(port)):
        shell = place.start('whole', {
            '-f vmdk': '-f raw', 'filename=web01.vmdk':
            f'filename=nbd://127.0.0.1:{port}'})
        try:
            until((place.path / 'reached').exists, 'to be read there', shell)
            yield shell
        finally:
            (place.path / 'go_on').touch()
            pipeline.stop(shell)
            assert shell.stdout
            shell.stdout.close()


def ended_by(number: signal.Signals, place: Place) -> None:
    """qemu-img is ended in the middle; the manual's way leaves no disk."""
    part = place.path / 'web01.img.part'
    with stopped(place, place.late) as shell:
        assert part.exists(), 'the target is not there yet'
        tool, = children(shell.pid)
        os.kill(tool, number)
        (place.path / 'go_on').touch()
        assert shell.wait(pipeline.START_SECONDS), 'it says that all is well'
    place.untouched()
    assert not place.target.exists(), 'half a disk is called whole'
    place.manual('whole')
    place.arrived()
    assert not part.exists(), 'it was not renamed'


def test_ended(number: signal.Signals) -> Callable[[Place], None]:
    """A test of a signal."""
    return lambda place: ended_by(number, place)


def test_helper(place: Place) -> None:
    """If qemu-img is killed while it prepares, its helper ends, too."""
    with stopped(place, 0x8000) as shell:
        tool, = children(shell.pid)
        helper, = children(tool)
        os.kill(tool, signal.SIGKILL)
        until(lambda: gone(helper), 'the helper to end')
    place.untouched()
    for name in 'web01.img.part', 'web01.img':
        assert not (place.path / name).exists(), f'there is {name}'


def test_full(place: Place) -> None:
    """A disk that is full is an error, for each format."""
    (place.path / 'full').mkdir()
    full = [*own_mounts(), 'sh', '-c', 'mount -t tmpfs -o size=1m full full '
            '&& "$@"; status=$?; test ! -e full/web01.img || status=99; '
            'exit $status', 'sh']
    for label in 'whole', 'qcow2', 'vhd', 'vhdx':
        names = {' web01.': ' full/web01.'}
        place.failed(place.manual(label, names, prefix=full, check=False),
                     'No space left on device')
    (place.path / 'full').rmdir()


def test_changed(place: Place) -> None:
    """A source that is cut while it is read is found out by its length."""
    real, shims = tap.tool('qemu-img'), place.path / 'shims'
    shims.mkdir()
    (shims / 'qemu-img').write_text(
        f'#!/bin/sh\n"{real}" "$@" && truncate -s -512 web01.vmdk\n')
    (shims / 'qemu-img').chmod(0o755)
    whole = place.vmdk.read_bytes()
    result = place.manual('unchanged', check=False, environment={
        'PATH': f'{shims}:{os.environ["PATH"]}'})
    assert result.status, 'nobody saw it'
    assert not place.target.exists(), 'it is called whole'
    place.vmdk.write_bytes(whole)
    place.manual('unchanged')
    place.arrived()


def test_cut(place: Place) -> None:
    """A VMDK that is cut while it is read is an error, not zeros."""
    said = place.cut_while_read({})
    assert 'Input/output error' in said, said


if __name__ == '__main__':
    sys.exit(pipeline.main('boot-unprepared', ['nbdkit'], [
        ('killed while it copies', test_ended(signal.SIGKILL)),
        ('told to end while it copies', test_ended(signal.SIGTERM)),
        ('killed while it prepares', test_helper),
        ('the target has no room', test_full),
        ('the source is cut while it is read', test_cut),
        ('the source was cut, and its length tells', test_changed),
    ]))
