"""
The kinds of guest from Vista on, and what is wrong with some of them

They are named after their Windows; those that setup mostly installs for a BIOS
have a variant "-uefi", the others one "-bios".  docs/test-guests.rst describes
them.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
from dataclasses import dataclass, field

import disk
import gpt
import guids
import recipes
import vista_drivers
from ntfs import VolumeSpec
from vista_versions import (
    WIN10_1709, WIN10_22H2, WIN11_22H2, WIN11_24H2, WIN7_X64, WIN7_X86,
    WIN8_1, WIN_VISTA, WIN_VISTA_X64, WS2008_R2, WS2012_R2, WS2016, WS2019,
    WS2022, WS2025, Windows)

TYPE_RECOVERY = 0x27


@dataclass(frozen=True)
class Part:
    """
    A partition and what it holds: 'boot' (bootmgr and BCD), 'windows', 'user',
    'recovery', 'esp', 'reserved'.
    """

    contents: tuple
    mib: int
    type: object = disk.TYPE_NTFS   # a number on MBR, a GUID on GPT
    active: bool = False
    attributes: int = 0
    name: str = ''
    label: str = ''
    guid: str = ''              # on GPT: another than one made up


# Where a real SYSTEM hive is, with its logs if it needs them, and its SHA-256
REAL_WIN7 = {'SYSTEM': (
    'hives/win7-sp1-x86-vmware.SYSTEM',
    'e178813e4643e8ccf4d1ccc505ddc128041b6135277417b98219dfe3167450c3')}
REAL_WIN8_1 = {'SYSTEM': (
    'hives/win8.1-x64-dirty-nolog.SYSTEM',
    'b9e8845e957aeb7919a89bb75b3fcde4c353e5a3335081a4825d676e55e58fb4')}
REAL_WIN10 = {
    'SYSTEM': (
        'hives/win10-1709-x64-dirty.SYSTEM',
        '9154e260abdc4ac206ef9d872dd4e1add0150b869bda5b112944af2ff5ec39b4'),
    'SYSTEM.LOG1': (
        'hives/win10-1709-x64-dirty.SYSTEM.LOG1',
        '9bc4bd3324313b689e0cda9275494d93c714dcb03b434a69927bae8ac7ebc065'),
    'SYSTEM.LOG2': (
        'hives/win10-1709-x64-dirty.SYSTEM.LOG2',
        'fc1c4b211d19ca3ec1c6c402f602c4f67d287a4fb9664069c3e0172898940652')}


@dataclass(frozen=True)
class VistaRecipe(recipes.Recipe):
    """All that tells one kind of guest from another; layout is of Parts."""

    windows: Windows = WIN7_X86
    scheme: str = 'mbr'
    system_hive: str = 'built'
    real_hive: dict = field(hash=False, default_factory=dict)
    more_drivers: tuple = ()    # those that a real hive starts
    volume: VolumeSpec = VolumeSpec(flags=0x8000)
    spare_sectors: int = 2048
    # Of a hive that is built: a control set, and the root; of the BCD: its
    # root and the Store; of a GPT: the list of gpt.Entry to another
    set_edits: tuple = ()
    root_edits: tuple = ()
    bcd_edits: tuple = ()
    table_edits: tuple = ()


# In life a reserved partition has 100, 350 or 500 MB, an ESP 100
_WINDOWS = ('windows', 'user')
SINGLE = (Part(('boot',) + _WINDOWS, 160, active=True),)
RESERVED = (Part(('boot',), 24, active=True, label='System Reserved'),
            Part(_WINDOWS, 160))
RESERVED_RECOVERY = RESERVED + (Part(('recovery',), 24, TYPE_RECOVERY),)

_ESP = Part(('esp',), 40, guids.ESP, attributes=gpt.NO_DRIVE_LETTER,
            name='EFI system partition')
_MSR = Part(('reserved',), 16, guids.RESERVED,
            attributes=gpt.NO_DRIVE_LETTER,
            name='Microsoft reserved partition')
_DATA = Part(_WINDOWS, 160, guids.BASIC_DATA, name='Basic data partition')
_RECOVERY = Part(('recovery',), 24, guids.RECOVERY,
                 attributes=gpt.REQUIRED | gpt.NO_DRIVE_LETTER,
                 name='Basic data partition', label='Recovery')
GPT_PLAIN = (_ESP, _MSR, _DATA)                         # Vista and 7
GPT_RECOVERY_FIRST = (_RECOVERY, _ESP, _MSR, _DATA)     # 8 to 10 of 2019
GPT_RECOVERY_LAST = (_ESP, _MSR, _DATA, _RECOVERY)


def _add(kind, summary, **changes):
    recipe = VistaRecipe(kind, summary, **changes)
    recipes.add(recipe)


def _vary(kind, base, summary, **changes):
    """A kind like @base but for these changes."""
    recipes.add(dataclasses.replace(recipes.find(base), kind=kind,
                                    summary=summary, **changes))


# Guests that are to be prepared

_add('win-vista', 'Windows Vista SP2 x86, BIOS, one partition',
     windows=WIN_VISTA, layout=SINGLE, signature=0x6f3a1b02)
_add('win-vista-uefi', 'Windows Vista SP2 x64, UEFI',
     windows=WIN_VISTA_X64, scheme='gpt', layout=GPT_PLAIN,
     signature=0x6f3a1b03)
# The hive knows its disk: signature, and where C: is
_add('win7', 'Windows 7 SP1 x86, BIOS, one partition, a real hive of VMware',
     real_hive=REAL_WIN7, more_drivers=vista_drivers.REAL_WIN7,
     layout=SINGLE, signature=0x5cbea03e)
_vary('win7-built', 'win7', 'the same with a hive of our own making',
      real_hive={}, more_drivers=())
_add('win7-reserved', 'Windows 7 SP1 x86, BIOS, System Reserved',
     layout=RESERVED, signature=0x7c1d20e7)
_add('win7-x64', 'Windows 7 SP1 x64, BIOS', windows=WIN7_X64,
     layout=RESERVED, signature=0x7c1d20e8)
_add('win7-uefi', 'Windows 7 SP1 x64, UEFI', windows=WIN7_X64, scheme='gpt',
     layout=GPT_PLAIN, signature=0x7c1d20e9)
_add('ws2008r2', 'Windows Server 2008 R2, BIOS', windows=WS2008_R2,
     layout=RESERVED, signature=0x7c1d20ea)
_add('win8.1', 'Windows 8.1 x64, BIOS', windows=WIN8_1, layout=RESERVED,
     signature=0x81a04c11)
_add('win8.1-uefi', 'Windows 8.1 x64, UEFI', windows=WIN8_1, scheme='gpt',
     layout=GPT_RECOVERY_FIRST, signature=0x81a04c12)
_add('ws2012r2', 'Windows Server 2012 R2, BIOS', windows=WS2012_R2,
     layout=RESERVED, signature=0x81a04c13)
_add('ws2012r2-uefi', 'Windows Server 2012 R2, UEFI', windows=WS2012_R2,
     scheme='gpt', layout=GPT_RECOVERY_FIRST, signature=0x81a04c14)
_add('win10', 'Windows 10 22H2, UEFI', windows=WIN10_22H2, scheme='gpt',
     layout=GPT_RECOVERY_LAST, signature=0x10a5e201)
_add('win10-bios', 'Windows 10 22H2, BIOS', windows=WIN10_22H2,
     layout=RESERVED_RECOVERY, signature=0x10a5e202)
_add('win10-1709', 'Windows 10 1709, UEFI, a real hive that needs its logs',
     windows=WIN10_1709, scheme='gpt', layout=(
         _RECOVERY, _ESP, _MSR, dataclasses.replace(
             _DATA, guid='09931F21-7FAF-44A9-81D8-1E73C14B9EAF')),
     real_hive=REAL_WIN10, more_drivers=vista_drivers.REAL_WIN10,
     signature=0x10a5e203)
for _number, (_kind, _windows, _layout) in enumerate((
        ('win11', WIN11_22H2, GPT_RECOVERY_LAST),
        ('win11-24h2', WIN11_24H2, GPT_RECOVERY_LAST),
        ('ws2016', WS2016, GPT_RECOVERY_FIRST),
        ('ws2019', WS2019, GPT_RECOVERY_FIRST),
        ('ws2022', WS2022, GPT_RECOVERY_LAST),
        ('ws2025', WS2025, GPT_RECOVERY_LAST))):
    _text = '%s (%d)' % (_windows.name, _windows.build)
    _add(_kind, _text + ', UEFI', windows=_windows, scheme='gpt',
         layout=_layout, signature=0x11c0de00 + _number)
    if _windows.is_server:
        _add(_kind + '-bios', _text + ', BIOS', windows=_windows,
             layout=RESERVED_RECOVERY, signature=0x22c0de00 + _number)
