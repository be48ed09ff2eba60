"""
Guests from Vista on of which exactly one link of the boot path is broken, for
"check"

They differ in one thing from one that would boot, vista-boot-NAME: what is on
the way to the disk starts, whether that is on IDE or AHCI.  LINKS says of each
kind which link is broken, how the STOP code or message begins, and on which
machine.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import bcd
import broken_edits as old
import hive
import pe
import recipes
import registry
import vista_drivers
import winfiles
from broken_edits import (
    DATABASE, DISK_CLASS, GENERIC, CONTROLLER, at, attribute, garbage,
    hibernated, known, missing, put_bytes, service, set_values, start,
    without, without_value)
from filetree import COMPRESSED
from vista_recipes import GPT_RECOVERY_LAST, Part, RESERVED, VistaRecipe
from vista_versions import (WIN10_22H2, WIN7_X64, WIN8_1, WIN_VISTA, WS2022)

STOP_7B = '0x0000007B'
NO_DEVICE, NO_ENTRY = 'Status: 0xc000000e', 'Status: 0xc0000098'
NO_BCD, NO_FILE = 'Status: 0xc000000f', 'Status: 0xc000000f'
BAD_FILE, FILE = 'Status: 0xc0000221', 'a Status, and as File: '
NOTHING = "the firmware's shell"

VOLUME_CLASS = 'Control\\Class\\' + registry.VOLUME_CLASS
HDC_CLASS = 'Control\\Class\\' + registry.HDC
PIIX3 = 'DriverDatabase\\DeviceIds\\PCI\\VEN_8086&DEV_7010'
IDE = 'DriverDatabase\\DeviceIds\\PCI\\CC_0101'
CONTROLLER_INSTANCE = old.INSTANCE[5:]
HIDDEN = 0x1c               # in the BIOS parameter block

_ESP = 0                    # place in GPT_RECOVERY_LAST
_BCD = 'EFI\\Microsoft\\Boot\\BCD'
_FIRMWARE_PROGRAM = 'EFI\\Boot\\bootx64.efi'
_OWN_PROGRAM = 'EFI\\Microsoft\\Boot\\bootmgfw.efi'

# Kind: link, how its stop-code begins, machine
LINKS = {}
# Kind: machines on which it boots
BOOTING = {}
# Kind: a link that is unknown, machine
UNKNOWN = {}


def prepared(control_set):
    """A set edit: what serves IDE and AHCI starts."""
    services = control_set.at('Services')
    for name in ('atapi', 'intelide', 'pciide', 'msahci', 'storahci'):
        if name in services.keys:
            services.keys[name].merge({'Start': hive.dword(0)})
            services.keys[name].keys.pop('StartOverride', None)
    del services.keys['vmci']       # its file is not there
    if 'CriticalDeviceDatabase' in control_set.at('Control').keys:
        control_set.at(DATABASE + 'pci#cc_010601').merge({
            'Service': hive.sz('msahci'), 'ClassGUID': hive.sz(registry.HDC)})


def hives(tree, windows):
    """A tree edit: those that no other edit is about."""
    for name in ('SAM', 'SECURITY', 'DEFAULT'):
        tree.file(at(windows, 'System32\\config\\' + name), hive.build(
            registry.small(name.replace('DEFAULT', 'default')), name, 5,
            (3, 3), winfiles.filetime(windows.installed)))


# ------------------------------------------------------------ more edits

def override(name, value=3, entry='0'):
    """A set edit: Windows has noted that it does without the driver."""
    return set_values('Services\\%s\\StartOverride' % name,
                      **{entry: hive.dword(value)})


def boot_missing(*paths):
    """A boot edit: files that firmware or boot sector look for are gone."""
    def edit(tree, _):
        for path in paths:
            tree.remove(path)
    return edit


def boot_file(path, data):
    """A boot edit: a file is another one."""
    return lambda tree, windows: tree.file(path, data)


def ia32_manager(tree, windows):
    """A boot edit: the boot manager is one for firmware of 32 bits."""
    other = dataclasses.replace(windows, machine=pe.MACHINE_I386)
    tree.file(_FIRMWARE_PROGRAM,
              vista_drivers.boot_program('bootmgfw.efi', other))


def winload(**changes):
    """A tree edit: winload.exe is that of another Windows."""
    def edit(tree, windows):
        other = dataclasses.replace(windows, **changes)
        tree.file(at(windows, 'System32\\winload.exe'),
                  vista_drivers.boot_program('winload.exe', other))
    return edit


def element(name, value):
    """A BCD edit: an element of the default entry; None takes it away."""
    def edit(root, store):
        elements = root.at('Objects\\%s\\Elements' % store.loader)
        elements.keys.pop(name, None)
        if value:
            elements.merge({name: {'Element': value(store)}})
    return edit


def moved(store):
    """An element's value: no partition begins there."""
    return bcd.on_partition(dataclasses.replace(
        store.boot, offset=store.boot.offset + (1 << 20)))


def other_disk(store):
    """An element's value: the disk is another one."""
    return bcd.on_partition(dataclasses.replace(store.boot,
                                                signature=0x11111111))


def no_entries(root, store):
    """A BCD edit: nothing is left that could be started."""
    for name in (store.loader, store.made_up('resume')):
        del root.at('Objects').keys[name]
    elements = root.at('Objects\\%s\\Elements' % bcd.BOOTMGR)
    for name in (bcd.DISPLAY_ORDER, bcd.DEFAULT, bcd.BOOTMGR_RESUME):
        del elements.keys[name]


def kind_of_entry(kind):
    """A BCD edit: the default entry is something else."""
    def edit(root, store):
        root.at('Objects\\%s\\Description' % store.loader).merge(
            {'Type': hive.dword(kind)})
    return edit


def without_ids(*paths):
    """A root edit: keys of the whole hive are not there."""
    return without(*paths)


def select(number):
    """A root edit: the control set that is started."""
    return lambda root: root.at('Select').merge(
        {'Default': hive.dword(number)})


def no_esp(entries):
    """A table edit: the EFI system partition is one of data."""
    return [dataclasses.replace(entry, type=entries[2].type)
            if place == _ESP else entry
            for place, entry in enumerate(entries)]


def blank_entry(entries):
    """A table edit: the first entry is not used."""
    return [type(entries[0])(), *entries]


def no_fat(raw):
    """A disk edit: the EFI system partition is not formatted."""
    raw.seek(1 << 20)
    raw.write(bytes(1 << 16))


# ----------------------------------------------------------------- bases

_SMALL = tuple(dataclasses.replace(part, mib=min(part.mib, 64),
                                   contents=tuple(c for c in part.contents
                                                  if c != 'user'))
               for part in RESERVED)
_SINGLE = (Part(('boot', 'windows'), 80, active=True),)
_GPT = tuple(dataclasses.replace(
    part, contents=tuple(c for c in part.contents if c != 'user'),
    mib=80 if 'windows' in part.contents else part.mib)
             for part in GPT_RECOVERY_LAST[:3])
# Two EFI system partitions: the first has no file system, or is like the other
_EMPTY_ESP = (dataclasses.replace(_GPT[_ESP], contents=('reserved',), mib=4),
              *_GPT)
_TWO_ESPS = (*_GPT, _GPT[_ESP])

_BASES = {
    'vista': {'windows': WIN_VISTA, 'layout': _SINGLE},
    '7': {'windows': WIN7_X64, 'layout': _SMALL},
    '7-uefi': {'windows': WIN7_X64, 'layout': _GPT, 'scheme': 'gpt'},
    '8.1': {'windows': WIN8_1, 'layout': _SMALL},
    '10': {'windows': WIN10_22H2, 'layout': _SMALL},
    '10-uefi': {'windows': WIN10_22H2, 'layout': _GPT, 'scheme': 'gpt'},
    '2022-uefi': {'windows': WS2022, 'layout': _GPT, 'scheme': 'gpt'},
}


def _make(kind, base, summary, *edits, **changes):
    """A guest that would boot, but for these edits."""
    options = {**_BASES[base], **changes}
    options['set_edits'] = (prepared, *changes.get('set_edits', ()))
    options['tree_edits'] = (hives, *edits)
    recipes.add(VistaRecipe(kind, summary, slim=True, signature=0x3c51f00d,
                            **options))


def _boots(kind, base, machines, summary, *edits, **changes):
    kind = 'vista-boot-' + kind
    BOOTING[kind] = machines
    _make(kind, base, summary, *edits, **changes)


def _broken(kind, base, link, stop_code, summary, *edits, machine=None,
            **changes):
    kind = 'vista-broken-' + kind
    LINKS[kind] = (link, stop_code, machine or (
        'xen-hvm-uefi' if base.endswith('uefi') else 'xen-hvm'))
    _make(kind, base, summary, *edits, expect='broken', defect=kind,
          **changes)


def _unknown(kind, base, link, summary, *edits, machine=None, **changes):
    kind = 'vista-unknown-' + kind
    UNKNOWN[kind] = (link, machine or (
        'xen-hvm-uefi' if base.endswith('uefi') else 'xen-hvm'))
    _make(kind, base, summary, *edits, expect='broken', defect=kind,
          **changes)


_BIOS = ('xen-hvm', 'qemu-pc', 'qemu-q35', 'xen-hvm-ahci')
_UEFI = tuple(name + '-uefi' for name in _BIOS)

for _base, _machines in (('vista', _BIOS), ('7', _BIOS), ('7-uefi', _UEFI),
                         ('8.1', _BIOS), ('10', _BIOS), ('10-uefi', _UEFI),
                         ('2022-uefi', _UEFI)):
    _boots(_base, _base, _machines, '%s would boot from IDE and AHCI' % _base)
_boots('known', '10', _BIOS[:2], 'Windows knows the controller already',
       set_edits=(known(CONTROLLER_INSTANCE, 'intelide'),),
       root_edits=(without_ids(PIIX3, IDE),))
_boots('generic', '10', _BIOS[:2], 'only the generic id is in the database',
       root_edits=(without_ids(PIIX3),))
_boots('override-0', '10', _BIOS[:2], 'StartOverride says that it starts',
       set_edits=(override('intelide', 0),))
_boots('old-override', '7', _BIOS[:2],
       'Windows 7 does not look at StartOverride',
       set_edits=(override('intelide'),))
_boots('empty-esp', '10-uefi', _UEFI[:1],
       'the second EFI system partition is Windows\'', layout=_EMPTY_ESP)

# ------------------------------------------------ firmware and boot manager

_broken('gpt-on-bios', '10-uefi', 'active-partition',
        'the BIOS finds no bootable disk', 'a machine without UEFI',
        machine='xen-hvm')
_broken('no-active', '7', 'active-partition',
        'the BIOS finds no bootable disk', 'no partition is active',
        layout=tuple(dataclasses.replace(part, active=False)
                     for part in _SMALL))
_broken('no-mbr-code', '7', 'boot-code', 'nothing', 'the MBR has no code',
        disk_edits=(old.no_boot_code,))
_broken('hidden', 'vista', 'boot-sector', 'A disk read error occurred',
        'the hidden sectors are those of another partition',
        volume_file_edits=(old.field(HIDDEN, '<I', 63),))
_broken('no-bootmgr', '7', 'bootmgr', 'BOOTMGR is missing',
        'bootmgr is missing', boot_edits=(boot_missing('bootmgr'),))
_broken('bootmgr-compressed', '7', 'bootmgr', 'BOOTMGR is compressed',
        'NTFS has compressed bootmgr',
        boot_edits=(attribute('BOOTMGR', COMPRESSED),))
_broken('no-bcd', '7', 'bcd', NO_BCD, 'there is no BCD',
        boot_edits=(boot_missing('Boot\\BCD'),))
_broken('bcd-garbage', '7', 'bcd', NO_BCD, 'the BCD is a text',
        boot_edits=(boot_file('Boot\\BCD', b'boot.ini\r\n' * 900),))

_broken('mbr-on-uefi', '7', 'partition-table', NOTHING,
        'a machine without a BIOS', machine='xen-hvm-uefi')
_broken('no-esp', '10-uefi', 'efi-partition', NOTHING,
        'there is no EFI system partition', table_edits=(no_esp,))
_broken('no-fat', '10-uefi', 'efi-partition', NOTHING,
        'the EFI system partition is not formatted', disk_edits=(no_fat,))
_broken('no-efi-program', '10-uefi', 'bootmgr', NOTHING,
        'no boot manager is on the EFI system partition', boot_edits=(
            boot_missing(_FIRMWARE_PROGRAM, _OWN_PROGRAM),))
_broken('efi-ia32', '10-uefi', 'bootmgr', NOTHING,
        'the boot manager is for firmware of 32 bits',
        boot_edits=(ia32_manager,))
_broken('efi-garbage', '10-uefi', 'bootmgr', NOTHING,
        'the boot manager is a text',
        boot_edits=(boot_file(_FIRMWARE_PROGRAM, b'@echo off\r\n' * 90),))
_broken('no-bcd-uefi', '10-uefi', 'bcd', NO_BCD, 'there is no BCD',
        boot_edits=(boot_missing(_BCD),))

# ----------------------------------------------------------------- the BCD

_broken('no-entries', '7', 'boot-entry', NO_ENTRY, 'the BCD has no entry',
        bcd_edits=(no_entries,))
_broken('no-path', '7', 'boot-entry', NO_ENTRY,
        'the entry names no program', bcd_edits=(element(bcd.PATH, None),))
_broken('no-root', '7', 'boot-entry', NO_ENTRY,
        'the entry names no %SystemRoot%',
        bcd_edits=(element(bcd.SYSTEM_ROOT, None),))
_broken('no-device', '7', 'boot-entry', NO_DEVICE,
        'the entry names no partition',
        bcd_edits=(element(bcd.DEVICE, None),))
_broken('moved', '7', 'boot-entry', NO_DEVICE,
        'the entry names a partition that is not there',
        bcd_edits=(element(bcd.OS_DEVICE, moved),))
_broken('directory', '7', 'system-root', FILE + '<Windows root>',
        'the entry names a directory that is not there', bcd_edits=(
            element(bcd.SYSTEM_ROOT, lambda _: hive.sz('\\Win7')),))

# ------------------------------------------------------- winload and kernel

_broken('hibernated', '7', 'hibernation', 'the session of another machine',
        'hiberfil.sys holds a session', hibernated)
_broken('fast-startup', '10-uefi', 'hibernation',
        'the session of another machine', 'so it does after Fast Startup',
        hibernated)
_broken('no-winload', '7', 'winload', NO_FILE, 'winload.exe is missing',
        missing('System32\\winload.exe'))
_broken('winload-garbage', '7', 'winload', BAD_FILE, 'winload.exe is a text',
        garbage('System32\\winload.exe'))
_broken('winload-efi', '7', 'winload', FILE + 'winload',
        'the entry names winload.efi', bcd_edits=(element(
            bcd.PATH, lambda _: hive.sz('\\Windows\\system32\\winload.efi')),
        ))
_broken('winload-exe', '10-uefi', 'winload', FILE + 'winload',
        'the entry names winload.exe', bcd_edits=(element(
            bcd.PATH, lambda _: hive.sz('\\Windows\\system32\\winload.exe')),
        ))
_broken('winload-x86', '7', 'kernel-hal', FILE + 'winload',
        'winload.exe is for x86', winload(machine=pe.MACHINE_I386))
_broken('no-kernel', '7', 'system-root', FILE, 'ntoskrnl.exe is missing',
        missing('System32\\ntoskrnl.exe'))
_broken('no-hal', '7', 'kernel-hal', FILE, 'hal.dll is missing',
        missing('System32\\hal.dll'))
_broken('no-ci', '10-uefi', 'kernel-hal', FILE,
        'ci.dll, which the kernel imports from, is missing',
        missing('System32\\ci.dll'))

# ------------------------------------------------------------- the registry

_broken('no-system', '7', 'system-hive', FILE, 'there is no SYSTEM',
        missing('System32\\config\\SYSTEM'))
_broken('system-garbage', '10-uefi', 'system-hive', FILE,
        'SYSTEM is a text', garbage('System32\\config\\SYSTEM'))
_broken('select', '10-uefi', 'control-set', FILE,
        'Select names a control set that is not there',
        root_edits=(select(7),))
_broken('critical-driver', '10-uefi', 'boot-drivers', FILE,
        'a driver is missing, ErrorControl 3',
        missing('System32\\drivers\\volmgr.sys'))
_broken('critical-ide', '10-uefi', 'boot-drivers', FILE,
        'intelide.sys is missing, ErrorControl 3',
        missing('System32\\drivers\\intelide.sys'))
_broken('critical-import', '10-uefi', 'boot-drivers', FILE,
        'a module that such a driver imports from is missing',
        missing('System32\\drivers\\wmilib.sys'))
_broken('no-ntfs', '7', 'file-system', FILE, 'ntfs.sys is missing',
        missing('System32\\drivers\\ntfs.sys'))

# -------------------------------------------------------------- the devices

_broken('acpi-disabled', '7', 'acpi', STOP_7B, 'ACPI is disabled',
        set_edits=(start('ACPI', 4),))
_broken('pci-demand', '7', 'pci-bus', STOP_7B, 'pci has Start=3',
        set_edits=(start('pci', 3),))
_broken('no-database', '7', 'controller', STOP_7B,
        'no id of the controller is in the database',
        set_edits=(without(CONTROLLER, GENERIC),))
_broken('intelide-demand', '7', 'controller', STOP_7B,
        'intelide has Start=3', set_edits=(start('intelide', 3),))
_broken('no-intelide', '10', 'controller', STOP_7B,
        'intelide.sys is missing, ErrorControl 1',
        missing('System32\\drivers\\intelide.sys'), set_edits=(
            set_values('Services\\intelide', ErrorControl=hive.dword(1)),))
_broken('no-channel', '7', 'channel', STOP_7B,
        'no id of the channel is in the database', set_edits=(
            without(DATABASE + 'primary_ide_channel'),))
_broken('no-gendisk', '7', 'disk', STOP_7B, 'disks are not in the database',
        set_edits=(without(DATABASE + 'gendisk'),))
_broken('msahci-demand', '7', 'controller', STOP_7B, 'msahci has Start=3',
        machine='qemu-q35', set_edits=(start('msahci', 3),))

# From Windows 8 on
for _name, _link, _machine in (
        ('ACPI', 'acpi', None), ('pci', 'pci-bus', None),
        ('intelide', 'controller', None), ('atapi', 'channel', None),
        ('disk', 'disk', None), ('partmgr', 'disk', None),
        ('volmgr', 'volume-manager', None),
        ('storahci', 'controller', 'qemu-q35-uefi')):
    _broken('override-' + _name.lower(), '10-uefi', _link, STOP_7B,
            '%s has StartOverride 3' % _name, machine=_machine,
            set_edits=(override(_name),))
_broken('no-device-id', '10-uefi', 'controller', STOP_7B,
        'no id of the controller is in the database',
        root_edits=(without_ids(PIIX3, IDE),))
_broken('foreign-instance', '10-uefi', 'controller', STOP_7B,
        'Windows knows the controller, and another driver for it',
        set_edits=(known(CONTROLLER_INSTANCE, 'LSI_SAS'),))
_broken('off-instance', '10-uefi', 'controller', STOP_7B,
        'the controller was switched off', set_edits=(
            known(CONTROLLER_INSTANCE, 'intelide'),
            set_values('Enum\\' + CONTROLLER_INSTANCE,
                       ConfigFlags=hive.dword(1))))

# Filters
_broken('hdc-filter', '10-uefi', 'controller', STOP_7B,
        'a filter of controllers has no service', set_edits=(
            set_values(HDC_CLASS, UpperFilters=hive.multi_sz('scsifilt')),))
_broken('intel-filter', '10-uefi', 'controller', STOP_7B,
        'of a machine that it once was, a filter has no service', set_edits=(
            set_values(HDC_CLASS, UpperFilters=hive.multi_sz('iaStorF')),))
_broken('instance-filter', '10-uefi', 'pci-bus', STOP_7B,
        'a filter of the PCI bus alone has no service', set_edits=(
            set_values('Enum\\ACPI\\PNP0A03\\2&daba3ff&1',
                       LowerFilters=hive.multi_sz('xenfilt')),))
_broken('disk-filter', '10-uefi', 'disk', STOP_7B,
        'the file of a filter of disks is missing', set_edits=(
            service('stdcfltn', ErrorControl=hive.dword(1)),
            set_values(DISK_CLASS, LowerFilters=hive.multi_sz(
                'EhStorClass', 'stdcfltn'))))
_broken('late-filter', '10-uefi', 'disk', STOP_7B,
        'a filter of disks starts too late', set_edits=(
            set_values(DISK_CLASS, LowerFilters=hive.multi_sz('cdrom')),))
_broken('volume-filter', '7', 'volume', STOP_7B,
        'a filter of volumes is disabled', set_edits=(
            start('rdyboost', 4),))
_broken('no-partmgr', '10-uefi', 'partition-manager', STOP_7B,
        'the partition manager is no filter of disks',
        set_edits=(without_value(DISK_CLASS, 'UpperFilters'),))

# ------------------------------------------------------------- what follows

_broken('blank-entry', '10-uefi', 'partition-entries', STOP_7B,
        'an entry of the GPT that is not used comes first',
        table_edits=(blank_entry,))
_broken('no-ntdll', '7', 'session-manager', '0x0000006B',
        'ntdll.dll is missing', missing('System32\\ntdll.dll'))
_broken('no-smss', '10-uefi', 'session-manager', '0x0000006F',
        'smss.exe is missing', missing('System32\\smss.exe'))
_broken('no-software', '7', 'software-hive', '0xC0000218',
        'there is no SOFTWARE', missing('System32\\config\\SOFTWARE'))
_broken('sam-garbage', '10-uefi', 'other-hives', '0xC0000218',
        'SAM is a text', garbage('System32\\config\\SAM'))

# ---------------------------------------------- of which nothing is certain

_unknown('bitlocker', '10-uefi', 'boot-volume',
         'the volume is encrypted by BitLocker',
         volume_file_edits=(put_bytes(3, b'-FVE-FS-'),))
_unknown('no-usual-program', '10-uefi', 'bootmgr',
         'only the old firmware knows of the boot manager',
         boot_edits=(boot_missing(_FIRMWARE_PROGRAM),))
_unknown('two-esps', '10-uefi', 'bootmgr',
         'two EFI system partitions have a boot manager', layout=_TWO_ESPS)
_unknown('foreign-program', '10-uefi', 'bootmgr',
         'the firmware starts another program', boot_edits=(
             lambda tree, windows: tree.file(
                 _FIRMWARE_PROGRAM, vista_drivers.boot_program(
                     'memtest.efi', windows)),))
_unknown('other-disk', '7', 'boot-entry', 'the disk has another signature',
         bcd_edits=(element(bcd.OS_DEVICE, other_disk),))
_unknown('ntldr', '7', 'boot-entry', 'the default entry is for NTLDR',
         bcd_edits=(kind_of_entry(0x10300006),))
_unknown('mountmgr', '10-uefi', 'mount-manager',
         'the mount manager has StartOverride 3',
         set_edits=(override('mountmgr'),))
_unknown('volsnap', '10-uefi', 'volume',
         'a filter of volumes has StartOverride 3',
         set_edits=(override('volsnap'),))
_unknown('partmgr', '10-uefi', 'disk', 'partmgr has Start=1',
         set_edits=(start('partmgr', 1),))
_unknown('no-hal', '10-uefi', 'kernel-hal', 'hal.dll is missing',
         missing('System32\\hal.dll'))
_unknown('no-pae-kernel', 'vista', 'kernel-hal',
         'the kernel for PAE is missing', missing('System32\\ntkrnlpa.exe'))
_unknown('own-driver', '10-uefi', 'controller',
         'another package has a driver for the controller', root_edits=(
             lambda root: root.at(PIIX3).merge(
                 {'lsi_sas.inf': hive.binary(b'\1\xff\0\0')}),
             lambda root: _describe(root, 'lsi_sas.inf', 'LSI_SAS')))


def _describe(root, inf, name):
    """The package of @inf has a service for the controller, too."""
    folder = root.at('DriverDatabase\\DriverInfFiles\\' + inf) \
        .values['Active'][1].decode('utf-16-le').rstrip('\0')
    root.at('DriverDatabase\\DriverPackages\\%s\\Descriptors\\PCI\\'
            'VEN_8086&DEV_7010' % folder).merge(
                {'Configuration': hive.sz(name + '_Inst')})


# Warnings
_boots('san-policy', '2022-uefi', _UEFI[:1], 'new disks stay offline',
       set_edits=(set_values('Services\\partmgr\\Parameters',
                             SanPolicy=hive.dword(4)),))
_boots('may-hibernate', '10-uefi', _UEFI[:1], 'Fast Startup is on',
       set_edits=(set_values('Control\\Session Manager\\Power',
                             HiberbootEnabled=hive.dword(1)),))
