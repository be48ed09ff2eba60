"""
Files that CompactOS has compressed: XPRESS in a named stream, and a reparse
point that says so

The unnamed stream is as long as the file was and has no cluster.  Layouts:
Windows' SDK (WOF_EXTERNAL_INFO, FILE_PROVIDER_EXTERNAL_INFO_V1), and [MS-XCA]
2.1 (LZ77 + Huffman, here without matches longer than seventeen bytes).  Of
LZX there is no compressor here: each chunk is stored as it is.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import heapq
import struct

STREAM = 'WofCompressedData'
REPARSE_TAG = 0x80000017

# Algorithms, and the bytes in a chunk of each
XPRESS4K, LZX, XPRESS8K, XPRESS16K = range(4)
_CHUNKS = {XPRESS4K: 4096, LZX: 32_768, XPRESS8K: 8192, XPRESS16K: 16_384}

_CURRENT_VERSION, _PROVIDER_FILE = 1, 2
_SYMBOLS, _MAX_BITS = 512, 15
_MIN_MATCH, _MAX_MATCH = 3, 17


def reparse_point(algorithm=XPRESS4K):
    """The whole $REPARSE_POINT attribute."""
    data = struct.pack('<IIII', _CURRENT_VERSION, _PROVIDER_FILE,
                       _CURRENT_VERSION, algorithm)
    return struct.pack('<IHH', REPARSE_TAG, len(data), 0) + data


def compress(data, algorithm=XPRESS4K):
    """
    The stream of a file of less than 4 GB: where each chunk but the first
    begins, counted from the end of that table, and the chunks.  One that
    does not get smaller is as it was.
    """
    chunks = []
    size = _CHUNKS[algorithm]
    for start in range(0, len(data), size):
        raw = data[start:start + size]
        packed = raw if algorithm == LZX else xpress(raw)
        chunks.append(packed if len(packed) < len(raw) else raw)
    offsets, at = [], 0
    for chunk in chunks[:-1]:
        at += len(chunk)
        offsets.append(at)
    return struct.pack('<%dI' % len(offsets), *offsets) + b''.join(chunks)


def xpress(data):
    """One chunk: the lengths of the codes, and the codes."""
    items = list(_parse(data))
    counts = [0] * _SYMBOLS
    for symbol, _, _ in items:
        counts[symbol] += 1
    lengths = _code_lengths(counts)
    codes = _codes(lengths)
    bits = ''.join(codes[symbol] + (format(extra, '0%db' % width)
                                    if width else '')
                   for symbol, extra, width in items)
    # Words of 16 bits, the first bit on top; a reader takes two at once
    bits = bits.ljust(max(32, -(-len(bits) // 16) * 16), '0')
    words = [int(bits[at:at + 16], 2) for at in range(0, len(bits), 16)]
    table = bytes(lengths[n] | lengths[n + 1] << 4
                  for n in range(0, _SYMBOLS, 2))
    return table + struct.pack('<%dH' % len(words), *words)


def _parse(data):
    """Literals and matches: symbol, what follows it, in how many bits."""
    seen = {}
    at = 0
    while at < len(data):
        key = data[at:at + _MIN_MATCH]
        before = seen.get(key)
        seen[key] = at
        if before is None or len(key) < _MIN_MATCH:
            yield data[at], 0, 0
            at += 1
            continue
        length = _MIN_MATCH
        while length < _MAX_MATCH and at + length < len(data) and \
                data[at + length] == data[before + length]:
            length += 1
        distance = at - before
        width = distance.bit_length() - 1
        yield (256 | width << 4 | length - _MIN_MATCH,
               distance - (1 << width), width)
        at += length


def _code_lengths(counts):
    """Huffman's; less is made of the differences until none is too long."""
    used = [n for n, count in enumerate(counts) if count]
    if len(used) == 1:
        used.append((used[0] + 1) % 256)
    while True:
        lengths = _huffman({n: max(counts[n], 1) for n in used})
        if max(lengths) <= _MAX_BITS:
            return lengths
        counts = [count // 2 + 1 if count else 0 for count in counts]


def _huffman(counts):
    """The depth of each symbol in the tree."""
    heap = [(count, n, (n,)) for n, count in counts.items()]
    heapq.heapify(heap)
    lengths = [0] * _SYMBOLS
    while len(heap) > 1:
        first, tie, left = heapq.heappop(heap)
        second, _, right = heapq.heappop(heap)
        for n in left + right:
            lengths[n] += 1
        heapq.heappush(heap, (first + second, tie, left + right))
    return lengths


def _codes(lengths):
    """Canonical: by length, then by symbol."""
    codes, code, before = {}, 0, 0
    for length, n in sorted((length, n) for n, length in enumerate(lengths)
                            if length):
        code <<= length - before
        codes[n] = format(code, '0%db' % length)
        code, before = code + 1, length
    return codes
