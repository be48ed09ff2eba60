"""
The boot code of an NTFS volume that NTLDR starts from

mkntfs's own code says that the disk is not bootable.  This is none of
Windows' either (it waits), but it lies where that does and names the same
file: the sector behind the first begins with the length of the name and the
name, in UTF-16.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

import filler

SECTOR = 512

# hlt, and jump back
_WAIT = bytes.fromhex('faf4ebfd')

_CODE, _CODE_END = 0x54, 0x1fe      # in the first sector
_LOADER = 0x200
_SECTORS = 7                        # those that have code


def install(path, sectors, name='NTLDR'):
    """
    Writes it to the volume in the file @path, of @sectors sectors; it loads
    @name.
    """
    first = _WAIT + filler.code_bytes('boot code', 0xf0)
    first += b'\r\nA disk read error occurred\0'
    first += b'\r\n%s is missing\0' % name.encode()
    rest = struct.pack('<H', len(name)) + name.encode('utf-16-le') + _WAIT
    rest += filler.code_bytes('more boot code',
                              (_SECTORS - 1) * SECTOR - len(rest))
    with open(path, 'r+b') as volume:
        for sector in (0, sectors - 1):
            volume.seek(sector * SECTOR + _CODE)
            volume.write(first.ljust(_CODE_END - _CODE, b'\0'))
        volume.seek(_LOADER)
        volume.write(rest)


def set_field(path, sectors, offset, layout, value):
    """A number in the BIOS parameter block and in its copy."""
    with open(path, 'r+b') as volume:
        for sector in (0, sectors - 1):
            volume.seek(sector * SECTOR + offset)
            volume.write(struct.pack(layout, value))
