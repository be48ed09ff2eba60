#!/usr/bin/env python3
"""
Tests of the guests from Vista on, and of GPT, FAT32, BCD and XPRESS, with
readers that are not ours

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
import fat32            # noqa: E402
import filetree         # noqa: E402
import filler           # noqa: E402
import gpt              # noqa: E402
import guids            # noqa: E402
import ntfs             # noqa: E402
import recipes          # noqa: E402
import regtext          # noqa: E402
import vista_recipes    # noqa: E402
import wof              # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

MAKE_GUEST = os.path.join(HERE, '../guests/make-guest')
WORK = tempfile.TemporaryDirectory(prefix='test-guests-')
ESP_BCD = '/EFI/Microsoft/Boot/BCD'


def make(kind, path, *options, **environment):
    """Runs make-guest, which must succeed."""
    if not ntfs.find_mkntfs():
        raise Skip('mkntfs is not installed')
    result = subprocess.run(
        [sys.executable, MAKE_GUEST, kind, path, *options],
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    equal((result.returncode, result.stdout), (0, ''), kind)


@functools.lru_cache(None)
def guest(kind):
    """
    The path of a guest, and the truth about it.  XENPREP_GUESTS may name a
    folder that keeps them between tests, as tests/run-tests does.
    """
    path = os.path.join(os.environ.get('XENPREP_GUESTS') or WORK.name,
                        kind + '.raw')
    if not os.path.exists(path):
        make(kind, path)
    with open(path + '.json', encoding='utf-8') as source:
        return path, json.load(source)


def kinds(scheme=None):
    """
    All kinds from Vista on, or those on disks of one scheme, but for those of
    win-xenfix check, which have a test of their own.
    """
    found = [(kind, recipes.find(kind)) for kind in recipes.kinds()]
    return [kind for kind, recipe in found
            if isinstance(recipe, vista_recipes.VistaRecipe)
            and not kind.startswith('vista-')
            and scheme in (None, recipe.scheme)]


def digest(path):
    """The SHA-256 of a file."""
    with open(path, 'rb') as source:
        return hashlib.file_digest(source, 'sha256').hexdigest()


def write(name, data):
    """The path of a file with @data."""
    path = os.path.join(WORK.name, name)
    with open(path, 'wb') as output:
        output.write(data)
    return path


def cut_out(kind, partition):
    """A partition as a file of its own, until the next one is cut out."""
    path = os.path.join(WORK.name, 'partition')
    with open(path, 'wb') as part:
        part.truncate(partition['size'])
        disk.copy_sparse(guest(kind)[0], part, 0, partition['start'],
                         partition['start'] + partition['size'])
    return path


def of_file(kind, number, path):
    """The contents of a file on a partition, read by sleuthkit."""
    raw, truth = guest(kind)
    start = truth['partitions'][number - 1]['start'] // 512
    _, found = run('ifind', '-o', start, '-n', path, raw, text=True,
                   check=False)
    equal('not found' in found.lower(), False, path)
    return run('icat', '-o', start, raw, found.strip(), stderr=None)[1]


def of_windows(kind, path):
    """The contents of a file on Windows' volume."""
    return of_file(kind, guest(kind)[1]['windows']['partition'], path)


def export(data, key):
    """A key of a hive and all below, read by hivexregedit."""
    path = write('hive', data)
    _, text = run('hivexregedit', '--export', path, '\\' + key, text=True,
                  stderr=None)
    return regtext.parse(text)


# Formats

def gpt_disk(entries, sectors=8192):
    """A disk with nothing but a GPT."""
    path = write('gpt', bytes(sectors * 512))
    with open(path, 'r+b') as raw:
        for at, data in gpt.tables(entries, guids.made_up('x'),
                                   sectors).items():
            raw.seek(at * 512)
            raw.write(data)
    return path


def verified(path):
    """What sgdisk finds wrong with a GPT: its whole output, or nothing."""
    _, text = run('sgdisk', '-v', path, text=True, check=False)
    return '' if 'No problems found' in text else text


def test_gpt():
    """sgdisk and sfdisk find no fault, and what they should elsewhere."""
    entries = [gpt.Entry(guids.ESP, guids.made_up('1'), 2048, 1024,
                         gpt.NO_DRIVE_LETTER, 'EFI system partition'),
               gpt.Entry(), gpt.Entry(guids.BASIC_DATA, guids.made_up('2'),
                                      4096, 2048, name='Daten \u00fc')]
    path = gpt_disk(entries)
    equal(verified(path), '')
    _, text = run('sgdisk', '-i', '3', path, text=True)
    for line in (guids.BASIC_DATA, guids.made_up('2'), 'Daten \u00fc',
                 'First sector: 4096', 'Last sector: 6143'):
        equal(line in text, True, line)
    with open(path, 'r+b') as raw:
        raw.seek(512 + 56)
        raw.write(b'\xff')
    equal(verified(path) != '', True, 'a wrong checksum')


def test_gpt_sfdisk():
    path = gpt_disk([gpt.Entry(guids.BASIC_DATA, guids.made_up('2'), 2048,
                               2048, 1, 'x')])
    status, text = run('sfdisk', '--verify', path, text=True, check=False)
    equal((status, 'No errors detected' in text), (0, True), text)


def fat_tree():
    """Directories in directories, long and short names, empty files."""
    tree = filetree.Tree(1_600_000_000)
    tree.file('EFI\\Microsoft\\Boot\\BCD', filler.raw_bytes('bcd', 30_000))
    tree.file('EFI\\Microsoft\\Boot\\bootmgfw.efi',
              filler.code_bytes('mgr', 70_000))
    tree.file('EFI\\Microsoft\\Boot\\a name of more than 26 letters.txt',
              b'text')
    tree.file('empty.dat', b'')
    for number in range(40):
        tree.file('EFI\\many\\file %d' % number, b'%d' % number)
    return tree


def make_fat():
    """The path of a volume with these files."""
    path = os.path.join(WORK.name, 'fat')
    fat32.make_volume(path, 40 * 2048, 2048, fat_tree(), 'SYSTEM')
    return path


def test_fat32():
    """7z reads every file as it should be."""
    folder = os.path.join(WORK.name, 'fat.d')
    run('7z', 'x', '-y', '-bd', '-o' + folder, make_fat())
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(base, name)
            with open(full, 'rb') as source:
                found[os.path.relpath(full, folder)] = source.read()
    shutil.rmtree(folder)
    equal(found == {path.replace('\\', '/'): data for path, data
                    in fat_tree().contents().items()}, True, list(found))


def test_fat32_fsck():
    """fsck.fat finds no fault, and finds one that is there."""
    path = make_fat()
    status, text = run('fsck.fat', '-n', '-v', path, text=True, check=False)
    equal((status, '32 bit entries' in text),
          (0, True), text)
    with open(path, 'r+b') as volume:
        volume.seek(32 * 512 + 4 * 20)
        volume.write(bytes(4))
    equal(run('fsck.fat', '-n', path, check=False)[0] != 0, True)


def test_fat32_sleuthkit():
    path = make_fat()
    _, text = run('fsstat', path, text=True)
    equal('File System Type: FAT32' in text, True, text)
    _, text = run('fls', '-r', '-p', path, text=True)
    for name in ('EFI/Microsoft/Boot/BCD',
                 'EFI/Microsoft/Boot/a name of more than 26 letters.txt',
                 'EFI/many/file 39'):
        equal('\t' + name in text, True, name)


def decompress(packed, size):
    """[MS-XCA] 2.2, plainly: what wof.xpress() wrote, read bit by bit."""
    lengths = [packed[n // 2] >> 4 * (n % 2) & 15 for n in range(512)]
    codes, code = {}, 0
    for length in range(1, 16):
        code <<= 1
        for symbol in range(512):
            if lengths[symbol] == length:
                codes[format(code, '0%db' % length)] = symbol
                code += 1
    bits = ''.join(format(word, '016b') for word, in struct.iter_unpack(
        '<H', packed[256:]))
    data, at, start = bytearray(), 0, 0
    while len(data) < size:
        at += 1
        symbol = codes.get(bits[start:at])
        if symbol is None:
            continue
        if symbol < 256:
            data.append(symbol)
        else:
            width = symbol >> 4 & 15
            extra = bits[at:at + width]
            at += width
            distance = (1 << width) + int(extra or '0', 2)
            for _ in range((symbol & 15) + 3):
                data.append(data[-distance])
        start = at
    return bytes(data)


def test_xpress():
    for data in (filler.text_lines('x', 4096), filler.code_bytes('x', 4096),
                 b'a' * 4096, b'b', bytes(range(256)) * 16):
        equal(decompress(wof.xpress(data), len(data)) == data, True,
              data[:20])


# Disks

def check_same(kind):
    """Another place, time zone, locale and hash seed change nothing."""
    other = os.path.join(WORK.name, 'other')
    os.makedirs(other, exist_ok=True)
    path = os.path.join(other, 'again.raw')
    make(kind, path, TMPDIR=other, TZ='Asia/Tokyo', LC_ALL='C',
         PYTHONHASHSEED='7')
    raw, _ = guest(kind)
    for suffix in ('', '.json'):
        equal(digest(path + suffix), digest(raw + suffix), suffix or 'disk')
    equal(sorted(os.listdir(other)), ['again.raw', 'again.raw.json'])
    shutil.rmtree(other)


def test_deterministic_bios():
    check_same('win7')


def test_deterministic_uefi():
    check_same('win10')


def test_all_kinds():
    """Each can be made, is small, and says what is to be expected."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(guest, kinds()))
    for kind in kinds():
        raw, truth = guest(kind)
        equal(truth['disk']['size'], os.path.getsize(raw), kind)
        equal(os.stat(raw).st_blocks * 512 < 40 << 20, True, kind)
        if truth['expect'] != 'prepare':
            equal(truth['defect'], kind)


def test_partition_tables():
    """mmls finds the partitions, in all kinds but those about the table."""
    for kind in kinds():
        raw, truth = guest(kind)
        recipe = recipes.find(kind)
        if recipe.table_edits or recipe.disk_edits:
            continue
        scheme = 'gpt' if recipe.scheme == 'gpt' else 'dos'
        _, text = run('mmls', '-t', scheme, raw, text=True)
        found = [tuple(map(int, m)) for m in re.findall(
            r'^\d+:\s+(?:\d+:)?\d+\s+(\d+)\s+\d+\s+(\d+)', text,
            re.MULTILINE)]
        equal(found, [(p['start'] // 512, p['size'] // 512)
                      for p in truth['partitions']], kind)
        equal([p['start'] % (1 << 20) for p in truth['partitions']],
              [0] * len(found), 'alignment')


def test_gpt_disks():
    """sgdisk finds no fault, and types, GUIDs, names and attributes."""
    for kind in kinds('gpt'):
        recipe = recipes.find(kind)
        if recipe.table_edits or recipe.disk_edits:
            continue
        raw, truth = guest(kind)
        equal(verified(raw), '', kind)
        for partition in truth['partitions']:
            _, text = run('sgdisk', '-i', partition['number'], raw,
                          text=True)
            for value in (partition['type_guid'], partition['guid'],
                          "'%s'" % partition['name'],
                          'flags: %016X' % partition['attributes']):
                equal(value in text, True, text)


def test_mbr_disks():
    """The signature; one partition is active; recovery is of type 27."""
    for kind in kinds('mbr'):
        if recipes.find(kind).disk_edits:
            continue
        raw, truth = guest(kind)
        with open(raw, 'rb') as source:
            sector = source.read(512)
        equal(struct.unpack_from('<I', sector, 440),
              (truth['disk']['signature'],), kind)
        for number, partition in enumerate(truth['partitions']):
            entry = sector[446 + 16 * number:][:16]
            equal((entry[0], entry[4]), (0x80 if partition['active'] else 0,
                                         partition['type']), kind)


def test_ntfs_is_consistent():
    for kind in main_kinds() + ['win10-compact', 'win10-fast-startup']:
        for partition in guest(kind)[1]['partitions']:
            if partition['filesystem'] != 'NTFS':
                continue
            status, text = run('ntfsresize', '-i', '-f', '-f', '-P',
                               cut_out(kind, partition), text=True,
                               check=False)
            equal((status, 'mismatch' in text), (0, False), kind + text)


def check_files(kind):
    """7z reads every file with the contents and time that it should have."""
    for partition in guest(kind)[1]['partitions']:
        if not partition['filesystem']:
            continue
        folder = os.path.join(WORK.name, 'files')
        run('7z', 'x', '-y', '-bd', '-o' + folder, cut_out(kind, partition))
        try:
            found = tree_of(folder)
        finally:
            shutil.rmtree(folder)
        expected = {f['path']: f['sha256']
                    for f in guest(kind)[1]['files']
                    if f['partition'] == partition['number']
                    and not f['directory']}
        equal(sorted(found), sorted(expected), kind)
        for path, what in expected.items():
            equal(found[path], what, path)


def tree_of(folder):
    """Path as the guest's: checksum; without streams, which 7z shows too."""
    found = {}
    for base, _, names in os.walk(folder):
        inside = os.path.relpath(base, folder)
        if inside.split(os.sep)[0] == '[SYSTEM]':
            continue
        for name in names:
            path = os.path.normpath(os.path.join(inside, name))
            if ':' not in name:
                found['\\' + path.replace('/', '\\')] = digest(
                    os.path.join(base, name))
    return found


def test_files_win7():
    check_files('win7')


def test_files_win10():
    check_files('win10')


def test_files_vista():
    check_files('win-vista')


def check_bcd(kind, path, device):
    """hivexregedit finds the default loader, and where its Windows is."""
    truth = guest(kind)[1]
    objects = export(of_file(kind, truth['windows']['bcd']['partition'],
                             path), 'Objects')

    def element(name, number):
        found = {key.rpartition('OBJECTS\\')[2]: values
                 for key, values in objects.items()}
        return found['%s\\ELEMENTS\\%s' % (name.upper(), number)][
            'Element'][1]

    default = element('{9dea862c-5cdd-4e70-acc1-f32b344d4795}', '23000003')
    loader = default.decode('utf-16-le').rstrip('\0')
    equal(element(loader, '22000002').decode('utf-16-le'), '\\Windows\0')
    for number in ('11000001', '21000001'):
        equal(element(loader, number), device(truth), kind)


def test_bcd_gpt():
    """As the elements of a real store: see uefi-gpt.BCD."""
    def device(truth):
        number = truth['windows']['partition']
        return bytes(16) + struct.pack('<IIII', 6, 0, 0x48, 0) + \
            guids.packed(truth['partitions'][number - 1]['guid']) + \
            bytes(8) + guids.packed(truth['disk']['guid']) + bytes(16)
    check_bcd('win10', ESP_BCD, device)
    check_bcd('ws2016', ESP_BCD, device)


def test_bcd_mbr():
    def device(truth):
        number = truth['windows']['partition']
        return bytes(16) + struct.pack(
            '<IIIIQQIII', 6, 0, 0x48, 0,
            truth['partitions'][number - 1]['start'], 0, 0, 1,
            truth['disk']['signature']) + bytes(28)
    check_bcd('win7', '/Boot/BCD', device)
    check_bcd('win-vista', '/Boot/BCD', device)


def test_bcd_like_a_real_one():
    """Each object and element of ours is of a kind that a real store has."""
    shared = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
        HERE, '../../../shared/data')
    path = os.path.join(shared, 'hives/uefi-gpt.BCD')
    if not os.path.exists(path):
        raise Skip('uefi-gpt.BCD is not in the shared data')
    with open(path, 'rb') as source:
        real = export(source.read(), 'Objects')
    ours = export(of_file('win10', 1, ESP_BCD), 'Objects')
    forms = {}
    for key, values in real.items():
        if 'Element' in values:
            kind, data = values['Element']
            forms.setdefault(key[-8:], set()).add(
                (kind, len(data) if kind == 3 else 0))
    for key, values in ours.items():
        if 'Element' in values and key[-8:] in forms:
            kind, data = values['Element']
            equal((kind, len(data) if kind == 3 else 0) in forms[key[-8:]],
                  True, '%s: %r' % (key, values))
    known = [key for key in ours if key[-8:] in forms]
    equal(len(known) > 20, True, '%d elements' % len(known))


def test_real_hives():
    """Where the shared data is, they and their logs are in these guests."""
    for kind, files in (('win7', vista_recipes.REAL_WIN7),
                        ('win8.1-lost-logs', vista_recipes.REAL_WIN8_1),
                        ('win10-1709', vista_recipes.REAL_WIN10)):
        truth = guest(kind)[1]['windows']
        if truth['system_hive']['source'] != 'real':
            raise Skip('the real hives are not in the shared data')
        for name, (_, sha256) in files.items():
            data = of_windows(kind, '/Windows/System32/config/' + name)
            equal(hashlib.sha256(data).hexdigest(), sha256, name)


def system_hive(kind):
    """The SYSTEM hive of a guest, as sleuthkit reads it."""
    return of_windows(kind, '/Windows/System32/config/SYSTEM')


def main_kinds():
    """Those that are whole Windows, one for each version."""
    return [kind for kind in kinds()
            if not recipes.find(kind).slim and kind.count('-') < 2
            and recipes.find(kind).expect == 'prepare']


def test_hives():
    """Select, and who serves the controller: as real hives have it."""
    for kind in main_kinds():
        recipe = recipes.find(kind)
        data = system_hive(kind)
        select = export(data, 'Select')['SELECT']
        equal({name: int.from_bytes(value, 'little')
               for name, (_, value) in select.items()},
              guest(kind)[1]['windows']['select'], kind)
        if guest(kind)[1]['windows']['system_hive']['source'] == 'real':
            continue
        services = export(data, 'ControlSet001\\Services')
        override = [key for key in services if 'ATAPI\\START' in key]
        equal(bool(override), recipe.windows.is_8, kind)
        root = export(data, 'MountedDevices')['MOUNTEDDEVICES']
        equal(len(root['\\DosDevices\\C:'][1]),
              24 if recipe.scheme == 'gpt' else 12, kind)


def boot_services(data):
    """Name: ImagePath of the services with Start=0."""
    found = {}
    for key, values in export(data, 'ControlSet001\\Services').items():
        name = key.rpartition('SERVICES\\')[2]
        if '\\' in name or values.get('Start', (0, b''))[1] != bytes(4):
            continue
        image = values.get('ImagePath', (0, b''))[1].decode('utf-16-le')
        found[name] = image.rstrip('\0') or \
            'System32\\drivers\\%s.sys' % name
    return found


def imports_of(data):
    """Names of the modules that a PE file imports from."""
    try:
        import pefile
    except ImportError:
        raise Skip('python3-pefile is not installed') from None
    image = pefile.PE(data=data)
    return [entry.dll.decode().lower()
            for entry in getattr(image, 'DIRECTORY_ENTRY_IMPORT', [])]


def check_boot_files(kind):
    """What starts at boot is there, and so is what that imports from."""
    windows = recipes.find(kind).windows
    truth = guest(kind)[1]
    number = truth['windows']['partition']
    present = {f['path'].upper(): f['path'] for f in truth['files']
               if f['partition'] == number}
    root = windows.system_root.upper()
    folder = os.path.join(WORK.name, 'boot-files')
    run('7z', 'x', '-y', '-bd', '-o' + folder,
        cut_out(kind, truth['partitions'][number - 1]),
        'Windows/System32/drivers', 'Windows/System32/ntoskrnl.exe')
    for name, path in boot_services(system_hive(kind)).items():
        path = '%s\\%s' % (root, path.upper().replace('\\SYSTEMROOT\\', ''))
        equal(path in present, True, '%s: %s: %s' % (kind, name, path))
    for path in sorted(present):
        if not path.startswith(root + '\\SYSTEM32\\DRIVERS\\') and \
                path != root + '\\SYSTEM32\\NTOSKRNL.EXE':
            continue
        if not path.endswith(('.SYS', '.EXE')):
            continue
        with open(folder + present[path].replace('\\', '/'), 'rb') as file:
            modules = imports_of(file.read())
        for module in modules:
            places = ['%s\\SYSTEM32\\%s%s' % (root, place, module.upper())
                      for place in ('', 'DRIVERS\\')]
            equal(module.startswith(('api-ms-', 'ext-ms-')) or
                  any(place in present for place in places), True,
                  '%s: %s: %s' % (kind, path, module))
    shutil.rmtree(folder)


def test_boot_files_vista():
    check_boot_files('win-vista')


def test_boot_files_7():
    check_boot_files('win7')


def test_boot_files_8_1():
    check_boot_files('win8.1-real')


def test_boot_files_10():
    check_boot_files('win10-1709')


def test_boot_files_2025():
    check_boot_files('ws2025')


def test_versions():
    """The kernel and the drivers of each Windows say its version."""
    try:
        import pefile
    except ImportError:
        raise Skip('python3-pefile is not installed') from None
    for kind in main_kinds():
        windows = recipes.find(kind).windows
        for path in ('ntoskrnl.exe', 'drivers/atapi.sys', 'winload.exe'):
            image = pefile.PE(data=of_windows(
                kind, '/Windows/System32/' + path))
            fixed = image.VS_FIXEDFILEINFO[0]
            equal((fixed.FileVersionMS >> 16, fixed.FileVersionMS & 0xffff,
                   fixed.FileVersionLS >> 16, fixed.FileVersionLS & 0xffff),
                  windows.version, kind + path)
            equal(image.FILE_HEADER.Machine, windows.machine, kind + path)


# What is wrong with some of them

def test_compact():
    """libfsntfs reads what CompactOS has compressed."""
    try:
        import pyfsntfs
    except ImportError:
        raise Skip('python3-libfsntfs is not installed') from None
    for kind, least in (('win10-compact', 50), ('win10-compact-16k', 50),
                        ('win10-compact-8k', 1), ('win10-compact-lzx', 1)):
        truth = guest(kind)[1]
        number = truth['windows']['partition']
        volume = pyfsntfs.volume()
        volume.open(cut_out(kind, truth['partitions'][number - 1]))
        packed = [f for f in truth['files'] if 'plain_sha256' in f]
        for file in packed:
            entry = volume.get_file_entry_by_path(file['path'])
            data = entry.read_buffer(file['size'])
            equal(hashlib.sha256(data).hexdigest(), file['plain_sha256'],
                  kind + file['path'])
            del entry
        volume.close()
        equal(len(packed) >= least, True, '%d files' % len(packed))


def test_mount_refusals():
    """What ntfs-3g would say to mounting the volume read-write."""
    for kind, status in (('win10', 0), ('win10-woken', 0),
                         ('win10-hibernated', 14), ('win7-hibernated', 14),
                         ('win10-fast-startup', 14), ('win10-log-2.0', 14),
                         ('win10-bitlocker', 12)):
        truth = guest(kind)[1]
        number = truth['windows']['partition']
        found, text = run('ntfs-3g.probe', '--readwrite', cut_out(
            kind, truth['partitions'][number - 1]), check=False)
        equal(found, status, kind + text.decode())


def test_damaged_gpt():
    """sgdisk finds the fault, if a header is left, and one is left."""
    for kind, sound in (('win10-primary-gpt', True),
                        ('win10-primary-table', True),
                        ('win10-backup-gpt', True), ('win10-no-gpt', False)):
        if sound:
            equal(verified(guest(kind)[0]) != '', True, kind)
        with open(guest(kind)[0], 'rb') as raw:
            raw.seek(512)
            first = raw.read(8)
            raw.seek(-512, 2)
            last = raw.read(8)
        equal(b'EFI PART' in (first, last), sound, kind)


def test_odd_tables():
    """Numbers of used entries, and that blank ones are no fault."""
    for kind, numbers in (('win10-blank-entry', [1, 2, 4]),
                          ('win10-reversed', [1, 2, 3]),
                          ('gpt-empty', [])):
        equal(verified(guest(kind)[0]), '', kind)
        _, text = run('sgdisk', '-p', guest(kind)[0], text=True)
        equal([int(n) for n in re.findall(r'^ +(\d+) +\d+ +\d+ ', text,
                                          re.MULTILINE)], numbers, kind)


def test_dirty_hives():
    for kind in ('win10-lost-logs', 'win8.1-lost-logs',
                 'win10-1709-lost-logs', 'win10-1709', 'win10', 'win8.1-real',
                 'win7-dirty-hive'):
        first, second = struct.unpack_from('<II', system_hive(kind), 4)
        equal(first != second, 'lost' in kind or 'dirty' in kind or
              (kind == 'win10-1709' and guest(kind)[1]['windows'][
                  'system_hive']['source'] == 'real'), kind)


def test_two_windows():
    """Both are in the BCD, the default one first; both have a SYSTEM hive."""
    for kind in ('win10-two', 'win7-two'):
        truth = guest(kind)[1]
        place = truth['windows']['bcd']
        objects = export(of_file(kind, place['partition'],
                                 place['path'].replace('\\', '/')), 'Objects')
        order = next(values['Element'][1] for key, values in objects.items()
                     if key.endswith('ELEMENTS\\24000001')
                     and '9DEA862C' in key)
        equal(len(order.decode('utf-16-le').split('\0')), 4, kind)
        for partition in truth['partitions']:
            if {'windows', 'other'} & set(partition['contents']):
                data = of_file(kind, partition['number'],
                               '/Windows/System32/config/SYSTEM')
                equal(data[:4], b'regf', kind)


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
