"""
A writer of Microsoft cabinet files: MSZIP, LZX or uncompressed

Members carry the dates they are given, so that equal input makes equal
cabinets; gcab would store the time of day.  Nothing in Debian packs cabinets
with LZX, and this does not either: its LZX streams consist of the format's
uncompressed blocks, which every reader has to know.  Layout: Microsoft's
"Cabinet Format" (CFHEADER, CFFOLDER, CFFILE, CFDATA), "MSZIP Data Compression
Format" and "LZX DELTA Compression and Decompression" ([MS-PATCH] 2).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct
import time
import zlib
from dataclasses import dataclass

# CFFOLDER.typeCompress; LZX with a window of 2 ** 21, as Windows' own files
NONE, MSZIP, LZX = 0, 1, 0x1503

_BLOCK = 32768                  # uncompressed bytes in a CFDATA, at most
_ATTRIBUTE_ARCHIVE = 0x20


@dataclass
class Member:
    """One file in a cabinet."""

    name: str
    data: bytes
    mtime: int = 998000000      # seconds since 1970, stored as DOS time, UTC


def build(members, compression=MSZIP, folder_size=1 << 20, set_id=0):
    """A cabinet of @members; a new folder starts every @folder_size bytes."""
    folders = _split(members, folder_size)
    files, file_count = _file_table(folders)
    files_at = 36 + 8 * len(folders)
    data_at = files_at + len(files)
    folder_table, blocks = b'', []
    for folder in folders:
        written = _data_blocks(b''.join(m.data for m in folder), compression)
        folder_table += struct.pack('<IHH', data_at, len(written),
                                    compression)
        data_at += sum(map(len, written))
        blocks += written
    header = b'MSCF' + struct.pack('<IIIIIBBHHHHH', 0, data_at, 0, files_at,
                                   0, 3, 1, len(folders), file_count, 0,
                                   set_id, 0)
    return header + folder_table + files + b''.join(blocks)


def _split(members, folder_size):
    folders, used = [[]], 0
    for member in members:
        if used and used + len(member.data) > folder_size:
            folders.append([])
            used = 0
        folders[-1].append(member)
        used += len(member.data)
    return folders


def _file_table(folders):
    table, count = b'', 0
    for index, folder in enumerate(folders):
        offset = 0
        for member in folder:
            table += struct.pack('<IIHHHH', len(member.data), offset, index,
                                 *_dos_time(member.mtime),
                                 _ATTRIBUTE_ARCHIVE)
            table += member.name.encode('ascii') + b'\0'
            offset += len(member.data)
            count += 1
    return table, count


def _dos_time(seconds):
    t = time.gmtime(seconds)
    return ((t.tm_year - 1980) << 9 | t.tm_mon << 5 | t.tm_mday,
            t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec // 2)


def _data_blocks(data, compression):
    """The CFDATA blocks of one folder."""
    pack = {NONE: lambda plain, history: plain, MSZIP: _mszip,
            LZX: _lzx}[compression]
    blocks, history = [], b''
    for start in range(0, len(data), _BLOCK):
        plain = data[start:start + _BLOCK]
        packed = pack(plain, history)
        sizes = struct.pack('<HH', len(packed), len(plain))
        total = _checksum(sizes, _checksum(packed, 0))
        blocks.append(struct.pack('<I', total) + sizes + packed)
        history = plain
    return blocks


def _mszip(plain, history):
    """'CK' and a deflate stream that may refer to the block before."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9,
                              zlib.Z_DEFAULT_STRATEGY, history)
    return b'CK' + packer.compress(plain) + packer.flush()


def _lzx(plain, history):
    """
    An uncompressed block of LZX: its head in bits, the first of which are the
    highest of 16-bit words, then three repeated offsets and the bytes.
    """
    bits, length = 3 << 24 | len(plain), 27     # type, size
    if not history:
        length += 1             # the stream begins with 0: no E8 translation
    bits <<= 32 - length
    head = struct.pack('<HH', bits >> 16, bits & 0xffff)
    return head + struct.pack('<III', 1, 1, 1) + plain + bytes(len(plain) % 2)


def _checksum(data, seed):
    """CSUMCompute of the format's documentation."""
    whole = len(data) & ~3
    for word in struct.unpack('<%dI' % (whole // 4), data[:whole]):
        seed ^= word
    rest = data[whole:]
    return seed ^ int.from_bytes(rest, 'big')
