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
    select: dict = field(default_factory=lambda: {
        'Current': 1, 'Default': 1, 'Failed': 0, 'LastKnownGood': 3})
    control_sets: tuple = (1, 3)
    hive_minor: int = 5
    installed: int = 1_250_000_000      # seconds since 1970
    built: int = 1_208_131_200

    @property
    def csd_version(self):
        """What the SOFTWARE hive says of the service pack."""
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
