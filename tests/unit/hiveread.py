"""
A reader of registry hives, to see what is in one without hivex

It reads what Windows would: data above 16,344 bytes must be "big data" in
hives of version 1.4 or later, a cell is free unless its size is negative.
Layout: "Windows registry file format specification" (msuhanov/regf).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

_BINS = 4096                    # where the hive bins begin
_SEGMENT = 16344                # bytes in a segment of big data
_NO_CELL = 0xffffffff
_LATIN1_KEY, _LATIN1_VALUE = 0x20, 0x01
_RESIDENT = 0x80000000          # the data is in the offset field


class Damaged(Exception):
    """The hive is not as the specification says."""


class _Reader:
    def __init__(self, data):
        self.data = data
        self.minor, = struct.unpack_from('<I', data, 24)

    def cell(self, offset):
        """The payload of an allocated cell."""
        at = _BINS + offset
        size, = struct.unpack_from('<i', self.data, at)
        if size > -8 or at - size > len(self.data):
            raise Damaged('cell %#x has size %d' % (offset, size))
        return self.data[at + 4:at - size]

    def offsets(self, offset, count):
        """A list of @count cells."""
        return struct.unpack_from('<%dI' % count, self.cell(offset))

    def subkeys(self, offset):
        """The key cells of a list of subkeys."""
        cell = self.cell(offset)
        kind, count = struct.unpack_from('<2sH', cell)
        step = {b'lf': 8, b'lh': 8, b'li': 4, b'ri': 4}.get(kind)
        if not step:
            raise Damaged('list of subkeys %r' % kind)
        for index in range(count):
            child, = struct.unpack_from('<I', cell, 4 + index * step)
            if kind == b'ri':
                yield from self.subkeys(child)
            else:
                yield child

    def value(self, offset):
        """Name, type and data of a value."""
        cell = self.cell(offset)
        kind, name_size, size, at, reg_type, flags = struct.unpack_from(
            '<2sHIIIH', cell)
        if kind != b'vk':
            raise Damaged('value %r' % kind)
        name = _name(cell[20:20 + name_size], flags & _LATIN1_VALUE)
        if size & _RESIDENT:
            return name, reg_type, cell[8:8 + (size & ~_RESIDENT)]
        return name, reg_type, self.value_data(at, size) if size else b''

    def value_data(self, offset, size):
        cell = self.cell(offset)
        if size <= _SEGMENT or self.minor < 4:
            if len(cell) < size:
                raise Damaged('cell of %d for %d bytes' % (len(cell), size))
            return cell[:size]
        kind, count, at = struct.unpack_from('<2sHI', cell)
        if kind != b'db' or count != -(-size // _SEGMENT):
            raise Damaged('no big data for %d bytes' % size)
        return b''.join(self.cell(segment)[:_SEGMENT]
                        for segment in self.offsets(at, count))[:size]

    def key(self, offset, path, tree):
        """Adds a key and all below it to @tree."""
        cell = self.cell(offset)
        kind, flags = struct.unpack_from('<2sH', cell)
        subkeys, _, at, _, values, values_at = struct.unpack_from(
            '<6I', cell, 20)
        name_size, = struct.unpack_from('<H', cell, 72)
        if kind != b'nk':
            raise Damaged('key %r' % kind)
        if path is not None:
            path += (_name(cell[76:76 + name_size], flags & _LATIN1_KEY),)
        path = path or ()
        if path in tree:
            raise Damaged('two keys %r' % (path,))
        tree[path] = {}
        for value in self.offsets(values_at, values) if values else ():
            name, *typed = self.value(value)
            if name in tree[path]:
                raise Damaged('two values %r in %r' % (name, path))
            tree[path][name] = tuple(typed)
        children = list(self.subkeys(at)) if subkeys else []
        if len(children) != subkeys:
            raise Damaged('%d subkeys of %d' % (len(children), subkeys))
        for child in children:
            self.key(child, path, tree)


def _name(raw, latin1):
    return raw.decode('latin-1' if latin1 else 'utf-16-le')


def read(data):
    """{path, a tuple of names: {name of value: (type, bytes)}}"""
    reader = _Reader(data)
    root, = struct.unpack_from('<I', data, 36)
    tree = {}
    reader.key(root, None, tree)
    return tree
