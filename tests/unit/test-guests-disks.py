#!/usr/bin/env python3
"""
Tests of the disks that make-guest makes, with readers that are not ours

SPDX-License-Identifier: GPL-2.0-or-later
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../guests'))

import disk             # noqa: E402
import filetree         # noqa: E402
import ntfs             # noqa: E402
import recipes          # noqa: E402
import regtext          # noqa: E402
import vista_recipes    # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

MAKE_GUEST = os.path.join(HERE, '../guests/make-guest')
WORK = tempfile.TemporaryDirectory(prefix='test-guests-')
SYSTEM_HIVE = '/WINDOWS/system32/config/system'
CABINET = '/WINDOWS/Driver Cache/i386/driver.cab'


def make(kind, path, *options, **environment):
    """Runs make-guest."""
    if not ntfs.find_mkntfs():
        raise Skip('mkntfs is not installed')
    result = subprocess.run(
        [sys.executable, MAKE_GUEST, kind, path, *options],
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    return result.returncode, result.stdout


@functools.lru_cache(None)
def guest(kind):
    """
    The path of a guest, and the truth about it.  XENPREP_GUESTS may name a
    folder that keeps them between tests, as tests/run-tests does.
    """
    path = os.path.join(os.environ.get('XENPREP_GUESTS') or WORK.name,
                        kind + '.raw')
    if not os.path.exists(path):
        equal(make(kind, path), (0, ''), kind)
    with open(path + '.json', encoding='utf-8') as source:
        return path, json.load(source)


def partitions(kind, filesystem='NTFS'):
    """The partitions of a guest that hold @filesystem."""
    return [p for p in guest(kind)[1]['partitions']
            if p['filesystem'] == filesystem]


def cut_out(kind, number):
    """A partition as a file of its own, until the next one is cut out."""
    raw, truth = guest(kind)
    partition = truth['partitions'][number - 1]
    path = os.path.join(WORK.name, 'partition')
    with open(path, 'wb') as part:
        part.truncate(partition['size'])
        disk.copy_sparse(raw, part, 0, partition['start'],
                         partition['start'] + partition['size'])
    return path


def windows_volume(kind):
    """The volume that holds Windows, cut out."""
    return cut_out(kind, guest(kind)[1]['windows']['partition'])


def windows_start(kind):
    """The first sector of the partition that holds Windows."""
    truth = guest(kind)[1]
    number = truth['windows']['partition']
    return truth['partitions'][number - 1]['start'] // 512


def sleuth(kind, name, *arguments, **options):
    """Runs a tool of sleuthkit on the partition that holds Windows."""
    return run(name, '-o', windows_start(kind), guest(kind)[0], *arguments,
               **options)[1]


def inode(kind, path):
    """The MFT record of a file, without its attribute."""
    _, text = run('ifind', '-o', windows_start(kind), '-n', path,
                  guest(kind)[0], text=True, check=False)
    return text.strip()


def contents(kind, path):
    """The contents of a file, read by sleuthkit."""
    return sleuth(kind, 'icat', inode(kind, path), stderr=None)


def digest(path):
    """The SHA-256 of a file."""
    with open(path, 'rb') as source:
        return hashlib.file_digest(source, 'sha256').hexdigest()


def system_hive(kind):
    """The SYSTEM hive's path."""
    path = guest(kind)[1]['windows']['system_hive']['path']
    return path.replace('\\', '/')


def test_list():
    _, text = run('env', sys.executable, MAKE_GUEST, '--list', text=True)
    equal([line.split()[0] for line in text.splitlines()], recipes.kinds())


def test_errors():
    path = os.path.join(WORK.name, 'none.raw')
    status, text = make('no-such-kind', path)
    equal((status, len(text.splitlines())), (1, 1), text)
    status, text = make('xp-sp3', '/nonexistent/x.raw')
    equal((status, len(text.splitlines())), (1, 1), text)
    status, text = make('no-ntfs', path,
                        XENPREP_GUEST_POPULATE='/nonexistent')
    equal((status, os.path.exists(path)), (0, True), text)
    os.unlink(path)
    status, text = make('no-windows', path,
                        XENPREP_GUEST_POPULATE='/nonexistent')
    equal((status, len(text.splitlines()), os.path.exists(path)),
          (1, 1, False), text)
    equal([n for n in os.listdir(WORK.name) if 'tmp' in n], [], 'left over')


def check_same(kind):
    """Another place, time zone, locale and hash seed change nothing."""
    other = os.path.join(WORK.name, 'other')
    os.makedirs(other, exist_ok=True)
    path = os.path.join(other, 'again.raw')
    equal(make(kind, path, TMPDIR=other, TZ='Asia/Tokyo', LC_ALL='C',
               PYTHONHASHSEED='7'), (0, ''))
    raw, _ = guest(kind)
    for suffix in ('', '.json'):
        equal(digest(path + suffix), digest(raw + suffix), suffix or 'disk')
    equal(sorted(os.listdir(other)), ['again.raw', 'again.raw.json'])
    shutil.rmtree(other)


def test_deterministic_xp():
    check_same('xp-sp3')


def test_deterministic_w2k():
    check_same('w2k-sp4')


def test_deterministic_w2k3():
    check_same('w2k3-two-partitions')


def test_without_shared_data():
    """Then xp-sp3 is the guest whose hive is built."""
    path = os.path.join(WORK.name, 'alone.raw')
    equal(make('xp-sp3', path, '--shared-data', '/nonexistent'), (0, ''))
    equal(digest(path), digest(guest('xp-sp3-built')[0]))


def kinds():
    """
    But for those of win-xenfix check and those from Vista on, which have
    tests of their own.
    """
    return [kind for kind in recipes.kinds()
            if recipes.find(kind).expect != 'broken'
            and not isinstance(recipes.find(kind), vista_recipes.VistaRecipe)
            and not kind.startswith(('boot-', 'hal-'))]


def test_all_kinds():
    """Each can be made, is small, and says what is to be expected."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(guest, kinds()))
    for kind in kinds():
        raw, truth = guest(kind)
        equal(truth['disk']['size'], os.path.getsize(raw), kind)
        equal(os.stat(raw).st_blocks * 512 < 30 << 20, True, kind)
        equal(truth['defect'] is None, truth['expect'] == 'prepare', kind)


def test_partition_tables():
    for kind in kinds():
        raw, truth = guest(kind)
        if not truth['partitions']:
            equal(run('mmls', raw, check=False)[0] != 0, True, kind)
            continue
        _, text = run('mmls', '-t', 'dos', raw, text=True)
        found = [tuple(map(int, m)) for m in re.findall(
            r'^\d+:\s+\d+:\d+\s+(\d+)\s+\d+\s+(\d+)', text, re.MULTILINE)]
        equal(found, [(p['start'] // 512, p['size'] // 512)
                      for p in truth['partitions']], kind)


def test_extended_partition():
    """Windows sees both drives; sectors before them are those of a table."""
    raw, truth = guest('logical-drive')
    _, text = run('mmls', '-t', 'dos', raw, text=True)
    equal(len(re.findall(r'Win95 Extended \(0x0f\)', text)), 1, text)
    equal([p['logical'] for p in truth['partitions']], [False, True, True])
    with open(raw, 'rb') as source:
        for partition in truth['partitions'][1:]:
            source.seek(partition['start'] + 0x1c)
            equal(struct.unpack('<I', source.read(4)), (63,),
                  'hidden sectors')


def test_dynamic_disks():
    """Partition types and private header of the Logical Disk Manager."""
    for kind in ('dynamic-disk', 'dynamic-mirror'):
        raw, _ = guest(kind)
        equal('(0x42)' in run('mmls', raw, text=True)[1], True, kind)
        with open(raw, 'rb') as source:
            source.seek(6 * 512)
            equal(source.read(8), b'PRIVHEAD', kind)


def test_boot_sectors():
    """Heads, track and hidden sectors as XP's setup writes them."""
    for kind in ('xp-sp3', 'w2k3-two-partitions', 'w2k3-sp2'):
        with open(guest(kind)[0], 'rb') as raw:
            for partition in partitions(kind):
                raw.seek(partition['start'])
                boot = raw.read(512)
                raw.seek(partition['start'] + partition['size'] - 512)
                equal(raw.read(512), boot, 'backup boot sector')
                equal(struct.unpack_from('<HHI', boot, 0x18),
                      (63, 255, partition['start'] // 512), kind)


def check_files(kind):
    """7z reads every file with the contents and time that it should have."""
    for partition in partitions(kind):
        volume = cut_out(kind, partition['number'])
        folder = os.path.join(WORK.name, 'files')
        run('7z', 'x', '-y', '-bd', '-o' + folder, volume)
        try:
            found = tree_of(folder)
        finally:
            shutil.rmtree(folder)
        expected = {f['path']: (f['sha256'], f['mtime'])
                    for f in guest(kind)[1]['files']
                    if f['partition'] == partition['number']
                    and not f['directory']}
        equal(sorted(found), sorted(expected), kind)
        for path, what in expected.items():
            equal(found[path], what, path)


def tree_of(folder):
    """Path as the guest's: checksum and time."""
    found = {}
    for base, _, names in os.walk(folder):
        inside = os.path.relpath(base, folder)
        if inside.split(os.sep)[0] == '[SYSTEM]':
            continue
        for name in names:
            path = os.path.normpath(os.path.join(inside, name))
            full = os.path.join(base, name)
            found['\\' + path.replace('/', '\\')] = (
                digest(full), int(os.stat(full).st_mtime))
    return found


def test_files_xp():
    check_files('xp-sp3')


def test_files_compressed():
    check_files('xp-sp3-compressed')


def test_files_two_partitions():
    check_files('w2k3-two-partitions')


def test_files_w2k():
    check_files('w2k-sp4')


def test_files_logical_drive():
    check_files('logical-drive')


def test_files_two_windows():
    check_files('two-windows')


def test_ntfs_is_consistent():
    for kind in kinds():
        if kind == 'bitlocker':
            continue
        wrong = kind == 'wrong-bitmap'
        for partition in partitions(kind):
            volume = cut_out(kind, partition['number'])
            # Dirty volumes too are sound, they only say otherwise.
            status, text = run('ntfsresize', '-i', '-f', '-f', '-P', volume,
                               text=True, check=False)
            if 'Volume is full' in text:
                equal(kind, 'full-volume')
                status = 0
            equal((status, 'mismatch' in text), (int(wrong), wrong),
                  kind + text)


def test_names_and_attributes():
    kind = 'xp-sp3'
    ini = sleuth(kind, 'istat', inode(kind, '/boot.ini'), text=True)
    equal('Flags: Hidden, System, Archive' in ini, True, ini)
    home = sleuth(kind, 'istat', inode(kind, '/Documents and Settings'),
                  text=True)
    equal(re.findall(r'^Name: (.*)', home, re.MULTILINE)[:2],
          ['DOCUME~1', 'Documents and Settings'])
    listing = sleuth(kind, 'fls', '-l', '5', text=True)
    equal('NTLDR' in listing, True)
    ids = {path: re.search(r'Security ID: (\d+)', sleuth(
        kind, 'istat', inode(kind, path), text=True)).group(1)
        for path in ('/WINDOWS/system32/drivers/disk.sys',
                     '/WINDOWS/system32/hal.dll', SYSTEM_HIVE)}
    equal(len(set(ids.values())), 2, 'system files, and private ones')


def test_fragmentation():
    volume = windows_volume('xp-sp3')
    for path in (CABINET, SYSTEM_HIVE):
        _, text = run('ntfsinfo', '-f', '-v', '-F', path, volume, text=True)
        runs = int(re.search(r'Total runs: (\d+)', text).group(1))
        equal(runs > 5, True, '%s: %d runs' % (path, runs))


def test_aged_volumes():
    """Attribute lists, hundreds of runs; free clusters that lie alone."""
    volume = windows_volume('xp-sp3-aged')
    for path in (CABINET, SYSTEM_HIVE, '/$MFT'):
        _, text = run('ntfsinfo', '-f', '-v', '-F', path, volume, text=True)
        runs = int(re.search(r'Total runs: (\d+)', text).group(1))
        equal(runs > 190, True, '%s: %d runs' % (path, runs))
    equal('$ATTRIBUTE_LIST' in sleuth('xp-sp3-aged', 'istat', inode(
        'xp-sp3-aged', SYSTEM_HIVE), text=True), True, 'of the hive')
    bitmap = sleuth('w2k3-nearly-full', 'icat', '6', stderr=None)
    bits = ''.join('{:08b}'.format(byte)[::-1] for byte in bitmap)
    equal({len(found) for found in re.findall('0+', bits)}, {1})
    equal(100 < bits.count('0') < 130, True, bits.count('0'))


def test_two_names():
    """Two that differ in case, and two of one file."""
    listing = sleuth('two-systems', 'fls', inode(
        'two-systems', '/WINDOWS/system32/config'), text=True)
    equal(len(re.findall(r'(?m)\t(system|SYSTEM)$', listing)), 2, listing)
    equal(inode('linked-system', '/links/system'),
          inode('linked-system', SYSTEM_HIVE))


def test_hive_on_disk():
    for kind in ('xp-sp3', 'xp-sp3-built', 'xp-sp0', 'w2k3-sp2', 'w2k-sp4',
                 'w2k3-x64'):
        path = os.path.join(WORK.name, 'SYSTEM')
        with open(path, 'wb') as output:
            output.write(contents(kind, system_hive(kind)))
        _, text = run('hivexregedit', '--export', path, '\\Select',
                      text=True, stderr=None)
        values = regtext.parse(text)['SELECT']
        truth = guest(kind)[1]['windows']
        equal({name: int.from_bytes(data, 'little')
               for name, (_, data) in values.items()}, truth['select'], kind)
        named = {truth['select'][n] for n in ('Current', 'Default',
                                              'LastKnownGood')}
        equal(truth['control_sets'], sorted(named), kind)


def test_windows_2000():
    """NTFS 3.0, in the version and in the records; the hive and its mirror."""
    kind = 'w2k-sp4'
    volume = windows_volume(kind)
    _, text = run('ntfsinfo', '-f', '-m', volume, text=True)
    equal('Volume Version: 3.0' in text, True, text)
    _, text = run('fsstat', volume, text=True)
    equal('Version: Windows 2000' in text, True, text)
    for path in ('/$MFT', '/$Volume', '/WINNT/system32/hal.dll'):
        equal(record(volume, int(inode(kind, path)))[4:6], b'\x2a\0', path)
    hive_file = contents(kind, system_hive(kind))
    equal(hive_file[20:28], struct.pack('<II', 1, 3), 'version of the hive')
    equal(contents(kind, '/WINNT/system32/config/SYSTEM.ALT') == hive_file,
          True, 'SYSTEM.ALT')
    equal(inode(kind, '/WINNT/system32/kdcom.dll'), 'File not found')


def record(volume, number):
    """A record of the MFT, whose first run holds it."""
    with open(volume, 'rb') as source:
        boot = source.read(512)
        mft, = struct.unpack_from('<Q', boot, 0x30)
        source.seek(mft * boot[13] * 512 + number * 1024)
        return source.read(1024)


def test_windows_2000_unclean():
    """
    Its $LogFile says so by its client, not by a flag.  The mirror of the MFT
    is larger where clusters are.
    """
    if not ntfs.find_mkntfs():
        raise Skip('mkntfs is not installed')
    for clean, status, size in ((True, 0, 4096), (False, 15, 4096),
                                (True, 0, 512), (True, 0, 65_536)):
        path = os.path.join(WORK.name, 'volume')
        ntfs.make_volume(path, 40_000, 63, ntfs.VolumeSpec(
            size, version=(3, 0), log_clean=clean),
            filetree.Tree(1_000_000_000), ntfs.find_populate(HERE))
        found, text = run('ntfs-3g.probe', '--readwrite', path, check=False)
        equal(found, status, text)


def test_x64():
    """Machine types; the drivers' place; SysWOW64."""
    for kind in ('xp-x64', 'w2k3-x64'):
        for path, machine in (
                ('/WINDOWS/system32/ntoskrnl.exe', 0x8664),
                ('/WINDOWS/system32/drivers/disk.sys', 0x8664),
                ('/WINDOWS/SysWOW64/kernel32.dll', 0x14c)):
            data = contents(kind, path)
            at, = struct.unpack_from('<I', data, 0x3c)
            equal(struct.unpack_from('<4sH', data, at),
                  (b'PE\0\0', machine), path)
        equal([c['path'] for c in guest(kind)[1]['cabinets']],
              ['\\WINDOWS\\Driver Cache\\amd64\\driver.cab'])
        equal(inode(kind, '/WINDOWS/system32/ntkrnlpa.exe'),
              'File not found')


def test_cabinets():
    for kind in ('xp-sp3', 'xp-sp3-upgraded', 'wrong-machine-drivers',
                 'xp-x64'):
        for truth in guest(kind)[1]['cabinets']:
            path = os.path.join(WORK.name, 'test.cab')
            with open(path, 'wb') as output:
                output.write(contents(kind, truth['path'].replace('\\',
                                                                  '/')))
            folder = path + '.d'
            run('cabextract', '-q', '-d', folder, path)
            found = {name: digest(os.path.join(folder, name))
                     for name in os.listdir(folder)}
            shutil.rmtree(folder)
            equal(found, truth['members'], kind)


def test_mount_refusals():
    """What ntfs-3g would say to mounting the volume read-write."""
    expected = {'xp-sp3': 0, 'volume-flag-8000': 0, 'dirty-volume': 0,
                'w2k-sp4': 0, 'resumed': 0, 'hibernated': 14,
                'unclean-logfile': 15, 'bitlocker': 12}
    for kind, status in expected.items():
        found, text = run('ntfs-3g.probe', '--readwrite',
                          windows_volume(kind), check=False)
        equal(found, status, kind)


def test_volume_flags():
    for kind, flags in (('xp-sp3', '0x0000'), ('dirty-volume', '0x0001'),
                        ('volume-flag-8000', '0x8000')):
        _, text = run('ntfsinfo', '-f', '-m', windows_volume(kind),
                      text=True)
        equal(re.search(r'Volume Flags: (\w+)', text).group(1), flags, kind)


def test_free_space():
    for kind, least, most in (('full-volume', 0, 3),
                              ('almost-full-volume', 20, 40)):
        _, text = run('ntfsinfo', '-f', '-m', windows_volume(kind),
                      text=True)
        free = int(re.search(r'Free Clusters: (\d+)', text).group(1))
        equal(least <= free <= most, True, '%s: %d' % (kind, free))


def test_bad_hives():
    first, second = struct.unpack_from(
        '<II', contents('dirty-hive', SYSTEM_HIVE), 4)
    equal(first - second, 1, 'sequence numbers')
    for kind in ('dirty-hive', 'bad-hive-checksum', 'no-hive'):
        path = os.path.join(WORK.name, 'SYSTEM')
        with open(path, 'wb') as output:
            output.write(contents(kind, SYSTEM_HIVE))
        status, _ = run('hivexsh', path, check=False)
        equal(status == 0, kind == 'dirty-hive', kind)


def test_interrupted_flush():
    """The hive needs its log, and with it is the one that it should be."""
    kind = 'dirty-hive-with-log'
    hive_file = bytearray(contents(kind, SYSTEM_HIVE))
    log = contents(kind, SYSTEM_HIVE + '.LOG')
    wanted = contents('xp-sp3-built', SYSTEM_HIVE)
    first, second = struct.unpack_from('<II', hive_file, 4)
    equal((first - second, struct.unpack_from('<II', log, 4)),
          (1, (first, first)), 'sequence numbers')
    equal(hive_file[4096:] == wanted[4096:], False, 'without the log')
    bits = (len(hive_file) - 4096) // 512
    pages = [n for n in range(bits) if log[516 + n // 8] >> n % 8 & 1]
    at = -(-(516 + bits // 8) // 512) * 512
    equal(len(log), at + 512 * len(pages), 'size of the log')
    for index, number in enumerate(pages):
        place = 4096 + 512 * number
        hive_file[place:place + 512] = log[at + 512 * index:][:512]
    equal(hive_file[4096:] == wanted[4096:], True, 'with the log')
    equal(len(pages) > 4, True, '%d pages' % len(pages))


def test_bad_cabinets():
    for kind in ('no-driver-cab', 'no-system-file'):
        path = CABINET if kind == 'no-driver-cab' else SYSTEM_HIVE
        equal(inode(kind, path), 'File not found', kind)
    whole = contents('xp-sp3', CABINET)
    equal(contents('truncated-driver-cab', CABINET),
          whole[:len(whole) // 2])
    path = os.path.join(WORK.name, 'cut.cab')
    with open(path, 'wb') as output:
        output.write(whole[:len(whole) // 2])
    equal(run('cabextract', '-q', '-t', path, check=False)[0] != 0, True)
    members = guest('incomplete-driver-cab')[1]['cabinets'][0]['members']
    equal(('pciide.sys' in members, 'pciidex.sys' in members), (True, False))


def test_no_ntfs():
    raw, truth = guest('no-ntfs')
    _, text = run('fsstat', '-o', truth['partitions'][0]['start'] // 512,
                  raw, text=True)
    equal('File System Type: FAT16' in text, True, text)


def test_fat_system_partition():
    """NTLDR and boot.ini on FAT16, by two readers."""
    raw, truth = guest('fat-system-partition')
    start = truth['partitions'][0]['start'] // 512
    _, text = run('fsstat', '-o', start, raw, text=True)
    equal('File System Type: FAT16' in text, True, text)
    volume = cut_out('fat-system-partition', 1)
    _, listing = run('fls', '-o', start, raw, text=True)
    for name in ('boot.ini', 'NTLDR', 'NTDETECT.COM'):
        number = re.search(r'r/r (\d+):\t%s$' % name, listing,
                           re.MULTILINE | re.IGNORECASE).group(1)
        _, first = run('icat', '-o', start, raw, number)
        _, second = run('7z', 'e', '-so', volume, name.upper(), stderr=None)
        equal(first == second, True, name)
        equal(bool(first), True, name)
    _, ini = run('7z', 'e', '-so', volume, 'BOOT.INI', stderr=None)
    equal(b'default=multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS\r\n' in ini,
          True, ini)


def test_odd_size():
    equal(guest('data-size-odd')[1]['disk']['size'] % 512, 100)


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
