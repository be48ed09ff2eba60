"""
The PE files of a guest: kernel, HAL, drivers, and what they import

Descriptions and imported modules are those of Windows XP's own files; the
imported functions are a sample.  A file that is imported from exports just
what the others want of it, so all imports of a complete guest resolve.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools

import filler
import pe

# Functions that files import from a module, written as importers write it
FUNCTIONS = {
    'ntoskrnl.exe': (
        'ExAllocatePoolWithTag', 'ExFreePoolWithTag', 'IoCreateDevice',
        'IoDeleteDevice', 'IofCallDriver', 'IofCompleteRequest',
        'KeInitializeEvent', 'KeSetEvent', 'KeWaitForSingleObject',
        'RtlInitUnicodeString', 'memmove'),
    'HAL.dll': ('KeGetCurrentIrql', 'KfAcquireSpinLock', 'KfReleaseSpinLock',
                'READ_PORT_UCHAR', 'WRITE_PORT_UCHAR'),
    'WMILIB.SYS': ('WmiCompleteRequest', 'WmiSystemControl'),
    'PCIIDEX.SYS': ('PciIdeXGetBusData', 'PciIdeXInitialize',
                    'PciIdeXSetBusData'),
    'CLASSPNP.SYS': ('ClassInitialize', 'ClassReadDriveCapacity'),
    'SCSIPORT.SYS': ('ScsiPortInitialize', 'ScsiPortNotification'),
    'TDI.SYS': ('TdiDeregisterProvider', 'TdiRegisterProvider'),
    'NDIS.SYS': ('NdisMRegisterMiniport', 'NdisInitializeWrapper'),
    'VIDEOPRT.SYS': ('VideoPortInitialize',),
    'HIDPARSE.SYS': ('HidP_GetCaps',),
    'HIDCLASS.SYS': ('HidRegisterMinidriver',),
    'USBD.SYS': ('USBD_ParseConfigurationDescriptorEx',),
    'ks.sys': ('KsInitializeDriver',),
    'BOOTVID.dll': ('VidInitialize', 'VidDisplayString'),
    'KDCOM.dll': ('KdDebuggerInitialize0', 'KdSendPacket'),
    'KERNEL32.dll': ('CreateFileW', 'CloseHandle', 'GetLastError'),
    'ntdll.dll': ('NtClose', 'RtlInitUnicodeString'),
}

_K, _H, _W = 'ntoskrnl.exe', 'HAL.dll', 'WMILIB.SYS'
_IDE, _SCSI, _CLASS = 'PCIIDEX.SYS', 'SCSIPORT.SYS', 'CLASSPNP.SYS'

# The drivers that a move to IDE needs, and a VMware SCSI guest lacks
IDE_DRIVERS = {
    'atapi.sys': ('IDE/ATAPI Port Driver', (_K, _H, _W)),
    'intelide.sys': ('Intel PCI IDE Driver', (_K, _IDE)),
    'pciide.sys': ('Generic PCI IDE Bus Driver', (_K, _IDE)),
    'pciidex.sys': ('PCI IDE Bus Driver Extension', (_K, _H)),
}

# system32\drivers of a guest that was installed on VMware SCSI
INSTALLED_DRIVERS = {
    'acpi.sys': ('ACPI Driver for NT', (_K, _H, _W)),
    'afd.sys': ('Ancillary Function Driver for WinSock', (_K, _H, 'TDI.SYS')),
    'agp440.sys': ('440 NT AGP Filter', (_K, _H)),
    'beep.sys': ('BEEP Driver', (_K, _H)),
    'cdfs.sys': ('CD-ROM File System Driver', (_K, _H)),
    'cdrom.sys': ('SCSI CD-ROM Driver', (_K, _H, _CLASS)),
    'classpnp.sys': ('SCSI Class System Dll', (_K, _H)),
    'disk.sys': ('PnP Disk Driver', (_K, _H, _CLASS)),
    'dmio.sys': ('NT Disk Manager I/O Driver', (_K, _H)),
    'dmload.sys': ('NT Disk Manager Startup Driver', (_K,)),
    'fastfat.sys': ('Fast FAT File System Driver', (_K, _H)),
    'fdc.sys': ('Floppy Disk Controller Driver', (_K, _H)),
    'fs_rec.sys': ('File System Recognizer Driver', (_K,)),
    'ftdisk.sys': ('FT Disk Driver', (_K, _H, _W)),
    'hidclass.sys': ('Hid Class Library', (_K, _H, 'HIDPARSE.SYS')),
    'hidparse.sys': ('Hid Parsing Library', (_K,)),
    'hidusb.sys': ('USB Miniport Driver for Input Devices',
                   (_K, _H, 'HIDCLASS.SYS', 'USBD.SYS')),
    'i8042prt.sys': ('i8042 Port Driver', (_K, _H)),
    'intelppm.sys': ('Processor Device Driver', (_K, _H)),
    'isapnp.sys': ('PNP ISA Bus Driver', (_K, _H)),
    'kbdclass.sys': ('Keyboard Class Driver', (_K,)),
    'ks.sys': ('Kernel CSA Library', (_K, _H)),
    'ksecdd.sys': ('Kernel Security Support Provider Interface', (_K,)),
    'mouclass.sys': ('Mouse Class Driver', (_K,)),
    'mountmgr.sys': ('Mount Manager', (_K,)),
    'msfs.sys': ('Mailslot driver', (_K,)),
    'mup.sys': ('Multiple UNC Provider driver', (_K, _H)),
    'ndis.sys': ('NDIS 5.1 wrapper driver', (_K, _H)),
    'netbios.sys': ('NetBIOS interface driver', (_K, _H, 'TDI.SYS')),
    'netbt.sys': ('MBT Transport driver', (_K, _H, 'TDI.SYS')),
    'npfs.sys': ('NPFS Driver', (_K,)),
    'ntfs.sys': ('NT File System Driver', (_K, _H)),
    'null.sys': ('NULL Driver', (_K,)),
    'partmgr.sys': ('Partition Manager', (_K, _H, _W)),
    'pci.sys': ('NT Plug and Play PCI Enumerator', (_K, _H)),
    'rdbss.sys': ('Redirected Drive Buffering SubSystem Driver', (_K, _H)),
    'scsiport.sys': ('SCSI Port Driver', (_K, _H)),
    'serial.sys': ('Serial Device Driver', (_K, _H, _W)),
    'srv.sys': ('Server driver', (_K, _H, 'TDI.SYS')),
    'swenum.sys': ('Plug and Play Software Device Enumerator',
                   (_K, 'ks.sys')),
    'symmpi.sys': ('LSI Logic Fusion-MPT MiniPort Driver', (_K, _SCSI)),
    'tcpip.sys': ('TCP/IP Protocol Driver', (_K, _H, 'TDI.SYS', 'NDIS.SYS')),
    'tdi.sys': ('TDI Wrapper', (_K,)),
    'termdd.sys': ('Terminal Server Driver', (_K, _H)),
    'usbd.sys': ('Universal Serial Bus Driver', (_K,)),
    'vga.sys': ('VGA/Super VGA Video Driver', ('VIDEOPRT.SYS',)),
    'videoprt.sys': ('Video Port Driver', (_K, _H)),
    'volsnap.sys': ('Volume Shadow Copy Driver', (_K, _H)),
    'wmilib.sys': ('WMILIB WMI support library Dll', (_K,)),
}

# Drivers of VMware Tools: another company and another version scheme
VMWARE_DRIVERS = {
    'vmmouse.sys': ('VMware Pointing PS/2 Device Driver', (_K, _H)),
    'vmscsi.sys': ('VMware PCI SCSI Miniport', (_K, _SCSI)),
    'vmx_svga.sys': ('VMware SVGA II Miniport', ('VIDEOPRT.SYS',)),
    'vmxnet.sys': ('VMware PCI Ethernet Adapter', (_K, _H, 'NDIS.SYS')),
}

# What of these a boot needs, and the import tables of the rest do
SLIM_DRIVERS = (
    'acpi.sys', 'classpnp.sys', 'disk.sys', 'ftdisk.sys', 'mountmgr.sys',
    'ntfs.sys', 'partmgr.sys', 'pci.sys', 'scsiport.sys', 'symmpi.sys',
    'volsnap.sys', 'wmilib.sys')

# HALs and kernels on the setup CD of Windows for i386
HALS = ('hal.dll', 'halacpi.dll', 'halaacpi.dll', 'halmacpi.dll',
        'halapic.dll', 'halmps.dll', 'halsp.dll')
KERNELS = ('ntoskrnl.exe', 'ntkrnlmp.exe', 'ntkrnlpa.exe', 'ntkrpamp.exe')

# What else driver.cab holds, in the mixed case of the real one
CABINET_DRIVERS = {
    '1394bus.sys': ('1394 Bus Device Driver', (_K, _H)),
    'aec.sys': ('Microsoft Acoustic Echo Canceller', (_K, _H)),
    'Aha154x.sys': ('Adaptec AHA-154x Series SCSI Driver', (_K, _SCSI)),
    'AIC78XX.SYS': ('Adaptec Ultra SCSI miniport', (_K, _SCSI)),
    'aliide.sys': ('ALi mini IDE Driver', (_K, _IDE)),
    'amdk6.sys': ('Processor Device Driver', (_K, _H)),
    'amdk7.sys': ('Processor Device Driver', (_K, _H)),
    'ASC.SYS': ('AdvanSys SCSI Controller Driver', (_K, _SCSI)),
    'bridge.sys': ('MAC Bridge Driver', (_K, _H, 'NDIS.SYS')),
    'changer.sys': ('Changer Class Driver', (_K, _CLASS)),
    'cmdide.sys': ('CMD PCI IDE Bus Driver', (_K, _IDE)),
    'crusoe.sys': ('Processor Device Driver', (_K, _H)),
    'dac960nt.sys': ('Mylex Disk Array Controller Driver', (_K, _SCSI)),
    'E100B325.SYS': ('Intel PRO/100 Adapter Driver', (_K, 'NDIS.SYS')),
    'el90xbc5.sys': ('3Com EtherLink PCI', (_K, 'NDIS.SYS')),
    'flpydisk.sys': ('Floppy Driver', (_K, _H)),
    'gameenum.sys': ('Game Port Enumerator', (_K, _H)),
    'hpn.sys': ('NetRAID-4M Miniport Driver', (_K, _SCSI)),
    'i2omp.sys': ('I2O Miniport Driver', (_K, _SCSI)),
    'ini910u.sys': ('INITIO ini910u SCSI miniport', (_K, _SCSI)),
    'irenum.sys': ('Infra-Red Bus Enumerator', (_K, _H)),
    'lbrtfdc.sys': ('Libretto Floppy Disk Controller', (_K, _H)),
    'mraid35x.sys': ('MegaRAID RAID Controller Driver', (_K, _SCSI)),
    'Nv4_mini.sys': ('NVIDIA Compatible Miniport', ('VIDEOPRT.SYS',)),
    'ohci1394.sys': ('1394 OpenHCI Port Driver', (_K, _H)),
    'p3.sys': ('Processor Device Driver', (_K, _H)),
    'parport.sys': ('Parallel Port Driver', (_K, _H)),
    'PCNTPCI5.SYS': ('AMD PCnet Adapter Driver', (_K, 'NDIS.SYS')),
    'perc2.sys': ('PERC 2 Miniport Driver', (_K, _SCSI)),
    'processr.sys': ('Processor Device Driver', (_K, _H)),
    'ql1080.sys': ('QLogic PCI SCSI Driver', (_K, _SCSI)),
    'rtl8139.sys': ('Realtek RTL8139 NDIS Driver', (_K, 'NDIS.SYS')),
    'sbp2port.sys': ('SBP-2 Protocol Driver', (_K, _H)),
    'sfloppy.sys': ('SCSI Floppy Driver', (_K, _CLASS)),
    'sisagp.sys': ('SIS NT AGP Filter', (_K, _H)),
    'sparrow.sys': ('Adaptec AIC-6x60 series SCSI driver', (_K, _SCSI)),
    'sym_hi.sys': ('Symbios Hi-Perf PCI SCSI Driver', (_K, _SCSI)),
    'toside.sys': ('Toshiba PCI IDE Controller Driver', (_K, _IDE)),
    'ultra.sys': ('Promise Ultra66 Miniport Driver', (_K, _SCSI)),
    'usbehci.sys': ('EHCI eUSB Miniport Driver', (_K, _H)),
    'usbhub.sys': ('Default Hub Driver for USB', (_K, _H, 'USBD.SYS')),
    'usbuhci.sys': ('UHCI USB Miniport Driver', (_K, _H)),
    'viaagp.sys': ('VIA NT AGP Filter', (_K, _H)),
    'viaide.sys': ('Generic PCI IDE Bus Driver', (_K, _IDE)),
    'wdmaud.sys': ('MMSYSTEM Wave/Midi API mapper', (_K, 'ks.sys')),
}

# Programs and libraries of system32
SYSTEM_FILES = {
    'advapi32.dll': 'Advanced Windows 32 Base API',
    'cmd.exe': 'Windows Command Processor',
    'comctl32.dll': 'Common Controls Library',
    'csrss.exe': 'Client Server Runtime Process',
    'gdi32.dll': 'GDI Client DLL',
    'kernel32.dll': 'Windows NT BASE API Client DLL',
    'lsass.exe': 'LSA Shell', 'msvcrt.dll': 'Windows NT CRT DLL',
    'ntdll.dll': 'NT Layer DLL',
    'ole32.dll': 'Microsoft OLE for Windows',
    'rpcrt4.dll': 'Remote Procedure Call Runtime',
    'services.exe': 'Services and Controller app',
    'shell32.dll': 'Windows Shell Common Dll',
    'smss.exe': 'Windows NT Session Manager',
    'svchost.exe': 'Generic Host Process for Win32 Services',
    'user32.dll': 'Windows USER API Client DLL',
    'userinit.exe': 'Userinit Logon Application',
    'win32k.sys': 'Multi-User Win32 Driver',
    'winlogon.exe': 'Windows NT Logon Application',
    'ws2_32.dll': 'Windows Socket 2.0 32-Bit DLL',
}


def build(table, name, windows, version, description, modules, size,
          **options):
    """A program; @table has the functions that modules export, by name."""
    upper = name.upper()
    exports = next((functions for module, functions in table.items()
                    if module.upper() == upper), ())
    options.setdefault('machine', windows.machine)
    label = windows.label if version == windows.version else ''
    return pe.PeFile(
        name, version=version, label=label and '(%s)' % label,
        description=description, exports=exports, size=size,
        imports={module: table[module] for module in modules},
        timestamp=windows.built, **options).build()


def _build(name, *details, **options):
    return build(FUNCTIONS, name, *details, **options)


@functools.lru_cache(512)
def driver(name, windows, version=None, **options):
    """The bytes of the driver @name, of Windows' or another @version."""
    tables = (IDE_DRIVERS, INSTALLED_DRIVERS, CABINET_DRIVERS)
    description, modules = next(t[name] for t in tables if name in t)
    size = filler.number('size ' + name, 20_000, 90_000)
    return _build(name, windows, version or windows.version, description,
                  modules, size, **options)


@functools.lru_cache(64)
def vmware_driver(name, windows):
    """A driver of VMware Tools."""
    description, modules = VMWARE_DRIVERS[name]
    return _build(name, windows, (1, 2, 0, 4), description, modules,
                  filler.number('size ' + name, 10_000, 40_000),
                  company='VMware, Inc.', product='VMware Tools')


@functools.lru_cache(64)
def kernel(windows, pae=False, size=1_000_000):
    """ntoskrnl.exe or ntkrnlpa.exe, under its installed name."""
    name = 'ntkrnlpa.exe' if pae else 'ntoskrnl.exe'
    original = windows.hal.pae_kernel if pae else windows.hal.kernel
    return _build('ntoskrnl.exe', windows, windows.version,
                  'NT Kernel & System', ('BOOTVID.dll', _H,
                                         *_debugger(windows)),
                  size + len(name) * 1024, original_filename=original)


def _debugger(windows):
    """kdcom.dll; in Windows 2000 it was a part of the HAL."""
    return () if windows.is_2000 else ('KDCOM.dll',)


@functools.lru_cache(64)
def hal(windows):
    """hal.dll: which HAL it is, its OriginalFilename tells."""
    return _build('HAL.dll', windows, windows.version,
                  'Hardware Abstraction Layer DLL', (_K, *_debugger(windows)),
                  131_840, original_filename=windows.hal.filename, dll=True)


@functools.lru_cache(512)
def setup_hal(filename, windows, version=None, **options):
    """The HAL of that name on the setup CD, small."""
    return _build('HAL.dll', windows, version or windows.hal_version,
                  'Hardware Abstraction Layer DLL', (_K, *_debugger(windows)),
                  16_384, original_filename=filename, dll=True, **options)


@functools.lru_cache(512)
def setup_kernel(filename, windows, version=None, **options):
    """The kernel of that name on the setup CD, small."""
    size = 24_576 + 1024 * KERNELS.index(filename)
    return _build('ntoskrnl.exe', windows, version or windows.version,
                  'NT Kernel & System', ('BOOTVID.dll', _H,
                                         *_debugger(windows)),
                  size, original_filename=filename, **options)


def boot_libraries(windows):
    """Which of bootvid.dll and kdcom.dll there are."""
    return ('bootvid.dll',) if windows.is_2000 else ('bootvid.dll',
                                                     'kdcom.dll')


@functools.lru_cache(64)
def boot_library(name, windows):
    """bootvid.dll or kdcom.dll."""
    title = {'bootvid.dll': 'VGA Boot Driver',
             'kdcom.dll': 'Kernel Debugger HW Extension DLL'}[name]
    return _build(name, windows, windows.version, title, (_K, _H), 12_288,
                  dll=True)


@functools.lru_cache(512)
def system_file(name, windows, **options):
    """A program or library of system32; of SysWOW64, if it is for i386."""
    native = name in ('ntdll.dll', 'smss.exe', 'csrss.exe')
    modules = () if name == 'ntdll.dll' else \
        (_K,) if name == 'win32k.sys' else \
        ('ntdll.dll',) if native or name == 'kernel32.dll' else \
        ('KERNEL32.dll', 'ntdll.dll')
    return _build(name, windows, windows.version, SYSTEM_FILES[name],
                  modules, filler.number('size ' + name, 8_000, 40_000),
                  subsystem=pe.SUBSYSTEM_NATIVE if native
                  else pe.SUBSYSTEM_GUI, dll=name.endswith('.dll'),
                  **options)
