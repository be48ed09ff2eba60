"""
Which Windows a guest is, from Vista on: versions and names, as data

SPDX-License-Identifier: GPL-2.0-or-later
"""

from dataclasses import dataclass, field

import pe
from winversions import Hal, Windows

VISTA, WIN7, WIN8, WIN81, WIN10 = (6, 0), (6, 1), (6, 2), (6, 3), (10, 0)

# What the loader takes by itself; both x86 kernels are there until 8
HAL_X86 = Hal('halmacpi.dll', 'acpiapic', 'ACPIAPIC_HAL', 'ACPI x86-based PC',
              'ntkrnlmp.exe', 'ntkrpamp.exe')
HAL_X64 = Hal('hal.dll', 'acpiapic', 'ACPI_AMD64_HAL', 'ACPI x64-based PC',
              'ntkrnlmp.exe', '')


@dataclass(frozen=True)
class VistaWindows(Windows):
    """One installed Windows that a BCD starts."""

    system_root: str = '\\Windows'
    machine: int = pe.MACHINE_AMD64
    hal: Hal = HAL_X64
    adapter: str = 'LSI_SAS'
    edition: str = 'Professional'
    lab: str = ''               # the branch that it was built from
    registry_build: int = 0     # where an update has changed no more than that
    update: int = 0             # UBR: the last part of the version
    display_version: str = ''   # 22H2
    boot_title: str = ''        # in the BCD
    select: dict = field(hash=False, default_factory=lambda: {
        'Current': 1, 'Default': 1, 'Failed': 0, 'LastKnownGood': 1})
    control_sets: tuple = (1,)

    @property
    def build(self):
        """As the registry has it."""
        return self.registry_build or self.version[2]

    @property
    def is_10(self):
        """Whether it is Windows 10, 11 or a server of their time."""
        return self.version >= WIN10

    @property
    def is_8(self):
        """Whether DriverDatabase takes the place of the critical devices."""
        return self.version >= WIN8

    @property
    def has_new_logs(self):
        """Whether its hives have logs of the format that came with 8.1."""
        return self.version >= WIN81

    @property
    def is_server(self):
        """Whether it is one."""
        return self.product_type != 'WinNT'

    @property
    def release_id(self):
        """It came to a stop in 2020, when DisplayVersion came."""
        return '2009' if self.version[2] >= 19041 else self.display_version

    @property
    def store_arch(self):
        """How folders of the driver store call the machine."""
        return 'amd64' if self.is_64 else 'x86'


# Two control sets, the second from the last boot that worked
_TWO_SETS = {'select': {'Current': 1, 'Default': 1, 'Failed': 0,
                        'LastKnownGood': 2}, 'control_sets': (1, 2)}
# What FileVersion says since Windows 10, but for servers of 2016
_LABEL = 'WinBuild.160101.0800'


def _windows(name, product, version, built, title=None, **options):
    return VistaWindows(name, product, version, options.pop('label', _LABEL),
                        options.pop('service_pack', 0), built=built,
                        installed=built + 40_000_000,
                        boot_title=title or name, **options)


def _server(name, product, version, built, **options):
    return _windows(name, product, version, built, 'Windows Server',
                    product_type='ServerNT', edition='ServerStandard',
                    **options)


WIN_VISTA = _windows(
    'Windows Vista', 'Windows Vista (TM) Business', (6, 0, 6002, 18005),
    1_239_400_000, 'Microsoft Windows Vista', label='lh_sp2rtm.090410-1830',
    service_pack=2, edition='Business', lab='lh_sp2rtm.090410-1830',
    machine=pe.MACHINE_I386, hal=HAL_X86, **_TWO_SETS)
WIN_VISTA_X64 = _windows(
    'Windows Vista', 'Windows Vista (TM) Business', (6, 0, 6002, 18005),
    1_239_400_000, 'Microsoft Windows Vista', label='lh_sp2rtm.090410-1830',
    service_pack=2, edition='Business', lab='lh_sp2rtm.090410-1830',
    **_TWO_SETS)
WIN7_X86 = _windows(
    'Windows 7', 'Windows 7 Professional', (6, 1, 7601, 17514),
    1_290_200_000, label='win7sp1_rtm.101119-1850', service_pack=1,
    lab='win7sp1_rtm.101119-1850', machine=pe.MACHINE_I386, hal=HAL_X86,
    **_TWO_SETS)
WIN7_X64 = _windows(
    'Windows 7', 'Windows 7 Professional', (6, 1, 7601, 17514),
    1_290_200_000, label='win7sp1_rtm.101119-1850', service_pack=1,
    lab='win7sp1_rtm.101119-1850', **_TWO_SETS)
WS2008_R2 = _server(
    'Windows Server 2008 R2', 'Windows Server 2008 R2 Standard',
    (6, 1, 7601, 17514), 1_290_200_000, label='win7sp1_rtm.101119-1850',
    service_pack=1, lab='win7sp1_rtm.101119-1850', **_TWO_SETS)
WIN8_1 = _windows(
    'Windows 8.1', 'Windows 8.1 Pro', (6, 3, 9600, 17415), 1_414_500_000,
    label='winblue_r4.141028-1500', lab='winblue_r4.141028-1500')
WS2012_R2 = _server(
    'Windows Server 2012 R2', 'Windows Server 2012 R2 Standard',
    (6, 3, 9600, 17415), 1_414_500_000, label='winblue_r4.141028-1500',
    lab='winblue_r4.141028-1500', adapter='pvscsi')
WIN10_1709 = _windows(
    'Windows 10', 'Windows 10 Pro', (10, 0, 16299, 15), 1_506_600_000,
    lab='rs3_release.170928-1534', update=15, display_version='1709')
WIN10_22H2 = _windows(
    'Windows 10', 'Windows 10 Pro', (10, 0, 19041, 3636), 1_575_600_000,
    lab='vb_release.191206-1406', update=3636, registry_build=19045,
    display_version='22H2')
# Windows 11 calls itself Windows 10 there
WIN11_22H2 = _windows(
    'Windows 11', 'Windows 10 Pro', (10, 0, 22621, 1), 1_651_800_000,
    lab='ni_release.220506-1250', update=1, display_version='22H2')
WIN11_24H2 = _windows(
    'Windows 11', 'Windows 10 Pro', (10, 0, 26100, 1742), 1_711_900_000,
    lab='ge_release.240331-1435', update=1742, display_version='24H2')
WS2016 = _server(
    'Windows Server 2016', 'Windows Server 2016 Standard',
    (10, 0, 14393, 0), 1_468_600_000, label='rs1_release.160715-1616',
    lab='rs1_release.160715-1616', display_version='1607')
WS2019 = _server(
    'Windows Server 2019', 'Windows Server 2019 Standard',
    (10, 0, 17763, 1), 1_536_900_000, lab='rs5_release.180914-1434',
    update=1, display_version='1809', adapter='pvscsi')
WS2022 = _server(
    'Windows Server 2022', 'Windows Server 2022 Standard',
    (10, 0, 20348, 1), 1_620_400_000, lab='fe_release.210507-1500',
    update=1, display_version='21H2', adapter='pvscsi')
WS2025 = _server(
    'Windows Server 2025', 'Windows Server 2025 Standard',
    (10, 0, 26100, 1742), 1_711_900_000, lab='ge_release.240331-1435',
    update=1742, display_version='24H2', adapter='pvscsi')
