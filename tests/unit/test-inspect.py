#!/usr/bin/env python3
"""
Test of what is said of a guest: against what its builder knows

Usage: test-inspect.py INSPECT-GUEST

SPDX-License-Identifier: GPL-2.0-or-later
"""

import configparser
import dataclasses
import functools
import json
import os
import struct
import subprocess
import sys
import tempfile
import uuid
import zlib

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../guests'))

import guest as builder     # noqa: E402
import hal_recipes          # noqa: E402
import hive                 # noqa: E402
import ntfs                 # noqa: E402
import recipes              # noqa: E402
import registry             # noqa: E402
import vista_edits          # noqa: E402
import windrivers           # noqa: E402
import winversions          # noqa: E402
from tap import Skip, equal, main       # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
PROFILES = os.path.join(HERE, '../../fixer/profiles')
SHARED_DATA = os.environ.get('XENPREP_SHARED_DATA') or \
    os.path.join(HERE, '../../../shared/data')
WORK = tempfile.TemporaryDirectory(prefix='test-inspect-')
ARC = 'multi(0)disk(0)rdisk(0)partition(1)'
SYSTEM32 = '\\WINDOWS\\system32\\'

# The members that every report has
MEMBERS = {'partitions', 'disk-signature', 'other-windows', 'kernels',
           'storage-drivers', 'vmware', 'real-time-is-universal',
           'hypervisor-drivers', 'hibernated', 'dirty-volumes', 'warnings',
           'sandbox', 'adapter-type', 'firmware'}


def run(path, *options):
    """The program's exit status, what it says, and the bytes it read."""
    result = subprocess.run([PROGRAM, path, *options],
                            capture_output=True, check=False,
                            encoding='utf-8')
    if result.returncode not in (0, 1):
        raise AssertionError('%s: %s' % (path, result.stderr))
    return result.returncode, result.stdout, int(result.stderr)


def inspect(path, *options):
    """The report on a disk, which there must be."""
    status, text, _ = run(path, *options)
    equal(status, 0, text)
    report = json.loads(text)
    equal(MEMBERS - set(report), set(), 'members')
    return report


def make(recipe, path):
    """Builds a guest."""
    if not ntfs.find_mkntfs():
        raise Skip('mkntfs is not installed')
    builder.make(recipe, path, SHARED_DATA,
                 ntfs.find_populate(builder.HERE))


@functools.lru_cache(None)
def known(kind):
    """The path of a guest of that kind, and the truth about it."""
    folder = os.environ.get('XENPREP_GUESTS') or WORK.name
    path = os.path.join(folder, kind + '.raw')
    if not os.path.exists(path):
        make(recipes.find(kind), path)
    with open(path + '.json', encoding='utf-8') as source:
        return path, json.load(source)


def variant(kind, *tree_edits, hive_edit=None, **changes):
    """The report on a slim guest like that kind, with further edits."""
    recipe = recipes.find(kind)
    windows = changes.get('windows', recipe.windows)
    if hive_edit:
        changes['hive_edits'] = (hal_recipes.system_hive(windows, hive_edit),)
    recipe = dataclasses.replace(
        recipe, tree_edits=recipe.tree_edits + tree_edits, **changes)
    path = os.path.join(WORK.name, 'variant.raw')
    make(recipe, path)
    return inspect(path)


def boot_ini(*lines, default=ARC + '\\WINDOWS'):
    """A tree edit: these entries, each behind the path of Windows."""
    text = ['[boot loader]', 'timeout=7', 'default=' + default,
            '[operating systems]', *lines]
    return lambda tree, windows: tree.file(
        'boot.ini', '\r\n'.join(text).encode())


def entry(switches, path=ARC + '\\WINDOWS'):
    """A line for boot_ini()."""
    return '%s="Windows" %s' % (path, switches)


def add_file(name, data):
    """A tree edit: a file in system32."""
    return lambda tree, windows: tree.file(SYSTEM32[1:] + name, data)


def check_hal(report, windows):
    """The HAL is what the builder made of it."""
    name = windows.hal.filename
    equal(report['hal'], {
        'file': windows.system_root + '\\system32\\hal.dll',
        'machine': 'x64' if windows.is_64 else 'x86',
        'original-filename': name,
        'version': '.'.join(map(str, windows.version)),
        'device-id': windows.hal.device_id,
        'name': windows.hal.description,
        'acpi': windows.hal.device_id.startswith('acpi'),
        'apic': 'apic' in windows.hal.device_id or
                windows.hal.device_id.startswith('mps'),
        'multiprocessor': windows.hal.device_id.endswith('mp'),
        'registry-name': windows.hal.description,
        'registry-id': windows.hal.device_id,
        'consistent': True}, name)


def check_kernels(report, windows):
    """And so are the kernels."""
    names = [('ntoskrnl.exe', windows.hal.kernel)]
    if windows.hal.pae_kernel:
        names.append(('ntkrnlpa.exe', windows.hal.pae_kernel))
    equal([(k['path'], k['original-filename'], k['version'], k['machine'],
            k['multiprocessor'], k['pae']) for k in report['kernels']],
          [('%s\\system32\\%s' % (windows.system_root, name), original,
            '.'.join(map(str, windows.version)),
            'x64' if windows.is_64 else 'x86', original.endswith('mp.exe'),
            windows.is_64 or name == 'ntkrnlpa.exe')
           for name, original in names], windows.hal.kernel)


def test_hals():
    """A guest of each HAL of hal.inf, 32 and 64 bits."""
    for kind in hal_recipes.KINDS:
        report = inspect(known(kind)[0])
        windows = recipes.find(kind).windows
        check_hal(report, windows)
        check_kernels(report, windows)
        equal(report['warnings'], [], kind)


def check_windows(found, truth):
    """Which Windows it is."""
    for name in ('partition', 'name', 'version', 'machine'):
        equal(found[name], truth[name], name)
    for name in ('service_pack', 'product_type', 'system_root',
                 'control_sets', 'product_name'):
        equal(found[name.replace('_', '-')], truth[name], name)


def test_truth():
    """Disk, Windows, HAL and system partition of guests of all versions."""
    for kind in ('xp-sp3', 'xp-sp0', 'w2k-sp4', 'w2k3-two-partitions',
                 'w2k3-x64', 'logical-drive', 'dynamic-disk',
                 'volume-flag-8000', 'resumed'):
        path, truth = known(kind)
        report = inspect(path)
        check_windows(report['windows'], truth['windows'])
        equal(report['hal']['original-filename'], truth['windows']['hal'],
              kind)
        equal(report['disk-signature'], truth['disk']['signature'], kind)
        equal([(p['number'], p['start'], p['size'], p['active'])
               for p in report['partitions']],
              [(p['number'], p['start'], p['size'], p['active'])
               for p in truth['partitions']], kind)
        equal(report['system-partition'],
              next(p['number'] for p in truth['partitions']
                   if 'boot' in p['contents']), kind)
        equal([(e['partition'], e['default'], 'problem' in e)
               for e in report['boot-ini']['entries']],
              [(truth['windows']['partition'], True, False)], kind)
        equal((report['hibernated'], report['dirty-volumes'],
               report['other-windows'], report['warnings']),
              (False, [], [], []), kind)
        equal((report['scheme'], report['firmware'], 'disk-guid' in report,
               'edition' in report['windows']),
              ('mbr', ['bios'], False, False), kind)


VISTA = ('win-vista', 'win-vista-uefi', 'win7', 'win7-uefi', 'ws2008r2',
         'win8.1', 'ws2012r2-uefi', 'win10', 'win10-bios', 'win10-1709',
         'win11', 'win11-24h2', 'ws2016-bios', 'ws2022', 'ws2025')
MBR_TYPES = {'C12A7328-F81F-11D2-BA4B-00A0C93EC93B': 0xef,
             'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7': 7,
             'DE94BBA4-06D1-4D40-A16A-BFD50179D6AC': 0x27}


def check_disk(report, truth):
    """Its table, and where each firmware finds what."""
    disk = truth['disk']
    equal((report['scheme'], report['firmware'], report['disk-signature']),
          (disk['scheme'], [disk['firmware']], disk['signature']))
    equal(report.get('disk-guid', '').strip('{}'), disk.get('guid', ''))
    equal(report['system-partition'], truth['windows']['bcd']['partition'])
    for found, made in zip(report['partitions'], truth['partitions']):
        guid = made.get('type_guid')
        equal((found.get('type-guid', '').strip('{}'), found['type']),
              (guid or '', MBR_TYPES.get(guid, 0xee) if guid
               else made['type']))


def test_vista():
    """Disk, firmware, build and edition from Vista on."""
    for kind in VISTA:
        path, truth = known(kind)
        report = inspect(path)
        check_windows(report['windows'], truth['windows'])
        check_disk(report, truth)
        windows = recipes.find(kind).windows
        equal((report['windows']['edition'], report['windows']['build'],
               report['windows'].get('release')),
              (windows.edition, windows.build,
               windows.display_version or None), kind)
        equal((report['hibernated'], report['dirty-volumes']),
              (False, []), kind)


def test_vista_kernels():
    """Of two for x86 the processor decides."""
    for kind, used in (('win7', [True, True]), ('win10-bios', [True])):
        equal([k['used'] for k in inspect(known(kind)[0])['kernels']], used,
              kind)


def test_bcd_files():
    """A kernel that the BCD names, and a HAL that is not there."""
    windows = recipes.find('win10-bios').windows
    kernel = '%s\\System32\\ntkrnlxx.exe' % windows.system_root
    edits = (vista_edits.element(None, '22000011', hive.sz('ntkrnlxx.exe')),
             vista_edits.element(None, '22000012', hive.sz('halxx.dll')))
    report = variant(
        'win10-bios', lambda tree, _: tree.file(
            kernel[1:], windrivers.kernel(windows)), bcd_edits=edits)
    equal([(k['path'].lower(), k['used']) for k in report['kernels']],
          [(kernel.replace('ntkrnlxx', 'ntoskrnl').lower(), False),
           (kernel.lower(), True)])
    equal(['halxx.dll' in line for line in report['warnings']], [True])
    # Of a Windows that is not the one that starts it says nothing.
    path, truth = known('win10-two')
    others = inspect(path)['other-windows']
    equal(len(others), 1)
    report = inspect(path, '--windows=%d:%s' % (
        others[0]['partition'], others[0]['system-root']))
    equal([k['used'] for k in report['kernels']], [True])
    equal(report['firmware'], [truth['disk']['firmware']])


# Kind: its firmware, and the partition that it starts
BROKEN = {'win7-no-active': ([], None), 'win7-no-bcd': (['bios'], 1),
          'win10-no-esp': ([], None), 'win10-no-bcd': ([], None)}


def test_no_firmware():
    """Nothing to be started."""
    for kind, expected in BROKEN.items():
        report = inspect(known(kind)[0])
        equal((report['firmware'], report.get('system-partition')), expected,
              kind)


def test_build():
    """One that is no number is not told of."""
    for text, found in (('19045', 19045), ('65536', None), ('0', None),
                        ('-5', None), ('x', None), (' ', None)):
        report = variant('win7-x64', windows=dataclasses.replace(
            recipes.find('win7-x64').windows, registry_build=text))
        equal(report['windows'].get('build'), found, text)


# Kind: what is known all the same, and what stands in the way of the rest
OBSTACLES = {
    'hibernated': ({'hibernated': True}, 'Windows is hibernated'),
    'dirty-volume': ({'dirty-volumes': [1]}, 'is marked dirty'),
    'unclean-logfile': ({'dirty-volumes': [1]}, '$LogFile) is not clean'),
    'scsi-boot-ini': ({}, None),
    'windows-7': ({}, None),
    'half-service-pack': ({}, 'service pack 2'),
    'no-active-partition': ({'system-partition': None, 'boot-ini': None},
                            'no partition of this disk is active'),
    'fat-system-partition': ({'system-partition': None, 'boot-ini': None},
                             'is a FAT volume'),
    'second-disk': ({}, 'is on another disk'),
    'boot-ini-nowhere': ({}, 'there is no Windows at the default entry'),
}


def test_obstacles():
    """What would be refused is told of."""
    for kind, (members, warning) in OBSTACLES.items():
        path, truth = known(kind)
        report = inspect(path)
        equal((report['windows']['version'], report['hal']['device-id']),
              (truth['windows']['version'], 'acpipic_up'), kind)
        for name, value in members.items():
            equal(report.get(name), value, kind)
        equal(any(warning in line for line in report['warnings'])
              if warning else not report['warnings'], True,
              (kind, report['warnings']))


# Kind: what the registry's absence is put down to
NO_REGISTRY = {
    'dirty-hive': 'the registry hive is dirty',
    'bad-hive-checksum': 'checksum is wrong',
    'no-hive': 'this is no registry hive',
    'w2k-old-mirror': 'the registry hive is dirty',
}


def test_no_registry():
    """HAL, kernels and service pack are known by files; the rest is not."""
    for kind, why in NO_REGISTRY.items():
        path, truth = known(kind)
        report = inspect(path)
        windows = report['windows']
        equal((windows['version'], windows['service-pack'],
               windows['product-type'], windows['control-sets'],
               windows['controllers'], windows['product-name']),
              (truth['windows']['version'], truth['windows']['service_pack'],
               'unknown', [], [], truth['windows']['product_name']), kind)
        equal(report['hal']['device-id'], 'acpipic_up', kind)
        equal('registry-id' in report['hal'], False, kind)
        equal((report['storage-drivers'], report['vmware']), ([], []), kind)
        equal([line.startswith('what the registry tells is left out: ') and
               why in line for line in report['warnings']], [True], kind)


def test_dirty_hives():
    """Replayed like Windows would, or as it is if the user says so."""
    for kind, *options in (('dirty-hive-with-log',), ('w2k-torn',),
                           ('dirty-hive', '--use-primary')):
        path, truth = known(kind)
        report = inspect(path, *options)
        check_windows(report['windows'], truth['windows'])
        equal(len(report['warnings']), 1, kind)
        equal(bool(report['storage-drivers']), True, kind)


# Disks without a Windows that could be told of: what is said instead
NO_WINDOWS = {
    'bitlocker': 'is encrypted by BitLocker',
    'dynamic-mirror': 'part of a mirrored volume',
    'no-system-file': 'has no \\WINDOWS\\system32\\config\\SYSTEM',
    'no-partition-table': 'has no partition table',
    'no-ntfs': 'no partition of the disk holds an NTFS volume',
    'no-windows': 'no NTFS volume of the disk holds a Windows',
}


def test_no_windows():
    """The disk is told of, and that is no error."""
    for kind, why in NO_WINDOWS.items():
        path, truth = known(kind)
        report = inspect(path)
        equal({'windows', 'hal'} & set(report), set(), kind)
        equal(report['kernels'], [], kind)
        equal(len(report['partitions']), len(truth['partitions']), kind)
        equal(len([line for line in report['warnings'] if why in line]), 1,
              (kind, report['warnings']))
        equal('require-guest' in str(report['warnings']), False, kind)


def write_gpt(path, damage=b''):
    """A disk of 1 MiB with one basic data partition, and no copy of its GPT."""
    mbr = bytearray(512)
    mbr[450], mbr[510:] = 0xee, b'\x55\xaa'
    mbr[454:462] = b'\1\0\0\0\xff\x07\0\0'
    entry = uuid.UUID('EBD0A0A2-B9E5-4433-87C0-68B6B72699C7').bytes_le + \
        struct.pack('<16sQQ80x', b'1', 100, 199)
    entries = entry.ljust(128 * 128, b'\0')
    header = struct.pack('<8sIIIIQQQQ16sQIII', b'EFI PART', 1 << 16, 92, 0,
                         0, 1, 2047, 34, 2014, b'2', 2, 128, 128,
                         zlib.crc32(entries))
    header = header[:16] + struct.pack('<I', zlib.crc32(header)) + header[20:]
    with open(path, 'wb') as raw:
        raw.write(mbr + header.ljust(512, b'\0') + entries)
        raw.truncate(1 << 20)
        raw.seek(512)
        raw.write(damage)


def test_gpt():
    """Its partitions, and what is wrong with it."""
    path = os.path.join(WORK.name, 'gpt.raw')
    write_gpt(path)
    report = inspect(path)
    equal(report['partitions'],
          [{'number': 1, 'type': 7,
            'type-guid': '{EBD0A0A2-B9E5-4433-87C0-68B6B72699C7}',
            'start': 51200, 'size': 51200, 'active': False}])
    equal((report['scheme'], report['firmware']), ('gpt', []))
    equal([line for line in report['warnings'] if 'GPT' in line],
          ['the copy of the GPT, at the end of the disk, is not there: '
           'Windows boots without it'])
    write_gpt(path, b'EFI pART')
    status, text, _ = run(path)
    equal((status, 'the first one is not there' in text), (1, True), text)


def test_system_partition():
    """Which one the firmware starts from: UEFI, and a BIOS."""
    for kind, system in ('win10', 1), ('win10-bios', 1), ('win7-uefi', 1):
        path, truth = known(kind)
        report = inspect(path)
        equal(report['system-partition'], system, kind)
        equal([part['active'] for part in report['partitions']],
              [number == system and truth['disk']['firmware'] == 'bios'
               for number in range(1, len(report['partitions']) + 1)], kind)


def test_choice():
    """windows=, and what else is installed."""
    path, _ = known('two-windows')
    report = inspect(path, '--windows=1:\\WINDOWS.0')
    equal(report['windows']['system-root'], '\\WINDOWS.0')
    equal(report['other-windows'],
          [{'partition': 1, 'system-root': '\\WINDOWS'}])
    equal(report['hal']['file'], '\\WINDOWS.0\\system32\\hal.dll')
    equal([e['default'] for e in report['boot-ini']['entries']],
          [True, False])
    equal(['is another one' in line for line in report['warnings']], [True])
    for wish in ('1:\\WINNT', '2:\\WINDOWS', 'WINDOWS'):
        status, text, _ = run(path, '--windows=' + wish)
        equal((status, text.startswith('windows=' + wish + ': '),
               text.count('\n')), (1, True, 1), text)
    status, text, _ = run(known('no-partition-table')[0],
                          '--windows=1:\\WINDOWS')
    equal((status, 'no partition of that number' in text), (1, True), text)


def test_options():
    """What the caller knows is in the report."""
    report = inspect(known('hal-acpipic-up')[0])
    equal((report['adapter-type'], report['sandbox']),
          ('lsilogic', ['none']))
    equal('lsilogic' in report['windows']['conclusion'], True)


XP_RTM_HAL = dataclasses.replace(winversions.XP_RTM,
                                 hal=winversions.ACPI_PC)
W2K3_RTM = dataclasses.replace(winversions.W2K3_SP1, service_pack=0,
                               version=(5, 2, 3790, 0))
OS, PA = 'ntoskrnl.exe', 'ntkrnlpa.exe'
# Windows, switches: which kernels NTLDR may start
CHOICES = (
    (winversions.XP_SP3, '', {OS, PA}),
    (winversions.XP_SP3, '/noexecute=optin', {OS, PA}),
    (winversions.XP_SP3, '/NoExecute=AlwaysOff', {OS}),
    (winversions.XP_SP3, '/execute /fastdetect', {OS}),
    (winversions.XP_SP3, '/nopae /noexecute=optin', {OS}),
    (winversions.XP_SP3, '/pae', {PA}),
    (winversions.XP_SP3, '/PAE /NOPAE', {OS}),
    (XP_RTM_HAL, '', {OS}),
    (XP_RTM_HAL, '/pae', {PA}),
    (W2K3_RTM, '', {OS}),
    (winversions.W2K3_SP1, '', {OS, PA}),
    (winversions.XP_SP3, '/kernel=NTKRNLPA.EXE', {PA}),
)


def test_used_kernels():
    """Which kernel boot.ini's switches choose."""
    for windows, switches, used in CHOICES:
        report = variant('hal-acpipic-up', boot_ini(entry(switches)),
                         windows=windows)
        equal({k['path'].replace(SYSTEM32, '') for k in report['kernels']
               if k['used']}, used, (windows.version, switches))


def test_pae_kernel():
    """That for PAE is for several processors, or missing."""
    windows = recipes.find('hal-acpipic-up').windows
    several = dataclasses.replace(windows, hal=winversions.ACPI_MP)
    several = add_file(PA, windrivers.kernel(several, True))

    def none(tree, _):
        tree.remove(SYSTEM32[1:] + PA)

    for edit, switches, word in ((several, '/fastdetect', '0x00000079'),
                                 (several, '/noexecute=optin /execute', None),
                                 (none, '/noexecute=optin', 'has NX'),
                                 (none, '/pae', 'because of /PAE'),
                                 (none, '/noexecute=alwaysoff', None)):
        report = variant('hal-acpipic-up', edit, boot_ini(entry(switches)))
        equal([word in line for line in report['warnings']],
              [True] * bool(word), (switches, report['warnings']))


def test_kernel_of_boot_ini():
    """A HAL and a kernel for several processors beside those for one."""
    windows = recipes.find('hal-acpiapic-up').windows
    several = dataclasses.replace(windows, hal=winversions.ACPI_MP)
    files = (add_file('halmacpi.dll', windrivers.hal(several)),
             add_file('ntkrnlmp.exe', windrivers.kernel(several)))
    mp_entry = entry('/hal=halmacpi.dll /kernel=NTKRNLMP.EXE')
    report = variant('hal-acpiapic-up', *files,
                     boot_ini(mp_entry, entry('/fastdetect')))
    equal((report['hal']['device-id'], report['hal']['file'],
           report['hal']['consistent']),
          ('acpiapic_mp', SYSTEM32 + 'halmacpi.dll', False))
    equal([(k['path'], k['used']) for k in report['kernels']],
          [(SYSTEM32 + OS, False), (SYSTEM32 + PA, False),
           (SYSTEM32 + 'NTKRNLMP.EXE', True)])
    # The other way round the default entry is the plain one.
    report = variant('hal-acpiapic-up', *files,
                     boot_ini(entry('/fastdetect'), mp_entry))
    equal(report['hal']['device-id'], 'acpiapic_up')
    equal([k['used'] for k in report['kernels']], [True, True, False])
    # Only one of the two: they do not go together.
    report = variant('hal-acpiapic-up', *files,
                     boot_ini(entry('/kernel=ntkrnlmp.exe')))
    equal(['STOP 0x00000079' in line for line in report['warnings']], [True])


def test_missing_hal():
    """What boot.ini names is not there; then nothing is there at all."""
    report = variant('hal-acpipic-up',
                     boot_ini(entry('/hal=halxen.dll /kernel=krnlxen.exe')))
    equal(report['hal']['file'], SYSTEM32 + 'hal.dll')
    equal([name in line for name, line in
           zip(('halxen.dll', 'krnlxen.exe'), report['warnings'])],
          [True, True])
    equal([k['used'] for k in report['kernels']], [False, False])
    report = variant('hal-acpipic-up', lambda tree, windows: tree.remove(
        'WINDOWS\\system32\\hal.dll'))
    equal('hal' in report, False)
    equal(['hal.dll' in line for line in report['warnings']], [True])


def test_mixed():
    """HAL, kernels and registry of different machines."""
    windows = recipes.find('hal-acpipic-up').windows
    for hal, warnings in ((hal_recipes.STANDARD, ('the HAL was exchanged',)),
                          (winversions.ACPI_MP, ('0x00000079', '0x00000079',
                                                 'the HAL was exchanged'))):
        other = dataclasses.replace(windows, hal=hal)
        report = variant('hal-acpipic-up',
                         add_file('hal.dll', windrivers.hal(other)))
        equal((report['hal']['device-id'], report['hal']['registry-id'],
               report['hal']['consistent']),
              (hal.device_id, 'acpipic_up', False))
        equal([part in line for part, line in
               zip(warnings, report['warnings'])], [True] * len(warnings))
        equal(len(report['warnings']), len(warnings))


def test_hal_by_internal_name():
    """A HAL of which only one of the two names is known, or neither."""
    windows = recipes.find('hal-acpipic-up').windows
    for original, found in (('halxen.dll', None), ('HALMPS.DLL', 'mps_mp')):
        renamed = dataclasses.replace(windows, hal=dataclasses.replace(
            windows.hal, filename=original))
        report = variant('hal-acpipic-up',
                         add_file('hal.dll', windrivers.hal(renamed)))
        equal((report['hal']['original-filename'],
               report['hal'].get('device-id')), (original, found))


def test_boot_ini():
    """Every entry, what is wrong with it, and what NTLDR passes over."""
    report = variant('hal-acpipic-up', boot_ini(
        entry('/fastdetect 4711'), 'C:\\="DOS" /win95',
        entry('', 'multi(0)disk(0)rdisk(0)partition(3)\\WINNT'),
        entry('', 'multi(0)disk(0)rdisk(1)partition(1)\\WINNT'),
        entry('', 'scsi(0)disk(0)rdisk(0)partition(1)\\WINNT'), '[hidden]'))
    ini = report['boot-ini']
    equal((ini['partition'], ini['timeout']), (1, 7))
    equal([(e['title'], e['switches'], e['default'], e.get('partition'))
           for e in ini['entries']],
          [('Windows', ['/fastdetect', '4711'], True, 1),
           ('DOS', ['/win95'], False, None), ('Windows', [], False, None),
           ('Windows', [], False, None), ('Windows', [], False, 1)])
    equal([e.get('problem') for e in ini['entries']],
          [None, None, 'this disk has no partition 3',
           'it is on another disk, disk(0)rdisk(1) of adapter 0',
           'it does not start from IDE: make it multi(0)disk(0)rdisk(0)'
           'partition(1)\\WINNT'])
    equal(ini['warnings'],
          ["line 5: '4711' is no switch, it has no effect",
           'line 10: NTLDR passes over the section [hidden]'])


def test_odd_boot_ini():
    """One that is not UTF-8, one that is empty, none."""
    report = variant('hal-acpipic-up', lambda tree, windows: tree.file(
        'boot.ini', b'[operating systems]\nC:\\="L\x81ge"\n'))
    equal(report['boot-ini']['entries'][0]['title'], 'L\ufffdge')
    report = variant('hal-acpipic-up', lambda tree, windows: tree.file(
        'boot.ini', b''))
    equal(report['boot-ini']['entries'], [])
    equal(report['system-partition'], 1)
    report = variant('hal-acpipic-up',
                     lambda tree, windows: tree.remove('boot.ini'))
    equal(('boot-ini' in report, report['system-partition'],
           report['windows']['system-root']), (False, 1, '\\WINDOWS'))
    equal([k['used'] for k in report['kernels']], [True, True])


def storage(report):
    """The storage drivers by name: start, group, whether it is there."""
    return {d['name'].lower(): (d['start'], d.get('group'), d['present'])
            for d in report['storage-drivers']}


def test_storage_drivers():
    """Those that are enabled, drive a device, or are the target's."""
    def edit(control_set):
        services = control_set.at('Services')
        services.merge({
            'atapi': registry.driver('atapi', 0, 'SCSI miniport', 25),
            'intelide': registry.driver('intelide', 4,
                                        'System Bus Extender', 4),
            'viaide': registry.driver('viaide', 4, 'System Bus Extender', 5),
            'gone': registry.driver('gone', 0, 'SCSI Miniport', 40),
            'cpqarray': registry.driver('cpqarray', 4, 'SCSI miniport', 41),
            'oddpath': {**registry.driver('oddpath', 3, 'SCSI Class', 42),
                        'ImagePath': hive.expand_sz(
                            '\\??\\D:\\drivers\\oddpath.sys')},
            'symc8xx': registry.driver('symc8xx', 4, 'SCSI miniport', 43)})
        control_set.at('Enum\\PCI\\VEN_1000&DEV_0001\\3&1').merge({
            'ClassGUID': hive.sz(registry.SCSI_ADAPTER.lower()),
            'Service': hive.sz('Symc8xx')})
        control_set.at('Enum\\PCI\\VEN_1106&DEV_0571\\3&2').merge({
            'ClassGUID': hive.sz(registry.SYSTEM_CLASS),
            'Service': hive.sz('viaide')})

    report = variant('hal-acpipic-up', hive_edit=edit)
    mini = 'SCSI miniport'
    equal(storage(report), {
        'atapi': (0, mini, True), 'disk': (0, 'SCSI Class', True),
        'gone': (0, 'SCSI Miniport', False),
        'intelide': (4, 'System Bus Extender', True),
        'oddpath': (3, 'SCSI Class', False),
        'symc8xx': (4, mini, False), 'vmscsi': (0, mini, True)})
    drivers = {d['name']: d for d in report['storage-drivers']}
    version = '.'.join(map(str, winversions.XP_SP3.version))
    equal((drivers['atapi']['version'], drivers['vmscsi']['version'],
           drivers['atapi']['path'], drivers['oddpath'].get('path')),
          (version, '1.2.0.4', SYSTEM32 + 'DRIVERS\\atapi.sys', None))
    equal('version' in drivers['gone'], False)


def test_damaged_driver():
    """It is there, but no driver."""
    report = variant('hal-acpipic-up', add_file('drivers\\disk.sys', b'x'))
    disk, = [d for d in report['storage-drivers'] if d['name'] == 'Disk']
    equal((disk['present'], 'version' in disk), (True, False))
    equal(['disk.sys' in line for line in report['warnings']], [True])


def test_many_drivers():
    """Nobody has that many; the rest is left out."""
    def edit(control_set):
        for number in range(300):
            name = 'drv%03d' % number
            control_set.at('Services').merge({name: registry.driver(
                name, 1, 'SCSI miniport', number)})

    report = variant('hal-acpipic-up', hive_edit=edit)
    equal(len(report['storage-drivers']), 128)
    equal(['left out' in line for line in report['warnings']], [True])


def profile_names(profile):
    """The services that an embedded profile disables."""
    parser = configparser.ConfigParser(delimiters='=', interpolation=None)
    parser.read(os.path.join(PROFILES, profile + '.profile'))
    return parser['services']['disable'].strip(';').split(';')


def test_long_names():
    """Names that nobody can read are cut: a report has its limit, too."""
    def edit(control_set):
        control_set.at('Services').merge({'odd%03d' % number: {
            **registry.driver('odd', 0, 'SCSI miniport', 1),
            'ImagePath': hive.expand_sz('system32\\' + 'x' * 15000)}
            for number in range(100)})

    line = '"' + 'y' * 5000 + '" ' + 'z' * 5000
    report = variant('hal-acpipic-up', boot_ini(*[line] * 6), hive_edit=edit)
    paths = [d['path'] for d in report['storage-drivers']
             if d['name'].startswith('odd')]
    equal([(len(path), path[-4:]) for path in paths], [(1024, 'x...')] * 100)
    equal({len(text) > 1030 for text in report['boot-ini']['warnings']},
          {False})
    equal(len(json.dumps(report)) < 1 << 20, True)


def test_leftovers():
    """VMware's and other hypervisors' services and filters, by whole name."""
    def edit(control_set):
        services = control_set.at('Services')
        control_set.keys['Enum'] = hive.Key()
        for name in list(services.keys):
            if name.lower() in {one.lower() for one in vmware + others}:
                del services.keys[name]
        for number, name in enumerate(vmware + others):
            services.merge({name.upper(): {'Start': hive.dword(number % 5)}})
            services.merge({name + 'x': {'Start': hive.dword(0)}})
        services.at(vmware[0].upper()).values.clear()
        del services.keys[vmware[1].upper()]
        control_set.at('Control\\Class\\' + registry.MOUSE).merge({
            'Class': hive.sz('Mouse'), 'UpperFilters': hive.multi_sz(
                'mouclass', vmware[1].upper())})
        control_set.at('Enum\\PCI\\VEN_8086&DEV_7111\\3&1').merge({
            'LowerFilters': hive.multi_sz(others[0], 'else')})

    vmware = profile_names('vmware-tools')
    others = [name for profile in ('xen-drivers', 'virtualbox', 'parallels')
              for name in profile_names(profile)]
    report = variant('hal-acpipic-up', hive_edit=edit)
    expected = ['%s (Start=%d)' % (name, number % 5)
                for number, name in enumerate(vmware + others)]
    expected[0] = vmware[0] + ' (no Start)'
    expected[1] = vmware[1] + ' (no service, UpperFilters of Mouse)'
    expected[len(vmware)] = expected[len(vmware)].replace(
        ')', ', LowerFilters of PCI\\VEN_8086&DEV_7111\\3&1)')
    equal(report['vmware'], expected[:len(vmware)])
    equal(report['hypervisor-drivers'], expected[len(vmware):])


def test_vmware_guest():
    """The services of the builder's own VMware Tools."""
    report = inspect(known('xp-sp3-built')[0])
    equal({line.split()[0] for line in report['vmware']} >=
          {'VMTools', 'vmmouse', 'vmxnet', 'vmx_svga'}, True,
          report['vmware'])
    equal(report['hypervisor-drivers'], [])


def choosing(current, default):
    """A hive edit: that Select; set 3 alone has a clock of UTC."""
    def rebuild(_):
        windows = recipes.find('hal-acpiapic-up').windows
        root = registry.system(windows, 0x12345678, 32256)
        root.at('Select').merge({'Current': hive.dword(current),
                                 'Default': hive.dword(default)})
        for number in windows.control_sets:
            root.at('ControlSet%03d\\Control\\TimeZoneInformation' % number
                    ).merge({'RealTimeIsUniversal': hive.dword(number == 3)})
        return hive.build(root, timestamp=1 << 56)
    return rebuild


def test_current_control_set():
    """What is told is of Default, not of the first one, nor of Current."""
    def edit(control_set):
        zone = control_set.at('Control\\TimeZoneInformation')
        zone.merge({'RealTimeIsUniversal': hive.dword(next(numbers))})

    # Of W2K3_SP2 Current and Default are the second of three.
    for values, expected in (((0, 1, 0), True), ((1, 0, 1), False)):
        numbers = iter(values)
        equal(variant('hal-acpiapic-up', hive_edit=edit)
              ['real-time-is-universal'], expected)
    for select, expected in (((2, 3), 3), ((3, 2), 2), ((3, 7), 3)):
        report = variant('hal-acpiapic-up', hive_edits=(
            choosing(*select),))
        equal(report['real-time-is-universal'], expected == 3, select)


def test_no_control_set():
    """A hive with nothing in it that is of use."""
    report = variant('hal-acpipic-up', hive_edits=(
        lambda data: hive.build(hive.Key(), timestamp=1 << 56),))
    equal(report['windows']['control-sets'], [])
    equal(report['hal']['device-id'], 'acpipic_up')
    equal('left out' in report['warnings'][-1], True, report['warnings'])


def test_reads():
    """Few files are read: kernels, HAL, hives, the drivers of disks."""
    for kind in ('xp-sp3', 'w2k3-sp2', 'xp-x64'):
        path, truth = known(kind)
        size = sum(f.get('size', 0) for f in truth['files']
                   if f['path'].upper().endswith((
                       'NTOSKRNL.EXE', 'NTKRNLPA.EXE', 'HAL.DLL',
                       'CONFIG\\SYSTEM', 'CONFIG\\SOFTWARE')))
        _, _, read = run(path)
        equal(read < size + (6 << 20), True, (kind, read, size))


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
