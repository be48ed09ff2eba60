"""
The PE files of a guest from Vista on: loaders, kernel, drivers, libraries

Descriptions and imported modules are those of Windows' own files, the imported
functions are a sample.  Some modules are no files but API sets, which the
loader resolves by apisetschema.dll: nobody may look for them on the disk.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
from dataclasses import dataclass

import filler
import pe
import windrivers
from vista_versions import VISTA, WIN10, WIN7, WIN8, WIN81

# Subsystems of programs that firmware and bootmgr start
_EFI_APPLICATION, _BOOT_APPLICATION = 10, 16

# Functions that files import from a module, written as importers write it
FUNCTIONS = {
    'ntoskrnl.exe': (
        'ExAllocatePoolWithTag', 'ExFreePoolWithTag', 'IoCreateDevice',
        'IoDeleteDevice', 'IofCallDriver', 'IofCompleteRequest',
        'KeInitializeEvent', 'KeSetEvent', 'KeWaitForSingleObject',
        'RtlInitUnicodeString', 'memmove'),
    'HAL.dll': ('HalGetBusDataByOffset', 'KeQueryPerformanceCounter',
                'KeStallExecutionProcessor'),
    'WMILIB.SYS': ('WmiCompleteRequest', 'WmiSystemControl'),
    'PCIIDEX.SYS': ('AtaChannelInitialize', 'PciIdeXGetBusData',
                    'PciIdeXInitialize'),
    'ataport.SYS': ('AtaPortInitialize', 'AtaPortNotification'),
    'storport.sys': ('StorPortExtendedFunction', 'StorPortInitialize',
                     'StorPortNotification'),
    'CLASSPNP.SYS': ('ClassInitialize', 'ClassReadDriveCapacity'),
    'FLTMGR.SYS': ('FltRegisterFilter', 'FltStartFiltering'),
    'NDIS.SYS': ('NdisAllocateNetBufferListPool', 'NdisMRegisterMiniport'),
    'NETIO.SYS': ('NetioInitializeMdl', 'WskRegister'),
    'ksecdd.sys': ('BCryptGenRandom', 'SystemPrng'),
    'cng.sys': ('SystemPrng',),
    'msrpc.sys': ('RpcBindingFree', 'RpcStringFreeW'),
    'CLFS.SYS': ('ClfsCreateLogFile', 'ClfsReadLogRecord'),
    'tm.sys': ('TmCommitTransaction', 'TmInitSystem'),
    'WDFLDR.SYS': ('WdfLdrQueryInterface', 'WdfVersionBind'),
    'WppRecorder.sys': ('WppAutoLogStart', 'WppAutoLogStop'),
    'werkernel.sys': ('WerLiveKernelCreateReport',),
    'TDI.SYS': ('TdiMapUserRequest',),
    'USBD.SYS': ('USBD_CreateHandle',),
    'VIDEOPRT.SYS': ('VideoPortInitialize',),
    'watchdog.sys': ('WdAttachContext',),
    'HIDPARSE.SYS': ('HidP_GetCaps',),
    'HIDCLASS.SYS': ('HidRegisterMinidriver',),
    'ks.sys': ('KsInitializeDriver',),
    'BOOTVID.dll': ('VidDisplayString', 'VidInitialize'),
    'KDCOM.dll': ('KdDebuggerInitialize0', 'KdSendPacket'),
    'CI.dll': ('CiInitialize', 'CiValidateImageHeader'),
    'PSHED.dll': ('PshedInitialize', 'PshedRetrieveErrorInfo'),
    'KERNEL32.dll': ('CloseHandle', 'CreateFileW', 'GetLastError'),
    'KERNELBASE.dll': ('CloseHandle', 'GetLastError'),
    'ntdll.dll': ('NtClose', 'RtlInitUnicodeString'),
    # API sets
    'ext-ms-win-ntos-tm-l1-1-0.dll': ('TmInitSystem',),
    'ext-ms-win-ntos-werkernel-l1-1-1.dll': ('WerLiveKernelOpenDumpFile',),
    'ext-ms-win-ntos-ksr-l1-1-7.dll': ('KsrMdlToMemoryRuns',),
    'api-ms-win-core-file-l1-1-0.dll': ('CreateFileW',),
}

_K, _H, _W = 'ntoskrnl.exe', 'HAL.dll', 'WMILIB.SYS'
_IDE, _ATA, _STOR = 'PCIIDEX.SYS', 'ataport.SYS', 'storport.sys'
_CLASS, _FLT, _NDIS, _NET = 'CLASSPNP.SYS', 'FLTMGR.SYS', 'NDIS.SYS', \
    'NETIO.SYS'
_WDF, _WPP, _SEC, _CLFS = 'WDFLDR.SYS', 'WppRecorder.sys', 'ksecdd.sys', \
    'CLFS.SYS'
_LATER = (99, 0)


@dataclass(frozen=True)
class Driver:
    """A file of System32\\drivers, in Windows from @since to before @until."""

    description: str
    modules: tuple
    since: tuple = VISTA
    until: tuple = _LATER
    company: str = 'Microsoft Corporation'

    def is_in(self, windows):
        """Whether @windows has it."""
        return self.since <= windows.version < self.until


_LSI, _VMWARE = 'LSI Corporation', 'VMware, Inc.'

# What serves a controller for IDE; mshdc.inf brings them, and is in the store
IDE_DRIVERS = {
    'atapi.sys': Driver('ATAPI IDE Miniport Driver', (_K, _ATA)),
    'ataport.sys': Driver('ATAPI Driver Extension', (_K, _H, _W)),
    'intelide.sys': Driver('Intel PCI IDE Driver', (_K, _IDE)),
    'pciide.sys': Driver('Generic PCI IDE Bus Driver', (_K, _IDE)),
    'pciidex.sys': Driver('PCI IDE Bus Driver Extension', (_K, _H, _W)),
}
AHCI_DRIVERS = {
    'msahci.sys': Driver('MS AHCI 1.0 Standard Driver', (_K, _IDE, _ATA),
                         until=WIN8),
    'storahci.sys': Driver('MS AHCI Storport Miniport Driver', (_K, _STOR),
                           WIN8),
}

# What a boot from any disk takes
BOOT_DRIVERS = {
    'acpi.sys': Driver('ACPI Driver for NT', (_K, _H, _W)),
    'acpiex.sys': Driver('ACPIEx Driver', (_K, _WDF), WIN8),
    'cng.sys': Driver('Kernel Cryptography, Next Generation', (_K, _SEC),
                      WIN7),
    'classpnp.sys': Driver('SCSI Class System Dll', (_K, _H)),
    'clfs.sys': Driver('Common Log File System Driver', (_K,)),
    'crcdisk.sys': Driver('Disk Block Verification Filter Driver', (_K,),
                          until=WIN81),
    'disk.sys': Driver('PnP Disk Driver', (_K, _H, _CLASS)),
    'ecache.sys': Driver('Special Memory Device Cache', (_K, _H), VISTA,
                         WIN7),
    'ehstorclass.sys': Driver('Enhanced Storage Class driver for IEEE 1667 '
                              'devices', (_K, _WDF), WIN8),
    'fs_rec.sys': Driver('File System Recognizer Driver', (_K,)),
    'fileinfo.sys': Driver('FileInfo Filter Driver', (_K, _FLT)),
    'fltmgr.sys': Driver('Microsoft Filesystem Filter Manager', (_K, _H)),
    'fvevol.sys': Driver('BitLocker Drive Encryption Driver', (_K, _H),
                         WIN7),
    'hwpolicy.sys': Driver('Hardware Policy Driver', (_K,), WIN7),
    'iorate.sys': Driver('I/O rate control Filter', (_K,), WIN10),
    'ksecdd.sys': Driver('Kernel Security Support Provider Interface', (_K,)),
    'ksecpkg.sys': Driver('Kernel Security Support Provider Interface '
                          'Packages', (_K, _SEC), WIN7),
    'mountmgr.sys': Driver('Mount Point Manager', (_K, _H)),
    'msisadrv.sys': Driver('ISA Driver', (_K, _H)),
    'msrpc.sys': Driver('Kernel Remote Procedure Call Provider', (_K,)),
    'mup.sys': Driver('Multiple UNC Provider Driver', (_K,)),
    'ndis.sys': Driver('Network Driver Interface Specification', (
        _K, _H, _NET)),
    'netio.sys': Driver('Network I/O Subsystem', (_K, _H, _SEC)),
    'ntfs.sys': Driver('NT File System Driver', (_K, _H)),
    'partmgr.sys': Driver('Partition driver', (_K, _H, _W)),
    'pci.sys': Driver('NT Plug and Play PCI Enumerator', (_K, _H)),
    'pcw.sys': Driver('Performance Counters for Windows Driver', (_K,),
                      WIN7),
    'pdc.sys': Driver('Power Dependency Coordinator Driver', (_K,), WIN8),
    'rdyboost.sys': Driver('ReadyBoost Driver', (_K, _H), WIN7),
    'spaceport.sys': Driver('Storage Spaces Driver', (_K, _H), WIN8),
    'spldr.sys': Driver('loader for security processor', (_K, _H), VISTA,
                        WIN10),
    'storport.sys': Driver('Microsoft Storage Port Driver', (_K, _H, _W)),
    'storqosflt.sys': Driver('Storage QoS Filter Driver', (_K, _FLT),
                             WIN10),
    'tcpip.sys': Driver('TCP/IP Driver', (_K, _H, _NDIS, _NET)),
    'tm.sys': Driver('Kernel Transaction Manager Driver', (_K, _CLFS),
                     WIN81),
    'vdrvroot.sys': Driver('Virtual Drive Root Enumerator', (_K,), WIN7),
    'volmgr.sys': Driver('Volume Manager Driver', (_K,)),
    'volmgrx.sys': Driver('Volume Manager Extension Driver', (_K,)),
    'volsnap.sys': Driver('Volume Shadow Copy driver', (_K, _H)),
    'volume.sys': Driver('Volume driver', (_K,), WIN10),
    'wdf01000.sys': Driver('Kernel Mode Driver Framework Runtime', (
        _K, _H, _WDF)),
    'wdfldr.sys': Driver('Kernel Mode Driver Framework Loader', (_K,)),
    'werkernel.sys': Driver('Windows Error Reporting Kernel Driver', (_K,),
                            WIN81),
    'wmilib.sys': Driver('WMILIB WMI support library Dll', (_K,)),
    'wof.sys': Driver('Windows Overlay Filter', (_K, _FLT), WIN81),
    'wpprecorder.sys': Driver('WPP Trace Recorder', (_K,), WIN8),
}

# Controllers of VMware and of a host of Hyper-V; all in-box but pvscsi.sys
ADAPTER_DRIVERS = {
    'lsi_sas.sys': Driver('LSI Fusion-MPT SAS Driver (StorPort)', (
        _K, _STOR), company=_LSI),
    'pvscsi.sys': Driver('VMware PVSCSI StorPort driver', (_K, _STOR),
                         company=_VMWARE),
    'stornvme.sys': Driver('Microsoft NVM Express Storport Miniport Driver',
                           (_K, _STOR), WIN81),
    'vmstorfl.sys': Driver('Virtual Storage Filter Driver', (_K,), WIN7),
}

# What else a used machine has, of which nothing here depends on a version
OTHER_DRIVERS = {
    'afd.sys': Driver('Ancillary Function Driver for WinSock', (
        _K, _H, _NET, 'TDI.SYS')),
    'battc.sys': Driver('Battery Class Driver', (_K,)),
    'beep.sys': Driver('BEEP Driver', (_K,)),
    'bowser.sys': Driver('NT Lan Manager Datagram Receiver Driver', (_K,)),
    'cdfs.sys': Driver('CD-ROM File System Driver', (_K,)),
    'cdrom.sys': Driver('SCSI CD-ROM Driver', (_K, _H, _CLASS)),
    'compbatt.sys': Driver('Composite Battery Driver', (_K, 'BATTC.SYS')),
    'dxgkrnl.sys': Driver('DirectX Graphics Kernel', (_K, 'watchdog.sys')),
    'fastfat.sys': Driver('Fast FAT File System Driver', (_K,)),
    'hidclass.sys': Driver('Hid Class Library', (_K, 'HIDPARSE.SYS')),
    'hidparse.sys': Driver('Hid Parsing Library', (_K,)),
    'hidusb.sys': Driver('USB Miniport Driver for Input Devices', (
        _K, 'HIDCLASS.SYS', 'USBD.SYS')),
    'i8042prt.sys': Driver('i8042 Port Driver', (_K, _H)),
    'intelppm.sys': Driver('Processor Device Driver', (_K, _H)),
    'kbdclass.sys': Driver('Keyboard Class Driver', (_K,)),
    'mouclass.sys': Driver('Mouse Class Driver', (_K,)),
    'msfs.sys': Driver('Mailslot driver', (_K,)),
    'mssmbios.sys': Driver('System Management BIOS Driver', (_K,)),
    'npfs.sys': Driver('NPFS Driver', (_K,)),
    'null.sys': Driver('NULL Driver', (_K,)),
    'srv2.sys': Driver('Smb 2.0 Server driver', (_K, _SEC)),
    'swenum.sys': Driver('Plug and Play Software Device Enumerator', (
        _K, 'ks.sys')),
    'ks.sys': Driver('Kernel CSA Library', (_K, _H)),
    'tdi.sys': Driver('TDI Wrapper', (_K,)),
    'termdd.sys': Driver('Remote Desktop Server Driver', (_K, _H), VISTA,
                         WIN10),
    'usbd.sys': Driver('Universal Serial Bus Driver', (_K,)),
    'usbport.sys': Driver('USB 1.1 & 2.0 Port Driver', (_K, _H, 'USBD.SYS')),
    'vgapnp.sys': Driver('VGA/Super VGA Video Driver', ('VIDEOPRT.SYS',),
                         VISTA, WIN8),
    'videoprt.sys': Driver('Video Port Driver', (_K, _H, 'watchdog.sys')),
    'watchdog.sys': Driver('Watchdog Driver', (_K,)),
}
FUNCTIONS['BATTC.SYS'] = ('BatteryClassIoctl',)

VMWARE_DRIVERS = {
    'vmci.sys': Driver('VMware PCI VMCI Bus Device', (_K, _H),
                       company=_VMWARE),
    'vmmouse.sys': Driver('VMware Pointing PS/2 Device Driver', (_K,),
                          company=_VMWARE),
    'vm3dmp.sys': Driver('VMware SVGA 3D', (_K, 'watchdog.sys'),
                         company=_VMWARE),
    'vmxnet3.sys': Driver('VMware PCI VMXNET3 Ethernet Adapter', (
        _K, _NDIS), company=_VMWARE),
}

# What real hives start besides: in-box drivers of controllers, and others'.
# A name here may have a folder.
REAL_WIN7 = ('amdxata.sys', 'lsi_scsi.sys', 'mfehidk.sys', 'mfewfpk.sys',
             'vmbus.sys')
REAL_WIN10 = tuple(name + '.sys' for name in (
    '3ware', 'adp80xx', 'amdsata', 'amdsbs', 'amdxata', 'arcsas', 'bttflt',
    'bxvbda', 'cht4sx64', 'ehstortcgdrv', 'evbda', 'hpsamd', 'iastorav',
    'iastorv', 'intelpep', 'isapnp', 'lsi_sas2i', 'lsi_sas3i', 'lsi_sss',
    'megasas', 'megasas2i', 'megasr', 'mssecflt', 'mvumis', 'nvpciflt',
    'nvraid', 'nvstor', 'pcmcia', 'percsas2i', 'percsas3i', 'ramdisk',
    'sbp2port', 'scmbus', 'sisraid2', 'sisraid4', 'stdcfltn', 'stexstor',
    'storufs', 'storvsc', 'vmbus', 'vsmraid', 'vstxraid', 'wd\\wdboot',
    'wd\\wdfilter', 'wfplwfs', 'windowstrustedrt',
    'windowstrustedrtproxy'))
REAL_WIN8_1 = tuple(name + '.sys' for name in (
    '3ware', 'adp80xx', 'agp440', 'amdsata', 'amdsbs', 'amdxata', 'arcsas',
    'bxvbda', 'ehstortcgdrv', 'evbda', 'gagp30kx', 'hpsamd', 'hwpolicy',
    'iastorav', 'iastorv', 'intelpep', 'isapnp', 'lsi_sas2', 'lsi_sas3',
    'lsi_sss', 'megasas', 'megasr', 'mvumis', 'nvraid', 'nvstor', 'nv_agp',
    'pcmcia', 'sbp2port', 'sisraid2', 'sisraid4', 'stexstor', 'storvsc',
    'uagp35', 'uliagpkx', 'vboxguest', 'viaide', 'vmbus', 'vsmraid',
    'vstxraid', 'wdboot', 'wdfilter', 'wfplwfs'))
_REAL = {name: Driver(name, (_K,)) for names in (
    REAL_WIN7, REAL_WIN8_1, REAL_WIN10) for name in names}

_TABLES = (IDE_DRIVERS, AHCI_DRIVERS, BOOT_DRIVERS, ADAPTER_DRIVERS,
           OTHER_DRIVERS, VMWARE_DRIVERS)

# Programs and libraries of System32: since when, and what it is
SYSTEM_FILES = {
    'advapi32.dll': (VISTA, 'Advanced Windows 32 Base API'),
    'autochk.exe': (VISTA, 'Auto Check Utility'),
    'cmd.exe': (VISTA, 'Windows Command Processor'),
    'csrss.exe': (VISTA, 'Client Server Runtime Process'),
    'kernel32.dll': (VISTA, 'Windows NT BASE API Client DLL'),
    'kernelbase.dll': (WIN7, 'Windows NT BASE API Client DLL'),
    'lsass.exe': (VISTA, 'Local Security Authority Process'),
    'ntdll.dll': (VISTA, 'NT Layer DLL'),
    'services.exe': (VISTA, 'Services and Controller app'),
    'smss.exe': (VISTA, 'Windows Session Manager'),
    'svchost.exe': (VISTA, 'Host Process for Windows Services'),
    'user32.dll': (VISTA, 'Multi-User Windows USER API Client DLL'),
    'userinit.exe': (VISTA, 'Userinit Logon Application'),
    'win32k.sys': (VISTA, 'Multi-User Win32 Driver'),
    'wininit.exe': (VISTA, 'Windows Start-Up Application'),
    'winlogon.exe': (VISTA, 'Windows Logon Application'),
}

# What the kernel imports from, and the loader brings with it
BOOT_LIBRARIES = {
    'bootvid.dll': ('VGA Boot Driver', (_K,)),
    'ci.dll': ('Code Integrity Module', (_K,)),
    'kdcom.dll': ('Kernel Debugger HW Extension DLL', (_K, _H)),
    'pshed.dll': ('Platform Specific Hardware Error Driver', (_K, _H)),
    'mcupdate_GenuineIntel.dll': ('Intel Microcode Update Library', (_K,)),
    'mcupdate_AuthenticAMD.dll': ('AMD Microcode Update Library', (_K,)),
}


def drivers(windows):
    """Names of the drivers that @windows has."""
    return [name for table in _TABLES for name, driver in table.items()
            if driver.is_in(windows)]


def boot_drivers(windows):
    """Those that the registry starts at boot, and what they import from."""
    return [name for table in _TABLES[:4] for name, driver in table.items()
            if driver.is_in(windows)] + ['vmci.sys']


def store_drivers(windows):
    """What the package of mshdc.inf holds."""
    return [name for table in (IDE_DRIVERS, AHCI_DRIVERS)
            for name, driver in table.items() if driver.is_in(windows)]


def store_folder(windows, inf='mshdc.inf'):
    """The folder of a package in the driver store, below %SystemRoot%."""
    digest = filler.raw_bytes('store %s %r' % (inf, windows.version), 8).hex()
    if windows.version < WIN7:
        name = '%s_%s' % (inf, digest[:8])
    elif not windows.is_8:
        name = '%s_%s_neutral_%s' % (inf, windows.store_arch, digest)
    else:
        name = '%s_%s_%s' % (inf, windows.store_arch, digest)
    return 'System32\\DriverStore\\FileRepository\\' + name


def _build(name, *details, **options):
    return windrivers.build(FUNCTIONS, name, *details, **options)


@functools.lru_cache(2048)
def driver(name, windows, version=None, **options):
    """The bytes of the driver @name, of Windows' or another @version."""
    what = next(table[name] for table in (*_TABLES, _REAL)
                if name in table)
    name = name.rpartition('\\')[2]
    if what.company == _VMWARE:
        version = version or (9, 8, 17, 0)
        options['product'] = 'VMware Tools'
    modules = what.modules
    if name == 'disk.sys' and windows.is_10:
        modules = (_K, _CLASS)
    if name == 'acpi.sys' and windows.version >= (10, 0, 22000):
        modules += (_WPP, 'ext-ms-win-ntos-ksr-l1-1-7.dll')
    return _build(name, windows, version or windows.version,
                  what.description, modules,
                  filler.number('size ' + name, 8_000, 24_000),
                  company=what.company, **options)


@functools.lru_cache(64)
def kernel(windows, pae=False, size=300_000):
    """ntoskrnl.exe or ntkrnlpa.exe, under its installed name."""
    original = windows.hal.pae_kernel if pae else windows.hal.kernel
    # Since May 2020 the HAL is a part of the kernel
    modules = () if windows.version >= (10, 0, 19041) else (_H,)
    modules += ('BOOTVID.dll', 'KDCOM.dll', _CLFS, 'CI.dll', 'PSHED.dll')
    if windows.is_8:
        modules += ('msrpc.sys', 'ext-ms-win-ntos-tm-l1-1-0.dll',
                    'ext-ms-win-ntos-werkernel-l1-1-1.dll')
    return _build('ntoskrnl.exe', windows, windows.version,
                  'NT Kernel & System', modules, size + 1024 * pae,
                  original_filename=original)


@functools.lru_cache(64)
def hal(windows):
    """hal.dll."""
    return _build('HAL.dll', windows, windows.version,
                  'Hardware Abstraction Layer DLL',
                  (_K, 'KDCOM.dll', 'PSHED.dll'), 60_000,
                  original_filename=windows.hal.filename, dll=True)


@functools.lru_cache(256)
def boot_library(name, windows):
    """A library that the loader brings with the kernel."""
    title, modules = BOOT_LIBRARIES[name]
    return _build(name, windows, windows.version, title, modules, 12_288,
                  dll=True)


@functools.lru_cache(256)
def system_file(name, windows, **options):
    """A program or library of System32; of SysWOW64, if it is for i386."""
    _, title = SYSTEM_FILES[name]
    native = name in ('ntdll.dll', 'smss.exe', 'csrss.exe', 'autochk.exe')
    modules = () if name == 'ntdll.dll' else \
        (_K,) if name == 'win32k.sys' else \
        ('ntdll.dll',) if native or name.startswith('kernel') else \
        ('KERNEL32.dll', 'ntdll.dll')
    if windows.version >= WIN7 and not native and name != 'win32k.sys':
        modules += ('api-ms-win-core-file-l1-1-0.dll',)
    return _build(name, windows, windows.version, title, modules,
                  filler.number('size ' + name, 6_000, 20_000),
                  subsystem=pe.SUBSYSTEM_NATIVE if native
                  else pe.SUBSYSTEM_GUI, dll=name.endswith('.dll'),
                  **options)


@functools.lru_cache(64)
def boot_program(name, windows):
    """
    winload, winresume, bootmgfw, memtest: of firmware or of bootmgr.  One
    without a suffix would be bootmgr itself, which is no PE file.
    """
    subsystem = _EFI_APPLICATION if name.startswith('bootmg') \
        else _BOOT_APPLICATION
    title = {'winload': 'OS Loader', 'winresume': 'Resume From Hibernate '
             'boot application', 'bootmgfw': 'Boot Manager',
             'bootmgr': 'Boot Manager', 'memtest': 'Memory Diagnostic',
             'bootx64': 'Boot Manager'}[name.split('.')[0]]
    return _build(name, windows, windows.version, title, (), 60_000,
                  subsystem=subsystem)


def bootmgr(windows):
    """bootmgr for a BIOS: 16-bit code, and a packed PE file behind it."""
    return b'\xe9\xd5\x01\xeb\x04\x90' + filler.code_bytes(
        'bootmgr %d' % windows.version[2], 200_000)
