#!/usr/bin/env python3
"""
Test of the BIOS geometry: what the engine expects is what a BIOS reports

Usage: test-bios-heads.py BIOS-GEOMETRY

QEMU's pc machine boots disks of many sizes and partition tables.  Their boot
sector asks INT 13h for the geometry of the first disk and writes the answer
to a debug port.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../guests')]

from tap import equal, main, run, tool      # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
WORK = tempfile.TemporaryDirectory(prefix='test-bios-heads-')
DISK = os.path.join(WORK.name, 'disk.raw')

DEBUG_PORT, EXIT_PORT, EXIT_VALUE = 0xe9, 0xf4, 0x10

# What a boot sector does, which the BIOS loads to 0:7c00 and starts.
CODE = bytes([
    0xfa,                       # cli
    0x31, 0xc0,                 # xor  ax, ax
    0x8e, 0xd0,                 # mov  ss, ax
    0xbc, 0x00, 0x7c,           # mov  sp, 7c00h
    0x8e, 0xc0,                 # mov  es, ax       ; es:di is returned, too
    0x31, 0xff,                 # xor  di, di
    0xb4, 0x08,                 # mov  ah, 8        ; get drive parameters
    0xb2, 0x80,                 # mov  dl, 80h      ; of the first disk
    0xcd, 0x13,                 # int  13h
    0x88, 0xf0,                 # mov  al, dh       ; the last head
    0xe6, DEBUG_PORT,           # out  DEBUG_PORT, al
    0x88, 0xc8,                 # mov  al, cl       ; bits 0-5: last sector
    0xe6, DEBUG_PORT,           # out  DEBUG_PORT, al
    0xb0, EXIT_VALUE,           # mov  al, EXIT_VALUE
    0xe6, EXIT_PORT,            # out  EXIT_PORT, al
    0xf4,                       # hlt
    0xeb, 0xfd,                 # jmp  to the hlt
])

MACHINE = [
    '-nodefaults', '-no-user-config', '-machine', 'pc,accel=tcg', '-m', '32',
    '-display', 'none', '-no-reboot', '-boot', 'c',
    '-chardev', 'stdio,id=debug',
    '-device', 'isa-debugcon,iobase=%#x,chardev=debug' % DEBUG_PORT,
    '-device', 'isa-debug-exit,iobase=%#x,iosize=1' % EXIT_PORT,
    '-drive', 'if=ide,format=raw,file=' + DISK,
]

SECTOR = 512
# A physical cylinder of an ATA disk, and 1024 tracks.
CYLINDER = 16 * 63 * SECTOR
STEP = 1024 * 63 * SECTOR
GIB = 1 << 30

# Each limit of the rule: the last size below it, and the first one above.
LIMITS = [
    GIB // 2 - 1024, 1024 * CYLINDER, 1025 * CYLINDER - SECTOR,
    1025 * CYLINDER, 17 * STEP - SECTOR, 17 * STEP,
    2050 * CYLINDER - SECTOR, 2050 * CYLINDER, 33 * STEP - SECTOR, 33 * STEP,
    4097 * CYLINDER, 4100 * CYLINDER - SECTOR, 4100 * CYLINDER,
    65 * STEP - SECTOR, 65 * STEP, 8192 * CYLINDER, 8193 * CYLINDER,
    129 * STEP - SECTOR, 129 * STEP, 255 * STEP + SECTOR,
    100 * GIB, (2 << 40) - SECTOR,
]
# A few that differ by the partition table alone.
SOME = [300 << 20, 1 * GIB, 3 * GIB, 8 * GIB - 512, 20 * GIB]


def entry(end_head, end_sector, count=1000):
    """An entry of a partition table; only its end and its size matter."""
    return struct.pack('<8BII', 0x80, 1, 1, 0, 0x07, end_head,
                       end_sector | 0xc0, 0xff, 63, count)


def make_disk(size, entries, magic=b'\x55\xaa'):
    """A sparse disk whose boot sector asks the BIOS."""
    table = b''.join(entries).ljust(64, b'\0')
    with open(DISK, 'wb') as disk:
        disk.write(CODE.ljust(446, b'\0') + table + magic)
        disk.truncate(size)


def measure():
    """Heads and sectors per track, as the BIOS reports them."""
    status, output = run('qemu-system-x86_64', *MACHINE, check=False,
                         timeout=60)
    equal((status, len(output)), (EXIT_VALUE << 1 | 1, 2), output)
    return output[0] + 1, output[1] & 0x3f


def expect():
    """The same, as the engine works them out."""
    output = run(PROGRAM, DISK, text=True)[1]
    return tuple(int(number) for number in output.split())


def check(sizes, *entries):
    """The BIOS reports of such disks what the engine expects."""
    tool('qemu-system-x86_64')
    for size in sizes:
        make_disk(size, entries)
        equal(expect(), measure(), '%d bytes' % size)


def check_constant(geometry, sizes, *entries):
    """As check(), and the geometry is that of the partition table."""
    check(sizes, *entries)
    equal(expect(), geometry, 'the last')


def test_odd_size():
    """The last sector is not whole; QEMU counts it."""
    check([17 * STEP - 1, 17 * STEP - SECTOR - 1, 1025 * CYLINDER - 1])


def test_no_magic():
    """A disk that no BIOS boots from; the engine asks all the same."""
    make_disk(3 * GIB, [entry(15, 63)], magic=b'\0\0')
    equal(expect(), (128, 63), 'without a table')
    os.truncate(DISK, 100)
    equal(expect(), (16, 63), 'smaller than a sector')


TESTS = [
    ('no partitions', lambda: check(LIMITS)),
    ('255 heads', lambda: check(LIMITS, entry(254, 63))),
    ('240 heads', lambda: check(SOME, entry(239, 63))),
    ('128 heads', lambda: check(SOME, entry(127, 63))),
    ('17 heads', lambda: check(SOME, entry(16, 63))),
    ('64 heads of 32 sectors', lambda: check(SOME, entry(63, 32))),
    ('16 heads', lambda: check_constant(
        (16, 63), [*SOME[:-1], 16384 * CYLINDER - SECTOR], entry(15, 63))),
    ('16 heads, too many cylinders', lambda: check_constant(
        (255, 63), [16384 * CYLINDER, 20 * GIB], entry(15, 63))),
    ('16 heads of 17 sectors', lambda: check(SOME, entry(15, 17))),
    ('7 heads of 5 sectors', lambda: check_constant(
        (7, 5), [35 * SECTOR, 35 * SECTOR * 16384 - SECTOR], entry(6, 5))),
    ('7 heads of 5 sectors, no or too many cylinders', lambda: check_constant(
        (16, 63), [34 * SECTOR, 35 * SECTOR * 16384], entry(6, 5))),
    ('an end that says nothing', lambda: check(
        SOME, entry(0, 63), entry(254, 0), entry(15, 63, count=0))),
    ('the second entry', lambda: check(SOME, entry(0, 63), entry(15, 63))),
    ('the first of two', lambda: check(SOME, entry(254, 63), entry(15, 63))),
    ('the fourth entry', lambda: check(
        SOME, bytes(16), entry(0, 1), bytes(16), entry(15, 63))),
    ('a size that is not whole', test_odd_size),
    ('no partition table', test_no_magic),
]

if __name__ == '__main__':
    sys.exit(main(TESTS))
