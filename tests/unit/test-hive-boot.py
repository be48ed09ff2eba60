#!/usr/bin/env python3
"""
Test of what profiles do to real hives of Windows 7, 8.1 and 10 to boot them

Usage: test-hive-boot.py HIVE-BOOT HIVE-FAULTS HIVE-REPLAY

Faults are put into the hives by hivexregedit; it and hiveread.py, which share
nothing with the engine, tell what was mended.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../guests')]

import hive             # noqa: E402
import hiveread         # noqa: E402
import hivetools        # noqa: E402
import registry         # noqa: E402
from realhives import clean, replayed, shared   # noqa: E402
from tap import equal, main, run                # noqa: E402

HIVE_BOOT, HIVE_FAULTS, HIVE_REPLAY = map(os.path.abspath, sys.argv[1:4])
WORK = tempfile.TemporaryDirectory(prefix='test-hive-boot-')

SYSTEM = 'HKEY_LOCAL_MACHINE\\SYSTEM'
IDE = 'boot-vista,boot-8,ide-vista,ide-8,boot-filters,san-policy'
AHCI = 'boot-vista,boot-8,ahci-vista,ahci-8,boot-filters,san-policy'
SERVICES = 'CONTROLSET001\\SERVICES\\'
CLASS = 'CONTROLSET001\\CONTROL\\CLASS\\'
DATABASE = 'CONTROLSET001\\CONTROL\\CRITICALDEVICEDATABASE\\'
PARTMGR = SERVICES + 'PARTMGR\\PARAMETERS'
STDCFLTN = ('warning: %s\\ControlSet001\\Control\\Class\\%s: stdcfltn is a '
            'filter of all disks that is not known as Windows\' own; if '
            'Windows stops with 0x7B, strict-filters=on takes it off'
            % (SYSTEM, registry.DISK_DRIVE))
LATE_PARTMGR = ('warning: %s\\ControlSet001\\Control\\Class\\%s: PartMgr is a '
                'filter of all disks and stays one, since it is Windows\' own, '
                'but does not start with the boot loader; if Windows stops '
                'with 0x7B, sc config NAME start= boot in the source VM'
                % (SYSTEM, registry.DISK_DRIVE))


def write(name, data):
    """The path of a new file."""
    path = os.path.join(WORK.name, name)
    with open(path, 'wb') as file:
        file.write(data)
    return path


def read(path):
    """The bytes of a file."""
    with open(path, 'rb') as file:
        return file.read()


@functools.cache
def windows_7():
    """Of a machine of VMware's, with its disk on LSI's controller."""
    return shared('win7-sp1-x86-vmware.SYSTEM'), '6.1'


@functools.cache
def windows_8():
    """Of a machine with an AHCI controller."""
    return clean('win8.1-x64-dirty-nolog.SYSTEM'), '6.3'


@functools.cache
def windows_10():
    """Of a Dell."""
    return replayed('win10-1709-x64-dirty.SYSTEM', HIVE_REPLAY), '10.0'


def spoilt(data, edit):
    """The hive after {key: {value: text}}, as hivetools.reg_text() has it."""
    path = write('spoilt', data)
    reg = write('spoilt.reg', hivetools.reg_text(edit, SYSTEM).encode())
    run('hivexregedit', '--merge', '--prefix', SYSTEM, path, reg)
    return read(path)


def multi(*names):
    """A list of strings as a .reg file has it."""
    data = '\0'.join((*names, '', '')).encode('utf-16-le')
    return 'hex(7):' + ','.join('%02x' % byte for byte in data)


def apply(data, profiles, version, *options):
    """The hive after these profiles, and what was reported."""
    out = os.path.join(WORK.name, 'after')
    _, output = run(HIVE_BOOT, write('before', data), out, profiles, version,
                    *options)
    return read(out), output.decode().splitlines()


def reported(lines):
    """{(key, value)} of the changes that were reported; None: the key."""
    found = set()
    for line in lines:
        match = re.match(r'(create|modify|delete) HKEY_LOCAL_MACHINE\\SYSTEM\\'
                         r'(.*) \[(.*)\] [a-z0-9-]+\.profile: .', line)
        if match:
            action, key, values = match.groups()
            if action != 'modify':
                found.add((key.upper(), None))
            found |= {(key.upper(), value)
                      for value in values.split(', ') if value}
        elif not line.startswith('warning: '):
            raise AssertionError(line)
    return found


@functools.lru_cache(8)
def tree_of(data):
    """What hiveread finds, keys in capitals."""
    return {'\\'.join(path).upper(): values
            for path, values in hiveread.read(data).items()}


@functools.lru_cache(8)
def exported(data):
    """What hivexregedit finds."""
    tree = hivetools.by_hivexregedit(write('exported', data))
    equal(tree is None, False, 'hivexregedit stops')
    return tree


def named(changes):
    """Without the values of keys that go as a whole."""
    gone = {key for (key, name), what in changes.items()
            if name is None and what == 'gone'}
    return {(key, name) for key, name in changes
            if name is None or key not in gone}


def check(windows, profiles, changes, warnings=(), options=()):
    """
    Only these change, and all of them are reported; by two readers, where
    there is not only a warning that differs from other checks.
    """
    data, version = windows
    before = write('original', data)
    after, lines = apply(data, profiles, version, *options)
    changed = write('changed', after)
    equal(hivetools.difference(tree_of(data), tree_of(after)), changes,
          'hiveread')
    equal(reported(lines), named(changes), 'report')
    equal([line for line in lines if line.startswith('warning: ')],
          list(warnings), 'warnings')
    equal(*(run(HIVE_FAULTS, path, check=False)
            for path in (changed, before)), 'faults')
    equal(after == data, not changes, 'the file')
    if not warnings:
        equal(hivetools.difference(exported(data), exported(after)), changes,
              'hivexregedit')
    again, lines = apply(after, profiles, version, *options)
    equal((again, reported(lines)), (after, set()), 'the second time')


def gone(tree, *services):
    """That their keys StartOverride are no more."""
    changes = {}
    for service in services:
        key = SERVICES + service.upper() + '\\STARTOVERRIDE'
        changes[key, None] = 'gone'
        changes.update({(key, name): None for name in tree[key]})
    return changes


def started(*services, sets=(1,)):
    """That they get Start=0."""
    return {('CONTROLSET%03d\\SERVICES\\%s' % (number, name.upper()),
             'Start'): hive.dword(0) for name in services for number in sets}


def test_windows_7():
    """The drivers of the two controllers; LastKnownGood is another set."""
    check(windows_7(), IDE, started('pciide', sets=(1, 2)))
    check(windows_7(), AHCI, started('msahci', sets=(1, 2)))


def test_windows_8():
    """On AHCI it has started all the time."""
    windows = windows_8()
    tree = tree_of(windows[0])
    check(windows, IDE, gone(tree, 'intelide', 'pciide', 'atapi'))
    check(windows, AHCI, {})


def test_windows_10():
    """A filter of Dell's is none of Windows', and sound."""
    windows = windows_10()
    tree = tree_of(windows[0])
    check(windows, IDE, gone(tree, 'intelide', 'pciide', 'atapi', 'storahci'),
          [STDCFLTN])
    check(windows, AHCI, gone(tree, 'storahci'), [STDCFLTN])


def test_strict():
    """The same filter, if asked for: one of two goes."""
    windows = windows_10()
    changes = gone(tree_of(windows[0]), 'storahci')
    changes[CLASS + registry.DISK_DRIVE, 'LowerFilters'] = (
        7, 'EhStorClass\0\0'.encode('utf-16-le'))
    check(windows, AHCI, changes, options=['strict'])


def test_chain():
    """Each service between the bus and the volume."""
    chain = ('ACPI', 'pci', 'disk', 'partmgr', 'volmgr', 'volmgrx',
             'mountmgr')
    data, version = windows_8()
    tree = tree_of(data)
    edit = {'ControlSet001\\Services\\' + name: {'Start': 'dword:00000003'}
            for name in chain}
    edit['ControlSet001\\Services\\pci\\StartOverride'] = {
        '0': 'dword:00000000', '1': 'dword:00000003'}
    bad = spoilt(data, edit)
    changes = {**started(*chain),
               **gone(tree_of(bad), 'pci', 'intelide', 'pciide', 'atapi')}
    check((bad, version), IDE, changes)
    # What they may be is left: partmgr 1, volsnap and vdrvroot 3.
    good = spoilt(data, {
        'ControlSet001\\Services\\partmgr': {'Start': 'dword:00000001'},
        'ControlSet001\\Services\\volsnap': {'Start': 'dword:00000003'},
        'ControlSet001\\Services\\vdrvroot': {'Start': 'dword:00000003'},
        'ControlSet001\\Services\\vdrvroot\\StartOverride': {
            '0': 'dword:00000000'},
        'ControlSet001\\Services\\disk\\StartOverride': {
            '0': 'dword:00000000'}})
    check((good, version), IDE, gone(tree, 'intelide', 'pciide', 'atapi'),
          [LATE_PARTMGR])


def test_no_file():
    """With Start=0 the boot loader would stop for lack of the driver."""
    windows = windows_8()
    tree = tree_of(windows[0])
    check(windows, IDE, gone(tree, 'intelide', 'atapi'),
          options=['pciide.sys'])
    check(windows, IDE, gone(tree, 'intelide', 'pciide'), [
        'warning: %s\\ControlSet001\\Services\\atapi: left as it is '
        '(StartOverride had 3, which counts more than Start), since its '
        'driver \\Windows\\System32\\drivers\\atapi.sys is missing' % SYSTEM],
        options=['atapi.sys'])


def test_no_service():
    """A key that is gone, and what its likes have in the real hive."""
    data, version = windows_8()
    bad = spoilt(data, {'ControlSet001\\Services\\atapi': None})
    tree = tree_of(bad)
    values = {
        'Type': hive.dword(1), 'Start': hive.dword(0),
        'ErrorControl': hive.dword(3), 'Group': hive.sz('SCSI Miniport'),
        'ImagePath': (2, 'system32\\drivers\\atapi.sys\0'.encode(
            'utf-16-le'))}
    changes = {(SERVICES + 'ATAPI', name): value
               for name, value in values.items()}
    changes[SERVICES + 'ATAPI', None] = 'new'
    changes.update(gone(tree, 'intelide', 'pciide'))
    check((bad, version), IDE, changes)
    bad = spoilt(data, {'ControlSet001\\Services\\ACPI': None})
    check((bad, version), AHCI, {}, [
        'warning: %s\\ControlSet001\\Services\\ACPI: there is no such '
        'service, and Windows may not start without it; restore the hive in '
        'the source VM' % SYSTEM])


def test_database():
    """Entries of Windows 7 that are gone, or another product's."""
    data, version = windows_7()
    key = 'ControlSet001\\Control\\CriticalDeviceDatabase\\'
    bad = spoilt(data, {
        key + 'PCI#VEN_8086&DEV_7010': None,
        key + 'Internal_IDE_Channel': {'Service': '"vmscsi"',
                                       'UpperFilters': multi('vmfilter')},
        key + 'GenDisk': {'ClassGUID': '"%s"' % registry.HDC}})
    changes = {
        (DATABASE + 'PCI#VEN_8086&DEV_7010', None): 'new',
        (DATABASE + 'PCI#VEN_8086&DEV_7010', 'Service'): hive.sz('intelide'),
        (DATABASE + 'PCI#VEN_8086&DEV_7010', 'ClassGUID'):
            hive.sz(registry.HDC),
        (DATABASE + 'INTERNAL_IDE_CHANNEL', 'Service'): hive.sz('atapi'),
        (DATABASE + 'INTERNAL_IDE_CHANNEL', 'UpperFilters'): None,
        (DATABASE + 'GENDISK', 'ClassGUID'): hive.sz(registry.DISK_DRIVE),
        **started('pciide', sets=(1, 2))}
    check((bad, version), IDE, changes)


def test_filters():
    """Names that are left over, and names that must stay."""
    data, version = windows_8()
    hdc = 'ControlSet001\\Control\\Class\\' + registry.HDC
    volume = 'ControlSet001\\Control\\Class\\' + registry.VOLUME_CLASS
    bad = spoilt(data, {
        hdc: {'UpperFilters': multi('nobody', 'gone', 'off')},
        volume: {'UpperFilters': multi('volsnap', 'nobody')},
        'ControlSet001\\Enum\\ACPI\\PNP0A03\\0': {
            'LowerFilters': multi('nobody')},
        'ControlSet001\\Services\\gone': {'Type': 'dword:00000001',
                                           'Start': 'dword:00000000'},
        'ControlSet001\\Services\\off': {'Type': 'dword:00000001',
                                          'Start': 'dword:00000004'}})
    changes = {
        (CLASS + registry.HDC, 'UpperFilters'): None,
        (CLASS + registry.VOLUME_CLASS, 'UpperFilters'):
            (7, 'volsnap\0\0'.encode('utf-16-le')),
        ('CONTROLSET001\\ENUM\\ACPI\\PNP0A03\\0', 'LowerFilters'): None}
    check((bad, version), AHCI, changes, options=['gone.sys'])


def test_known_filter():
    """Windows' own stay even without a file: there is more amiss."""
    data, version = windows_8()
    check((data, version), AHCI, {}, [
        'warning: %s\\ControlSet001\\Control\\Class\\%s: rdyboost is a '
        'filter of all volumes and stays one, since it is Windows\' own, but '
        'its driver \\Windows\\System32\\drivers\\rdyboost.sys is missing; mend '
        'it in the source VM' % (SYSTEM, registry.VOLUME_CLASS)],
        options=['rdyboost.sys'])


def test_san_policy():
    """3 and 4 are wrong; others, and none at all, are not."""
    data, version = windows_8()
    path = 'ControlSet001\\Services\\partmgr\\Parameters'
    for value in 2, 4:
        text = {path: {'SanPolicy': 'dword:%08x' % value}}
        check((spoilt(data, text), version), AHCI,
              {(PARTMGR, 'SanPolicy'): hive.dword(1)} if value in (3, 4)
              else {})


def test_unknown_device():
    """A DriverDatabase without one of the ids, and without any."""
    data, version = windows_8()
    ids = 'DriverDatabase\\DeviceIds\\PCI\\'
    one = spoilt(data, {ids + 'CC_0101': None})
    none = spoilt(one, {ids + 'VEN_8086&DEV_7010': None})
    changes = gone(tree_of(data), 'intelide', 'pciide', 'atapi')
    check((one, version), IDE, changes)
    check((none, version), IDE, changes, [
        'warning: %s\\DriverDatabase\\DeviceIds: the guest has no driver '
        'package for the IDE controller (PCI\\VEN_8086&DEV_7010, '
        'PCI\\CC_0101), and may stop with 0x7B; add its package in the source '
        'VM' % SYSTEM])


TESTS = [
    ('Windows 7', test_windows_7),
    ('Windows 8.1', test_windows_8),
    ('Windows 10', test_windows_10),
    ('strict filters', test_strict),
    ('the chain', test_chain),
    ('no file', test_no_file),
    ('no service', test_no_service),
    ('critical devices', test_database),
    ('filters', test_filters),
    ('a known filter', test_known_filter),
    ('SAN policy', test_san_policy),
    ('an unknown device', test_unknown_device),
]


if __name__ == '__main__':
    sys.exit(main(TESTS))
