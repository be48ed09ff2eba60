"""
The kinds of guest that differ in their HAL: each of Microsoft's table

They are slim: what a boot takes, the IDE drivers, and no more.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import disk
import hive
import recipes
import registry
import windrivers
import winfiles
import winversions
from winversions import Hal, W2K3_SP2, W2K_SP4, XP_SP2, XP_SP3, XP_X64

SIGNATURE = 0x48a11e57

STANDARD = Hal('hal.dll', 'e_isa_up', 'E_ISA_UP_HAL', 'Standard PC')
MPS_UP = Hal('halapic.dll', 'mps_up', 'MPS_UP_HAL',
             'MPS Uniprocessor PC')
MPS_MP = Hal('halmps.dll', 'mps_mp', 'MPS_MP_HAL', 'MPS Multiprocessor PC',
             'ntkrnlmp.exe', 'ntkrpamp.exe')
SYSTEMPRO = Hal('halsp.dll', 'syspro_mp', 'SYSPRO_MP_HAL',
                'Compaq SystemPro Multiprocessor or 100% Compatible',
                'ntkrnlmp.exe', 'ntkrpamp.exe')
X64_MP = Hal('hal.dll', 'acpiapic_mp', 'ACPI_AMD64_MP_HAL',
             'ACPI Multiprocessor x64-based PC', 'ntkrnlmp.exe', '')

# Kind: Windows, HAL
KINDS = {
    'hal-e-isa-up': (XP_SP3, STANDARD),
    'hal-acpipic-up': (XP_SP3, winversions.ACPI_PC),
    'hal-acpiapic-up': (W2K3_SP2, winversions.ACPI_UP),
    'hal-acpiapic-mp': (XP_SP2, winversions.ACPI_MP),
    'hal-mps-up': (W2K_SP4, MPS_UP),
    'hal-mps-mp': (W2K_SP4, MPS_MP),
    'hal-syspro-mp': (W2K_SP4, SYSTEMPRO),
    'hal-x64-up': (XP_X64, winversions.ACPI_X64),
    'hal-x64-mp': (XP_X64, X64_MP),
}


def system_hive(windows, edit=None):
    """
    A hive edit that is a hive of its own: that of @windows on a machine as
    its HAL wants it, where @edit(control set key) changed each control set.
    """
    def rebuild(_):
        root = registry.system(windows, SIGNATURE,
                               disk.FIRST_TRACK * disk.SECTOR)
        for number in windows.control_sets:
            control_set = root.at('ControlSet%03d' % number)
            if not windows.hal.device_id.startswith('acpi'):
                _without_acpi(control_set)
            if edit:
                edit(control_set)
        return hive.build(root, 'SYSTEM', windows.hive_minor, (31, 31),
                          winfiles.filetime(windows.installed + 86_400))
    return rebuild


def _without_acpi(control_set):
    """The devices of a machine whose firmware has no ACPI, or hides it."""
    enum = control_set.at('Enum')
    for bus in ('ACPI', 'ACPI_HAL'):
        del enum.keys[bus]
    enum.at('Root').keys['PCI_HAL'] = enum.at('Root').keys.pop('ACPI_HAL')
    control_set.at('Services\\ACPI').merge({'Start': hive.dword(4)})


def ide_drivers(tree, windows):
    """The IDE drivers are in system32\\drivers."""
    for name in windrivers.IDE_DRIVERS:
        tree.file('%s\\%s\\%s' % (windows.system_root[1:], recipes.DRIVERS,
                                  name),
                  windrivers.driver(name, windows), mtime=windows.built)


def _add(kind, windows, hal):
    windows = dataclasses.replace(windows, hal=hal)
    recipes.add(recipes.Recipe(
        kind, '%s, %s' % (windows.name, hal.description), windows=windows,
        system_hive='built', slim=True, signature=SIGNATURE,
        layout=(recipes.Slot(('boot', 'windows'), 8, active=True),),
        hive_edits=(system_hive(windows),),
        tree_edits=(ide_drivers,)))


for _kind, (_windows, _hal) in KINDS.items():
    _add(_kind, _windows, _hal)
