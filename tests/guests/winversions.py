"""
Which Windows a guest is: versions, names and HALs, as data

SPDX-License-Identifier: GPL-2.0-or-later
"""

from dataclasses import dataclass, field

import pe


@dataclass(frozen=True)
class Hal:
    """A HAL and the kernels that go with it (UP or MP)."""

    filename: str
    device_id: str
    inf_section: str
    description: str
    kernel: str = 'ntoskrnl.exe'
    pae_kernel: str = 'ntkrnlpa.exe'


ACPI_PC = Hal('halacpi.dll', 'acpipic_up', 'ACPI_UP_HAL',
              'Advanced Configuration and Power Interface (ACPI) PC')
ACPI_UP = Hal('halaacpi.dll', 'acpiapic_up', 'ACPIAPIC_UP_HAL',
              'ACPI Uniprocessor PC')
ACPI_MP = Hal('halmacpi.dll', 'acpiapic_mp', 'ACPIAPIC_MP_HAL',
              'ACPI Multiprocessor PC', 'ntkrnlmp.exe', 'ntkrpamp.exe')
# On x64 every HAL is called hal.dll, and there is no kernel beside the one
ACPI_X64 = Hal('hal.dll', 'acpiapic_up', 'ACPI_AMD64_UP_HAL',
               'ACPI Uniprocessor x64-based PC', pae_kernel='')


@dataclass(frozen=True)
class Windows:
    """One installed Windows."""

    name: str                   # as "win-xenprep" reports it
    product_name: str           # as the SOFTWARE hive has it
    version: tuple
    label: str                  # what follows the number in FileVersion
    service_pack: int
    product_type: str = 'WinNT'
    machine: int = pe.MACHINE_I386
    system_root: str = '\\WINDOWS'
    hal: Hal = ACPI_PC
    adapter: str = 'vmscsi'     # a key of registry.SCSI_ADAPTERS
    boot_title: str = 'Microsoft Windows XP Professional'
    boot_options: str = '/noexecute=optin /fastdetect'
    select: dict = field(hash=False, default_factory=lambda: {
        'Current': 1, 'Default': 1, 'Failed': 0, 'LastKnownGood': 3})
    control_sets: tuple = (1, 3)
    hive_minor: int = 5
    installed: int = 1_250_000_000      # seconds since 1970
    built: int = 1_208_131_200

    @property
    def is_64(self):
        """Whether it is an x64 edition."""
        return self.machine == pe.MACHINE_AMD64

    @property
    def is_2000(self):
        """Whether it is Windows 2000, older than the others in much."""
        return self.version[:2] == (5, 0)

    @property
    def hal_version(self):
        """That of the HALs: those of Windows 2000 are a little older."""
        return (5, 0, 2195, 6691) if self.is_2000 else self.version

    @property
    def platform(self):
        """The name of its folder in the driver cache and on the CD."""
        return 'amd64' if self.is_64 else 'i386'

    @property
    def ntfs_version(self):
        """That of the volumes it formats."""
        return (3, 0) if self.is_2000 else (3, 1)

    @property
    def csd_version(self):
        """What the SOFTWARE hive says of the service pack, or nothing."""
        return 'Service Pack %d' % self.service_pack \
            if self.service_pack else ''

    @property
    def named_control_sets(self):
        """Those that must be edited: Current, Default, LastKnownGood."""
        named = {self.select.get(name, 0)
                 for name in ('Current', 'Default', 'LastKnownGood')}
        return sorted(named - {0})


XP_SP3 = Windows('Windows XP', 'Microsoft Windows XP', (5, 1, 2600, 5512),
                 'xpsp.080413-2108', 3)
XP_RTM = Windows('Windows XP', 'Microsoft Windows XP', (5, 1, 2600, 0),
                 'xpclient.010817-1148', 0, boot_options='/fastdetect',
                 select={'Current': 1, 'Default': 1, 'Failed': 0,
                         'LastKnownGood': 2}, control_sets=(1, 2),
                 built=998_000_000, installed=1_010_000_000)
W2K3_SP2 = Windows('Windows Server 2003', 'Microsoft Windows Server 2003',
                   (5, 2, 3790, 3959), 'srv03_sp2_rtm.070216-1710', 2,
                   product_type='ServerNT', hal=ACPI_UP, adapter='symmpi',
                   boot_title='Windows Server 2003, Standard',
                   boot_options='/noexecute=optout /fastdetect',
                   select={'Current': 2, 'Default': 2, 'Failed': 1,
                           'LastKnownGood': 3}, control_sets=(1, 2, 3),
                   built=1_171_700_000)
W2K_SP4 = Windows('Windows 2000', 'Microsoft Windows 2000',
                  (5, 0, 2195, 6717), '', 4, system_root='\\WINNT',
                  boot_title='Microsoft Windows 2000 Professional',
                  boot_options='/fastdetect', hive_minor=3,
                  select={'Current': 1, 'Default': 1, 'Failed': 0,
                          'LastKnownGood': 2}, control_sets=(1, 2),
                  built=1_055_979_000, installed=1_100_000_000)
XP_SP2 = Windows('Windows XP', 'Microsoft Windows XP', (5, 1, 2600, 2180),
                 'xpsp_sp2_rtm.040803-2158', 2, hal=ACPI_MP,
                 built=1_091_613_600, installed=1_110_000_000)
W2K3_SP1 = Windows('Windows Server 2003', 'Microsoft Windows Server 2003',
                   (5, 2, 3790, 1830), 'srv03_sp1_rtm.050324-1447', 1,
                   product_type='ServerNT', adapter='symmpi',
                   boot_title='Windows Server 2003, Enterprise',
                   boot_options='/noexecute=optout /fastdetect',
                   built=1_111_700_000, installed=1_130_000_000)
XP_X64 = Windows('Windows XP x64', 'Microsoft Windows XP',
                 (5, 2, 3790, 1830), 'srv03_sp1_rtm.050324-1447', 1,
                 machine=pe.MACHINE_AMD64, hal=ACPI_X64, adapter='symmpi',
                 boot_title='Microsoft Windows XP Professional x64 Edition',
                 built=1_111_700_000, installed=1_140_000_000)
W2K3_X64 = Windows('Windows Server 2003', 'Microsoft Windows Server 2003',
                   (5, 2, 3790, 3959), 'srv03_sp2_rtm.070216-1710', 2,
                   product_type='LanmanNT', machine=pe.MACHINE_AMD64,
                   hal=ACPI_X64, adapter='symmpi',
                   boot_title='Windows Server 2003, Standard x64 Edition',
                   boot_options='/noexecute=optout /fastdetect',
                   select={'Current': 2, 'Default': 2, 'Failed': 1,
                           'LastKnownGood': 3}, control_sets=(1, 2, 3),
                   built=1_171_700_000)
