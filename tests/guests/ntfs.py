"""
NTFS volumes: made by mkntfs, filled by guest-populate

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass

import logfile
import ntfs30
import security

# mkntfs lies in /usr/sbin, which is not in every user's PATH
_SBIN = ':/usr/sbin:/sbin'


class BuildError(Exception):
    """A guest cannot be built; the message says why."""


@dataclass(frozen=True)
class VolumeSpec:
    """How a volume is formatted and in what state it is left."""

    cluster_size: int = 4096
    label: str = ''
    serial: int = 0x3a5c8f0122d417e6
    flags: int = 0              # $VOLUME_INFORMATION
    log_clean: bool = True
    log_version: tuple = (1, 1)
    version: tuple = (3, 1)     # 3.0: as Windows 2000 formats it
    spare_clusters: int = None  # None: the volume is not filled up


def find_mkntfs():
    """The path of mkntfs, or None."""
    return shutil.which('mkntfs', path=os.environ.get('PATH', '') + _SBIN)


def find_populate(source_dir):
    """The path of guest-populate: from the environment, or as built."""
    path = os.environ.get('XENPREP_GUEST_POPULATE')
    if path:
        return path
    path = os.path.normpath(os.path.join(
        source_dir, '../../build/fixer/tests/guests/guest-populate'))
    if os.path.exists(path):
        return path
    raise BuildError('guest-populate is not built: run make, or name it in '
                     'XENPREP_GUEST_POPULATE')


def make_volume(path, sectors, start_sector, spec, tree, populate):
    """
    Writes a volume of @sectors sectors to the file @path, which a disk will
    hold at @start_sector, with the files of @tree.
    """
    with open(path, 'wb') as volume:
        volume.truncate(sectors * 512)
    mkntfs = find_mkntfs()
    if not mkntfs:
        raise BuildError('mkntfs not found: install ntfs-3g')
    # -T: no time of day in it, and a fixed serial number
    _run([mkntfs, '-F', '-Q', '-T', '-q', '-s', '512', '-c',
          str(spec.cluster_size), '-p', str(start_sector), '-H', '255',
          '-S', '63', '-L', spec.label, path])
    if spec.version == (3, 0):
        ntfs30.convert(path)
    manifest, contents = path + '.manifest', path + '.contents'
    _Manifest(spec, tree, _logfile_size(path)).write(manifest, contents)
    _run([populate, path, manifest, contents])
    os.unlink(manifest)
    os.unlink(contents)
    _set_serial(path, sectors, spec.serial)


def _run(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    if result.returncode:
        raise BuildError('%s failed: %s' % (os.path.basename(command[0]),
                                            result.stdout.strip()))


def _logfile_size(path):
    """
    The size of $LogFile, which mkntfs chose: its data attribute's, in the
    third record of the MFT.
    """
    with open(path, 'rb') as volume:
        boot = volume.read(512)
        cluster_size = boot[13] * 512
        mft, = struct.unpack_from('<Q', boot, 0x30)
        volume.seek(mft * cluster_size + 2 * 1024)
        record = volume.read(1024)
    at, = struct.unpack_from('<H', record, 0x14)
    while record[at:at + 4] != b'\x80\0\0\0':       # AT_DATA
        at += struct.unpack_from('<I', record, at + 4)[0]
    return struct.unpack_from('<Q', record, at + 0x30)[0]


def _set_serial(path, sectors, serial):
    """Both boot sectors: offset 0x48 is the volume serial number."""
    with open(path, 'r+b') as volume:
        for sector in (0, sectors - 1):
            volume.seek(sector * 512 + 0x48)
            volume.write(struct.pack('<Q', serial))


class _Manifest:
    """What guest-populate is to do, and the data that it needs for that."""

    def __init__(self, spec, tree, log_size):
        self.lines = []
        self.pieces = []
        self.offset = 0
        for name, raw in security.FILE_DESCRIPTORS.items():
            self.add('sd', name, *self.store(raw))
        for entry in tree:
            self.add_entry(entry)
        if spec.spare_clusters is not None:
            self.add('fill', '/filler.bin', tree.mtime, 0x20, 'public',
                     'FILLER.BIN', spec.spare_clusters)
        self.add('logfile', *self.store(logfile.restart_pages(
            log_size, spec.log_clean, spec.log_version,
            spec.version == (3, 0))))
        self.add('flags', spec.flags)

    def write(self, manifest, contents):
        """Writes the two files."""
        with open(manifest, 'w', encoding='utf-8') as output:
            output.writelines(line + '\n' for line in self.lines)
        with open(contents, 'wb') as output:
            output.writelines(self.pieces)

    def add_entry(self, entry):
        common = ('/' + entry.path.replace('\\', '/'), entry.mtime,
                  entry.attributes, entry.security, entry.dos_name)
        if entry.is_directory:
            self.add('dir', *common)
        elif entry.allocate is not None:
            self.add('alloc', *common, entry.allocate)
        else:
            self.add('file', *common, *self.store(entry.data), entry.chunk)

    def add(self, *fields):
        self.lines.append('\t'.join(str(field) for field in fields))

    def store(self, data):
        """Where @data will be in the file of contents: offset, size."""
        place = (self.offset, len(data))
        self.pieces.append(data)
        self.offset += len(data)
        return place
