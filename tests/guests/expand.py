"""
Writers of the files that expand.exe unpacks beside cabinets: SZDD and KWAJ

Both hold LZSS with a window of 4096 bytes, but do not begin at the same place
in it.  A match could be two bytes longer than the longest here, but 7-Zip does
not take such a stream for SZDD's.  Layout: "The Microsoft compressed file
formats" in libmspack's manual (SZDD, KWAJ, method 2).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

_WINDOW, _LONGEST, _SHORTEST = 4096, 16, 3
# Where in the window the output begins
_START_SZDD, _START_KWAJ = _WINDOW - 16, _WINDOW - 18
_KWAJ_LZSS = 2


def szdd(data, name):
    """@data as COMPRESS.EXE packs the file @name (atapi.sys: atapi.sy_)."""
    return b'SZDD\x88\xf0\x27\x33A' + name[-1:].encode() + \
        struct.pack('<I', len(data)) + _lzss(data, _START_SZDD)


def kwaj(data):
    """The same in the format of later setup disks, without a file name."""
    head = b'KWAJ\x88\xf0\x27\xd1'
    return head + struct.pack('<HHH', _KWAJ_LZSS, len(head) + 6, 0) + \
        _lzss(data, _START_KWAJ)


def _lzss(data, window_start):
    """Groups of eight items behind a byte that says which are literals."""
    packed, at, last = bytearray(), 0, {}
    while at < len(data):
        flags, items = 0, b''
        for bit in range(8):
            if at >= len(data):
                break
            length, start = _match(data, at, last)
            if length:
                place = (window_start + start) % _WINDOW
                items += bytes([place & 0xff, place >> 4 & 0xf0 | length - 3])
            else:
                flags |= 1 << bit
                items += data[at:at + 1]
            for index in range(at, at + (length or 1)):
                last[data[index:index + _SHORTEST]] = index
            at += length or 1
        packed += bytes([flags]) + items
    return bytes(packed)


def _match(data, at, last):
    """Length and start of what @data repeats at @at; length 0 if nothing."""
    start = last.get(data[at:at + _SHORTEST])
    if start is None or at - start > _WINDOW - _LONGEST or \
            at + _SHORTEST > len(data):
        return 0, 0
    length = _SHORTEST
    while length < _LONGEST and at + length < len(data) and \
            data[start + length] == data[at + length]:
        length += 1
    return length, start
