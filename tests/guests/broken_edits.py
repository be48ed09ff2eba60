"""
Edits that break one link of the boot path of a guest, or make it whole

An edit is a function: of a control set of the registry, of the tree of files,
of the file of the volume, or of the disk.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import bootcode
import disk
import filler
import hive
import pe
import registry
import windrivers
import winfiles

SIGNATURE = 0x2be0c4d1

DATABASE = 'Control\\CriticalDeviceDatabase\\'
CONTROLLER = DATABASE + 'pci#ven_8086&dev_7010'
GENERIC = DATABASE + 'pci#cc_0101'
INSTANCE = 'Enum\\PCI\\VEN_8086&DEV_7010&SUBSYS_11001AF4&REV_00\\' \
    '3&61aaa01&0&09'
CHANNEL_INSTANCE = 'Enum\\PCIIDE\\IDEChannel\\4&1f3c0d5&0&0'
DISK_CLASS = 'Control\\Class\\' + registry.DISK_DRIVE


# ------------------------------------------------------------ the registry

def prepared(control_set):
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


def system_hive(windows, *edits, select=None):
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


def set_values(path, **values):
    """An edit: values of a key, made if it is not there."""
    return lambda control_set: control_set.at(path).merge(values)


def start(service, start):
    return set_values('Services\\' + service, Start=hive.dword(start))


def without(*paths):
    """An edit: keys are not there."""
    def edit(control_set):
        for path in paths:
            parent, _, name = path.rpartition('\\')
            keys = control_set.at(parent).keys
            del keys[next(k for k in keys if k.upper() == name.upper())]
    return edit


def without_value(path, name):
    return lambda control_set: control_set.at(path).values.pop(name)


def instance(service, **values):
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


def channel(service, **values):
    """An edit: and its primary channel, too."""
    return set_values(CHANNEL_INSTANCE, ClassGUID=hive.sz(registry.HDC),
                      Service=hive.sz(service), ConfigFlags=hive.dword(0),
                      ParentIdPrefix=hive.sz('5&2e7a9b1&0'), **values)


def known(device, service, guid=registry.HDC, prefix='4&1f3c0d5&0'):
    """An edit: Windows has met some device."""
    return set_values('Enum\\' + device, ClassGUID=hive.sz(guid),
                      ConfigFlags=hive.dword(0), Service=hive.sz(service),
                      ParentIdPrefix=hive.sz(prefix))


def service(name, group='Filter', **values):
    """An edit: one more driver with Start=0."""
    def edit(control_set):
        control_set.at('Services').merge(
            {name: {**registry.driver(name, 0, group, None), **values}})
    return edit


def image_path(service, path):
    return set_values('Services\\' + service, ImagePath=hive.expand_sz(path))


def switched_off_in_profile(control_set):
    control_set.at('Hardware Profiles\\0001\\System\\CurrentControlSet\\' +
                   INSTANCE).merge({'CSConfigFlags': hive.dword(1)})


# --------------------------------------------------------------- the files

def at(windows, path):
    return '%s\\%s' % (windows.system_root[1:], path)


def _ide_drivers(tree, windows, folder):
    for name in windrivers.IDE_DRIVERS:
        tree.file(at(windows, '%s\\%s' % (folder, name)),
                  windrivers.driver(name, windows), mtime=windows.built)


def source(tree, windows):
    """Where win-xenprep finds the IDE drivers, and isapnp."""
    _ide_drivers(tree, windows, 'system32\\dllcache')
    tree.file(at(windows, 'system32\\drivers\\isapnp.sys'),
              windrivers.driver('isapnp.sys', windows), mtime=windows.built)


def drivers(tree, windows):
    """The IDE drivers where they belong, and where they come from."""
    source(tree, windows)
    _ide_drivers(tree, windows, 'system32\\drivers')


def hives(tree, windows):
    """Those that no other edit is about."""
    for name in ('SAM', 'SECURITY', 'default'):
        tree.file(at(windows, 'system32\\config\\' + name), hive.build(
            registry.small(name), name, windows.hive_minor, (3, 3),
            winfiles.filetime(windows.installed)))


def missing(path):
    """A tree edit: a file below %SystemRoot% is not there."""
    return lambda tree, windows: tree.remove(at(windows, path))


def driver(name, **options):
    """A tree edit: a driver is another one."""
    return lambda tree, windows: tree.file(
        at(windows, 'system32\\drivers\\' + name),
        windrivers.driver(name, windows, **options))


def importing(name, *modules):
    """A tree edit: a driver imports from these."""
    def edit(tree, windows):
        tree.file(at(windows, 'system32\\drivers\\' + name), pe.PeFile(
            name, version=windows.version, label='', description=name,
            exports=('f',), size=4096,
            imports={module: ('f',) for module in modules},
            timestamp=windows.built, machine=windows.machine).build())
    return edit


def directory(path):
    """A tree edit: there is a directory in place of a file."""
    def edit(tree, windows):
        tree.remove(at(windows, path))
        tree.directory(at(windows, path))
    return edit


def other_hal(hal):
    """A tree edit: HAL and kernels are not those of setup."""
    def edit(tree, windows):
        other = dataclasses.replace(windows, hal=hal)
        tree.file(at(windows, 'system32\\hal.dll'), windrivers.hal(other))
        for name in ('ntoskrnl.exe', 'ntkrnlpa.exe'):
            kernel(hal, 'system32\\' + name)(tree, windows)
    return edit


def garbage(path):
    return lambda tree, windows: tree.file(at(windows, path),
                                           filler.text_lines(path, 5_000))


def kernel(hal, path='system32\\ntoskrnl.exe'):
    """A tree edit: a kernel is one that goes with another HAL."""
    def edit(tree, windows):
        other = dataclasses.replace(windows, hal=hal)
        pae = path.endswith('pa.exe')
        tree.file(at(windows, path),
                  windrivers.kernel(other, pae, size=40_000))
    return edit


def root_missing(name):
    """A tree edit: a file of the root is not there."""
    return lambda tree, windows: tree.remove(name)


def attribute(name, attribute):
    """A tree edit: NTFS stores a file of the root in another way."""
    def edit(tree, windows):
        tree.entries[name].attributes |= attribute
    return edit


def empty(name):
    return lambda tree, windows: tree.file(name, b'')


def hole(name):
    """A tree edit: there are zeros in a file, enough for a hole."""
    return lambda tree, windows: tree.file(
        name, tree.data(name) + bytes(1 << 18) + tree.data(name),
        chunk=1 << 16)


def boot_ini(arc, options='/noexecute=optin /fastdetect', root=None):
    """A tree edit: what boot.ini starts."""
    return lambda tree, windows: tree.file('boot.ini', winfiles.boot_ini(
        [(arc + (root or windows.system_root), windows.boot_title,
          options)]))


def many_entries(tree, windows):
    """A tree edit: the default is far down in boot.ini."""
    arc = 'multi(0)disk(0)rdisk(0)partition(1)'
    roots = ['\\WIN%d' % i for i in range(40)] + [windows.system_root]
    text = winfiles.boot_ini([(arc + root, 'x', '/fastdetect')
                              for root in roots])
    first, last = ((arc + root).encode() for root in (roots[0], roots[-1]))
    tree.file('boot.ini', text.replace(b'default=' + first,
                                       b'default=' + last))


def hibernated(tree, windows):
    tree.file('hiberfil.sys', b'hibr'.ljust(69_632, b'\0'))


# ---------------------------------------------------- boot sector and disk

def field(offset, layout, value):
    """A volume edit: a field of the BIOS parameter block."""
    return lambda path, sectors: bootcode.set_field(path, sectors, offset,
                                                    layout, value)


def loader(name):
    """A volume edit: the boot code loads another file; None: it is gone."""
    def edit(path, sectors):
        with open(path, 'r+b') as volume:
            volume.seek(0x200)
            volume.write(bytes(15 * 512) if name is None else
                         len(name).to_bytes(2, 'little') +
                         name.encode('utf-16-le'))
    return edit


def put_bytes(offset, data):
    """A volume edit."""
    def edit(path, sectors):
        with open(path, 'r+b') as volume:
            volume.seek(offset)
            volume.write(data)
    return edit


def grub(raw):
    """The code of the master boot record is GRUB's."""
    raw.seek(0x180)
    raw.write(b'GRUB \0Geom\0Hard Disk\0Read\0 Error\r\n\0')


def no_boot_code(raw):
    raw.seek(0)
    raw.write(bytes(440))


def second_active(raw):
    """The second entry of the partition table is marked, too."""
    raw.seek(446 + 16)
    raw.write(b'\x80')
