"""
Guests of which exactly one link of the boot path is broken, for "check"

They differ in one thing from a guest that would boot from IDE, boot-prepared:
its heads are those that the BIOS of QEMU and Xen reports, it has the IDE
drivers, and its registry knows the controller.  LINKS says of each kind which
link it is, and how the STOP code or message begins.

They are not there to be prepared ("broken" is what to expect of them): that
mends some of them, and not others.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import hive
import ldm
import pe
import recipes
import registry
from broken_edits import (
    SIGNATURE, DATABASE, CONTROLLER, GENERIC, INSTANCE, DISK_CLASS,
    attribute, boot_ini, channel, directory, driver, drivers, empty, field,
    garbage, grub, hibernated, hives, hole, image_path, importing,
    instance, kernel, known, loader, many_entries, missing, no_boot_code,
    other_hal, prepared, put_bytes, root_missing, second_active, service,
    set_values, source, start, switched_off_in_profile, system_hive,
    without, without_value)
from filetree import COMPRESSED, SPARSE
from hal_recipes import MPS_UP, STANDARD
from ntfs import VolumeSpec
from winversions import ACPI_MP, ACPI_PC, W2K_SP4, XP_SP2, XP_SP3, XP_X64

# A BIOS does not translate the geometry of a disk of less than 1024
# cylinders, of 16 heads and 63 sectors each
BIOS_HEADS = 16

# Offsets in the BIOS parameter block
TRACK, HEADS, HIDDEN = 0x18, 0x1a, 0x1c

STOP_7B = '0x0000007B'
STOP_79 = '0x00000079'
MISSING = 'Windows could not start because the following file is missing'

# Kind: the link that is broken, and how its stop-code begins
LINKS = {}

_HEADS = field(HEADS, '<H', BIOS_HEADS)
_LAYOUT = (recipes.Slot(('boot', 'windows'), 6, active=True),)


def _add(kind, summary, edits=(), windows=XP_SP3, registry_edits=(),
         select=None, volume_edits=(), **changes):
    """A guest that would boot, but for these edits."""
    system = system_hive(windows, prepared, *registry_edits, select=select)
    options = {'layout': _LAYOUT, 'system_hive': 'built',
               'hive_edits': (system,),
               'tree_edits': (hives, drivers, *edits),
               'volume_file_edits': (_HEADS, *volume_edits), **changes}
    recipes.add(recipes.Recipe(kind, summary, windows=windows, slim=True,
                               signature=SIGNATURE, **options))


def _broken(kind, link, stop_code, summary, *edits, **changes):
    kind = 'broken-' + kind
    LINKS[kind] = (link, stop_code)
    _add(kind, summary, edits, expect='broken', defect=kind, **changes)


_add('boot-prepared', 'it would boot from IDE')
_add('boot-prepared-w2k', 'so would this Windows 2000', windows=W2K_SP4)
_add('boot-prepared-x64', 'and this Windows XP x64', windows=XP_X64)
_add('boot-known', 'Windows knows the controller; the database does not',
     registry_edits=(instance('intelide'), channel('atapi'),
                     without(CONTROLLER, GENERIC)))
_add('boot-generic', 'only the generic id is in the database',
     registry_edits=(without(CONTROLLER),))
_add('boot-no-class', 'the first key has no class, the next is taken',
     registry_edits=(without_value(CONTROLLER, 'ClassGUID'),))
_add('boot-hiberfil-short', 'hiberfil.sys is too short for a session',
     (lambda tree, windows: tree.file('hiberfil.sys', b'hibr'),))
_add('boot-import-cycle', 'two drivers import from one another',
     (importing('ring.sys', 'ring2.sys'),
      importing('ring2.sys', 'ring.sys')),
     registry_edits=(service('ring', ErrorControl=hive.dword(3)),))
_add('boot-xen-drivers', 'drivers of Xen are enabled',
     (importing('xenbus.sys', 'ntoskrnl.exe'),),
     registry_edits=(service('xenbus'),))
_add('boot-no-boot-ini', 'without boot.ini NTLDR starts \\WINDOWS',
     (root_missing('boot.ini'),))
_add('boot-unprepared', 'right heads, no driver: 0x7B on IDE',
     hive_edits=(system_hive(XP_SP3),), tree_edits=(hives, source))
_add('boot-unprepared-real', 'the same with a real hive of Windows XP SP3',
     hive_edits=(), system_hive='real', tree_edits=(hives, source))

_broken('no-active', 'active-partition', 'the BIOS finds no bootable disk',
        'no partition is active',
        layout=(recipes.Slot(('boot', 'windows'), 6),))
_broken('two-active', 'active-partition', 'Invalid partition table',
        'two partitions are active', layout=_LAYOUT + (
            recipes.Slot(('data',), 6),), disk_edits=(second_active,))
_broken('no-mbr-code', 'boot-code', 'nothing', 'the first sector has no code',
        disk_edits=(no_boot_code,))

_broken('heads', 'boot-sector', 'A disk read error occurred',
        'the heads are those of another BIOS',
        volume_edits=(field(HEADS, '<H', 255),))
_broken('track', 'boot-sector', 'A disk read error occurred',
        'so are the sectors of a track',
        volume_edits=(field(TRACK, '<H', 32),))
_broken('hidden', 'boot-sector', 'A disk read error occurred',
        'the hidden sectors are those of another partition',
        volume_edits=(field(HIDDEN, '<I', 2048),))
_broken('no-boot-code', 'boot-sector', 'nothing',
        'the volume has no boot code', volume_edits=(loader(None),))

_broken('no-signature', 'boot-sector', 'Missing operating system',
        'the boot sector does not end with 55 aa',
        volume_edits=(put_bytes(0x1fe, b'\0\0'),))
_broken('no-jump', 'boot-sector', 'nothing',
        'the boot sector does not begin with a jump',
        volume_edits=(put_bytes(0, b'\0\0\0'),))
_broken('no-first-code', 'boot-sector', 'nothing',
        'the first sector has no boot code, the next has',
        volume_edits=(put_bytes(0x54, bytes(0x1fe - 0x54)),))

_broken('no-ntldr', 'ntldr', 'NTLDR is missing', 'NTLDR is missing',
        root_missing('NTLDR'))
_broken('ntldr-empty', 'ntldr', 'nothing', 'NTLDR is empty',
        empty('NTLDR'))
_broken('ntldr-compressed', 'ntldr', 'NTLDR is compressed',
        'NTFS has compressed NTLDR', attribute('NTLDR', COMPRESSED))
_broken('hibernated', 'hibernation', 'NTLDR resumes',
        'hiberfil.sys holds a session', hibernated)
_broken('no-ntdetect', 'ntdetect', 'NTDETECT failed',
        'NTDETECT.COM is missing', root_missing('NTDETECT.COM'))

_broken('ntdetect-empty', 'ntdetect', 'NTDETECT failed',
        'NTDETECT.COM is empty', empty('NTDETECT.COM'))

_broken('arc-scsi', 'arc-path', 'Windows could not start because of a comp',
        'the default is a scsi() path',
        boot_ini('scsi(0)disk(0)rdisk(0)partition(1)'))
_broken('arc-signature', 'arc-path',
        'Windows could not start because of a comp',
        'the default is a signature() path',
        boot_ini('signature(%08x)disk(0)rdisk(0)partition(1)' % SIGNATURE))
_broken('arc-partition', 'arc-path',
        'Windows could not start because of a comp',
        'the default is on a partition that is not there',
        boot_ini('multi(0)disk(0)rdisk(0)partition(3)'))
_broken('arc-directory', 'system-root',
        MISSING + ' or corrupt: <Windows root>\\system32\\hal.dll',
        'the default is a directory that is not there',
        boot_ini('multi(0)disk(0)rdisk(0)partition(1)', root='\\WINXP'))

_broken('no-kernel', 'system-root', MISSING, 'ntoskrnl.exe is missing',
        missing('system32\\ntoskrnl.exe'))
_broken('no-hal', 'kernel-hal', MISSING, 'hal.dll is missing',
        missing('system32\\hal.dll'))
_broken('hal-garbage', 'kernel-hal', MISSING, 'hal.dll is a text',
        garbage('system32\\hal.dll'))
_broken('hal-switch', 'kernel-hal', MISSING, '/HAL= names a missing file',
        boot_ini('multi(0)disk(0)rdisk(0)partition(1)',
                 '/fastdetect /HAL=halxen.dll'))
_broken('kernel-switch', 'kernel-hal', MISSING,
        '/KERNEL= names a missing file',
        boot_ini('multi(0)disk(0)rdisk(0)partition(1)',
                 '/fastdetect /KERNEL=ntkrnlxn.exe'))
_broken('kernel-mp', 'kernel-hal', STOP_79,
        'a multiprocessor kernel with a uniprocessor HAL',
        kernel(ACPI_MP))
_broken('kernel-up', 'kernel-hal', STOP_79,
        'a uniprocessor kernel with a multiprocessor HAL',
        kernel(ACPI_PC), windows=XP_SP2)
_broken('pae-kernel-mp', 'kernel-hal', STOP_79,
        'the same, but only the kernel for PAE',
        kernel(ACPI_MP, 'system32\\ntkrnlpa.exe'))
_broken('no-bootvid', 'kernel-hal', 'load needed DLLs for kernel',
        'bootvid.dll is missing', missing('system32\\bootvid.dll'))
_broken('no-kdcom', 'kernel-hal', 'load needed DLLs for kernel',
        'kdcom.dll is missing', missing('system32\\kdcom.dll'))

_broken('no-system', 'system-hive', MISSING, 'there is no SYSTEM',
        missing(recipes.SYSTEM_HIVE))
_broken('system-garbage', 'system-hive', MISSING, 'SYSTEM is a text',
        garbage(recipes.SYSTEM_HIVE))
_broken('select-missing-set', 'control-set', MISSING,
        'Select names a control set that is not there',
        select={'Current': hive.dword(7), 'Default': hive.dword(7)})
_broken('select-none', 'control-set', MISSING, 'Select names no control set',
        select={'Default': hive.dword(0)})

_broken('critical-driver', 'boot-drivers', MISSING,
        'a driver is missing, ErrorControl 3',
        missing('system32\\drivers\\pci.sys'),
        registry_edits=(set_values('Services\\PCI',
                                   ErrorControl=hive.dword(3)),))
_broken('critical-import', 'boot-drivers', MISSING,
        'a module that such a driver imports from is missing',
        missing('system32\\drivers\\wmilib.sys'),
        registry_edits=(set_values('Services\\ACPI',
                                   ErrorControl=hive.dword(3)),))
_broken('no-ntfs', 'file-system', MISSING, 'ntfs.sys is missing',
        missing('system32\\drivers\\ntfs.sys'))

_broken('acpi-disabled', 'acpi', STOP_7B, 'acpi is disabled',
        registry_edits=(start('ACPI', 4),))
_broken('no-acpi', 'acpi', STOP_7B, 'acpi.sys is missing, ErrorControl 1',
        missing('system32\\drivers\\acpi.sys'))
_broken('no-pci', 'pci-bus', STOP_7B, 'pci.sys is missing, ErrorControl 1',
        missing('system32\\drivers\\pci.sys'))

_broken('no-database', 'controller', STOP_7B,
        'no id of the controller is in the database',
        registry_edits=(without(CONTROLLER, GENERIC),))
_broken('other-subsystem', 'controller', STOP_7B,
        'Windows knows such a controller, but of another machine',
        registry_edits=(
            without(CONTROLLER, GENERIC),
            known(INSTANCE[5:].replace('11001AF4', '00000000'),
                  'intelide')))
_broken('other-slot', 'controller', STOP_7B,
        'Windows knows the controller, but in another slot',
        registry_edits=(without(CONTROLLER, GENERIC),
                        known(INSTANCE[5:-2] + '39', 'intelide')))
_broken('no-service', 'controller', STOP_7B,
        'the database names a service that is not there',
        registry_edits=(without('Services\\IntelIde'),))
_broken('empty-service', 'controller', STOP_7B,
        'the database names no service',
        registry_edits=(without_value(CONTROLLER, 'Service'),))
_broken('demand-start', 'controller', STOP_7B, 'intelide has Start=3',
        registry_edits=(start('IntelIde', 3),))
_broken('disabled', 'controller', STOP_7B, 'intelide has Start=4',
        registry_edits=(start('IntelIde', 4),))
_broken('no-intelide', 'controller', STOP_7B, 'intelide.sys is missing',
        missing('system32\\drivers\\intelide.sys'))
_broken('no-pciidex', 'controller', STOP_7B,
        'pciidex.sys, which intelide imports from, is missing',
        missing('system32\\drivers\\pciidex.sys'))
_broken('wrong-machine', 'controller', STOP_7B, 'intelide.sys is for x64',
        driver('intelide.sys', machine=pe.MACHINE_AMD64))
_broken('import-wrong-machine', 'controller', STOP_7B,
        'pciidex.sys is for x64',
        driver('pciidex.sys', machine=pe.MACHINE_AMD64))
_broken('intelide-garbage', 'controller', STOP_7B, 'intelide.sys is a text',
        garbage('system32\\drivers\\intelide.sys'))
_broken('intelide-directory', 'controller', STOP_7B,
        'intelide.sys is a directory',
        directory('system32\\drivers\\intelide.sys'))
_broken('intelide-program', 'controller', STOP_7B,
        'intelide.sys imports from ntdll.dll',
        importing('intelide.sys', 'ntdll.dll'))
_broken('import-cycle', 'controller', STOP_7B,
        'two modules import from one another, and one from a missing one',
        importing('pciidex.sys', 'intelide.sys', 'gone.sys'),
        importing('intelide.sys', 'pciidex.sys'),
        registry_edits=(
            service('first', 'Boot Bus Extender'),
            image_path('first', 'system32\\drivers\\pciidex.sys')))
_broken('foreign-instance', 'controller', STOP_7B,
        'Windows knows the controller, and another driver for it',
        registry_edits=(instance('vmscsi'),))
_broken('foreign-database', 'controller', STOP_7B,
        'the database has a driver of another controller', registry_edits=(
            set_values(CONTROLLER, Service=hive.sz('vmscsi')),))
_broken('no-driver-instance', 'controller', STOP_7B,
        'Windows knows the controller, and no driver for it',
        registry_edits=(instance(None),))
_broken('off-instance', 'controller', STOP_7B,
        'the controller was switched off',
        registry_edits=(instance('intelide', ConfigFlags=hive.dword(1)),))
_broken('off-in-profile', 'controller', STOP_7B,
        'the controller was switched off for one hardware profile',
        registry_edits=(instance('intelide'), switched_off_in_profile))
_broken('dangling-filter', 'controller', STOP_7B,
        'a filter of the class has no service', registry_edits=(
            set_values('Control\\Class\\' + registry.HDC,
                       UpperFilters=hive.multi_sz('scsifilt')),))
_broken('instance-filter', 'controller', STOP_7B,
        'a filter of the controller is disabled', registry_edits=(
            instance('intelide', LowerFilters=hive.multi_sz('agp440')),
            start('agp440', 4)))

_broken('no-channel', 'channel', STOP_7B,
        'no id of the primary channel is in the database', registry_edits=(
            without(DATABASE + 'primary_ide_channel',
                    DATABASE + '*pnp0600'),))
_broken('no-atapi', 'channel', STOP_7B, 'atapi.sys is missing',
        missing('system32\\drivers\\atapi.sys'))
_broken('channel-instance', 'channel', STOP_7B,
        'Windows knows the channel, and another driver for it',
        registry_edits=(instance('intelide'), channel('vmscsi')))

_broken('no-gendisk', 'disk', STOP_7B, 'disks are not in the database',
        registry_edits=(without(DATABASE + 'gendisk'),))
_broken('disk-demand', 'disk', STOP_7B, 'disk has Start=3',
        registry_edits=(start('Disk', 3),))
_broken('no-classpnp', 'disk', STOP_7B,
        'classpnp.sys, which disk imports from, is missing',
        missing('system32\\drivers\\classpnp.sys'))
_broken('other-disk', 'disk', STOP_7B,
        'Windows knows a disk there, but another one', registry_edits=(
            instance('intelide'), channel('atapi'),
            known('IDE\\DiskVBOX_HARDDISK___________________________1.0____'
                  '_\\5&2e7a9b1&0&0.0.0', 'disk', registry.DISK_DRIVE),
            without(DATABASE + 'gendisk')))
_broken('filter-file', 'disk', STOP_7B,
        'the file of a filter that win-xenprep takes off is missing',
        registry_edits=(service('prl_strg'), set_values(
            DISK_CLASS, LowerFilters=hive.multi_sz('prl_strg'))))
_broken('disk-filter', 'disk', STOP_7B,
        'a filter of all disks starts too late', registry_edits=(
            set_values(DISK_CLASS, LowerFilters=hive.multi_sz('Cdrom')),))

_broken('no-partmgr', 'partition-manager', STOP_7B,
        'the partition manager is no filter of disks',
        registry_edits=(without_value(DISK_CLASS, 'UpperFilters'),))
_broken('no-ftdisk', 'volume-manager', STOP_7B, 'ftdisk.sys is missing',
        missing('system32\\drivers\\ftdisk.sys'))
_broken('volsnap-disabled', 'volume', STOP_7B,
        'a filter of all volumes is disabled',
        registry_edits=(start('VolSnap', 4),))

_broken('no-ntdll', 'session-manager', '0x0000006B', 'ntdll.dll is missing',
        missing('system32\\ntdll.dll'))
_broken('no-smss', 'session-manager', '0x0000006F', 'smss.exe is missing',
        missing('system32\\smss.exe'))
_broken('no-software', 'software-hive', '0xC0000218',
        'there is no SOFTWARE', missing('system32\\config\\software'))
_broken('software-garbage', 'software-hive', '0xC0000218',
        'SOFTWARE is a text', garbage('system32\\config\\software'))

_broken('sam-garbage', 'other-hives', '0xC0000218', 'SAM is a text',
        garbage('system32\\config\\SAM'))
_broken('default-garbage', 'other-hives', '0xC0000218', 'DEFAULT is a text',
        missing('system32\\config\\SAM'),
        garbage('system32\\config\\default'))

# Nothing of it is broken for certain.
_add('boot-grub', 'the master boot record has the code of GRUB',
     expect='broken', defect='boot-grub', disk_edits=(grub,))
_add('boot-many-entries', 'the default is behind 40 entries of boot.ini',
     (many_entries,), expect='broken', defect='boot-many-entries')
_add('boot-other-hal', 'HAL and kernels are those of another machine',
     (other_hal(STANDARD),), expect='broken', defect='boot-other-hal')
_add('boot-odd-image', 'an ImagePath that NTLDR may not understand',
     expect='broken', defect='boot-odd-image',
     registry_edits=(image_path('IntelIde', '%SystemRoot%\\system32\\'
                                'drivers\\intelide.sys'),))
_add('boot-pae-kernel', 'the kernel is one for PAE, and is started without',
     (boot_ini('multi(0)disk(0)rdisk(0)partition(1)',
               '/noexecute=alwaysoff /fastdetect /KERNEL=ntkrnlpa.exe'),),
     expect='broken', defect='boot-pae-kernel')
_add('boot-hal-family', 'the HAL is of another family than that of setup',
     (other_hal(MPS_UP),), expect='broken', defect='boot-hal-family',
     windows=dataclasses.replace(XP_SP3, hal=STANDARD))
_add('boot-no-sam', 'SAM is missing',
     (missing('system32\\config\\SAM'),), expect='broken',
     defect='boot-no-sam')
_add('boot-bootmgr', 'the boot code loads BOOTMGR', expect='broken',
     defect='boot-bootmgr', volume_edits=(loader('BOOTMGR'),))
_add('boot-ntldr-sparse', 'NTLDR is a sparse file',
     (attribute('NTLDR', SPARSE), hole('NTLDR')), expect='broken',
     defect='boot-ntldr-sparse')
_add('boot-dynamic', 'a dynamic disk', expect='broken',
     defect='boot-dynamic',
     disk_edits=(lambda raw: ldm.make_dynamic(raw, 'simple'),))
_add('boot-unclean', '$LogFile was not closed, and chkdsk is due',
     volume=VolumeSpec(flags=0x0001, log_clean=False))
_add('boot-second-disk', 'the default is on another disk',
     (boot_ini('multi(0)disk(0)rdisk(1)partition(1)'),), expect='broken',
     defect='boot-second-disk')
