"""
The registry of a VMware guest from Vista on: SYSTEM and SOFTWARE

A trimmed copy of what setup makes: each key and value has the name, type and
meaning that real hives of Windows 7, 8.1 and 10 show.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from dataclasses import dataclass

import guids
import registry
import vista_drivers
from hive import Key, binary, dword, expand_sz, multi_sz, sz
from registry import (DISK_DRIVE, HDC, SCSI_ADAPTER, SYSTEM_CLASS,
                      VOLUME_CLASS)
from vista_versions import VISTA, WIN10, WIN7, WIN8, WIN81

_LATER = (99, 0)
_BOOT_BUS, _SYSTEM_BUS = 'Boot Bus Extender', 'System Bus Extender'
_MINIPORT, _FILTER = 'SCSI Miniport', 'PnP Filter'

GROUP_ORDER = (
    'System Reserved', 'EMS', 'WdfLoadGroup', 'Boot Bus Extender',
    'System Bus Extender', 'SCSI miniport', 'Port', 'Primary Disk',
    'SCSI Class', 'SCSI CDROM Class', 'FSFilter Infrastructure',
    'FSFilter System', 'FSFilter Bottom', 'FSFilter Copy Protection',
    'FSFilter Encryption', 'FSFilter Compression', 'FSFilter Anti-Virus',
    'FSFilter Top', 'Filter', 'Boot File System', 'Base', 'Pointer Port',
    'Keyboard Port', 'Pointer Class', 'Keyboard Class', 'Video Init',
    'Video', 'Video Save', 'File System', 'Streams Drivers', 'NDIS Wrapper',
    'COM Infrastructure', 'Event Log', 'AudioGroup', 'ProfSvc_Group',
    'UIGroup', 'PlugPlay', 'Cryptography', 'PNP_TDI', 'NDIS', 'TDI',
    'NetBIOSGroup', 'ShellSvcGroup', 'SchedulerGroup', 'SpoolerGroup',
    'NetworkProvider', 'Extended Base', 'PCI Configuration',
    'MS Transactions')


@dataclass(frozen=True)
class Service:
    """A driver; without @image its file is the one of its name."""

    start: int
    group: str = ''
    error: int = 3
    kind: int = 1
    tag: int = None
    image: str = 'System32\\drivers\\%s.sys'    # None: no such value
    since: tuple = VISTA
    until: tuple = _LATER


# Those without a device have StartOverride, from Windows 8 on
IN_BOX = {
    'atapi': Service(0, _MINIPORT, tag=27),
    'intelide': Service(0, _SYSTEM_BUS, tag=7),
    'pciide': Service(0, _SYSTEM_BUS, tag=6),
    'storahci': Service(0, _MINIPORT, tag=28, since=WIN8),
    'stornvme': Service(0, _MINIPORT, tag=29, since=WIN81),
    'LSI_SAS': Service(0, _MINIPORT, 1, tag=8),
    'storflt': Service(0, 'Extended Base', 1, tag=34, since=WIN7,
                       image='System32\\drivers\\vmstorfl.sys'),
}

DRIVERS = {
    'ACPI': Service(0, 'Core', tag=2),
    'acpiex': Service(0, _BOOT_BUS, tag=7, since=WIN8),
    'AFD': Service(1, 'PNP_TDI', 1),
    'cdrom': Service(1, 'SCSI CDROM Class', 1, tag=3),
    'CLFS': Service(0, 'Filter', tag=1),
    'CNG': Service(0, 'Core', tag=4, since=WIN7),
    'disk': Service(0, '', 1),
    'crcdisk': Service(0, 'Pnp Filter', tag=3, until=WIN7),
    'Ecache': Service(0, 'Pnp Filter', tag=2, until=WIN7),
    'EhStorClass': Service(0, 'SCSI Class', 1, since=WIN8),
    'fastfat': Service(3, 'Boot File System', 1, 2, image=None),
    'FileInfo': Service(0, 'FSFilter Bottom', 1, 2),
    'FltMgr': Service(0, 'FSFilter Infrastructure', kind=2, tag=1),
    'Fs_Rec': Service(0, 'File System', 0, 8, image=None),
    'fvevol': Service(0, _FILTER, tag=5, since=WIN7,
                      image='System32\\DRIVERS\\fvevol.sys'),
    'hwpolicy': Service(0, '', 1, since=WIN7),
    'i8042prt': Service(3, 'Keyboard Port', 1, tag=8),
    'intelppm': Service(3, '', 1),
    'iorate': Service(0, _FILTER, since=WIN10),
    'kbdclass': Service(3, 'Keyboard Class', 1, tag=1),
    'KSecDD': Service(0, 'Base', tag=1),
    'KSecPkg': Service(0, 'Cryptography', tag=2, since=WIN7),
    'mouclass': Service(3, 'Pointer Class', 1, tag=1),
    'mountmgr': Service(0, _SYSTEM_BUS),
    'msahci': Service(3, _MINIPORT, until=WIN8,
                      image='\\SystemRoot\\system32\\drivers\\msahci.sys'),
    'msisadrv': Service(0, _BOOT_BUS, tag=2),
    'mssmbios': Service(1, '', 1),
    'Mup': Service(0, 'Network', 1, 2),
    'NDIS': Service(0, 'NDIS Wrapper'),
    'Npfs': Service(1, 'File System', 1, 2, image=None),
    'Ntfs': Service(3, 'Boot File System', 1, 2, image=None),
    'partmgr': Service(0, _BOOT_BUS),
    'pci': Service(0, _BOOT_BUS, tag=3),
    'pcw': Service(0, 'Base', 1, since=WIN7),
    'pdc': Service(0, _BOOT_BUS, since=WIN8),
    'rdyboost': Service(0, _FILTER, since=WIN7),
    'spaceport': Service(0, _SYSTEM_BUS, tag=8, since=WIN8),
    'spldr': Service(0, '', image=None, until=WIN8),
    'Tcpip': Service(0, 'PNP_TDI', 1, tag=3),
    'vdrvroot': Service(0, _BOOT_BUS, tag=4, since=WIN7),
    'volmgr': Service(0, _SYSTEM_BUS, tag=9),
    'volmgrx': Service(0, _SYSTEM_BUS, tag=10),
    'volsnap': Service(0, ''),
    'volume': Service(0, '', since=WIN10),
    'Wdf01000': Service(0, 'WdfLoadGroup', 1),
    'Wof': Service(0, 'FSFilter Compression', 1, 2, image=None,
                   since=WIN81),
    'vmci': Service(0, 'System Bus Extender', 1, tag=11),
    'vmmouse': Service(3, 'Pointer Port', 1),
    'vm3dmp': Service(3, 'Video', 1),
    'vmxnet3ndis6': Service(3, 'NDIS', 1,
                            image='System32\\drivers\\vmxnet3.sys'),
}
PVSCSI = Service(0, _MINIPORT, 1, tag=64)

# Adapters that VMware presents: PCI id, the rest of it, description, maker
ADAPTERS = {
    'LSI_SAS': ('VEN_1000&DEV_0054', '&SUBSYS_197615AD&REV_01',
                'LSI Adapter, SAS 3000 series, 8-port with 1068', 'LSI'),
    'pvscsi': ('VEN_15AD&DEV_07C0', '&SUBSYS_07C015AD&REV_02',
               'VMware PVSCSI Controller', 'VMware, Inc.'),
}

# What mshdc.inf serves, of which a machine has some: id, service
IDE_DEVICES = {
    'PCI\\CC_0101': 'pciide', 'PCI\\VEN_8086&DEV_7010': 'intelide',
    'PCI\\VEN_8086&DEV_7111': 'intelide', 'Primary_IDE_Channel': 'atapi',
    'Secondary_IDE_Channel': 'atapi', 'Internal_IDE_Channel': 'atapi'}
OTHER_DEVICES = {
    '*PNP0A03': ('pci', SYSTEM_CLASS), '*PNP0A08': ('pci', SYSTEM_CLASS),
    '*PNP0C08': ('ACPI', SYSTEM_CLASS),
    'GenDisk': ('disk', DISK_DRIVE), 'PCI\\CC_0604': ('pci', SYSTEM_CLASS),
    'ROOT\\VOLMGR': ('volmgr', SYSTEM_CLASS),
    'STORAGE\\Volume': ('volsnap', VOLUME_CLASS)}


def service(name, what):
    """A key below Services."""
    values = {'Type': dword(what.kind), 'Start': dword(what.start),
              'ErrorControl': dword(what.error)}
    if what.group:
        values['Group'] = sz(what.group)
    if what.tag is not None:
        values['Tag'] = dword(what.tag)
    if what.image:
        values['ImagePath'] = expand_sz(what.image.replace('%s', name))
    return values


def services(windows):
    """The Services key."""
    tree = {}
    for name, what in {**DRIVERS, **IN_BOX}.items():
        if what.since <= windows.version < what.until:
            tree[name] = service(name, what)
    if windows.adapter == 'pvscsi':
        tree['pvscsi'] = service('pvscsi', PVSCSI)
    for name in IN_BOX:
        if name in tree and name != windows.adapter and windows.is_8:
            tree[name]['StartOverride'] = {'0': dword(3)}
            tree[name]['Owners'] = multi_sz('mshdc.inf')
    if not windows.is_8:
        tree['pciide']['Start'] = dword(3)
    tree['CLFS']['ImagePath'] = expand_sz(
        'System32\\drivers\\CLFS.sys' if windows.is_8
        else 'System32\\CLFS.sys')
    tree['partmgr']['Parameters'] = {'SanPolicy': dword(
        2 if windows.is_server else 1)}
    tree[windows.adapter]['Parameters'] = {
        'BusType': dword(10), 'PnpInterface': {'5': dword(1)}}
    for name, (kind, title, command) in registry.PROGRAMS.items():
        tree[name] = {
            'Type': dword(kind), 'Start': dword(2), 'ErrorControl': dword(1),
            'DisplayName': sz(title), 'ObjectName': sz('LocalSystem'),
            'ImagePath': expand_sz(command)}
    return tree


def critical_devices(windows):
    """Control\\CriticalDeviceDatabase, of Vista and 7: all is in it."""
    package = {}
    if windows.version >= WIN7:
        folder = vista_drivers.store_folder(windows).rpartition('\\')[2]
        package = {'DriverPackageId': sz(folder)}
    tree = {}
    for device, name in IDE_DEVICES.items():
        tree[device.lower().replace('\\', '#')] = {
            'ClassGUID': sz(HDC), 'Service': sz(name), **package}
    for device, (name, guid) in OTHER_DEVICES.items():
        tree[device.lower().replace('\\', '#')] = {
            'ClassGUID': sz(guid), 'Service': sz(name)}
    for name, (pci_id, _, _, _) in ADAPTERS.items():
        tree['pci#' + pci_id.lower()] = {
            'ClassGUID': sz(SCSI_ADAPTER), 'Service': sz(name)}
    return tree


def _add_package(root, windows, inf, guid, devices):
    """A package of DriverDatabase: which service it has for which device."""
    folder = vista_drivers.store_folder(windows, inf).rpartition('\\')[2]
    names = ['%s_Inst' % name for name in sorted(set(devices.values()))]
    root.at('DriverInfFiles\\' + inf).merge({
        '': multi_sz(folder), 'Active': sz(folder),
        'Configurations': multi_sz(*names)})
    package = root.at('DriverPackages\\' + folder).merge({
        '': sz(inf), 'Provider': sz('Microsoft'), 'Version': binary(
            b'\0\xff\x09\0\0\0\0\0' + guids.packed(guid).ljust(40, b'\0'))})
    for device, name in devices.items():
        root.at('DeviceIds\\' + device).merge(
            {inf: binary(b'\1\xff\0\0')})
        package.at('Descriptors\\' + device).merge(
            {'Configuration': sz(name + '_Inst')})
        package.at('Configurations\\%s_Inst' % name).merge(
            {'ConfigFlags': dword(0), 'Service': sz(name)})


def driver_database(windows):
    """SYSTEM\\DriverDatabase, from 8 on: which .inf serves which device."""
    root = Key().merge({
        'Architecture': dword(9 if windows.is_64 else 0),
        'Version': dword(windows.version[0] << 24)})
    _add_package(root, windows, 'mshdc.inf', HDC,
                 {**IDE_DEVICES, 'PCI\\CC_010601': 'storahci'})
    for name, guid in sorted(set(OTHER_DEVICES.values())):
        _add_package(root, windows, name.lower() + '.inf', guid, {
            device: name for device, (service, _) in OTHER_DEVICES.items()
            if service == name})
    for name, (pci_id, _, _, _) in ADAPTERS.items():
        if name in ('LSI_SAS', windows.adapter):
            _add_package(root, windows, name.lower() + '.inf', SCSI_ADAPTER,
                         {'PCI\\' + pci_id: name})
    return root


def class_keys(windows):
    """Control\\Class: the filters of each class that a boot passes."""
    filters = {DISK_DRIVE: {'UpperFilters': ['partmgr']},
               VOLUME_CLASS: {'LowerFilters': ['fvevol', 'rdyboost']}}
    if windows.version < WIN7:
        filters[VOLUME_CLASS] = {'LowerFilters': ['ecache']}
    if windows.is_8:
        filters[DISK_DRIVE]['LowerFilters'] = ['EhStorClass']
    if windows.is_10:
        filters[VOLUME_CLASS] = {
            'UpperFilters': ['volsnap'],
            'LowerFilters': ['fvevol', 'rdyboost', 'iorate']}
    tree = {guid: {'Class': sz(name)} for name, guid in (
        ('hdc', HDC), ('SCSIAdapter', SCSI_ADAPTER),
        ('System', SYSTEM_CLASS), ('DiskDrive', DISK_DRIVE),
        ('Volume', VOLUME_CLASS), ('Keyboard', registry.KEYBOARD),
        ('Mouse', registry.MOUSE))}
    for guid, lists in filters.items():
        tree[guid].update({name: multi_sz(*names)
                           for name, names in lists.items()})
    tree[registry.KEYBOARD]['UpperFilters'] = multi_sz('kbdclass')
    tree[registry.MOUSE]['UpperFilters'] = multi_sz('mouclass')
    tree[registry.COMPUTER] = {'Class': sz('Computer'), '0000': {
        'InfPath': sz('hal.inf'), 'InfSection': sz(windows.hal.inf_section),
        'MatchingDeviceId': sz(windows.hal.device_id),
        'DriverDesc': sz(windows.hal.description)}}
    return tree


def control(windows, firmware, partition):
    """The Control key; Windows is on @partition of the disk."""
    arc = 'multi(0)disk(0)rdisk(0)partition(%d)'
    tree = {
        'CurrentUser': sz('USERNAME'),
        'FirmwareBootDevice': sz(arc % 1),
        'SystemBootDevice': sz(arc % partition),
        'SystemStartOptions': sz(' NOEXECUTE=OPTIN'),
        'PEFirmwareType': dword(2 if firmware == 'uefi' else 1),
        'WaitToKillServiceTimeout': sz('5000'),
        'Class': class_keys(windows),
        'CrashControl': {'AutoReboot': dword(1), 'CrashDumpEnabled': dword(7),
                         'DumpFile': expand_sz('%SystemRoot%\\MEMORY.DMP'),
                         'DumpFilters': multi_sz('dumpfve.sys'),
                         'LogEvent': dword(1), 'Overwrite': dword(1),
                         'MinidumpDir': expand_sz('%SystemRoot%\\Minidump')},
        'ProductOptions': {'ProductType': sz(windows.product_type),
                           'ProductSuite': multi_sz('Terminal Server')},
        'ServiceGroupOrder': {'List': multi_sz(*GROUP_ORDER)},
        'GroupOrderList': {'SCSI Miniport': binary(
            bytes.fromhex('03000000' '00010000' '01010000' '19000000'))},
        'Session Manager': {
            'BootExecute': multi_sz('autocheck autochk *'),
            'SETUPEXECUTE': multi_sz(), 'ProtectionMode': dword(1),
            'Environment': {'OS': sz('Windows_NT'),
                            'PROCESSOR_ARCHITECTURE': sz(
                                'AMD64' if windows.is_64 else 'x86')},
            'Memory Management': {'PagingFiles': multi_sz(
                '?:\\pagefile.sys')},
            'Power': {'HiberbootEnabled': dword(0)}},
        'TimeZoneInformation': {'Bias': dword(0),
                                'StandardName': sz('@tzres.dll,-262')},
        'Windows': {'CSDBuildNumber': dword(windows.version[3]),
                    'CSDVersion': dword(windows.service_pack << 8),
                    'Directory': expand_sz('%SystemRoot%'),
                    'ErrorMode': dword(0),
                    'SystemDirectory': expand_sz('%SystemRoot%\\system32')},
    }
    if not windows.is_8:
        tree['CriticalDeviceDatabase'] = critical_devices(windows)
    return tree


def _met(service, guid, description, hardware_ids, prefix='', compatible=(),
         maker=''):
    """An instance of a device; its children's begin with @prefix."""
    values = registry.device(service, guid, description, hardware_ids, maker)
    if prefix:
        values['ParentIdPrefix'] = sz(prefix)
    if compatible:
        values['CompatibleIDs'] = multi_sz(*compatible)
    return values


def _pci_devices(windows):
    """Below PCI: the adapter is behind a bridge, the IDE controller is not."""
    pci_id, rest, title, maker = ADAPTERS[windows.adapter]
    bridge = 'VEN_15AD&DEV_07A0&SUBSYS_07A015AD&REV_01'
    ide = 'VEN_8086&DEV_7111&SUBSYS_197615AD&REV_01'
    return {
        bridge: {'3&18d45aa6&0&A8': _met(
            'pci', SYSTEM_CLASS, 'PCI standard PCI-to-PCI bridge',
            ['PCI\\' + bridge], '4&2732702b&0', ['PCI\\CC_0604'])},
        pci_id + rest: {'4&2732702b&0&00A8': _met(
            windows.adapter, SCSI_ADAPTER, title,
            ['PCI\\' + pci_id + rest], '5&1982005&0',
            ['PCI\\' + pci_id, 'PCI\\CC_0107'], maker)},
        ide: {'3&18d45aa6&0&39': _met(
            'intelide', HDC, 'Intel(R) 82371AB/EB PCI Bus Master IDE '
            'Controller', ['PCI\\' + ide], '4&39ec5d8a&0',
            ['PCI\\VEN_8086&DEV_7111', 'PCI\\CC_0101'], 'Intel')}}


def enum(windows):
    """The Enum key: the devices that setup found under VMware."""
    disk = 'Disk&Ven_VMware_&Prod_VMware_Virtual_S'
    volume = 'volume' if windows.is_10 else 'volsnap'
    return {
        'ACPI': {'PNP0A03': {'2&daba3ff&1': _met(
            'pci', SYSTEM_CLASS, 'PCI bus', ['ACPI\\PNP0A03', '*PNP0A03'],
            '3&18d45aa6&0', ['*PNP0A08'])}},
        'ACPI_HAL': {'PNP0C08': {'0': _met(
            'ACPI', SYSTEM_CLASS, 'Microsoft ACPI-Compliant System',
            ['ACPI_HAL\\PNP0C08', '*PNP0C08'], '2&daba3ff&1')}},
        'PCI': _pci_devices(windows),
        'PCIIDE': {'IDEChannel': {
            '4&39ec5d8a&0&%d' % number: _met(
                'atapi', HDC, 'ATA Channel %d' % number,
                ['Intel-PIIX4', 'Internal_IDE_Channel'],
                compatible=['*PNP0600'])
            for number in range(2)}},
        'SCSI': {disk: {'5&1982005&0&000000': _met(
            'disk', DISK_DRIVE, 'Disk drive',
            ['SCSI\\DiskVMware__VMware_Virtual_S', 'GenDisk'],
            compatible=['SCSI\\Disk', 'SCSI\\RAW'])}},
        'STORAGE': {'Volume': {
            '{7b2d3c10-5bb2-11e0-95d1-806e6f6e6963}#0000000000100000':
            _met(volume, VOLUME_CLASS, 'Generic volume',
                 ['STORAGE\\Volume'])}},
        'Root': {
            'ACPI_HAL': {'0000': _met(
                '\\Driver\\ACPI_HAL', registry.COMPUTER,
                windows.hal.description, [windows.hal.device_id])},
            'volmgr': {'0000': _met('volmgr', SYSTEM_CLASS,
                                    'Volume Manager', ['ROOT\\VOLMGR'])}},
    }


def system(windows, mounted_device, firmware, partition):
    """
    The SYSTEM hive of @windows; MountedDevices has @mounted_device for C:,
    which is @partition of the disk.
    """
    root = Key()
    for number in windows.control_sets:
        name = 'ControlSet%03d' % number
        root.merge({name: {'Control': control(windows, firmware, partition),
                           'Enum': enum(windows),
                           'Services': services(windows),
                           'Hardware Profiles': {'0001': {}}}})
        root.at(name + '\\Enum').descriptor = 'enum'
        root.at(name + '\\Control\\Lsa').descriptor = 'private'
        root.at(name + '\\Control\\Lsa\\JD').class_name = '8f3a1c07'
    if windows.is_8:
        root.keys['DriverDatabase'] = driver_database(windows)
    return root.merge({
        'MountedDevices': {'\\DosDevices\\C:': binary(mounted_device)},
        'Select': {name: dword(n) for name, n in windows.select.items()},
        'Setup': {'SystemSetupInProgress': dword(0), 'SetupType': dword(0),
                  'SetupPhase': dword(0), 'CmdLine': sz(''),
                  'OOBEInProgress': dword(0),
                  'SystemPartition': sz('\\Device\\HarddiskVolume1')},
    })


def software(windows):
    """The SOFTWARE hive: which product this is, and what is installed."""
    return Key().merge({
        'Classes': {'.txt': {'': sz('txtfile')}},
        'Microsoft': {
            'Windows NT': {'CurrentVersion': current_version(windows)},
            'Windows': {'CurrentVersion': {
                'DevicePath': expand_sz('%SystemRoot%\\inf'),
                'ProgramFilesDir': sz('C:\\Program Files')}}},
        'VMware, Inc.': {'VMware Tools': {
            'InstallPath': sz('C:\\Program Files\\VMware\\VMware Tools\\')}},
    })


def current_version(windows):
    """Microsoft\\Windows NT\\CurrentVersion of the SOFTWARE hive."""
    version = windows.version
    old = version[:2] if not windows.is_10 else (6, 3)
    values = {
        'ProductName': sz(windows.product_name),
        'EditionID': sz(windows.edition),
        'InstallationType': sz('Server' if windows.is_server else 'Client'),
        'CurrentBuild': sz(str(windows.build)),
        'CurrentBuildNumber': sz(str(windows.build)),
        'CurrentVersion': sz('%d.%d' % old),
        'CurrentType': sz('Multiprocessor Free'),
        'BuildLab': sz('%d.%s' % (version[2], windows.lab)),
        'BuildLabEx': sz('%d.%d.%sfre.%s' % (
            version[2], version[3], windows.store_arch, windows.lab)),
        'PathName': sz('C:' + windows.system_root),
        'SystemRoot': sz('C:' + windows.system_root),
        'RegisteredOwner': sz('Test'),
        'ProductId': sz('00000-00000-00000-00000')}
    if windows.csd_version:
        values['CSDVersion'] = sz(windows.csd_version)
    if windows.is_10:
        values.update({
            'CurrentMajorVersionNumber': dword(version[0]),
            'CurrentMinorVersionNumber': dword(version[1]),
            'UBR': dword(windows.update),
            'ReleaseId': sz(windows.release_id)})
        if version[2] >= 19041:
            values['DisplayVersion'] = sz(windows.display_version)
    return values
