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

import bootcode
import disk
import filler
import hive
import ldm
import pe
import recipes
import registry
import windrivers
import winfiles
from filetree import COMPRESSED, SPARSE
from ntfs import VolumeSpec
from winversions import ACPI_MP, ACPI_PC, W2K_SP4, XP_SP2, XP_SP3, XP_X64

SIGNATURE = 0x2be0c4d1

# A BIOS does not translate the geometry of a disk of less than 1024
# cylinders, of 16 heads and 63 sectors each
BIOS_HEADS = 16

# Offsets in the BIOS parameter block
TRACK, HEADS, HIDDEN = 0x18, 0x1a, 0x1c

STOP_7B = '0x0000007B'
STOP_79 = '0x00000079'
MISSING = 'Windows could not start because the following file is missing'

DATABASE = 'Control\\CriticalDeviceDatabase\\'
CONTROLLER = DATABASE + 'pci#ven_8086&dev_7010'
GENERIC = DATABASE + 'pci#cc_0101'
INSTANCE = 'Enum\\PCI\\VEN_8086&DEV_7010&SUBSYS_11001AF4&REV_00\\' \
    '3&61aaa01&0&09'
CHANNEL_INSTANCE = 'Enum\\PCIIDE\\IDEChannel\\4&1f3c0d5&0&0'
DISK_CLASS = 'Control\\Class\\' + registry.DISK_DRIVE

# Kind: the link that is broken, and how its stop-code begins
LINKS = {}


# ------------------------------------------------------------ the registry

def _prepared(control_set):
    """What MergeIDE brings, as far as it is about this controller."""
    for name, start, group, tag in (
            ('atapi', 0, 'SCSI miniport', 25),
            ('IntelIde', 0, 'System Bus Extender', 4),
            ('PCIIde', 0, 'System Bus Extender', 3)):
        control_set.at('Services').merge(
            {name: registry.driver(name, start, group, tag)})
    for key, service, guid in (
            (CONTROLLER, 'intelide', registry.HDC),
            (GENERIC, 'pciide', registry.HDC),
            (DATABASE + 'primary_ide_channel', 'atapi', registry.HDC),
            (DATABASE + 'secondary_ide_channel', 'atapi', registry.HDC),
            (DATABASE + '*pnp0600', 'atapi', registry.HDC)):
        control_set.at(key).merge({'Service': hive.sz(service),
                                   'ClassGUID': hive.sz(guid)})


def _system(windows, *edits, select=None):
    """A hive edit that is a hive of its own: each control set is edited."""
    def rebuild(_):
        root = registry.system(windows, SIGNATURE,
                               disk.FIRST_TRACK * disk.SECTOR)
        for number in windows.control_sets:
            for edit in edits:
                edit(root.at('ControlSet%03d' % number))
        root.at('Select').merge(select or {})
        return hive.build(root, 'SYSTEM', windows.hive_minor, (31, 31),
                          winfiles.filetime(windows.installed + 86_400))
    return rebuild


def _values(path, **values):
    """An edit: values of a key, made if it is not there."""
    return lambda control_set: control_set.at(path).merge(values)


def _start(service, start):
    return _values('Services\\' + service, Start=hive.dword(start))


def _without(*paths):
    """An edit: keys are not there."""
    def edit(control_set):
        for path in paths:
            parent, _, name = path.rpartition('\\')
            keys = control_set.at(parent).keys
            del keys[next(k for k in keys if k.upper() == name.upper())]
    return edit


def _without_value(path, name):
    return lambda control_set: control_set.at(path).values.pop(name)


def _instance(service, **values):
    """An edit: Windows has met the controller already."""
    def edit(control_set):
        control_set.at(INSTANCE).merge({
            'ClassGUID': hive.sz(registry.HDC),
            'ConfigFlags': hive.dword(0),
            'HardwareID': hive.multi_sz('PCI\\VEN_8086&DEV_7010'),
            'ParentIdPrefix': hive.sz('4&1f3c0d5&0'), **values})
        if service:
            control_set.at(INSTANCE).merge({'Service': hive.sz(service)})
    return edit


def _channel(service, **values):
    """An edit: and its primary channel, too."""
    return _values(CHANNEL_INSTANCE, ClassGUID=hive.sz(registry.HDC),
                   Service=hive.sz(service), ConfigFlags=hive.dword(0),
                   ParentIdPrefix=hive.sz('5&2e7a9b1&0'), **values)


def _switched_off_in_profile(control_set):
    control_set.at('Hardware Profiles\\0001\\System\\CurrentControlSet\\' +
                   INSTANCE).merge({'CSConfigFlags': hive.dword(1)})


# --------------------------------------------------------------- the files

def _at(windows, path):
    return '%s\\%s' % (windows.system_root[1:], path)


def _ide_drivers(tree, windows, folder):
    for name in windrivers.IDE_DRIVERS:
        tree.file(_at(windows, '%s\\%s' % (folder, name)),
                  windrivers.driver(name, windows), mtime=windows.built)


def _source(tree, windows):
    """Where win-xenprep finds the IDE drivers, and isapnp."""
    _ide_drivers(tree, windows, 'system32\\dllcache')
    tree.file(_at(windows, 'system32\\drivers\\isapnp.sys'),
              windrivers.driver('isapnp.sys', windows), mtime=windows.built)


def _drivers(tree, windows):
    """The IDE drivers where they belong, and where they come from."""
    _source(tree, windows)
    _ide_drivers(tree, windows, 'system32\\drivers')


def _missing(path):
    """A tree edit: a file below %SystemRoot% is not there."""
    return lambda tree, windows: tree.remove(_at(windows, path))


def _driver(name, **options):
    """A tree edit: a driver is another one."""
    return lambda tree, windows: tree.file(
        _at(windows, 'system32\\drivers\\' + name),
        windrivers.driver(name, windows, **options))


def _garbage(path):
    return lambda tree, windows: tree.file(_at(windows, path),
                                           filler.text_lines(path, 5_000))


def _kernel(hal, path='system32\\ntoskrnl.exe'):
    """A tree edit: a kernel is one that goes with another HAL."""
    def edit(tree, windows):
        other = dataclasses.replace(windows, hal=hal)
        pae = path.endswith('pa.exe')
        tree.file(_at(windows, path),
                  windrivers.kernel(other, pae, size=40_000))
    return edit


def _root_missing(name):
    """A tree edit: a file of the root is not there."""
    return lambda tree, windows: tree.remove(name)


def _attribute(name, attribute):
    """A tree edit: NTFS stores a file of the root in another way."""
    def edit(tree, windows):
        tree.entries[name].attributes |= attribute
    return edit


def _hole(name):
    """A tree edit: there are zeros in a file, enough for a hole."""
    return lambda tree, windows: tree.file(
        name, tree.data(name) + bytes(1 << 18) + tree.data(name),
        chunk=1 << 16)


def _boot_ini(arc, options='/noexecute=optin /fastdetect', root=None):
    """A tree edit: what boot.ini starts."""
    return lambda tree, windows: tree.file('boot.ini', winfiles.boot_ini(
        [(arc + (root or windows.system_root), windows.boot_title,
          options)]))


def _hibernated(tree, windows):
    tree.file('hiberfil.sys', b'hibr'.ljust(69_632, b'\0'))


# ---------------------------------------------------- boot sector and disk

def _field(offset, layout, value):
    """A volume edit: a field of the BIOS parameter block."""
    return lambda path, sectors: bootcode.set_field(path, sectors, offset,
                                                    layout, value)


def _loader(name):
    """A volume edit: the boot code loads another file; None: it is gone."""
    def edit(path, sectors):
        with open(path, 'r+b') as volume:
            volume.seek(0x200)
            volume.write(bytes(15 * 512) if name is None else
                         len(name).to_bytes(2, 'little') +
                         name.encode('utf-16-le'))
    return edit


def _no_boot_code(raw):
    raw.seek(0)
    raw.write(bytes(440))


def _second_active(raw):
    """The second entry of the partition table is marked, too."""
    raw.seek(446 + 16)
    raw.write(b'\x80')


# --------------------------------------------------------------- the kinds

_HEADS = _field(HEADS, '<H', BIOS_HEADS)
_LAYOUT = (recipes.Slot(('boot', 'windows'), 6, active=True),)


def _add(kind, summary, edits=(), windows=XP_SP3, registry_edits=(),
         select=None, volume_edits=(), **changes):
    """A guest that would boot, but for these edits."""
    system = _system(windows, _prepared, *registry_edits, select=select)
    options = {'layout': _LAYOUT, 'system_hive': 'built',
               'hive_edits': (system,),
               'tree_edits': (_drivers, *edits),
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
     registry_edits=(_instance('intelide'), _channel('atapi'),
                     _without(CONTROLLER, GENERIC)))
_add('boot-generic', 'only the generic id is in the database',
     registry_edits=(_without(CONTROLLER),))
_add('boot-no-class', 'the first key has no class, the next is taken',
     registry_edits=(_without_value(CONTROLLER, 'ClassGUID'),))
_add('boot-no-boot-ini', 'without boot.ini NTLDR starts \\WINDOWS',
     (_root_missing('boot.ini'),))
_add('boot-unprepared', 'right heads, no driver: 0x7B on IDE',
     hive_edits=(_system(XP_SP3),), tree_edits=(_source,))
_add('boot-unprepared-real', 'the same with a real hive of Windows XP SP3',
     hive_edits=(), system_hive='real', tree_edits=(_source,))

_broken('no-active', 'active-partition', 'the BIOS finds no bootable disk',
        'no partition is active',
        layout=(recipes.Slot(('boot', 'windows'), 6),))
_broken('two-active', 'active-partition', 'Invalid partition table',
        'two partitions are active', layout=_LAYOUT + (
            recipes.Slot(('data',), 6),), disk_edits=(_second_active,))
_broken('no-mbr-code', 'boot-code', 'nothing', 'the first sector has no code',
        disk_edits=(_no_boot_code,))

_broken('heads', 'boot-sector', 'A disk read error occurred',
        'the heads are those of another BIOS',
        volume_edits=(_field(HEADS, '<H', 255),))
_broken('track', 'boot-sector', 'A disk read error occurred',
        'so are the sectors of a track',
        volume_edits=(_field(TRACK, '<H', 32),))
_broken('hidden', 'boot-sector', 'A disk read error occurred',
        'the hidden sectors are those of another partition',
        volume_edits=(_field(HIDDEN, '<I', 2048),))
_broken('no-boot-code', 'boot-sector', 'nothing',
        'the volume has no boot code', volume_edits=(_loader(None),))

_broken('no-ntldr', 'ntldr', 'NTLDR is missing', 'NTLDR is missing',
        _root_missing('NTLDR'))
_broken('ntldr-compressed', 'ntldr', 'NTLDR is compressed',
        'NTFS has compressed NTLDR', _attribute('NTLDR', COMPRESSED))
_broken('hibernated', 'hibernation', 'NTLDR resumes',
        'hiberfil.sys holds a session', _hibernated)
_broken('no-ntdetect', 'ntdetect', 'NTDETECT failed',
        'NTDETECT.COM is missing', _root_missing('NTDETECT.COM'))

_broken('arc-scsi', 'arc-path', 'Windows could not start because of a comp',
        'the default is a scsi() path',
        _boot_ini('scsi(0)disk(0)rdisk(0)partition(1)'))
_broken('arc-signature', 'arc-path',
        'Windows could not start because of a comp',
        'the default is a signature() path',
        _boot_ini('signature(%08x)disk(0)rdisk(0)partition(1)' % SIGNATURE))
_broken('arc-partition', 'arc-path',
        'Windows could not start because of a comp',
        'the default is on a partition that is not there',
        _boot_ini('multi(0)disk(0)rdisk(0)partition(3)'))
_broken('arc-directory', 'system-root',
        MISSING + ' or corrupt: <Windows root>\\system32\\hal.dll',
        'the default is a directory that is not there',
        _boot_ini('multi(0)disk(0)rdisk(0)partition(1)', root='\\WINXP'))

_broken('no-kernel', 'system-root', MISSING, 'ntoskrnl.exe is missing',
        _missing('system32\\ntoskrnl.exe'))
_broken('no-hal', 'kernel-hal', MISSING, 'hal.dll is missing',
        _missing('system32\\hal.dll'))
_broken('hal-garbage', 'kernel-hal', MISSING, 'hal.dll is a text',
        _garbage('system32\\hal.dll'))
_broken('hal-switch', 'kernel-hal', MISSING, '/HAL= names a missing file',
        _boot_ini('multi(0)disk(0)rdisk(0)partition(1)',
                  '/fastdetect /HAL=halxen.dll'))
_broken('kernel-switch', 'kernel-hal', MISSING,
        '/KERNEL= names a missing file',
        _boot_ini('multi(0)disk(0)rdisk(0)partition(1)',
                  '/fastdetect /KERNEL=ntkrnlxn.exe'))
_broken('kernel-mp', 'kernel-hal', STOP_79,
        'a multiprocessor kernel with a uniprocessor HAL',
        _kernel(ACPI_MP))
_broken('kernel-up', 'kernel-hal', STOP_79,
        'a uniprocessor kernel with a multiprocessor HAL',
        _kernel(ACPI_PC), windows=XP_SP2)
_broken('pae-kernel-mp', 'kernel-hal', STOP_79,
        'the same, but only the kernel for PAE',
        _kernel(ACPI_MP, 'system32\\ntkrnlpa.exe'))
_broken('no-bootvid', 'kernel-hal', 'load needed DLLs for kernel',
        'bootvid.dll is missing', _missing('system32\\bootvid.dll'))
_broken('no-kdcom', 'kernel-hal', 'load needed DLLs for kernel',
        'kdcom.dll is missing', _missing('system32\\kdcom.dll'))

_broken('no-system', 'system-hive', MISSING, 'there is no SYSTEM',
        _missing(recipes.SYSTEM_HIVE))
_broken('system-garbage', 'system-hive', MISSING, 'SYSTEM is a text',
        _garbage(recipes.SYSTEM_HIVE))
_broken('select-missing-set', 'control-set', MISSING,
        'Select names a control set that is not there',
        select={'Current': hive.dword(7), 'Default': hive.dword(7)})
_broken('select-none', 'control-set', MISSING, 'Select names no control set',
        select={'Default': hive.dword(0)})

_broken('critical-driver', 'boot-drivers', MISSING,
        'a driver is missing, ErrorControl 3',
        _missing('system32\\drivers\\pci.sys'),
        registry_edits=(_values('Services\\PCI',
                                ErrorControl=hive.dword(3)),))
_broken('critical-import', 'boot-drivers', MISSING,
        'a module that such a driver imports from is missing',
        _missing('system32\\drivers\\wmilib.sys'),
        registry_edits=(_values('Services\\ACPI',
                                ErrorControl=hive.dword(3)),))
_broken('no-ntfs', 'file-system', MISSING, 'ntfs.sys is missing',
        _missing('system32\\drivers\\ntfs.sys'))

_broken('no-pci', 'pci-bus', STOP_7B, 'pci.sys is missing, ErrorControl 1',
        _missing('system32\\drivers\\pci.sys'))

_broken('no-database', 'controller', STOP_7B,
        'no id of the controller is in the database',
        registry_edits=(_without(CONTROLLER, GENERIC),))
_broken('no-service', 'controller', STOP_7B,
        'the database names a service that is not there',
        registry_edits=(_without('Services\\IntelIde'),))
_broken('empty-service', 'controller', STOP_7B,
        'the database names no service',
        registry_edits=(_without_value(CONTROLLER, 'Service'),))
_broken('demand-start', 'controller', STOP_7B, 'intelide has Start=3',
        registry_edits=(_start('IntelIde', 3),))
_broken('disabled', 'controller', STOP_7B, 'intelide has Start=4',
        registry_edits=(_start('IntelIde', 4),))
_broken('no-intelide', 'controller', STOP_7B, 'intelide.sys is missing',
        _missing('system32\\drivers\\intelide.sys'))
_broken('no-pciidex', 'controller', STOP_7B,
        'pciidex.sys, which intelide imports from, is missing',
        _missing('system32\\drivers\\pciidex.sys'))
_broken('wrong-machine', 'controller', STOP_7B, 'intelide.sys is for x64',
        _driver('intelide.sys', machine=pe.MACHINE_AMD64))
_broken('import-wrong-machine', 'controller', STOP_7B,
        'pciidex.sys is for x64',
        _driver('pciidex.sys', machine=pe.MACHINE_AMD64))
_broken('intelide-garbage', 'controller', STOP_7B, 'intelide.sys is a text',
        _garbage('system32\\drivers\\intelide.sys'))
_broken('foreign-instance', 'controller', STOP_7B,
        'Windows knows the controller, and another driver for it',
        registry_edits=(_instance('vmscsi'),))
_broken('foreign-database', 'controller', STOP_7B,
        'the database has a driver of another controller', registry_edits=(
            _values(CONTROLLER, Service=hive.sz('vmscsi')),))
_broken('no-driver-instance', 'controller', STOP_7B,
        'Windows knows the controller, and no driver for it',
        registry_edits=(_instance(None),))
_broken('off-instance', 'controller', STOP_7B,
        'the controller was switched off',
        registry_edits=(_instance('intelide', ConfigFlags=hive.dword(1)),))
_broken('off-in-profile', 'controller', STOP_7B,
        'the controller was switched off for one hardware profile',
        registry_edits=(_instance('intelide'), _switched_off_in_profile))
_broken('dangling-filter', 'controller', STOP_7B,
        'a filter of the class has no service', registry_edits=(
            _values('Control\\Class\\' + registry.HDC,
                    UpperFilters=hive.multi_sz('scsifilt')),))
_broken('instance-filter', 'controller', STOP_7B,
        'a filter of the controller is disabled', registry_edits=(
            _instance('intelide', LowerFilters=hive.multi_sz('agp440')),
            _start('agp440', 4)))

_broken('no-channel', 'channel', STOP_7B,
        'no id of the primary channel is in the database', registry_edits=(
            _without(DATABASE + 'primary_ide_channel',
                     DATABASE + '*pnp0600'),))
_broken('no-atapi', 'channel', STOP_7B, 'atapi.sys is missing',
        _missing('system32\\drivers\\atapi.sys'))
_broken('channel-instance', 'channel', STOP_7B,
        'Windows knows the channel, and another driver for it',
        registry_edits=(_instance('intelide'), _channel('vmscsi')))

_broken('no-gendisk', 'disk', STOP_7B, 'disks are not in the database',
        registry_edits=(_without(DATABASE + 'gendisk'),))
_broken('disk-demand', 'disk', STOP_7B, 'disk has Start=3',
        registry_edits=(_start('Disk', 3),))
_broken('no-classpnp', 'disk', STOP_7B,
        'classpnp.sys, which disk imports from, is missing',
        _missing('system32\\drivers\\classpnp.sys'))
_broken('disk-filter', 'disk', STOP_7B,
        'a filter of all disks starts too late', registry_edits=(
            _values(DISK_CLASS, LowerFilters=hive.multi_sz('Cdrom')),))

_broken('no-partmgr', 'partition-manager', STOP_7B,
        'the partition manager is no filter of disks',
        registry_edits=(_without_value(DISK_CLASS, 'UpperFilters'),))
_broken('no-ftdisk', 'volume-manager', STOP_7B, 'ftdisk.sys is missing',
        _missing('system32\\drivers\\ftdisk.sys'))
_broken('volsnap-disabled', 'volume', STOP_7B,
        'a filter of all volumes is disabled',
        registry_edits=(_start('VolSnap', 4),))

_broken('no-ntdll', 'session-manager', '0x0000006B', 'ntdll.dll is missing',
        _missing('system32\\ntdll.dll'))
_broken('no-smss', 'session-manager', '0x0000006F', 'smss.exe is missing',
        _missing('system32\\smss.exe'))
_broken('no-software', 'software-hive', '0xC0000218',
        'there is no SOFTWARE', _missing('system32\\config\\software'))
_broken('software-garbage', 'software-hive', '0xC0000218',
        'SOFTWARE is a text', _garbage('system32\\config\\software'))

# Nothing of it is broken for certain.
_add('boot-bootmgr', 'the boot code loads BOOTMGR', expect='broken',
     defect='boot-bootmgr', volume_edits=(_loader('BOOTMGR'),))
_add('boot-windows-7', 'the boot code loads BOOTMGR, Windows is newer',
     windows=dataclasses.replace(XP_SP3, name='Windows 7',
                                 version=(6, 1, 7601, 17514)),
     expect='broken', defect='boot-windows-7',
     volume_edits=(_loader('BOOTMGR'), _field(HEADS, '<H', 255)))
_add('boot-ntldr-sparse', 'NTLDR is a sparse file',
     (_attribute('NTLDR', SPARSE), _hole('NTLDR')), expect='broken',
     defect='boot-ntldr-sparse')
_add('boot-dynamic', 'a dynamic disk', expect='broken',
     defect='boot-dynamic',
     disk_edits=(lambda raw: ldm.make_dynamic(raw, 'simple'),))
_add('boot-unclean', '$LogFile was not closed, and chkdsk is due',
     volume=VolumeSpec(flags=0x0001, log_clean=False))
_add('boot-second-disk', 'the default is on another disk',
     (_boot_ini('multi(0)disk(0)rdisk(1)partition(1)'),), expect='broken',
     defect='boot-second-disk')
