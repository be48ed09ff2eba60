"""
Test of what is discarded: the helper's zeros against ntfsclone's idea

Usage: test-discard.py HELPER

ntfsclone goes through all files of a volume to tell which clusters are in
use, and refuses one whose $Bitmap says something else.  The disks are random,
the same in each run: sizes of clusters, files in pieces between free clusters,
several volumes, primaries and logical drives.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import random
import re
import struct
import sys
import tempfile
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'guests'))
# pylint: disable=wrong-import-position
import disk                                             # noqa: E402
import gpt                                              # noqa: E402
import guids                                            # noqa: E402
import ntfs                                             # noqa: E402
from filetree import Tree                               # noqa: E402
from helperclient import (APPLY, HelperError, PREPARE,  # noqa: E402
                          REPORT, ZERO, converse)
from tap import equal, main, run                        # noqa: E402

HELPER = os.path.abspath(sys.argv[1])
POPULATE = os.environ.get('XENPREP_GUEST_POPULATE')
TIME = 1100000000
SHORTEST_RUN = 64 * 1024
SECTOR = disk.SECTOR
VSS = '{3808876b-c176-4e48-b7ae-04046e6cc752}'


# ----------------------------------------------------------------- making

def random_tree(rand, room, cluster):
    """Files that take up a part of @room bytes, many of them in pieces."""
    tree = Tree(TIME)
    used = 0
    while used < room * rand.uniform(0.1, 0.6):
        size = int(2 ** rand.uniform(0, 21))
        tree.file('dir%d\\file%d' % (rand.randrange(4), used),
                  rand.randbytes(size), mtime=TIME,
                  chunk=rand.choice((0, cluster, cluster * 16, cluster * 50)))
        used += size
    return tree


def make_disk(path, partitions, specs, trees):
    """A disk with NTFS volumes; free clusters are full of old bytes."""
    with open(path, 'w+b') as target:
        target.truncate((partitions[-1].end + 100) * SECTOR)
        for sector, data in disk.tables(partitions, 0x4a1c0de5).items():
            target.seek(sector * SECTOR)
            target.write(data)
        for number, part in enumerate(partitions):
            volume = f'{path}.{number}'
            ntfs.make_volume(volume, part.sectors, part.start, specs[number],
                             trees[number], POPULATE)
            disk.copy_sparse(volume, target, part.start * SECTOR)
            os.unlink(volume)


def one_volume(path, tree, spec=None, sectors=40000):
    """A disk with one volume; the partition."""
    part = disk.Partition(63, sectors, active=True)
    make_disk(path, [part], [spec or ntfs.VolumeSpec()], [tree])
    return part


# ---------------------------------------------------------------- reading

def cut_volume(path, partition):
    """A volume of a disk, in a file of its own."""
    with open(path + '.cut', 'wb') as cut:
        disk.copy_sparse(path, cut, 0, partition.start * SECTOR,
                         partition.end * SECTOR)
        cut.truncate(partition.sectors * SECTOR)


def used_clusters(path, partition):
    """
    Size of a cluster, and for each whether ntfsclone says it is in use.

    Its image (ntfsclone.c): a header, then for each run of free clusters 0
    and their number, for each cluster that is in use 1 and its bytes.
    """
    cut_volume(path, partition)
    run('ntfsclone', '-s', '-O', path + '.clone', path + '.cut')
    with open(path + '.clone', 'rb') as file:
        image = file.read()
    equal(image[:16], b'\0ntfsclone-image', 'magic')
    cluster, _, clusters, _, at = struct.unpack_from('<IQQQI', image, 18)
    used = []
    while len(used) < clusters:
        if image[at] == 0:
            used += [False] * struct.unpack_from('<Q', image, at + 1)[0]
            at += 9
        else:
            equal(image[at], 1, 'command')
            used.append(True)
            at += 1 + cluster
    return cluster, used[:clusters]


def free_runs(path, partition):
    """(offset, length) of what may be discarded, in bytes on the disk."""
    cluster, used = used_clusters(path, partition)
    runs, start = [], None
    for number, in_use in enumerate(used + [True]):
        if not in_use and start is None:
            start = number
        elif in_use and start is not None:
            if (number - start) * cluster >= SHORTEST_RUN:
                runs.append((partition.start * SECTOR + start * cluster,
                             (number - start) * cluster))
            start = None
    return runs


def ask(path, **options):
    """The zeros that the helper sends, and its report."""
    zeros, report = [], None
    options = {'profile': 'ide', 'require-guest': False, **{
        name.replace('_', '-'): value for name, value in options.items()}}
    for kind, payload in converse(HELPER, path, PREPARE, APPLY, **options):
        if kind == ZERO:
            zeros.append(struct.unpack('<QQ', payload))
        elif kind == REPORT:
            report = json.loads(payload)
    return zeros, report


def refusal(path, **options):
    """What the helper says, which must not work."""
    try:
        ask(path, **options)
    except HelperError as error:
        return str(error)
    raise AssertionError('it was not refused')


def pieces(path, partition, name):
    """(offset, length) of a file's clusters on the disk, by ntfsinfo."""
    cut_volume(path, partition)
    text = run('ntfsinfo', '-f', '-v', '-F', name,
               path + '.cut')[1].decode(errors='replace')
    data = text[text.index('Dumping attribute $DATA'):]
    runs = re.findall(r'^\s*0x[\da-f]+\t+0x([\da-f]+)\t+0x([\da-f]+)', data,
                      re.M)
    return [(partition.start * SECTOR + int(lcn, 16) * 4096,
             int(length, 16) * 4096) for lcn, length in runs]


def write_at(path, offset, data):
    """Changes bytes of a disk."""
    with open(path, 'r+b') as file:
        file.seek(offset)
        file.write(data)


# ------------------------------------------------------------------ tests

def random_layout(rand):
    """Partitions of a disk, primaries first."""
    parts, start = [], rand.choice((63, 2048))
    for number in range(rand.randrange(1, 4)):
        sectors = rand.randrange(20000, 60000)
        logical = number > 0 and (rand.random() < 0.5 or parts[-1].logical)
        start += disk.CYLINDER if logical else 0
        parts.append(disk.Partition(start, sectors, active=number == 0,
                                    logical=logical))
        start += sectors + rand.choice((0, 1, 2048))
    return parts


def test_random(directory):
    """What the helper sends is what ntfsclone would not copy, no more."""
    count = 0
    for seed in range(12):
        rand = random.Random(seed)
        parts = random_layout(rand)
        specs = [ntfs.VolumeSpec(
            cluster_size=rand.choice((512, 1024, 4096, 16384, 65536)))
            for _ in parts]
        trees = [random_tree(rand, part.sectors * SECTOR, spec.cluster_size)
                 for part, spec in zip(parts, specs)]
        path = os.path.join(directory, f'random{seed}')
        make_disk(path, parts, specs, trees)
        wanted = sorted(piece for part in parts
                        for piece in free_runs(path, part))
        zeros, report = ask(path, discard_free=True)
        equal(zeros, wanted, f'seed {seed}')
        equal(report['discarded-bytes'], sum(n for _, n in zeros), 'bytes')
        sums = {entry['partition']: entry['bytes']
                for entry in report['discards']}
        for number, part in enumerate(parts, 1):
            equal(sums.get(number, 0),
                  sum(n for at, n in zeros
                      if part.start * SECTOR <= at < part.end * SECTOR),
                  f'seed {seed}, partition {number}')
        count += len(zeros)
        equal(ask(path)[0], [], 'not asked for')
        os.unlink(path)
    assert count > 100, count


def test_pagefile(directory):
    """The clusters of the two files, whether ever written or not."""
    tree = Tree(TIME)
    tree.allocate('pagefile.sys', 3 << 20, mtime=TIME)
    tree.file('swapfile.sys', bytes(range(256)) * 4096, mtime=TIME,
              chunk=1 << 17)
    tree.file('other.sys', b'x' * 300000, mtime=TIME)
    path = os.path.join(directory, 'pagefile')
    part = one_volume(path, tree)
    names = ('pagefile.sys', 'swapfile.sys')
    runs = {name: pieces(path, part, name) for name in names}
    assert len(runs['swapfile.sys']) > 1, runs
    zeros, report = ask(path, drop_pagefile=True)
    equal(zeros, sorted(sum(runs.values(), [])), 'zeros')
    equal({entry['path']: entry['bytes'] for entry in report['discards']},
          {'\\' + name: sum(n for _, n in runs[name]) for name in names},
          'report')
    both, _ = ask(path, drop_pagefile=True, discard_free=True)
    equal(both, sorted(zeros + free_runs(path, part)), 'both')

    for signature in b'PAGEDUMP', b'PAGEDU64':
        write_at(path, runs['pagefile.sys'][0][0], signature)
        zeros, report = ask(path, drop_pagefile=True)
        equal(zeros, sorted(runs['swapfile.sys']), 'a crash dump is kept')
        assert 'crash dump' in ''.join(report['warnings']), report


def test_pagefile_of_a_kind(directory):
    """What is no pagefile as Windows makes it is kept."""
    tree = Tree(TIME)
    tree.file('pagefile.sys', bytes(1 << 20), mtime=TIME, attributes=0x800)
    tree.directory('swapfile.sys', mtime=TIME)
    path = os.path.join(directory, 'kinds')
    one_volume(path, tree)
    zeros, report = ask(path, drop_pagefile=True)
    equal(zeros, [], 'zeros')
    equal(sum('it is kept' in line for line in report['warnings']), 2,
          report['warnings'])


def test_pagefile_of_two_names(directory):
    """The file is a letter, too."""
    tree = Tree(TIME)
    tree.file('letter.txt', b'x' * (1 << 20), mtime=TIME)
    tree.link('pagefile.sys', 'letter.txt')
    path = os.path.join(directory, 'names')
    one_volume(path, tree)
    zeros, report = ask(path, drop_pagefile=True)
    equal(zeros, [], 'zeros')
    assert 'it is kept' in ''.join(report['warnings']), report['warnings']


def refused_by(path, words, **options):
    """Both options are refused in these words, with what helps always."""
    for option in 'discard_free', 'drop_pagefile':
        message = refusal(path, **{option: True}, **options)
        assert re.search(words, message), message
        assert message.endswith('or leave discard-free and drop-pagefile '
                                'off'), message
        assert '\n' not in message, message


def two_volumes(path, rand, **spec):
    """A disk whose second volume is of that kind."""
    parts = [disk.Partition(63, 40000, active=True),
             disk.Partition(40960, 40000)]
    make_disk(path, parts, [ntfs.VolumeSpec(), ntfs.VolumeSpec(**spec)],
              [random_tree(rand, 1 << 20, 4096) for _ in range(2)])
    return parts


def test_states(directory):
    """Volumes whose $Bitmap is not to be believed."""
    rand = random.Random(1)
    for name, spec, words in (
            ('dirty', {'flags': 1}, 'marked dirty'),
            ('resize', {'flags': 2}, 'marked dirty'),
            ('chkdsk', {'flags': 0x4000}, 'marked dirty'),
            ('log', {'log_clean': False}, r'\$LogFile')):
        path = os.path.join(directory, name)
        two_volumes(path, rand, **spec)
        refused_by(path, '^partition 2: .*' + words, force=['dirty-volume'])
        ask(path)
    path = os.path.join(directory, 'checked')
    parts = two_volumes(path, rand, flags=0x8000)
    equal(ask(path, discard_free=True)[0],
          sorted(piece for part in parts for piece in free_runs(path, part)),
          'it was checked, and is clean')


def test_hibernated(directory):
    """A session that was put to sleep has more in memory than on disk."""
    tree = Tree(TIME)
    tree.file('hiberfil.sys', b'hibr' + bytes(1 << 20), mtime=TIME)
    path = os.path.join(directory, 'hibernated')
    one_volume(path, tree)
    refused_by(path, 'hibernated')


def set_type(path, number, kind):
    """Changes the type of a primary partition."""
    write_at(path, 446 + 16 * (number - 1) + 4, bytes([kind]))


def test_types(directory):
    """Who owns a partition is said by its type, not by what was there."""
    rand = random.Random(2)
    path = os.path.join(directory, 'types')
    parts = two_volumes(path, rand)
    runs = [free_runs(path, part) for part in parts]
    for kind in 0x07, 0x17, 0x27:
        set_type(path, 2, kind)
        equal(ask(path, discard_free=True)[0], runs[0] + runs[1], hex(kind))
    for kind in 0x06, 0x0c, 0x82, 0x83, 0x87, 0x8e, 0xfd, 0xde:
        set_type(path, 2, kind)
        zeros, report = ask(path, discard_free=True)
        equal(zeros, runs[0], hex(kind))
        assert 'does not use' in ''.join(report['warnings']), report
    for number in 1, 2:
        set_type(path, 2, 0x07)
        set_type(path, number, 0x42)
        message = refusal(path, discard_free=True)
        assert 'dynamic' in message, message


def make_gpt(path, parts, types, size):
    """Gives a disk a GPT, and a size; old bytes are where nothing is."""
    entries = [gpt.Entry(kind, guids.made_up(str(number)), part.start,
                         part.sectors)
               for number, (part, kind) in enumerate(zip(parts, types))]
    with open(path, 'r+b') as target:
        target.truncate(size * SECTOR)
        for sector, data in gpt.tables(entries, guids.made_up('disk'),
                                       size).items():
            target.seek(sector * SECTOR)
            target.write(data)


def test_gpt(directory):
    """The volumes of Windows, and neither GPT nor any other partition."""
    rand = random.Random(5)
    path = os.path.join(directory, 'gpt')
    parts = [disk.Partition(34, 40000), disk.Partition(40034, 30000),
             disk.Partition(70034, 50000)]
    size = parts[-1].end + gpt.TABLE_SECTORS + 1
    make_disk(path, parts, [ntfs.VolumeSpec()] * 3,
              [random_tree(rand, 1 << 20, 4096) for _ in parts])
    runs = [free_runs(path, part) for part in parts]
    assert all(runs), runs
    for kind in (guids.RESERVED, guids.LINUX,
                 guids.made_up('storage spaces')):
        make_gpt(path, parts, (guids.RECOVERY, kind, guids.BASIC_DATA), size)
        zeros, report = ask(path, discard_free=True)
        equal(zeros, runs[0] + runs[2], kind)
        equal([line for line in report['warnings'] if 'does not use' in line],
              ['partition 2: all of it begins as NTFS does, but is of a type '
               'that Windows does not use: it is kept'], kind)
    for kind in guids.LDM_DATA, guids.LDM_METADATA:
        make_gpt(path, parts, (guids.BASIC_DATA, kind, guids.BASIC_DATA),
                 size)
        message = refusal(path, discard_free=True)
        assert 'dynamic' in message, message


def test_neighbours(directory):
    """What is not NTFS is kept, and no obstacle."""
    path = os.path.join(directory, 'neighbours')
    parts = two_volumes(path, random.Random(3))
    for head in (b'\0' * 8, b'MSDOS5.0'):
        write_at(path, parts[1].start * SECTOR + 3, head)
        equal(ask(path, discard_free=True)[0], free_runs(path, parts[0]),
              head)


def test_tables(directory):
    """A partition table in the middle of a volume is not free."""
    tree = Tree(TIME)
    parts = [disk.Partition(63, 40000, active=True),
             disk.Partition(63 + 40000 + disk.CYLINDER, 40000, logical=True)]
    path = os.path.join(directory, 'tables')
    make_disk(path, parts, [ntfs.VolumeSpec()] * 2, [tree, Tree(TIME)])
    ask(path, discard_free=True)
    # The chain of tables now begins within the first volume.
    start, = struct.unpack('<I', read_at(path, 446 + 16 + 8, 4))
    write_at(path, 20000 * SECTOR, read_at(path, start * SECTOR, SECTOR))
    write_at(path, 446 + 16 + 8, struct.pack('<I', 20000))
    relative = parts[1].start - 20000
    write_at(path, 20000 * SECTOR + 446 + 8, struct.pack('<I', relative))
    refused_by(path, 'partition 1: a partition table lies in it')


def read_at(path, offset, length):
    """Bytes of a disk."""
    with open(path, 'rb') as file:
        file.seek(offset)
        return file.read(length)


def test_shadow_copies(directory):
    """Stores on the volume, a catalog that is left over, a header."""
    info = 'System Volume Information\\'
    store = '{12345678-9abc-def0-1122-334455667788}'
    for name, files, header, words in (
            ('catalog', [VSS], None, None),
            ('tracking', ['tracking.log', store], None, None),
            ('store', [VSS, store + VSS], None, 'has shadow copies'),
            ('case', [(store + VSS).upper()], None, 'has shadow copies'),
            ('here', [VSS], (b'A' * 16, b'A' * 16), None),
            ('unused', [], (b'A' * 16, bytes(16)), None),
            ('elsewhere', [], (b'A' * 16, b'B' * 16), 'on another volume')):
        tree = Tree(TIME)
        for file in files:
            tree.file(info + file, b'x' * 70000, mtime=TIME)
        path = os.path.join(directory, name)
        part = one_volume(path, tree)
        if header:
            data = uuid.UUID(VSS).bytes_le + \
                struct.pack('<IIQ32x', 1, 1, 0x1e00) + header[0] + header[1]
            write_at(path, part.start * SECTOR + 0x1e00, data)
        if words:
            message = refusal(path, discard_free=True)
            assert words in message and 'vssadmin' in message, message
        else:
            equal(ask(path, discard_free=True)[0], free_runs(path, part),
                  name)


def bitmap_bit(path, partition, cluster, used):
    """Sets or clears what $Bitmap says of a cluster."""
    (offset, _), *rest = pieces(path, partition, '$Bitmap')
    equal(rest, [], '$Bitmap is in one piece')
    with open(path, 'r+b') as file:
        file.seek(offset + cluster // 8)
        byte = file.read(1)[0]
        mask = 1 << cluster % 8
        file.seek(-1, 1)
        file.write(bytes([byte | mask if used else byte & ~mask]))


def test_wrong_bitmap(directory):
    """Clusters that are in use, but not for $Bitmap."""
    tree = Tree(TIME)
    tree.file('pagefile.sys', b'x' * (1 << 20), mtime=TIME)
    tree.file('letter.txt', b'x' * (1 << 20), mtime=TIME)
    path = os.path.join(directory, 'bitmap')
    for name, words in (('$MFT', r'MFT record 0 \(\$MFT\) lies'),
                        ('$LogFile', r'MFT record 2 \(\$LogFile\) lies'),
                        ('$UpCase', r'MFT record 10 \(\$UpCase\) lies'),
                        ('letter.txt', r'MFT record \d+ \(letter.txt\) lies'),
                        ('pagefile.sys', r'of \\pagefile.sys belong')):
        part = one_volume(path, tree)
        offset, length = pieces(path, part, name)[0]
        first = (offset - part.start * SECTOR) // 4096
        for cluster in range(first, first + min(length // 4096, 32)):
            bitmap_bit(path, part, cluster, False)
        message = refusal(path, discard_free=True, drop_pagefile=True)
        assert re.search('^partition 1: .*' + words, message), message
        # It is known whose they are, and they are not asked for.
        equal(ask(path, drop_pagefile=True)[0],
              pieces(path, part, 'pagefile.sys'), name)


def encoded(length, lcn=None):
    """A run as NTFS writes it: how long the numbers are, the numbers."""
    def shortest(number):
        return number.to_bytes(number.bit_length() // 8 + 1, 'little')
    size, place = shortest(length), b'' if lcn is None else shortest(lcn)
    return bytes([len(place) << 4 | len(size)]) + size + place


def edit_record(path, part, name, edit):
    """Lets @edit change the record of a file, whose number is returned."""
    (mft, _), *_ = pieces(path, part, '$MFT')
    number = int(run('ifind', '-o', part.start, '-n', name, path)[1])
    record = bytearray(read_at(path, mft + number * 1024, 1024))
    edit(record)
    write_at(path, mft + number * 1024, bytes(record))
    return number


def edit_run(path, part, name, *new):
    """Makes others of the one run, (length, cluster), of a file."""
    (offset, length), = pieces(path, part, name)
    old = encoded(length // 4096, (offset - part.start * SECTOR) // 4096)
    text = b''.join(encoded(*one) for one in new) + b'\0'

    def edit(record):
        at = record.find(old + b'\0')
        assert at > 0, (name, old.hex(), record.hex())
        record[at:at + len(text)] = text
    edit_record(path, part, name, edit)


def attribute_of(record, kind):
    """Where the record has its first attribute of a kind."""
    at, = struct.unpack_from('<H', record, 0x14)
    while record[at] != kind:
        at += struct.unpack_from('<I', record, at + 4)[0]
    return at


# What libntfs-3g passes over, though the file's clusters can be told.
ODD_RECORDS = {
    'the size of the record':
        lambda record: struct.pack_into('<I', record, 0x1c, 2048),
    'the last cluster':
        lambda record: struct.pack_into(
            '<Q', record, attribute_of(record, 0x80) + 0x18, 3),
    'another attribute is too long for itself':
        lambda record: struct.pack_into(
            '<I', record, attribute_of(record, 0x10) + 0x10, 4096),
    'the order of attributes':
        lambda record: struct.pack_into(
            '<I', record, attribute_of(record, 0x10), 0x90),
}


def test_odd_records(directory):
    """Clusters of a file that libntfs-3g does not read are in use."""
    path, name = os.path.join(directory, 'odd'), 'a/b/letter.txt'
    for what, edit in ODD_RECORDS.items():
        tree = Tree(TIME)
        tree.file(name.replace('/', '\\'), b'x' * (1 << 18), mtime=TIME)
        part = one_volume(path, tree)
        (offset, length), = pieces(path, part, name)
        first = (offset - part.start * SECTOR) // 4096
        for cluster in range(first, first + length // 4096):
            bitmap_bit(path, part, cluster, False)
        number = edit_record(path, part, name, edit)
        message = refusal(path, discard_free=True)
        assert f'in which MFT record {number}' in message, (what, message)


def test_pagefile_as_base(directory):
    """A file in the pagefile's clusters that calls itself a part of it."""
    path, name = os.path.join(directory, 'base'), 'a/b/letter.txt'
    tree = Tree(TIME)
    tree.file('pagefile.sys', b'x' * (1 << 20), mtime=TIME)
    tree.file(name.replace('/', '\\'), b'x' * (1 << 20), mtime=TIME)
    part = one_volume(path, tree)
    (offset, _), = pieces(path, part, name)
    edit_run(path, part, 'pagefile.sys',
             (256, (offset - part.start * SECTOR) // 4096))
    number = edit_record(path, part, 'pagefile.sys', lambda record: None)
    edit_record(path, part, name,
                lambda record: struct.pack_into('<Q', record, 0x20, number))
    message = refusal(path, drop_pagefile=True)
    assert 'of \\pagefile.sys belong to another file' in message, message


def test_pagefile_of_two(directory):
    """A pagefile whose clusters are another file's, too."""
    tree = Tree(TIME)
    tree.file('pagefile.sys', b'x' * (1 << 20), mtime=TIME)
    tree.file('letter.txt', b'x' * (1 << 20), mtime=TIME)
    path = os.path.join(directory, 'two')
    part = one_volume(path, tree)
    equal(len(ask(path, drop_pagefile=True)[0]), 1, 'before')
    (offset, _), = pieces(path, part, 'letter.txt')
    edit_run(path, part, 'pagefile.sys',
             (256, (offset - part.start * SECTOR) // 4096 + 255))
    message = refusal(path, drop_pagefile=True)
    assert 'of \\pagefile.sys belong to another file' in message, message


def test_pagefile_beyond(directory):
    """A pagefile whose clusters are another partition's."""
    tree = Tree(TIME)
    tree.file('pagefile.sys', b'x' * (3 << 20), mtime=TIME)
    path = os.path.join(directory, 'beyond')
    part = one_volume(path, tree)
    edit_run(path, part, 'pagefile.sys', (768, 4990))
    message = refusal(path, drop_pagefile=True)
    assert 'pagefile.sys: it has clusters beyond' in message, message


def test_hole_in_bitmap(directory):
    """What of $Bitmap is nowhere reads as zeros, which is free."""
    path = os.path.join(directory, 'hole')
    part = one_volume(path, Tree(TIME), sectors=8 << 20)
    (offset, length), = pieces(path, part, '$Bitmap')
    equal(length, 32 * 4096, '$Bitmap')
    edit_run(path, part, '$Bitmap',
             (16, (offset - part.start * SECTOR) // 4096), (16,))
    refused_by(path, r'\$Bitmap is sparse')


def test_short_bitmap(directory):
    """What $Bitmap has no bit for, or what was never initialized."""
    path = os.path.join(directory, 'short')
    part = one_volume(path, Tree(TIME))
    (mft, _), *_ = pieces(path, part, '$MFT')
    at = mft + 6 * 1024                                 # $Bitmap's record
    record = read_at(path, at, 1024)
    attribute, = struct.unpack_from('<H', record, 0x14)
    while record[attribute] != 0x80:                    # $DATA
        attribute += struct.unpack_from('<I', record, attribute + 4)[0]
    for field in 0x38, 0x30:                            # initialized, data
        size, = struct.unpack_from('<Q', record, attribute + field)
        assert size >= part.sectors // 8 // 8, size
        write_at(path, at + attribute + field, struct.pack('<Q', size // 2))
        refused_by(path, r'\$Bitmap does not speak of all clusters')


def test_overlapping_partitions(directory):
    """What is free on one volume may be in use on the other."""
    path = os.path.join(directory, 'overlap')
    part = one_volume(path, Tree(TIME))
    twin = disk.Partition(part.start + 8, part.sectors - 8)
    for sector, data in disk.tables([part, twin], 0x4a1c0de5).items():
        write_at(path, sector * SECTOR, data)
    refused_by(path, '^partitions 1 and 2 overlap')


def test_many_runs(directory):
    """More runs than there is room for: those of 128 KiB and more remain."""
    # A sparse volume of 32 GiB, on which runs of 16 and 32 clusters are free.
    sectors = 32 << 21
    part = disk.Partition(63, sectors, active=True)
    path = os.path.join(directory, 'many')
    make_disk(path, [part], [ntfs.VolumeSpec()], [Tree(TIME)])
    (offset, length), = pieces(path, part, '$Bitmap')
    bits = 1 << 16 | 1 << 16 + 33
    pattern = sum(bits << 50 * i for i in range(4)).to_bytes(25, 'little')
    with open(path, 'r+b') as file:
        file.seek(offset)
        old = file.read(length)
        new = bytes(a | b for a, b in zip(pattern * (length // 25 + 1), old))
        file.seek(offset)
        file.write(new)
    clusters = (sectors - 1) // 8
    text = ''.join(format(byte, '08b')[::-1] for byte in new)[:clusters]
    wanted = [(part.start * SECTOR + match.start() * 4096,
               (match.end() - match.start()) * 4096)
              for match in re.finditer('0{16,}', text)]
    assert len(wanted) > 262144, len(wanted)
    zeros, report = ask(path, discard_free=True)
    equal(zeros, [run for run in wanted if run[1] >= 2 * SHORTEST_RUN],
          'zeros')
    left = sum(run[1] for run in wanted if run[1] < 2 * SHORTEST_RUN)
    assert f'{left} bytes' in ''.join(report['warnings']), report['warnings']
    equal(report['discarded-bytes'], sum(n for _, n in zeros), 'bytes')


def test_many_equal_runs(directory):
    """All of the same length: as many as there is room for."""
    sectors = 48 << 21
    part = disk.Partition(63, sectors, active=True)
    path = os.path.join(directory, 'equal')
    make_disk(path, [part], [ntfs.VolumeSpec()], [Tree(TIME)])
    (offset, length), = pieces(path, part, '$Bitmap')
    pattern = sum(1 << 17 * i for i in range(8)).to_bytes(17, 'little')
    old = read_at(path, offset, length)
    write_at(path, offset, bytes(a | b for a, b in zip(
        pattern * (length // 17 + 1), old)))
    zeros, report = ask(path, discard_free=True)
    equal(len(zeros), 262144, 'runs')
    assert 'stay as they are' in ''.join(report['warnings']), report


def in_directory(function):
    """Calls @function with a directory of its own."""
    def test():
        with tempfile.TemporaryDirectory() as directory:
            function(directory)
    return test


if __name__ == '__main__':
    sys.exit(main([(name, in_directory(function)) for name, function in (
        ('random volumes, as ntfsclone sees them', test_random),
        ('pagefiles', test_pagefile),
        ('pagefiles of another kind', test_pagefile_of_a_kind),
        ('a pagefile with another name', test_pagefile_of_two_names),
        ('volumes that are not in order', test_states),
        ('hibernated', test_hibernated),
        ('types of partitions', test_types),
        ('a GPT', test_gpt),
        ('neighbours', test_neighbours),
        ('partition tables', test_tables),
        ('a pagefile beyond the volume', test_pagefile_beyond),
        ('a hole in $Bitmap', test_hole_in_bitmap),
        ('shadow copies', test_shadow_copies),
        ('a wrong $Bitmap', test_wrong_bitmap),
        ('a pagefile and another file', test_pagefile_of_two),
        ('a pagefile as the base of another file', test_pagefile_as_base),
        ('records that are odd', test_odd_records),
        ('a short $Bitmap', test_short_bitmap),
        ('overlapping partitions', test_overlapping_partitions),
        ('too many runs', test_many_runs),
        ('too many equal runs', test_many_equal_runs),
    )]))
