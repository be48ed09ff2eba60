"""
The first pages of $LogFile: two restart pages, clean or not, and a checkpoint

XP always leaves its client "in use"; whether the volume was dismounted is
the flag RESTART_VOLUME_IS_CLEAN.  Windows 2000 has no such flag: its client
is free when the volume is dismounted.  The rest of $LogFile stays as mkntfs
wrote it.  Layout: libntfs-3g's logfile.h (RESTART_PAGE_HEADER, RESTART_AREA,
LOG_CLIENT_RECORD); names are its.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

import logrecord

PAGE_SIZE = 4096

_SECTOR = 512
_USA_OFFSET = 0x1e              # of a restart page
_USA_COUNT = PAGE_SIZE // _SECTOR + 1
_AREA_OFFSET = 0x30
# Of the client in the restart area: Windows 2000's, and since XP
_CLIENTS_OFFSET_2000, _CLIENTS_OFFSET = 0x30, 0x40
_NO_CLIENT = 0xffff
_IS_CLEAN = 0x0002


def restart_pages(log_size, clean=True, version=(1, 1), is_2000=False):
    """
    What a log of @log_size bytes starts with: two restart pages, and the
    records that they lead to.
    """
    page = _restart_page(log_size, clean, version, is_2000)
    return b''.join(_protect(page, number)
                    for number, page in enumerate(
                        [page, page, *logrecord.pages(log_size)], 5))


def _restart_page(log_size, clean, version, is_2000):
    checkpoint, lsn = logrecord.lsns(log_size)
    if is_2000:
        return _header(version) + _area_2000(log_size, lsn, clean) + \
            _client(checkpoint, lsn, 1 if clean else 0)
    return _header(version) + _area(log_size, lsn, clean) + \
        _client(checkpoint, lsn)


def _header(version):
    major, minor = version
    head = b'RSTR' + struct.pack('<HHQIIHhh', _USA_OFFSET, _USA_COUNT, 0,
                                 PAGE_SIZE, PAGE_SIZE, _AREA_OFFSET, minor,
                                 major)
    return head.ljust(_AREA_OFFSET, b'\0')


def _area(log_size, lsn, clean):
    return _fill_area(log_size, lsn, (_NO_CLIENT, 0),
                      _IS_CLEAN if clean else 0, _CLIENTS_OFFSET)


def _area_2000(log_size, lsn, clean):
    clients = (0, _NO_CLIENT) if clean else (_NO_CLIENT, 0)
    return _fill_area(log_size, lsn, clients, 0, _CLIENTS_OFFSET_2000)


def _fill_area(log_size, lsn, clients, flags, clients_offset):
    """@clients: the first one that is free, and the first in use."""
    usable = log_size - log_size % PAGE_SIZE
    area = struct.pack('<QHHHHIHHqIHHII', lsn, 1, *clients, flags,
                       67 - usable.bit_length(), clients_offset + 160,
                       clients_offset, usable, logrecord.RESTART_SIZE, 0x30,
                       logrecord.FIRST_OFFSET, 0x2f0b1a44, 0)
    return area.ljust(clients_offset, b'\0')


def _client(oldest, restart, sequence=0):
    name = 'NTFS'.encode('utf-16-le')
    return struct.pack('<QQHHH6xI', oldest, restart, _NO_CLIENT, _NO_CLIENT,
                       sequence, len(name)) + name.ljust(128, b'\0')


def _protect(page, number):
    """Multi sector transfer protection: the update sequence @number."""
    page = bytearray(page.ljust(PAGE_SIZE, b'\0'))
    usa, = struct.unpack_from('<H', page, 4)
    struct.pack_into('<H', page, usa, number)
    for index in range(1, _USA_COUNT):
        end, at = index * _SECTOR - 2, usa + 2 * index
        page[at:at + 2] = page[end:end + 2]
        struct.pack_into('<H', page, end, number)
    return bytes(page)
