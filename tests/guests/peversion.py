"""
The version resource of a PE file: VS_VERSIONINFO in a resource directory

Layouts: Microsoft's "VS_VERSIONINFO structure" and the .rsrc section of the
PE/COFF specification.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

RT_VERSION = 16
LANGUAGE_US_ENGLISH = 0x0409
CODEPAGE_UNICODE = 0x04b0

VS_FFI_SIGNATURE = 0xfeef04bd
VS_FFI_STRUCVERSION = 0x00010000
VOS_NT_WINDOWS32 = 0x00040004
VFT_APP, VFT_DLL, VFT_DRV = 1, 2, 3


def _pad4(data):
    return data + bytes(-len(data) % 4)


def _block(key, value, is_text, children=()):
    """One node: length, value length, type, key, value, children."""
    head = key.encode('utf-16-le') + b'\0\0'
    body = _pad4(bytes(6) + head) + value
    for child in children:
        body = _pad4(body) + child
    value_length = len(value) // 2 if is_text else len(value)
    return struct.pack('<HHH', len(body), value_length, is_text) + body[6:]


def _fixed_file_info(version, file_type):
    high = version[0] << 16 | version[1]
    low = version[2] << 16 | version[3]
    return struct.pack('<13I',
                       VS_FFI_SIGNATURE, VS_FFI_STRUCVERSION,
                       high, low,       # file version
                       high, low,       # product version
                       0x3f, 0,         # flags mask, flags
                       VOS_NT_WINDOWS32, file_type, 0,
                       0, 0)            # date: Windows leaves it 0


def version_info(version, strings, file_type):
    """A VS_VERSIONINFO block; @strings become its StringFileInfo."""
    entries = [_block(name, text.encode('utf-16-le') + b'\0\0', 1)
               for name, text in strings.items()]
    table = _block('%04x%04X' % (LANGUAGE_US_ENGLISH, CODEPAGE_UNICODE),
                   b'', 1, entries)
    translation = struct.pack('<HH', LANGUAGE_US_ENGLISH, CODEPAGE_UNICODE)
    return _block('VS_VERSION_INFO', _fixed_file_info(version, file_type), 0,
                  [_block('StringFileInfo', b'', 1, [table]),
                   _block('VarFileInfo', b'', 1,
                          [_block('Translation', translation, 0)])])


def _directory(entry_id, target):
    """IMAGE_RESOURCE_DIRECTORY with a single entry known by number."""
    return struct.pack('<IIHHHH', 0, 0, 0, 0, 0, 1) + \
        struct.pack('<II', entry_id, target)


def resource_section(rva, block):
    """A .rsrc section at @rva that holds the one version resource."""
    subdirectory = 0x80000000
    tree = _directory(RT_VERSION, subdirectory | 24)
    tree += _directory(1, subdirectory | 48)
    tree += _directory(LANGUAGE_US_ENGLISH, 72)
    data_at = 72 + 16
    tree += struct.pack('<IIII', rva + data_at, len(block), 0, 0)
    return tree + block
