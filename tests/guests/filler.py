"""
Bytes to fill files with: reproducible, and about as compressible as code

SPDX-License-Identifier: GPL-2.0-or-later
"""

import hashlib

# Code and data repeat some byte values far more than others.  One half of
# the random bytes is folded onto 16 common values, which lets MSZIP save
# about a third, as it does on real drivers.
_COMMON = bytes.fromhex('008b45ff897de80f8403b6c0335d75eb')
_SKEW = bytes(_COMMON[i % 16] if i < 128 else i for i in range(256))


def raw_bytes(seed, size):
    """Incompressible bytes that depend on nothing but @seed (a string)."""
    return hashlib.shake_128(seed.encode()).digest(size)


def code_bytes(seed, size):
    """Bytes that compress like machine code."""
    return raw_bytes(seed, size).translate(_SKEW)


def number(seed, low, high):
    """A number from @low to @high inclusive, chosen by @seed."""
    span = high - low + 1
    return low + int.from_bytes(raw_bytes(seed, 8), 'little') % span


def text_lines(seed, size):
    """ASCII text with CRLF, of exactly @size bytes."""
    words = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf',
             'hotel', 'india', 'juliett', 'kilo', 'lima', 'mike', 'november',
             'oscar', 'papa']
    picks = raw_bytes(seed, size // 5 + 8)
    lines = []
    for start in range(0, len(picks), 8):
        lines.append(' '.join(words[b & 15] for b in picks[start:start + 8]))
    return '\r\n'.join(lines).encode()[:size]
