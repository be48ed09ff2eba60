"""
The guest was used since: a rollback must be refused, and must say why

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import re
import subprocess

import tap
from tap import equal
from undofile import UndoFile

TOOLS = ('ntfscp',)
START = 63 * 512


def _qemu_io(rig, *commands):
    """Writes to the disk as a guest would."""
    words = []
    for command in commands:
        words += ['-c', command]
    program = os.path.join(os.path.dirname(rig.qemu_img), 'qemu-io')
    subprocess.run([program, '-f', rig.images.fmt, *words,
                    rig.xenfix.image], stdout=subprocess.DEVNULL, check=True)


def _flip(rig, offset):
    """Changes one byte of the disk."""
    number = offset // 65536
    data = rig.content().chunks.get(number, bytes(65536))
    byte = data[offset % 65536] ^ 0x40
    _qemu_io(rig, 'write -P %d %d 1' % (byte, offset))


def _flip_mark(rig, what):
    """A byte of a witness."""
    mark = [mark for mark in UndoFile(rig.xenfix.undo).marks
            if re.search(what, mark.what)][0]
    _flip(rig, mark.offset + 100)


def _flip_patch(rig, _):
    """A byte of what was written, outside of all marks."""
    undo = UndoFile(rig.xenfix.undo)

    def is_marked(patch):
        return any(patch.offset < mark.offset + mark.length and
                   mark.offset < patch.offset + len(patch.new)
                   for mark in undo.marks)

    patch = [patch for patch in undo.patches if not is_marked(patch)][-1]
    _flip(rig, patch.offset + len(patch.new) - 1)


def _copy_file(rig, path):
    """A file is written by ntfs-3g."""
    raw = rig.xenfix.folder + '.raw'
    volume = rig.xenfix.folder + '.volume'
    source = rig.xenfix.folder + '.source'
    rig.content().write(raw)
    with open(raw, 'rb') as file:
        file.seek(START)
        rest = file.read()
    with open(volume, 'wb') as file:
        file.write(rest)
    with open(source, 'w', encoding='ascii') as file:
        file.write('something new\n')
    tap.run('ntfscp', volume, source, path)
    with open(volume, 'rb') as file, open(raw, 'r+b') as disk:
        disk.seek(START)
        disk.write(file.read())
    os.unlink(rig.xenfix.image)
    subprocess.run([rig.qemu_img, 'convert', '-f', 'raw', '-O',
                    rig.images.fmt, raw, rig.xenfix.image], check=True)
    for name in raw, volume, source:
        os.unlink(name)


# Name: what is done, with what; the name that the refusal must have
WAYS = {
    'a new file': (_copy_file, '/WINDOWS/new.txt', r'\$MFT'),
    'a file written over': (_copy_file, '/boot.ini', r'\$MFT'),
    '$LogFile': (_flip_mark, 'LogFile', r'\$LogFile'),
    '$Volume': (_flip_mark, 'Volume', r'\$Volume'),
    'the registry': (_flip_mark, 'SYSTEM', r'config\\SYSTEM'),
    'a sector': (_flip_patch, '', r'the sector at offset \d+'),
}


def _refused(rig, command, *patterns):
    """One line that says why, and nothing changes."""
    before = rig.content()
    status, output, errors = rig.xenfix.run(command, '--undo',
                                            rig.xenfix.undo)
    equal((status, output, errors.count('\n')), (3, '', 1), errors)
    for pattern in patterns:
        equal(bool(re.search(pattern, errors)), True,
              '"%s" in: %s' % (pattern, errors))
    equal(rig.content() == before, True, command + ' refused: the disk')
    equal(os.path.exists(rig.xenfix.undo), True, 'the undo file')


def check(rig, way):
    """Used after a run that was completed, and one that was cut off."""
    change, argument, pattern = WAYS[way]
    rig.restore('rollback')
    change(rig, argument)
    report = rig.xenfix.state()
    equal(report['state'], 'stale', way)
    equal(bool(re.search(pattern, report['difference'])), True,
          report['difference'])
    _refused(rig, 'rollback', pattern, 'has changed since')
    rig.restore('recovery')
    change(rig, argument)
    report = rig.xenfix.state()
    equal((report['state'], bool(re.search(pattern, report['difference']))),
          ('pending', True), report)
    _refused(rig, 'rollback', pattern, 'cut off')
    _refused(rig, 'drivers', pattern, 'cut off')
