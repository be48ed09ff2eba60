"""
The registry of a VMware guest: SYSTEM, SOFTWARE and the small hives

A trimmed copy of what setup makes: each key and value has the name, type and
meaning that real hives show; only what a boot and this project need is here.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from hive import Key, binary, dword, expand_sz, multi_sz, sz

HDC = '{4D36E96A-E325-11CE-BFC1-08002BE10318}'
DISK_DRIVE = '{4D36E967-E325-11CE-BFC1-08002BE10318}'
SCSI_ADAPTER = '{4D36E97B-E325-11CE-BFC1-08002BE10318}'
SYSTEM_CLASS = '{4D36E97D-E325-11CE-BFC1-08002BE10318}'
VOLUME_CLASS = '{71A27CDD-812A-11D0-BEC7-08002BE2092F}'
COMPUTER = '{4D36E966-E325-11CE-BFC1-08002BE10318}'
KEYBOARD = '{4D36E96B-E325-11CE-BFC1-08002BE10318}'
MOUSE = '{4D36E96F-E325-11CE-BFC1-08002BE10318}'
PROCESSOR = '{50127DC3-0F36-415E-A6CC-4CB3BE910B65}'

GROUP_ORDER = (
    'System Reserved', 'Boot Bus Extender', 'System Bus Extender',
    'SCSI miniport', 'Port', 'Primary Disk', 'SCSI Class',
    'SCSI CDROM Class', 'FSFilter Infrastructure', 'FSFilter System',
    'Filter', 'Boot File System', 'Base', 'Pointer Port', 'Keyboard Port',
    'Pointer Class', 'Keyboard Class', 'Video Init', 'Video', 'Video Save',
    'File System', 'Event Log', 'Streams Drivers', 'NDIS Wrapper',
    'COM Infrastructure', 'UIGroup', 'LocalValidation', 'PlugPlay', 'PNP_TDI',
    'NDIS', 'TDI', 'NetBIOSGroup', 'ShellSvcGroup', 'SchedulerGroup',
    'SpoolerGroup', 'AudioGroup', 'SmartCardGroup', 'NetworkProvider',
    'RemoteValidation', 'NetDDEGroup', 'Parallel arbitrator',
    'Extended Base', 'PCI Configuration', 'MS Transactions')

# service: (Start, Group, Tag or None).  All are kernel drivers (Type 1)
# except the file system (Type 2).
DRIVERS = {
    'ACPI': (0, 'Boot Bus Extender', 1),
    'PCI': (0, 'Boot Bus Extender', 3),
    'isapnp': (0, 'Boot Bus Extender', 4),
    'PartMgr': (0, 'Boot Bus Extender', 11),
    'MountMgr': (0, 'System Bus Extender', None),
    'Ftdisk': (0, 'System Bus Extender', 12),
    'dmio': (0, 'System Bus Extender', 13),
    'dmload': (0, 'System Bus Extender', 14),
    'Disk': (0, 'SCSI Class', 2),
    'VolSnap': (0, 'Filter', None),
    'Ntfs': (4, 'File System', None),
    'agp440': (0, 'PnP Filter', 1),
    'intelppm': (1, 'Extended Base', 4),
    'Processor': (3, 'Extended Base', None),
    'Cdrom': (1, 'SCSI CDROM Class', 2),
    'Kbdclass': (1, 'Keyboard Class', 2),
    'Mouclass': (1, 'Pointer Class', 2),
    'i8042prt': (1, 'Keyboard Port', 5),
    'Vga': (1, 'Video', None),
    'Npfs': (1, 'File System', None),
    'Tcpip': (1, 'PNP_TDI', 4),
    'vmmouse': (3, 'Pointer Port', 4),
    'vmxnet': (3, 'NDIS', None),
    'vmx_svga': (3, 'Video', None),
    'vmci': (3, 'Extended Base', 16),
    'vsock': (1, 'PNP_TDI', None),
    'vmhgfs': (1, 'Network', None),
    'VMMEMCTL': (2, 'Extended Base', None),
    'vmdebug': (1, 'Extended Base', None),
    'vmrawdsk': (4, 'Base', None),
}

FILE_SYSTEMS = ('Ntfs', 'Npfs', 'vmhgfs')

TOOLS = 'C:\\Program Files\\VMware\\VMware Tools\\'

# Drivers that are elsewhere, or called otherwise
IMAGE_PATHS = {
    'Processor': 'system32\\DRIVERS\\processr.sys',
    'VMMEMCTL': '\\??\\%sDrivers\\memctl\\vmmemctl.sys' % TOOLS,
    'vmrawdsk': '\\??\\%svmrawdsk.sys' % TOOLS,
}

# Programs of VMware Tools: (Type, what the user reads, command)
PROGRAMS = {
    'VMTools': (0x110, 'VMware Tools Service', '"%svmtoolsd.exe"' % TOOLS),
    'VGAuthService': (0x10, 'VMware Alias Manager and Ticket Service',
                      '"%sVMware VGAuth\\VGAuthService.exe"' % TOOLS),
    'vmvss': (0x10, 'VMware Snapshot Provider', '%SystemRoot%\\system32\\'
              'dllhost.exe /Processid:{8A1C5E5D-7C0F-4B0B-A9BD-6D2B1E4F7A10}'),
    'VMUpgradeHelper': (0x10, 'VMware Upgrade Helper',
                        '"%sVMUpgradeHelper.exe" /service' % TOOLS),
    'VMware Physical Disk Helper Service': (
        0x10, 'VMware Physical Disk Helper Service',
        '"%svmacthlp.exe"' % TOOLS),
}

# hardware id with '#' for '\': (service, class)
CRITICAL_DEVICES = {
    '*pnp0000': ('', SYSTEM_CLASS), '*pnp0100': ('', SYSTEM_CLASS),
    '*pnp0303': ('i8042prt', KEYBOARD), '*pnp0a03': ('pci', SYSTEM_CLASS),
    '*pnp0c08': ('ACPI', SYSTEM_CLASS), '*pnp0f13': ('i8042prt', MOUSE),
    'acpi#fixedbutton': ('', SYSTEM_CLASS),
    'gencdrom': ('cdrom', '{4D36E965-E325-11CE-BFC1-08002BE10318}'),
    'gendisk': ('disk', DISK_DRIVE),
    'pci#cc_0604': ('pci', SYSTEM_CLASS),
    'pci#ven_8086&dev_7110&cc_0601': ('isapnp', SYSTEM_CLASS),
    'root#ftdisk': ('ftdisk', SYSTEM_CLASS),
    'storage#volume': ('', VOLUME_CLASS),
}

# Adapters that VMware presents: service, PCI id as in CriticalDeviceDatabase,
# full instance id, description
SCSI_ADAPTERS = {
    'vmscsi': ('pci#ven_104b&dev_1040',
               'VEN_104B&DEV_1040&SUBSYS_1040104B&REV_01',
               'VMware SCSI Controller', 'VMware'),
    'symmpi': ('pci#ven_1000&dev_0030',
               'VEN_1000&DEV_0030&SUBSYS_00000000&REV_01',
               'LSI Logic PCI-X Ultra320 SCSI Host Adapter', 'LSI Logic'),
}


def driver(name, start, group, tag, kind=1):
    """A key below Services for a driver in system32\\drivers."""
    values = {'Type': dword(kind), 'Start': dword(start),
              'ErrorControl': dword(1), 'Group': sz(group),
              'ImagePath': expand_sz(IMAGE_PATHS.get(
                  name, 'system32\\DRIVERS\\%s.sys' % name.lower()))}
    if tag is not None:
        values['Tag'] = dword(tag)
    return values


def services(windows):
    """The Services key."""
    tree = {name: driver(name, *rest, kind=2 if name in FILE_SYSTEMS else 1)
            for name, rest in DRIVERS.items()}
    for tag, name in enumerate(SCSI_ADAPTERS, 33):
        tree[name] = driver(name, 0 if name == windows.adapter else 4,
                            'SCSI miniport', tag)
    tree['Disk']['DependOnGroup'] = multi_sz('SCSI miniport')
    for name, (kind, title, command) in PROGRAMS.items():
        tree[name] = {
            'Type': dword(kind), 'Start': dword(2), 'ErrorControl': dword(1),
            'DisplayName': sz(title), 'ObjectName': sz('LocalSystem'),
            'ImagePath': expand_sz(command)}
    tree['Eventlog'] = {
        'Type': dword(0x20), 'Start': dword(2), 'ErrorControl': dword(1),
        'Group': sz('Event log'), 'DisplayName': sz('Event Log'),
        'ObjectName': sz('LocalSystem'), 'ImagePath': expand_sz(
            '%SystemRoot%\\system32\\services.exe')}
    return tree


def critical_devices(windows):
    """Control\\CriticalDeviceDatabase: nothing of IDE is in it."""
    known = dict(CRITICAL_DEVICES)
    for name, (pci_id, _, _, _) in SCSI_ADAPTERS.items():
        known[pci_id] = (name, SCSI_ADAPTER)
    tree = {}
    for device, (service, guid) in known.items():
        tree[device] = {'ClassGUID': sz(guid)}
        if service:
            tree[device]['Service'] = sz(service)
    return tree


def control(windows):
    """The Control key."""
    return {
        'CurrentUser': sz('USERNAME'),
        'SystemBootDevice': sz('multi(0)disk(0)rdisk(0)partition(1)'),
        'SystemStartOptions': sz('NOEXECUTE=OPTIN  FASTDETECT'),
        'WaitToKillServiceTimeout': sz('20000'),
        'Class': {COMPUTER: {
            'Class': sz('Computer'), '0000': {
                'InfPath': sz('hal.inf'),
                'InfSection': sz(windows.hal.inf_section),
                'MatchingDeviceId': sz(windows.hal.device_id),
                'DriverDesc': sz(windows.hal.description)}},
            **{guid: {'Class': sz(name)} for name, guid in (
                ('hdc', HDC), ('SCSIAdapter', SCSI_ADAPTER),
                ('System', SYSTEM_CLASS), ('Processor', PROCESSOR))},
            **{guid: {'Class': sz(name), 'UpperFilters': multi_sz(driver_name)}
               for name, guid, driver_name in (
                   ('DiskDrive', DISK_DRIVE, 'PartMgr'),
                   ('Keyboard', KEYBOARD, 'kbdclass'),
                   ('Mouse', MOUSE, 'mouclass'),
                   ('Volume', VOLUME_CLASS, 'VolSnap'))}},
        'CrashControl': {'AutoReboot': dword(1), 'CrashDumpEnabled': dword(3),
                         'DumpFile': expand_sz('%SystemRoot%\\MEMORY.DMP'),
                         'LogEvent': dword(1), 'Overwrite': dword(1),
                         'MinidumpDir': expand_sz('%SystemRoot%\\Minidump'),
                         'SendAlert': dword(1)},
        'CriticalDeviceDatabase': critical_devices(windows),
        'ProductOptions': {'ProductType': sz(windows.product_type),
                           'ProductSuite': multi_sz()},
        'ServiceGroupOrder': {'List': multi_sz(*GROUP_ORDER)},
        'GroupOrderList': {'SCSI miniport': binary(
            bytes.fromhex('03000000' '19000000' '21000000' '22000000'))},
        'Session Manager': {'BootExecute': multi_sz('autocheck autochk *'),
                            'ProtectionMode': dword(1),
                            'Environment': {
                                'OS': sz('Windows_NT'),
                                'PROCESSOR_ARCHITECTURE': sz(
                                    'AMD64' if windows.is_64 else 'x86')}},
        'TimeZoneInformation': {'Bias': dword(0),
                                'StandardName': sz('GMT Standard Time')},
        'Windows': {'CSDVersion': dword(windows.service_pack << 8),
                    'Directory': expand_sz('%SystemRoot%'),
                    'ErrorMode': dword(0),
                    'SystemDirectory': expand_sz('%SystemRoot%\\system32')},
    }


def device(service, guid, description, hardware_ids, maker=''):
    return {'Service': sz(service), 'ClassGUID': sz(guid),
            'DeviceDesc': sz(description), 'Capabilities': dword(0),
            'ConfigFlags': dword(0), 'HardwareID': multi_sz(*hardware_ids),
            'Mfg': sz(maker or '(Standard system devices)')}


def enum(windows):
    """The Enum key: the devices that setup found under VMware."""
    _, adapter, title, maker = SCSI_ADAPTERS[windows.adapter]
    bridge = 'VEN_8086&DEV_7110&SUBSYS_197615AD&REV_08'
    agp = 'VEN_8086&DEV_7191&SUBSYS_00000000&REV_01'
    processor = 'GenuineIntel_-_x86_Family_6_Model_15'
    disk_id = 'Disk&Ven_VMware_&Prod_VMware_Virtual_S&Rev_1.0'
    return {
        'ACPI': {
            'PNP0A03': {'1': device(
                'pci', SYSTEM_CLASS, 'PCI bus',
                ['ACPI\\PNP0A03', '*PNP0A03'])},
            'PNP0F13': {'4&5289e18&0': {
                **device('i8042prt', MOUSE, 'VMware Pointing Device',
                          ['ACPI\\PNP0F13', '*PNP0F13'], 'VMware, Inc.'),
                'UpperFilters': multi_sz('VMMouse')}},
            processor: {'_0': device(
                'intelppm', PROCESSOR, 'Intel Processor',
                ['ACPI\\' + processor, '*' + processor], 'Intel')}},
        'ACPI_HAL': {'PNP0C08': {'0': device(
            'ACPI', SYSTEM_CLASS, 'Microsoft ACPI-Compliant System',
            ['ACPI_HAL\\PNP0C08', '*PNP0C08'])}},
        'PCI': {
            # the disk's instance, below, begins with the adapter's prefix
            adapter: {'3&61aaa01&0&80': {
                **device(windows.adapter, SCSI_ADAPTER, title,
                          ['PCI\\' + adapter, 'PCI\\' + adapter[:17]], maker),
                'ParentIdPrefix': sz('4&5fcaafc&0')}},
            bridge: {'3&61aaa01&0&38': device(
                'isapnp', SYSTEM_CLASS, 'Intel 82371AB/EB PCI to ISA bridge',
                ['PCI\\' + bridge, 'PCI\\VEN_8086&DEV_7110&CC_0601'],
                'Intel')},
            agp: {'3&61aaa01&0&08': {
                **device('pci', SYSTEM_CLASS, 'Intel 82443BX Pentium(R) II '
                          'Processor to AGP controller',
                          ['PCI\\' + agp, 'PCI\\VEN_8086&DEV_7191'],
                          'Intel'),
                'UpperFilters': multi_sz('agp440')}}},
        'SCSI': {disk_id: {'4&5fcaafc&0&000': device(
            'disk', DISK_DRIVE, 'Disk drive',
            ['SCSI\\DiskVMware__VMware_Virtual_S1.0_', 'GenDisk'])}},
        'Root': {
            'ACPI_HAL': {'0000': device(
                '\\Driver\\ACPI_HAL', COMPUTER, windows.hal.description,
                [windows.hal.device_id])},
            'ftdisk': {'0000': device(
                'ftdisk', SYSTEM_CLASS, 'Volume Manager',
                ['ROOT\\FTDISK'])}},
    }


def system(windows, disk_signature, partition_offset):
    """The SYSTEM hive of @windows (winversions.Windows)."""
    root = Key()
    for number in windows.control_sets:
        name = 'ControlSet%03d' % number
        root.merge({name: {'Control': control(windows),
                           'Enum': enum(windows),
                           'Services': services(windows),
                           'Hardware Profiles': {'0001': {}}}})
        root.at(name + '\\Enum').descriptor = 'enum'
        root.at(name + '\\Control\\Lsa').descriptor = 'private'
        root.at(name + '\\Control\\Lsa\\JD').class_name = '8f3a1c07'
    c_drive = binary(disk_signature.to_bytes(4, 'little') +
                     partition_offset.to_bytes(8, 'little'))
    return root.merge({
        'MountedDevices': {'\\DosDevices\\C:': c_drive},
        'Select': {name: dword(n) for name, n in windows.select.items()},
        'Setup': {'SystemSetupInProgress': dword(0), 'SetupType': dword(0),
                  'CmdLine': sz('setup -newsetup'),
                  'SystemPartition': sz('\\Device\\HarddiskVolume1')},
    })


def software(windows):
    """The SOFTWARE hive: which product this is, and what is installed."""
    return Key().merge({
        'Classes': {'.txt': {'': sz('txtfile')}},
        'Microsoft': {'Windows NT': {'CurrentVersion':
                                     current_version(windows)},
            'Windows': {'CurrentVersion': {
                'CommonFilesDir': sz('C:\\Program Files\\Common Files'),
                'ProgramFilesDir': sz('C:\\Program Files'),
                'Setup': {'DriverCachePath': expand_sz(
                    '%SystemRoot%\\Driver Cache'),
                    'SourcePath': sz('D:\\')}}}},
        'VMware, Inc.': {'VMware Tools': {
            'InstallPath': sz('C:\\Program Files\\VMware\\VMware Tools\\')}},
    })


def current_version(windows):
    """Microsoft\\Windows NT\\CurrentVersion of the SOFTWARE hive."""
    version = windows.version
    values = {
        'ProductName': sz(windows.product_name),
        'CurrentBuild': sz('1.511.1 () (Obsolete data - do not use)'),
        'CurrentBuildNumber': sz(str(version[2])),
        'CurrentVersion': sz('%d.%d' % version[:2]),
        'CurrentType': sz('Uniprocessor Free'),
        'PathName': sz('C:' + windows.system_root),
        'SystemRoot': sz('C:' + windows.system_root),
        'RegisteredOwner': sz('Test'),
        'ProductId': sz('00000-000-0000000-00000')}
    if windows.csd_version:         # nothing there without a service pack
        values['CSDVersion'] = sz(windows.csd_version)
    if windows.label:
        values['BuildLab'] = sz('%d.%s' % (version[2], windows.label))
    return values


def small(name):
    """SAM, SECURITY and DEFAULT: there must be hives, little is in them."""
    trees = {
        'SAM': {'SAM': {'Domains': {'Account': {}, 'Builtin': {}}}},
        'SECURITY': {'Policy': {'PolRevision': {'': binary(b'\7\0\1\0')}},
                     'RXACT': {}},
        'default': {'Control Panel': {'Desktop': {
            'ScreenSaveActive': sz('1')}}, 'Environment': {
            'TEMP': expand_sz('%USERPROFILE%\\Local Settings\\Temp')}},
    }
    return Key().merge(trees[name])
