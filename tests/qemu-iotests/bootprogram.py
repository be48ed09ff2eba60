"""A program in place of a guest's first sector, which tells what it reads.

A machine that is started from the disk runs it: it reads sectors through the
BIOS, as NTLDR would, and writes one.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import os
import struct
import time

import guestcheck as g
import imagecheck as ic
import vmdkmaker as vm

KIND = 'boot-unprepared'
SECTOR = 512
PATIENCE_SECONDS = 120

raw, disk, prepared, overlay, model, console = ic.in_test_dir(
    'raw.img', 'disk.vmdk', 'prepared.img', 'overlay.qcow2', 'model.img',
    'console')

GUEST = {'driver': 'win-xenprep',
         'file': {'driver': 'vmdk',
                  'file': {'driver': 'file', 'filename': disk}}}

# A machine that starts from the node "active", and where the program is heard
MACHINE = ('-machine', 'pc,accel=tcg', '-debugcon', f'file:{console}',
           '-device', 'ide-hd,drive=active,bus=ide.0')

# What a BIOS starts at 0x7c00, with the number of the disk in DL.  At LIST is
# how many sectors to read (16 bits), which ones (32 bits each), and where the
# last of them is to be written.  It speaks on port 0xe9.
PROGRAM = bytes.fromhex(
    '31c0'          #       xor ax, ax
    '8ed8'          #       mov ds, ax
    '8ec0'          #       mov es, ax
    '8ed0'          #       mov ss, ax
    'bc007c'        #       mov sp, 0x7c00
    'fc'            #       cld
    'be607c'        #       mov si, LIST
    '8b0c'          #       mov cx, [si]
    '83c602'        #       add si, 2
    '66ad'          # next: lodsd
    '66a3587c'      #       mov [PACKET + 8], eax
    '515652'        #       push cx; push si; push dx
    'be507c'        #       mov si, PACKET
    'b80042'        #       mov ax, 0x4200      read
    'cd13'          #       int 0x13
    '7224'          #       jc stop
    'be0080'        #       mov si, 0x8000
    'b90002'        #       mov cx, 512
    'bae900'        #       mov dx, 0xe9
    'f36e'          #       rep outsb
    '5a5e59'        #       pop dx; pop si; pop cx
    'e2dd'          #       loop next
    '66ad'          #       lodsd
    '66a3587c'      #       mov [PACKET + 8], eax
    'be507c'        #       mov si, PACKET
    'b80043'        #       mov ax, 0x4300      write
    'cd13'          #       int 0x13
    '7204'          #       jc stop
    'b021'          #       mov al, '!'
    'e6e9'          #       out 0xe9, al
    'fa'            # stop: cli
    'f4'            #       hlt
    'ebfc'          #       jmp stop
).ljust(0x50, b'\0') + struct.pack('<BBHHHQ', 16, 0, 1, 0x8000, 0, 0)
CODE_SIZE = 440     # the disk's signature and the partitions are behind that


def sectors_of(runs):
    """The sectors of such runs of bytes."""
    return [at // SECTOR for start, length in runs
            for at in range(start, start + length, SECTOR)]


def install_program(sectors, write_to):
    """Puts the program, and what it is to read, where a BIOS starts."""
    code = PROGRAM + struct.pack(f'<H{len(sectors) + 1}I', len(sectors),
                                 *sectors, write_to)
    assert len(code) <= CODE_SIZE
    with open(raw, 'r+b') as file:
        file.write(code)


def make_disk():
    """The disk and what it must look like; returns what was patched."""
    ic.copy(g.guest(KIND), raw)
    g.convert(raw, prepared, fmt='raw')
    # As many as have room in a first sector, from the whole disk
    sectors = sectors_of(ic.differing_runs(raw, prepared))
    room = (CODE_SIZE - len(PROGRAM) - 6) // 4
    sectors = sectors[::-(-len(sectors) // room)]
    install_program(sectors, os.path.getsize(raw) // SECTOR - 1)
    vm.monolithic_sparse(disk, raw)
    g.convert(disk, prepared)
    return sectors


def same(path, should_be, fmt='qcow2'):
    """What "qemu-img compare" finds, if not that all is well."""
    res = g.qemu_img('compare', '-f', fmt, '-F', 'raw', path, should_be,
                     check=False)
    return '' if res.returncode == 0 else ic.show(res.stdout)


def create_overlay():
    """An empty overlay, which names the VMware disk as it is prepared."""
    g.qemu_img('create', '-f', 'qcow2', '-F', 'win-xenprep', '-b',
               'json:' + json.dumps(GUEST), overlay)


def active(**more):
    """The overlay as the argument of -blockdev."""
    return json.dumps({'driver': 'qcow2', 'node-name': 'active', 'file': {
        'driver': 'file', 'filename': overlay}, **more})


def told(size):
    """What the program has told, once it has told that much or is late."""
    for _ in range(PATIENCE_SECONDS * 10):
        if os.path.getsize(console) >= size:
            break
        time.sleep(0.1)
    with open(console, 'rb') as file:
        return file.read()


def expected(sectors):
    """What the program should read."""
    return b''.join(ic.bytes_at(prepared, at * SECTOR, SECTOR)
                    for at in sectors)


def check_told(checks, sectors):
    """Whether the program of a running machine sees the prepared disk."""
    should_be = expected(sectors)
    heard = told(len(should_be) + 1)
    checks.equal('the program has reached its end',
                 [len(heard), heard[-1:]], [len(should_be) + 1, b'!'])
    checks.check('it has seen the prepared sectors', heard[:-1] == should_be)


def check_overlay(checks, sectors):
    """Whether the overlay has what the program wrote, and no more."""
    last = os.path.getsize(prepared) - SECTOR
    g.qemu_img('convert', '-f', 'qcow2', '-O', 'raw', overlay, model)
    checks.equal('what it wrote is in the overlay',
                 [ic.differing_runs(prepared, model),
                  ic.bytes_at(model, last, SECTOR) ==
                  expected(sectors[-1:])], [[(last, SECTOR)], True])
