"""
A writer of registry hives: a whole regf file from a tree of keys

hivex edits hives but cannot create one, so this does: base block, hive bins,
key, value and security cells, sorted subkey lists, big data.  Everything in
a file follows from the tree and the arguments.

Layout: "Windows registry file format specification" (msuhanov/regf); names
of fields are its.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

import security

REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD = 0, 1, 2, 3, 4
REG_MULTI_SZ = 7

BASE_BLOCK_SIZE = 4096
NO_CELL = 0xffffffff

_BIN_HEADER = 32
_MAX_LEAF = 507                 # elements of an lf or lh list in one bin
_SEGMENT = 16344                # bytes in a segment of big data
_LOG_PAGE = 512                 # what a bit of a log's bitmap stands for
_NEW_LOG = 6                    # the file type of a log of entries

_KEY_HIVE_ENTRY, _KEY_NO_DELETE, _KEY_COMP_NAME = 0x04, 0x08, 0x20
_VALUE_COMP_NAME = 0x01


def sz(text):
    """REG_SZ."""
    return REG_SZ, text.encode('utf-16-le') + b'\0\0'


def expand_sz(text):
    """REG_EXPAND_SZ."""
    return REG_EXPAND_SZ, text.encode('utf-16-le') + b'\0\0'


def multi_sz(*texts):
    """REG_MULTI_SZ."""
    joined = ''.join(text + '\0' for text in texts) + '\0'
    return REG_MULTI_SZ, joined.encode('utf-16-le')


def dword(number):
    """REG_DWORD."""
    return REG_DWORD, struct.pack('<I', number)


def binary(data):
    """REG_BINARY."""
    return REG_BINARY, bytes(data)


class Key:
    """A key: subkeys and values by name, in any order."""

    def __init__(self, descriptor=None, class_name=''):
        self.keys = {}
        self.values = {}
        self.descriptor = descriptor    # name in security.KEY_DESCRIPTORS
        self.class_name = class_name

    def at(self, path):
        """The key at @path below this one, made if it is not there."""
        key = self
        for name in path.split('\\'):
            found = [k for k in key.keys if k.upper() == name.upper()]
            key = key.keys.setdefault(found[0] if found else name, Key())
        return key

    def merge(self, tree):
        """Adds @tree, a dict: a dict in it is a subkey, a tuple a value."""
        for name, item in tree.items():
            if isinstance(item, dict):
                self.at(name).merge(item)
            else:
                self.values[name] = item
        return self


def build(root, name='SYSTEM', minor=5, sequence=(1, 1), timestamp=0,
          root_name='$$$PROTO.HIV'):
    """The bytes of a hive; @timestamp is a FILETIME."""
    writer = _Writer(minor, timestamp)
    root_cell = writer.write_key(root, root_name, NO_CELL, 'default',
                                 _KEY_HIVE_ENTRY | _KEY_NO_DELETE)
    bins = writer.finish()
    return _base_block(name, minor, sequence, timestamp, root_cell,
                       len(bins)) + bins


def _base_block(name, minor, sequence, timestamp, root_cell, bins_size):
    file_type, file_format, clustering = 0, 1, 1
    block = b'regf' + struct.pack('<IIQIIIIIII', *sequence, timestamp, 1,
                                  minor, file_type, file_format, root_cell,
                                  bins_size, clustering)
    block += name.encode('utf-16-le')[-62:].ljust(64, b'\0')
    block = bytearray(block.ljust(BASE_BLOCK_SIZE, b'\0'))
    seal(block)
    return bytes(block)


def seal(hive):
    """Recomputes the checksum in the base block of @hive, a bytearray."""
    total = 0
    for word in struct.unpack('<127I', hive[:508]):
        total ^= word
    total = {0: 1, 0xffffffff: 0xfffffffe}.get(total, total)
    struct.pack_into('<I', hive, 508, total)


def with_sequence(hive, primary, secondary):
    """@hive with other sequence numbers; it is dirty if they differ."""
    changed = bytearray(hive)
    struct.pack_into('<II', changed, 4, primary, secondary)
    seal(changed)
    return bytes(changed)


def with_free_bin(hive, size):
    """@hive with a bin more, of @size bytes, that holds nothing."""
    bins, = struct.unpack_from('<I', hive, 40)
    changed = bytearray(hive[:4096 + bins])
    changed += struct.pack('<4sII20xi', b'hbin', bins, size,
                           size - 32).ljust(size, b'\0')
    struct.pack_into('<I', changed, 40, bins + size)
    seal(changed)
    return bytes(changed)


def with_bad_checksum(hive):
    """@hive with a checksum that is wrong."""
    changed = bytearray(hive)
    changed[508] ^= 0x55
    return bytes(changed)


def clean_log(hive, behind=1):
    """
    The .LOG that XP leaves beside a @hive it flushed: no dirty page.  Its
    number is @behind the hive's.
    """
    primary, = struct.unpack_from('<I', hive, 4)
    return _log_block(hive, primary - behind) + bytes(512)


def clean_new_log(hive):
    """A log of the format that came with Windows 8.1, without an entry."""
    primary, = struct.unpack_from('<I', hive, 4)
    block = bytearray(_log_block(hive, primary))
    struct.pack_into('<I', block, 28, _NEW_LOG)
    seal(block)
    return bytes(block)


def dirty_log(hive, dirty_pages):
    """
    The .LOG of a @hive that was not flushed: behind a bitmap of pages of 512
    bytes those of @dirty_pages, numbers from the first hive bin on.
    """
    primary, = struct.unpack_from('<I', hive, 4)
    bins_size, = struct.unpack_from('<I', hive, 40)
    bitmap = bytearray(bins_size // _LOG_PAGE // 8)
    pages = b''
    for number in sorted(dirty_pages):
        bitmap[number // 8] |= 1 << number % 8
        pages += _page(hive, number)
    head = b'DIRT' + bytes(bitmap)
    head += bytes(-len(head) % _LOG_PAGE)
    return _log_block(hive, primary) + head + pages


def _log_block(hive, sequence):
    """The head of a log: a copy of the first sector of the hive's."""
    block = bytearray(hive[:512])
    minor, = struct.unpack_from('<I', block, 24)
    struct.pack_into('<II', block, 4, sequence, sequence)
    # The file type of a log, which Windows 2000 counted differently
    struct.pack_into('<I', block, 28, 2 if minor < 5 else 1)
    seal(block)
    return bytes(block)


def different_pages(hive, other):
    """Numbers of the pages in which two hives of one size differ."""
    return [number for number in range(
        (len(hive) - BASE_BLOCK_SIZE) // _LOG_PAGE)
        if _page(hive, number) != _page(other, number)]


def _page(hive, number):
    at = BASE_BLOCK_SIZE + number * _LOG_PAGE
    return hive[at:at + _LOG_PAGE]


def name_hash(name):
    """The four bytes that an lh list has beside a key's name."""
    total = 0
    for char in name.upper():
        total = (total * 37 + ord(char)) & 0xffffffff
    return struct.pack('<I', total)


class _Writer:
    """Cells in bins.  A cell's payload may be filled after it is placed."""

    def __init__(self, minor, timestamp):
        self.minor = minor
        self.timestamp = timestamp
        self.data = bytearray()
        self.free_at = 0                # next free byte of the last bin
        self.descriptors = {}           # name -> [cell, references]

    def place(self, size):
        """Room for a cell with @size bytes of payload; its offset."""
        total = -(-(size + 4) // 8) * 8
        if self.free_at + total > len(self.data):
            self.close_bin()
            self.open_bin(total)
        cell = self.free_at
        struct.pack_into('<i', self.data, cell, -total)
        self.free_at += total
        return cell

    def open_bin(self, needed):
        start = len(self.data)
        size = -(-(needed + _BIN_HEADER) // 4096) * 4096
        stamp = self.timestamp if start == 0 else 0
        self.data += b'hbin' + struct.pack('<IIQQI', start, size, 0, stamp, 0)
        self.data += bytes(size - _BIN_HEADER)
        self.free_at = start + _BIN_HEADER

    def close_bin(self):
        rest = len(self.data) - self.free_at
        if rest:
            struct.pack_into('<i', self.data, self.free_at, rest)

    def fill(self, cell, payload):
        self.data[cell + 4:cell + 4 + len(payload)] = payload

    def put(self, payload):
        cell = self.place(len(payload))
        self.fill(cell, payload)
        return cell

    def write_key(self, key, name, parent, descriptor, flags=0):
        """Writes @key and all below it."""
        raw_name, compressed = _encode_name(name)
        flags |= _KEY_COMP_NAME if compressed else 0
        descriptor = key.descriptor or descriptor
        cell = self.place(76 + len(raw_name))
        sk = self.use_descriptor(descriptor)
        class_name = key.class_name.encode('utf-16-le')
        class_cell = self.put(class_name) if class_name else NO_CELL
        values = self.write_values(key)
        subkeys = self.write_subkeys(key, cell, descriptor)
        self.fill(cell, struct.pack(
            '<2sHQIIIIIIIIIIIIIIIHH', b'nk', flags, self.timestamp, 0, parent,
            len(key.keys), 0, subkeys, NO_CELL, len(key.values), values, sk,
            class_cell, _longest(key.keys), 0, _longest(key.values),
            max((len(data) for _, data in key.values.values()), default=0),
            0, len(raw_name), len(class_name)) + raw_name)
        return cell

    def write_values(self, key):
        cells = [self.write_value(name, *value)
                 for name, value in key.values.items()]
        return self.put(_offsets(cells)) if cells else NO_CELL

    def write_value(self, name, kind, data):
        raw_name, compressed = _encode_name(name)
        size = len(data)
        if size <= 4:
            at = int.from_bytes(data.ljust(4, b'\0'), 'little')
            size |= 0x80000000          # the data is in the offset field
        elif size > _SEGMENT and self.minor >= 4:
            at = self.write_big_data(data)
        else:
            at = self.put(data)
        return self.put(struct.pack('<2sHIIIHH', b'vk', len(raw_name), size,
                                    at, kind,
                                    _VALUE_COMP_NAME if compressed else 0, 0)
                        + raw_name)

    def write_big_data(self, data):
        segments = [self.put(data[start:start + _SEGMENT])
                    for start in range(0, len(data), _SEGMENT)]
        table = self.put(_offsets(segments))
        return self.put(struct.pack('<2sHI', b'db', len(segments), table))

    def write_subkeys(self, key, parent, descriptor):
        names = sorted(key.keys, key=str.upper)
        cells = [(name, self.write_key(key.keys[name], name, parent,
                                       descriptor)) for name in names]
        leaves = [self.write_leaf(cells[start:start + _MAX_LEAF])
                  for start in range(0, len(cells), _MAX_LEAF)]
        if len(leaves) < 2:
            return leaves[0] if leaves else NO_CELL
        return self.put(struct.pack('<2sH', b'ri', len(leaves)) +
                        _offsets(leaves))

    def write_leaf(self, cells):
        hashed = self.minor >= 5        # lh came with version 1.5
        body = struct.pack('<2sH', b'lh' if hashed else b'lf', len(cells))
        for name, cell in cells:
            hint = name_hash(name) if hashed else _hint(name)
            body += struct.pack('<I', cell) + hint
        return self.put(body)

    def use_descriptor(self, name):
        """The sk cell of the security descriptor @name, used once more."""
        if name not in self.descriptors:
            size = 20 + len(security.KEY_DESCRIPTORS[name])
            self.descriptors[name] = [self.place(size), 0]
        entry = self.descriptors[name]
        entry[1] += 1
        return entry[0]

    def finish(self):
        """Writes the ring of sk cells and ends the last bin."""
        ring = list(self.descriptors.items())
        for index, (name, (cell, references)) in enumerate(ring):
            after = ring[(index + 1) % len(ring)][1][0]
            before = ring[index - 1][1][0]
            raw = security.KEY_DESCRIPTORS[name]
            self.fill(cell, struct.pack('<2sHIIII', b'sk', 0, after, before,
                                        references, len(raw)) + raw)
        self.close_bin()
        return bytes(self.data)


def _encode_name(name):
    try:
        return name.encode('latin-1'), True
    except UnicodeEncodeError:
        return name.encode('utf-16-le'), False


def _longest(names):
    return max((len(name.encode('utf-16-le')) for name in names), default=0)


def _offsets(cells):
    return struct.pack('<%dI' % len(cells), *cells)


def _hint(name):
    """First four characters, or none if they do not fit in a byte each."""
    try:
        return name[:4].encode('latin-1').ljust(4, b'\0')
    except UnicodeEncodeError:
        return bytes(4)
