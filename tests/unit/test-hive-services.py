#!/usr/bin/env python3
"""
Test of services and devices that profiles name, on real hives and our own

Usage: test-hive-services.py HIVE-DISABLE HIVE-FAULTS HIVE-REPLAY

What should change is worked out here from what hiveread.py finds in a hive;
hivexregedit tells what did change.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import configparser
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
import leftovers        # noqa: E402
import registry         # noqa: E402
import winversions      # noqa: E402
from realhives import clean, replayed, shared       # noqa: E402
from tap import equal, main, run      # noqa: E402

HIVE_DISABLE, HIVE_FAULTS, HIVE_REPLAY = map(os.path.abspath, sys.argv[1:4])
PROFILES = os.path.join(HERE, '../../fixer/profiles')
WORK = tempfile.TemporaryDirectory(prefix='test-hive-services-')

PARTS = ('agp', 'cpu-drivers', 'parallels', 'virtualbox', 'vmware-tools',
         'xen-drivers')
DISABLED = hive.dword(4)

INSTANCE_PROFILE = '''[profile]
name=instance
description=devices
[guest]
min-version=5.0
max-version=10.0
machines=x86
[instance {device}]
services={services}
class={{4D36E96A-E325-11CE-BFC1-08002BE10318}}
reason=because
'''

PROFILE = 'Hardware Profiles\\0001\\System\\CurrentControlSet\\Enum\\'

# What each hive has of what the profiles name, and some lists that it is on.
# The guest of the Windows XP had other additions (msvmmouf).
WINDOWS_7 = {
    'agp440', 'amdagp', 'amdk8', 'amdppm', 'gagp30kx', 'intelppm', 'nv_agp',
    'processor', 'sisagp', 'uagp35', 'uliagpkx', 'viaagp', 'vm3dmp', 'vmci',
    'vmdebug', 'vmmemctl', 'vmmouse', 'vmtools', 'vmupgradehelper'}
WINDOWS_7_LISTS = {
    'CONTROL\\CRITICALDEVICEDATABASE\\*PNP0F03',
    'ENUM\\ACPI\\PNP0F13\\4&25EE97C0&0',
    'ENUM\\PCI\\VEN_8086&DEV_7191&SUBSYS_00000000&REV_01\\3&18D45AA6&0&08'}
WINDOWS_8 = {
    'agp440', 'amdk8', 'amdppm', 'gagp30kx', 'intelppm', 'nv_agp',
    'processor', 'uagp35', 'uliagpkx', 'vboxguest', 'vboxmouse',
    'vboxservice', 'vboxsf', 'vboxvideow8'}
WINDOWS_8_LISTS = {
    'CONTROL\\CLASS\\{4D36E96F-E325-11CE-BFC1-08002BE10318}'}
WINDOWS_10 = {'amdk8', 'amdppm', 'intelppm', 'processor'}

# The same of a hive of our own that has had every life.
LIVES = (leftovers.xen, leftovers.old_xen, leftovers.virtualbox,
         leftovers.parallels, leftovers.foreign_filter,
         leftovers.database_filters)
MANY = {
    'agp440', 'intelppm', 'processor', 'vmtools', 'vgauthservice', 'vmvss',
    'vmupgradehelper', 'vmware physical disk helper service', 'vmmouse',
    'vmxnet', 'vmx_svga', 'vmci', 'vsock', 'vmhgfs', 'vmmemctl', 'vmdebug',
    'xenbus', 'xenfilt', 'xenvbd', 'xenevtchn', 'scsifilt', 'rhelfltr',
    'rhelscsi', 'vboxguest', 'vboxmouse', 'vboxsf', 'vboxservice',
    'prl_strg', 'prl_mouf'}
MANY_LISTS = {
    'CONTROL\\CLASS\\' + guid for guid in (
        registry.DISK_DRIVE, registry.HDC, registry.MOUSE,
        registry.SYSTEM_CLASS)} | {
    'CONTROL\\CRITICALDEVICEDATABASE\\*PNP0F13',
    'ENUM\\ACPI\\PNP0A03\\1', 'ENUM\\ACPI\\PNP0F13\\4&5289E18&0',
    'ENUM\\PCI\\VEN_8086&DEV_7191&SUBSYS_00000000&REV_01\\3&61AAA01&0&08'}


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


def disabled_names():
    """All names in the profiles, in lower case."""
    names = set()
    for part in PARTS:
        parser = configparser.ConfigParser(interpolation=None,
                                           delimiters='=')
        parser.read(os.path.join(PROFILES, part + '.profile'))
        names |= set(parser['services']['disable'].lower().split(';'))
    return names


def control_sets(tree):
    """The keys of those that Select names, in capitals."""
    select = tree['SELECT',]
    numbers = {int.from_bytes(select[name][1], 'little')
               for name in ('Current', 'Default', 'LastKnownGood')}
    return ['CONTROLSET%03d' % number for number in numbers - {0}]


def is_list(path):
    """Whether the key below a control set may have filters."""
    return re.fullmatch(r'CONTROL\\CLASS\\[^\\]+(\\[^\\]+)?|'
                        r'CONTROL\\CRITICALDEVICEDATABASE\\[^\\]+|'
                        r'ENUM(\\[^\\]+){3}', path)


def without(value, names):
    """A list of filters without those names; None if nothing is left."""
    kind, data = value
    old = data.decode('utf-16-le').split('\0')
    new = [name for name in old if name.lower() not in names]
    if new == old:
        return value
    return (kind, '\0'.join(new).encode('utf-16-le')) if any(new) else None


def expected_changes(tree, names):
    """{(key, value): what it has to become}, and the names and lists met."""
    changes, met, lists = {}, set(), set()
    for path, values in tree.items():
        if not path or path[0] not in control_sets(tree):
            continue
        below = '\\'.join(path[1:])
        service = re.fullmatch(r'SERVICES\\([^\\]+)', below)
        if service and service.group(1).lower() in names and \
                values.get('Start', DISABLED) != DISABLED:
            changes['\\'.join(path), 'Start'] = DISABLED
            met.add(service.group(1).lower())
        override = tree.get(path + ('STARTOVERRIDE',), {})
        if service and service.group(1).lower() in names and \
                'Start' in values and set(override.values()) - {DISABLED}:
            changes['\\'.join(path) + '\\STARTOVERRIDE', None] = 'gone'
            changes.update({('\\'.join(path) + '\\STARTOVERRIDE', name): None
                            for name in override})
            met.add(service.group(1).lower())
        for name in values.keys() & {'UpperFilters', 'LowerFilters'}:
            new = without(values[name], names)
            if is_list(below) and new != values[name]:
                changes['\\'.join(path), name] = new
                lists.add(below)
    return changes, met, lists


def tree_of(data):
    """What hiveread finds, keys in capitals."""
    return {tuple(name.upper() for name in path): values
            for path, values in hiveread.read(data).items()}


def apply(data, profiles):
    """The hive after these profiles (paths), and what was reported."""
    out = os.path.join(WORK.name, 'after')
    _, output = run(HIVE_DISABLE, write('before', data), out, *profiles)
    return read(out), output.decode().splitlines()


def reported(lines):
    """{(key, value)} of the changes that were reported."""
    found = set()
    for line in lines:
        match = re.fullmatch(r'HKEY_LOCAL_MACHINE\\SYSTEM\\(.*) \[(.*)\] .+',
                             line)
        if match:
            found |= {(match.group(1).upper(), value or None)
                      for value in match.group(2).split(', ')}
    return found


def named(changes):
    """As reports name them: of a key that goes there are no values."""
    gone = {key for key, name in changes if name is None}
    return {(key, name) for key, name in changes
            if name is None or key not in gone}


def check(data, profiles, changes):
    """Only these change, by two readers, and all of them are reported."""
    before = write('original', data)
    after, lines = apply(data, profiles)
    changed = write('changed', after)
    equal(reported(lines), named(changes), 'report')
    equal(*(run(HIVE_FAULTS, path, check=False)
            for path in (changed, before)), 'faults')
    equal(tree_difference(tree_of(data), tree_of(after)), changes, 'hiveread')
    equal(after == data, not changes, 'the file')
    trees = [hivetools.by_hivexregedit(path) for path in (before, changed)]
    equal(None in trees, False, 'hivexregedit stops')
    equal(hivetools.difference(*trees), changes, 'hivexregedit')
    equal(apply(after, profiles), (after, []), 'the second time')


def test_hive(data, known, known_lists):
    """What the embedded profiles make of it."""
    changes, met, lists = expected_changes(tree_of(data), disabled_names())
    equal((met, known_lists - lists), (known, set()), 'services and lists')
    check(data, [os.path.join(PROFILES, part + '.profile')
                 for part in PARTS], changes)


def instance_profile(device, services):
    """The path of a profile that is about devices."""
    return write('instance.profile', INSTANCE_PROFILE.format(
        device=device, services=services).encode())


def sets(path, value, what):
    """The change of one value, in both control sets of the Windows XP."""
    return {('CONTROLSET%03d\\%s' % (number, path.upper()), value): what
            for number in (1, 3)}


def test_instances():
    """Devices that a real Windows XP has met."""
    data = shared('xp-sp3-x86-virtualpc.SYSTEM')
    ide = 'PCI\\VEN_8086&DEV_7111'
    full = 'Enum\\%s&SUBSYS_00000000&REV_01\\3&267a616a&0&39' % ide
    for services, changes in (
            ('intelide;pciide', {}),
            ('pciide', sets(full, 'Service', hive.sz('pciide')))):
        check(data, [instance_profile(ide, services)], changes)
    channels = {}
    for number in (0, 1):
        channels.update(sets('Enum\\PCIIDE\\IDEChannel\\4&10bf2f88&0&%d'
                             % number, 'Service', hive.sz('disk')))
    check(data, [instance_profile('PCIIDE\\IDEChannel', 'atapi')], {})
    check(data, [instance_profile('PCIIDE\\IDEChannel', 'disk')], channels)


def test_no_driver():
    """
    A device that a real Windows XP had no driver for: its class is Unknown,
    installing it failed, and it is switched off in the hardware profile.
    """
    data = shared('xp-sp3-x86-virtualpc.SYSTEM')
    device = 'PCI\\VEN_1414&DEV_0007'
    full = device + '&SUBSYS_00000000&REV_00\\3&267a616a&0&60'
    changes = sets(PROFILE + full, 'CSConfigFlags', hive.dword(0))
    for name, value in (
            ('Service', hive.sz('intelide')), ('Class', hive.sz('hdc')),
            ('ClassGUID', hive.sz(registry.HDC)),
            ('ConfigFlags', hive.dword(0))):
        changes.update(sets('Enum\\' + full, name, value))
    check(data, [instance_profile(device, 'intelide')], changes)


def tree_difference(before, after):
    """As hivetools.difference(), of what hiveread finds."""
    return hivetools.difference(*({'\\'.join(path): values for path, values
                                   in tree.items()}
                                  for tree in (before, after)))


def test_lives(windows):
    """A guest that was everywhere."""
    test_hive(leftovers.in_hive(windows, 1, *LIVES)(b''), MANY, MANY_LISTS)


def test_profiles():
    """Names that are not ours, and those of disk controllers, are in none."""
    others = {
        'netkvm', 'vmbus', 'vmgid', 'vmicheartbeat', 'vmstorfl', 'stornvme',
        'storflt', 'vmscsi', 'pvscsi', 'buslogic', 'lsi_sas', 'lsi_scsi',
        'symmpi', 'viostor', 'vioscsi', 'intelide', 'pciide', 'atapi', 'pci',
        'acpi', 'disk', 'partmgr', 'volsnap', 'mouclass', 'i8042prt', 'xen'}
    equal(disabled_names() & others, set(), 'names')


TESTS = [
    ('profiles', test_profiles),
    ('Windows XP', lambda: test_hive(
        shared('xp-sp3-x86-virtualpc.SYSTEM'), set(), set())),
    ('Windows 7', lambda: test_hive(
        shared('win7-sp1-x86-vmware.SYSTEM'), WINDOWS_7, WINDOWS_7_LISTS)),
    ('Windows 8.1', lambda: test_hive(
        clean('win8.1-x64-dirty-nolog.SYSTEM'), WINDOWS_8, WINDOWS_8_LISTS)),
    ('Windows 10', lambda: test_hive(
        replayed('win10-1709-x64-dirty.SYSTEM', HIVE_REPLAY), WINDOWS_10, set())),
    ('devices of Windows XP', test_instances),
    ('a device without driver in Windows XP', test_no_driver),
    ('many lives, Windows XP', lambda: test_lives(winversions.XP_SP3)),
    ('many lives, Windows 2000', lambda: test_lives(winversions.W2K_SP4)),
]


if __name__ == '__main__':
    sys.exit(main(TESTS))
