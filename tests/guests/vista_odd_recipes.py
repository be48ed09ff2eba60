"""
Guests from Vista on that are odd in one thing: to be refused, or found broken

Those that "win-xenfix check" is to find broken differ in one thing from a
guest that would boot from IDE, win10-sound or win7-sound.  All are slim.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import bcd
import guids
import hive
import recipes
import vista_drivers
import vista_edits
import vista_files
import wof
from broken_edits import (garbage, image_path, missing, second_active,
                          service, set_values, start, without)
from ntfs import VolumeSpec
from vista_edits import (DISK_CLASS, VOLUME_CLASS, default_on, element,
                         filters, missing_file, overwrite)
from vista_recipes import (GPT_PLAIN, REAL_WIN10, REAL_WIN8_1, RESERVED,
                           SINGLE, Part, VistaRecipe)
from vista_versions import (WIN10_1709, WIN10_22H2, WIN7_X86, WIN8_1,
                            WIN_VISTA)

DRIVERS = 'System32\\drivers\\'
ESP_BCD = 'EFI\\Microsoft\\Boot\\BCD'


def _slim(layout):
    """Smaller, and without users' files."""
    return tuple(
        dataclasses.replace(part, mib=64, contents=tuple(
            what for what in part.contents if what != 'user'))
        if 'windows' in part.contents else part for part in layout)


_GPT, _MBR = _slim(GPT_PLAIN), _slim(RESERVED)
_BASES = {
    'win10': {'windows': WIN10_22H2, 'scheme': 'gpt', 'layout': _GPT},
    'win10-bios': {'windows': WIN10_22H2, 'layout': _MBR},
    'win7': {'windows': WIN7_X86, 'layout': _MBR},
    'win-vista': {'windows': WIN_VISTA, 'layout': _slim(SINGLE)},
}


def _add(base, name, summary, expect='prepare', **changes):
    """The kind @base-@name."""
    kind = '%s-%s' % (base, name)
    options = {'slim': True, 'signature': 0x0ddba11,
               'defect': None if expect == 'prepare' else kind,
               **_BASES[base], **changes}
    recipes.add(VistaRecipe(kind, summary, expect=expect, **options))


def _refuse(base, name, summary, **changes):
    _add(base, name, summary, 'refuse', **changes)


def _broken(base, name, summary, *set_edits, **changes):
    """It would boot, but for this."""
    _add(base, name, summary, 'broken',
         set_edits=(vista_edits.sound, *set_edits), **changes)


# To be prepared, or nothing is left to do

for _base in ('win10', 'win10-bios', 'win7', 'win-vista'):
    _add(_base, 'sound', 'it would boot from IDE: nothing is to be done',
         set_edits=(vista_edits.sound,))
_add('win10', 'two', 'two installations on one disk', layout=_GPT + (
    Part(('other',), 64, guids.BASIC_DATA, name='Basic data partition'),))
_add('win7', 'two', 'two installations on one disk',
     layout=_MBR + (Part(('other',), 64),))
_add('win-vista', 'boot-device', 'the BCD says "boot", not which partition',
     bcd_edits=(vista_edits.boot_device,))
_add('win10', 'reversed', 'the entries are not in the order of the disk',
     table_edits=(vista_edits.reversed_entries,))
_add('win10', 'no-atapi', 'atapi.sys is missing, the store has it',
     tree_edits=(missing(DRIVERS + 'atapi.sys'),))
_add('win7', 'no-intelide', 'intelide.sys is missing, the store has it',
     tree_edits=(missing(DRIVERS + 'intelide.sys'),))
_add('win7', 'no-services', 'the services of IDE are not in the registry',
     set_edits=(without('Services\\atapi', 'Services\\intelide'),))
_add('win10', 'compact', 'CompactOS has compressed all programs and drivers',
     tree_edits=(vista_edits.compact_all(),))
_add('win10', 'compact-16k', 'the same in larger chunks',
     tree_edits=(vista_edits.compact_all(wof.XPRESS16K),))
_add('win10', 'compact-kernel', 'CompactOS has compressed the kernel',
     tree_edits=(vista_edits.compact('System32\\ntoskrnl.exe'),))
_add('win10', 'compact-source', 'atapi.sys is compressed in the store only',
     tree_edits=(vista_edits.compact_source('atapi.sys'),))
_add('win10', 'compact-8k', 'so is intelide.sys, in chunks of other size',
     tree_edits=(vista_edits.compact_source('intelide.sys', wof.XPRESS8K),))
_add('win7', 'dirty-hive', 'SYSTEM was being written; its log has the rest',
     tree_edits=(vista_edits.interrupted(
         'Windows\\' + vista_files.SYSTEM_HIVE, 'Special volume',
         'Generic volume'),))
_add('win7', 'bcd-log', 'the BCD was being written; its log has the rest',
     boot_edits=(vista_edits.interrupted(
         'Boot\\BCD', 'Mindows 7', 'Windows 7'),))
_add('win10', 'woken', 'hiberfil.sys of a session that was resumed',
     tree_edits=(vista_edits.hiberfile(b'wake'),))
_add('win10', 'primary-gpt', 'the first header is damaged, the other is not',
     disk_edits=(overwrite(1, b'\xff' * 512),))
_add('win10', 'primary-table', 'so is the first table of partitions',
     disk_edits=(overwrite(2, b'\xff' * 512),))
_add('win10', 'backup-gpt', 'the last header is damaged, the other is not',
     disk_edits=(overwrite(-1, b'\xff' * 512),))

# To be refused

_refuse('win10', 'no-gpt', 'both headers are damaged', disk_edits=(
    overwrite(1, b'\xff' * 512), overwrite(-1, b'\xff' * 512)))
_refuse('win10', 'dynamic', 'a dynamic disk with a GPT',
        table_edits=(vista_edits.dynamic,))
_refuse('win10', 'bitlocker', 'the volume is encrypted',
        volume_file_edits=(vista_edits.bitlocker,))
_refuse('win10', 'fast-startup', 'hibernated kernel, $LogFile is of 2.0',
        tree_edits=(vista_edits.hiberfile(b'HIBR'),),
        volume=VolumeSpec(flags=0x8000, log_version=(2, 0),
                          log_clean=False))
_refuse('win10', 'hibernated', 'hiberfil.sys holds a session',
        tree_edits=(vista_edits.hiberfile(b'hibr'),))
_refuse('win7', 'hibernated', 'hiberfil.sys holds a session',
        tree_edits=(vista_edits.hiberfile(b'hibr'),))
_refuse('win10', 'log-2.0', '$LogFile is of 2.0 and was not closed',
        volume=VolumeSpec(flags=0x8000, log_version=(2, 0),
                          log_clean=False))
_refuse('win10', 'dirty-volume', 'chkdsk is due',
        volume=VolumeSpec(flags=0x8001))
_refuse('win10', 'lost-logs', 'SYSTEM is dirty, its logs are of older days',
        hive_edits=(lambda data: hive.with_sequence(data, 612, 611),),
        tree_edits=(vista_edits.stale_logs,))
_refuse('win10', 'no-source', 'atapi.sys is not even in the store',
        tree_edits=(vista_edits.without_source('atapi.sys'),))
_refuse('win10', 'compact-lzx', 'it is there, but compressed by LZX',
        tree_edits=(vista_edits.compact_source('atapi.sys', wof.LZX),))
_refuse('win10', 'no-system-file', 'there is no SYSTEM file',
        tree_edits=(missing('System32\\config\\SYSTEM'),))
# Of real hives: one knows its disk, signature and where C: is; the other needs
# its logs
_REAL_8_1 = {'windows': WIN8_1, 'real_hive': REAL_WIN8_1,
             'more_drivers': vista_drivers.REAL_WIN8_1,
             'signature': 0x273e4cfe, 'layout': (
                 dataclasses.replace(_MBR[0], mib=350), _MBR[1])}
_BASES['win8.1'] = _BASES['win10-1709'] = {}
_add('win8.1', 'real', 'Windows 8.1 x64, BIOS, a real hive as if flushed',
     hive_edits=(lambda data: hive.with_sequence(data, 205, 205),),
     **_REAL_8_1)
_refuse('win8.1', 'lost-logs', 'the same hive, dirty, without its logs',
        hive_edits=(lambda data: hive.with_sequence(data, 205, 204),),
        **_REAL_8_1)
_refuse('win10-1709', 'lost-logs', 'the hive of win10-1709 without its logs',
        windows=WIN10_1709, scheme='gpt', layout=_GPT,
        real_hive={'SYSTEM': REAL_WIN10['SYSTEM']},
        hive_edits=(lambda data: hive.with_sequence(data, 1622, 1621),))

# What starts it is broken

for _base, _path in (('win10', ESP_BCD), ('win7', 'Boot\\BCD')):
    _broken(_base, 'no-bcd', 'the BCD is missing',
            boot_edits=(missing_file(_path),))
    _broken(_base, 'bcd-garbage', 'the BCD is a text',
            boot_edits=(vista_edits.garbage_file(_path),))
    _add(_base, 'bcd-dirty', 'the BCD was being written, its log is lost',
         set_edits=(vista_edits.sound,),
         boot_edits=(vista_edits.dirty_store(_path),))
    _broken(_base, 'bcd-nowhere', 'the default is on a partition that is not',
            bcd_edits=(default_on(vista_edits.elsewhere),))
    _broken(_base, 'bcd-other-disk', 'the default is on another disk',
            bcd_edits=(default_on(vista_edits.other_disk),))
    _broken(_base, 'bcd-no-object', 'the default is an object that is not',
            bcd_edits=(element(bcd.BOOTMGR, bcd.DEFAULT, hive.sz(
                guids.braced(guids.made_up('no object')))),))
    _add(_base, 'bcd-no-default', 'no default: the first on display is it',
         set_edits=(vista_edits.sound,),
         bcd_edits=(element(bcd.BOOTMGR, bcd.DEFAULT, None),))
    _broken(_base, 'bcd-path', 'the default starts a file that is not there',
            bcd_edits=(element(None, bcd.PATH, hive.sz(
                '\\Windows\\system32\\winxload.exe')),))
    _broken(_base, 'bcd-root', 'the default is a directory that is not there',
            bcd_edits=(element(None, bcd.SYSTEM_ROOT, hive.sz('\\WinXP')),))
_broken('win7', 'no-bootmgr', 'bootmgr is missing',
        boot_edits=(missing_file('bootmgr'),))
_broken('win10', 'no-bootmgfw', 'bootmgfw.efi is missing', boot_edits=(
    missing_file('EFI\\Microsoft\\Boot\\bootmgfw.efi'),
    missing_file('EFI\\Boot\\bootx64.efi')))
_broken('win7', 'no-active', 'no partition is active', layout=tuple(
    dataclasses.replace(part, active=False) for part in _MBR))
_broken('win7', 'two-active', 'two partitions are active',
        disk_edits=(second_active,))
_broken('win10', 'no-esp', 'there is no EFI system partition',
        layout=_GPT[1:])
_broken('win10', 'blank-entry', 'a blank entry before that of Windows',
        table_edits=(vista_edits.blank_before(3),))

# Windows is broken.  It starts from the disk of a BIOS, as the target's

_broken('win7', 'no-winload', 'winload.exe is missing',
        tree_edits=(missing('System32\\winload.exe'),))
_broken('win10', 'no-winload', 'winload.efi is missing',
        tree_edits=(missing('System32\\winload.efi'),))
for _base in ('win10-bios', 'win7'):
    _broken(_base, 'no-kernel', 'ntoskrnl.exe is missing',
            tree_edits=(missing('System32\\ntoskrnl.exe'),))
    _broken(_base, 'no-hal', 'hal.dll is missing',
            tree_edits=(missing('System32\\hal.dll'),))
    _broken(_base, 'no-ci', 'ci.dll is missing',
            tree_edits=(missing('System32\\ci.dll'),))
    _broken(_base, 'no-ntfs', 'ntfs.sys is missing',
            tree_edits=(missing(DRIVERS + 'ntfs.sys'),))
    _broken(_base, 'no-acpi', 'acpi.sys is missing',
            tree_edits=(missing(DRIVERS + 'acpi.sys'),))
    _broken(_base, 'no-classpnp', 'a module that disk.sys imports from',
            tree_edits=(missing(DRIVERS + 'classpnp.sys'),))
    _broken(_base, 'atapi-garbage', 'atapi.sys is a text',
            tree_edits=(garbage(DRIVERS + 'atapi.sys'),))
    _broken(_base, 'no-smss', 'smss.exe is missing',
            tree_edits=(missing('System32\\smss.exe'),))
    _broken(_base, 'pci-start', 'pci has Start=3', start('pci', 3))
    _broken(_base, 'atapi-start', 'atapi has Start=3', start('atapi', 3))
    _broken(_base, 'volmgr-off', 'volmgr is disabled', start('volmgr', 4))
    _broken(_base, 'partmgr-off', 'partmgr is disabled', start('partmgr', 4))
    _add(_base, 'san-policy', 'new disks are left offline', set_edits=(
        vista_edits.sound, set_values('Services\\partmgr\\Parameters',
                                      SanPolicy=hive.dword(3))))
    _broken(_base, 'dangling-filter', 'a filter of all disks has no file',
            filters(DISK_CLASS, 'UpperFilters', 'snapman'),
            service('snapman'))
    _broken(_base, 'no-filter-service', 'one has not even a service',
            filters(VOLUME_CLASS, 'LowerFilters', 'tib'))
    _broken(_base, 'filter-start', 'a filter of all disks has Start=3',
            filters(DISK_CLASS, 'UpperFilters', 'diskflt'),
            service('diskflt', Start=hive.dword(3)),
            tree_edits=(vista_edits.foreign_driver('diskflt.sys'),))
_broken('win10-bios', 'override-atapi', 'StartOverride of atapi is 3',
        vista_edits.override('atapi', 3))
_broken('win10-bios', 'override-intelide', 'StartOverride of intelide is 3',
        vista_edits.override('intelide', 3),
        vista_edits.override('pciide', 3))
_broken('win10-bios', 'override-pci', 'StartOverride of pci is 3',
        vista_edits.override('pci', 3))
_broken('win7', 'no-database', 'no id of the controller is in the database',
        without('Control\\CriticalDeviceDatabase\\pci#ven_8086&dev_7010',
                'Control\\CriticalDeviceDatabase\\pci#cc_0101'))
_add('win10-bios', 'foreign-filter', 'a filter of all disks that can start',
     set_edits=(vista_edits.sound,
                filters(DISK_CLASS, 'LowerFilters', 'stdcfltn'),
                service('stdcfltn', group='PnP Filter')),
     tree_edits=(vista_edits.foreign_driver('stdcfltn.sys'),))
_add('win10-bios', 'image-path', 'atapi has a path of another form',
     set_edits=(vista_edits.sound, image_path(
         'atapi', '\\SystemRoot\\System32\\drivers\\atapi.sys')))
_add('win10-bios', 'override-zero', 'StartOverride of atapi is 0',
     set_edits=(vista_edits.sound, vista_edits.override('atapi', 0)))
_add('win10-bios', 'no-store', 'the store has no package of mshdc.inf',
     set_edits=(vista_edits.sound,), tree_edits=(vista_edits.without_store,))

# Disks with a GPT and no Windows

recipes.add(VistaRecipe(
    'gpt-no-windows', 'a GPT, and no Windows on it', expect='no-guest',
    defect='gpt-no-windows', scheme='gpt', signature=0x0ddba12,
    layout=(Part(('data',), 24, guids.BASIC_DATA),), windows=WIN10_22H2))
recipes.add(VistaRecipe(
    'gpt-empty', 'a GPT without a partition', expect='no-guest',
    defect='gpt-empty', scheme='gpt', signature=0x0ddba13, layout=(),
    spare_sectors=8192, windows=WIN10_22H2))
