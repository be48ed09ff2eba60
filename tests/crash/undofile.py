"""
Reads undo files; written after docs/undo-file.rst, as somebody else would

SPDX-License-Identifier: GPL-2.0-or-later
"""

import hashlib
import struct
from typing import NamedTuple


class Patch(NamedTuple):
    """A run of sectors."""
    offset: int
    old: bytes
    new: bytes


class Mark(NamedTuple):
    """Bytes that tell something by their checksum."""
    kind: int
    offset: int
    length: int
    digest: bytes
    what: str


class UndoFile:
    """An undo file; AssertionError if it is not as documented."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        magic, version, size, self.disk_size, patches, marks = \
            struct.unpack_from('<8sI4xQQII', data)
        assert (magic, version, size) == (b'XENFIXUN', 1, len(data))
        self.format = data[40:72].rstrip(b'\0').decode()
        assert data[72:104] == hashlib.sha256(data[512:]).digest()
        assert data[104:448] == bytes(344)
        assert data[448:480] == hashlib.sha256(data[:448]).digest()
        self.done = data[480:512] == hashlib.sha256(data[:480]).digest()
        at = 512
        self.patches, self.marks = [], []
        for _ in range(patches):
            offset, length = struct.unpack_from('<QQ', data, at)
            at += 16
            self.patches.append(Patch(offset, data[at:at + length],
                                      data[at + length:at + 2 * length]))
            at += 2 * length
        for _ in range(marks):
            kind, text, offset, length = struct.unpack_from('<IIQQ', data, at)
            digest = data[at + 24:at + 56]
            what = data[at + 56:at + 56 + text].decode()
            at += 56 + text
            self.marks.append(Mark(kind, offset, length, digest, what))
        assert at == len(data)
