"""
The log records of $LogFile after a dismount: a checkpoint, no transaction

The restart page names the last record, the client's restart area; readers
that replay the log (Linux's ntfs3) follow it.  Pages 2 and 3 repeat the page
that was written last, with its place in the file instead of the LSN.  As
Windows leaves it, see the volumes of ../shared/data/ntfs.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

# Of the page that holds the records, and of the first of them in it
PAGE_OFFSET = 4 * 4096
FIRST_OFFSET = 0x40
RESTART_SIZE = 0x40             # of the client's restart area

_HEADER_SIZE = 0x30             # of a record
_USA_OFFSET, _USA_COUNT = 0x28, 9
_SEQUENCE = 2                   # how often the log has been written over
_RECORD_END = 1                 # a record ends in this page
_IS_RECORD, _IS_RESTART = 1, 2

# No operation, nothing to undo, no attribute: see LogFile of any volume
_NO_OPERATION = bytes(0x38)


def lsns(log_size):
    """Of the checkpoint, and of the restart area behind it."""
    base = _SEQUENCE << (log_size.bit_length() - 3)
    first = PAGE_OFFSET + FIRST_OFFSET
    second = first + _HEADER_SIZE + len(_NO_OPERATION)
    return base | first >> 3, base | second >> 3


def pages(log_size):
    """Pages 2 to 4, without their protection."""
    checkpoint, restart = lsns(log_size)
    records = _record(checkpoint, _NO_OPERATION, _IS_RECORD) + \
        _record(restart, _restart_area(checkpoint), _IS_RESTART)
    copy = _page(PAGE_OFFSET, restart, records)
    return [copy, copy, _page(restart, restart, records)]


def _record(lsn, data, kind):
    return struct.pack('<QQQIHHIIH6x', lsn, 0, 0, len(data), 0, 0, kind, 0,
                       0) + data


def _restart_area(checkpoint):
    """Version 0.0, as of 32-bit systems; all tables are empty."""
    return struct.pack('<IIQ', 0, 0, checkpoint).ljust(RESTART_SIZE, b'\0')


def _page(place, last, records):
    head = struct.pack('<4sHHQIHHH6xQ', b'RCRD', _USA_OFFSET, _USA_COUNT,
                       place, _RECORD_END, 1, 1,
                       FIRST_OFFSET + len(records), last)
    return head.ljust(FIRST_OFFSET, b'\0') + records
