#!/usr/bin/env python3
"""
Tests that each shape of a volume is what it claims, by readers not ours

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import re
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../guests'),
                os.path.join(HERE, '../matrix')]

import bootsector       # noqa: E402
import cell             # noqa: E402
import guest            # noqa: E402
import ntfs             # noqa: E402
import readers          # noqa: E402
import states           # noqa: E402
import volumes          # noqa: E402
import winversions      # noqa: E402
from tap import equal, main, run, tool      # noqa: E402

WORK = tempfile.TemporaryDirectory(prefix='test-shapes-')
SHAPES = {shape.name: shape for shape in volumes.SHAPES}
HIVE = 'WINDOWS/system32/config/system'
CABINET = 'WINDOWS/Driver Cache/i386/driver.cab'
DRIVERS = 'WINDOWS/system32/drivers'


def build(name, state='equal in driver.cab'):
    """A cell whose guest is built."""
    for program in ('mkntfs', 'istat', 'fls', 'fsstat', 'icat', 'ifind',
                    'ntfsinfo', 'ntfsresize'):
        tool(program)
    tools = cell.Tools(WORK.name, '', ntfs.find_populate(guest.HERE))
    one = cell.Cell(tools, winversions.XP_SP3, SHAPES[name], next(
        s for s in states.STATES if s.name == state))
    one.build()
    return one


@functools.lru_cache(1)
def volume(name, state='equal in driver.cab'):
    """The path of a shape's volume, until another one is asked for."""
    one = build(name, state)
    path = readers.cut_partition(one.source, one.partition,
                                 os.path.join(WORK.name, 'shape'))
    if name != 'full':              # which is what ntfsresize says of it
        readers.check_volume(path)
    return path


def inode(path, name):
    """The number of a file's record on the volume @path."""
    _, text = run('ifind', '-n', name, path, text=True)
    return text.strip()


def istat(path, name):
    """What sleuthkit says of a file, by name, or by number."""
    number = name if name.isdigit() else inode(path, name)
    return run('istat', path, number, text=True)[1]


def flags(path, name):
    """The flags of a file, as sleuthkit names them."""
    return re.search(r'(?m)^Flags: (.*)', istat(path, name)).group(1)


def runs(path, name):
    """How many runs all attributes of a file have, by ntfsinfo."""
    option = ('-i', name) if name.isdigit() else ('-F', name)
    _, text = run('ntfsinfo', '-f', '-v', *option, path, text=True)
    return int(re.search(r'Total runs: (\d+)', text).group(1))


def list_kind(path, name):
    """Whether the attribute list of a file is resident; None: none."""
    found = re.search(r'\$ATTRIBUTE_LIST \(32-\d+\) +Name: N/A +(\S+)',
                      istat(path, name))
    return found and found.group(1)


def names_in(path, folder):
    """The names in a folder."""
    _, text = run('fls', path, inode(path, folder), text=True)
    return re.findall(r'(?m)^\S+ [^:]*:\t(.*)$', text)


def at_least(number, least, what):
    """Fails unless @number is so large."""
    equal(number >= least, True, '%s: %d, not %d' % (what, number, least))


def free_runs(path):
    """The lengths of the runs of free clusters, by $Bitmap."""
    _, bitmap = run('icat', path, '6', stderr=None)
    with open(path, 'rb') as source:
        _, size, _ = bootsector.geometry(source.read(512))
    bits = ''.join('{:08b}'.format(byte)[::-1] for byte in bitmap)
    return [len(found) for found in
            re.findall('0+', bits[:os.path.getsize(path) // size])]


def mft(path):
    """Bytes that $MFT has and that it uses, and its bitmap, as text."""
    _, text = run('ntfsinfo', '-f', '-v', '-i', '0', path, text=True)
    data = text[text.index('attribute $DATA'):text.index('attribute $BITMAP')]
    sizes = [int(re.search(what + r' size:\s+(\d+)', data).group(1))
             for what in ('Allocated', 'Initialized')]
    _, bitmap = run('icat', path, '0-176', stderr=None)
    return (*sizes, ''.join('{:08b}'.format(b)[::-1] for b in bitmap))


def test_single_clusters():
    path = volume('files in single clusters')
    size = len(run('icat', path, inode(path, HIVE), stderr=None)[1])
    at_least(runs(path, HIVE), size // 4096 - 2, 'runs of the hive')
    at_least(runs(path, CABINET), 40, 'runs of the cabinet')
    at_least(runs(path, '0'), 10, 'runs of $MFT')


def test_hive_in_runs():
    path = volume('hive in 500 runs')
    at_least(runs(path, HIVE), 500, 'runs')
    equal(list_kind(path, HIVE) is not None, True, 'an attribute list')
    at_least(runs(path, CABINET), 100, 'runs of the cabinet')
    path = volume('hive in 4,000 runs')
    at_least(runs(path, HIVE), 4_000, 'runs')
    equal(list_kind(path, HIVE), 'Non-Resident', 'the attribute list')


def test_compressed():
    for name, least in (('compressed', 1), ('compressed, units apart', 4),
                        ('compressed, room in single clusters', 2)):
        path = volume(name)
        for file in (HIVE, CABINET):
            equal('Compressed' in flags(path, file), True, file)
            _, text = run('ntfsinfo', '-f', '-v', '-F', file, path, text=True)
            allocated, used = [int(re.search(
                what + r' size:\s+(\d+)', text).group(1))
                for what in ('Allocated', 'Compressed')]
            equal(used < allocated, True, '%s takes %d of %d' % (
                file, used, allocated))
        at_least(runs(path, HIVE), least, name)
    path = volume('drivers\' folder compressed')
    for name in ('', '/disk.sys'):
        equal('Compressed' in flags(path, DRIVERS + name), True, name)


def test_sparse():
    for name in ('sparse', 'sparse, clusters of 512'):
        path = volume(name)
        equal('Sparse' in flags(path, HIVE), True, name)
        _, text = run('ntfsinfo', '-f', '-v', '-F', HIVE, path, text=True)
        at_least(len(re.findall(r'<HOLE>', text)), 1, 'holes')


def test_mft_in_runs():
    path = volume('MFT in 60 runs')
    at_least(runs(path, '0'), 60, 'runs')
    path = volume('MFT in 300 runs')
    at_least(runs(path, '0'), 300, 'runs')
    equal(list_kind(path, '0') is not None, True, 'an attribute list')
    at_least(runs(volume('MFT full and in 60 runs'), '0'), 60, 'runs')


def test_sizes():
    for name, sector, cluster, record in (
            *(('clusters of %d' % size, 512, size, 1024) for size in (
                512, 1024, 2048, 8192, 16384, 32768, 65536)),
            ('sectors of 4096', 4096, 4096, 4096),
            ('sectors of 4096, clusters of 64K', 4096, 65536, 4096)):
        _, text = run('fsstat', volume(name), text=True)
        equal([int(re.search(what + r': (\d+)', text).group(1)) for what in (
            'Sector Size', 'Cluster Size', 'Size of MFT Entries')],
              [sector, cluster, record], name)


def test_upgraded():
    """The version is the new one, early records are of the old form."""
    path = volume('upgraded from NTFS 3.0')
    _, text = run('ntfsinfo', '-f', '-m', path, text=True)
    equal('Volume Version: 3.1' in text, True, text)
    with open(path, 'rb') as source:
        boot = source.read(512)
        _, cluster, record = bootsector.geometry(boot)
        source.seek(bootsector.tables(boot)[0] * cluster)
        heads = [source.read(record)[:6] for _ in range(100)]
    places = [struct.unpack_from('<H', head, 4)[0] for head in heads
              if head[:4] == b'FILE'][64:]
    equal(set(places), {0x2a, 0x30}, 'update sequences')
    equal(places, sorted(places), 'the old ones come first')


def test_names():
    path = volume('odd case')
    equal('WiNdOwS' in names_in(path, '/'), True, 'names')
    equal('DiSk.sYs' in names_in(path, 'WiNdOwS/SyStEm32/DrIvErS'), True)
    _, text = run('ntfsinfo', '-f', '-F', HIVE, volume('POSIX names'),
                  text=True)
    equal(re.findall(r'Namespace:\s+(.*)', text), ['POSIX'], text)
    for name, folder, twins in (
            ('SYSTEM and system', 'WINDOWS/system32/config',
             ['system', 'SYSTEM']),
            ('drivers and DRIVERS', 'WINDOWS/system32',
             ['drivers', 'DRIVERS']),
            ('two names that differ in case, elsewhere',
             'WINDOWS/system32/drivers/etc', ['hosts', 'HOSTS'])):
        found = names_in(volume(name), folder)
        equal([twin in found for twin in twins], [True, True], name)


def inner_blocks(path, folder):
    """How many blocks of a folder's index have others below them."""
    _, data = run('icat', path, inode(path, folder) + '-160', stderr=None)
    return sum(data[at:at + 4] == b'INDX' and bool(data[at + 0x24] & 1)
               for at in range(0, len(data), 4096))


def test_crowds():
    for name, folder in (('5,000 files beside the drivers', DRIVERS),
                         ('5,000 files in %SystemRoot%', 'WINDOWS')):
        path = volume(name)
        at_least(len(names_in(path, folder)), 5_000, 'files')
        at_least(inner_blocks(path, folder), 1, 'index blocks above others')


def test_security():
    path = volume('2,000 security ids')
    ids = {re.search(r'Security ID: (\d+)', istat(
        path, 'home/%04d' % number)).group(1) for number in (0, 777, 1999)}
    equal(len(ids), 3, 'security ids')
    at_least(max(map(int, ids)), 2_000, 'the last id')


def test_free_space():
    for name in ('room for the drivers, in single clusters',
                 'a cluster too few', 'MFT full, room in single clusters',
                 'compressed, room in single clusters'):
        found = free_runs(volume(name))
        equal(set(found), {1}, name)
        at_least(len(found), 40, 'free clusters')
    equal(free_runs(volume('full')), [], 'full')


def test_full_mft():
    for name in ('MFT full, room in single clusters',
                 'MFT full and in 60 runs'):
        has, uses, bits = mft(volume(name))
        equal(has, uses, name)
        equal('0' in bits[64:has // 1024], False, name)
    has, uses, bits = mft(volume('bitmap of MFT full'))
    equal((len(bits), '0' in bits[64:]), (uses // 1024, False), 'bitmap')


def test_links():
    path = volume('hard links of the sources')
    equal('Links: 2' in istat(path, CABINET), True, CABINET)
    path = volume('hard link of SYSTEM')
    equal('Links: 2' in istat(path, HIVE), True, HIVE)
    equal(inode(path, HIVE), inode(path, 'links/system'), HIVE)
    path = volume('hard links of the drivers',
                  'wrong machine in system32, equal in driver.cab')
    equal('Links: 2' in istat(path, DRIVERS + '/atapi.sys'), True)


def test_attributes():
    for name, count in (('named streams', 3), ('60 named streams', 60)):
        path = volume(name)
        equal(len(re.findall(r'\$DATA .*Name: stream', istat(path, HIVE))),
              count, name)
    equal(list_kind(path, HIVE) is not None, True, 'an attribute list')
    text = istat(volume('extended attributes'), HIVE)
    equal('$EA ' in text and '$EA_INFORMATION' in text, True, text)
    path = volume('read-only')
    for name in (HIVE, DRIVERS, DRIVERS + '/disk.sys', 'WINDOWS'):
        equal('Read Only' in flags(path, name), True, name)


def test_every_shape_is_tested():
    """By its name in this file."""
    with open(__file__, encoding='utf-8') as source:
        text = source.read()
    equal([name for name in SHAPES if name.replace("'", "\\'") not in text
           and not name.startswith('clusters of ')], [], 'shapes')


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
