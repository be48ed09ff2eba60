"""
NTFS volumes: made by mkntfs, filled by guest-populate

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass

import bootsector
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
    upgraded: bool = False      # 3.0 until half of the files are there
    sector_size: int = 512      # in the BIOS parameter block
    mft_runs: int = 0           # into which $MFT is broken at least
    mft_full: str = None        # which of $MFT is used up: data, bitmap
    free_step: int = 0          # as files come, each such cluster is free
    spare_clusters: int = None  # None: the volume is not filled up
    scattered: bool = False     # whether the spare ones lie apart
    filler_forgotten: bool = False  # what fills it lies in free clusters


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
    _run([mkntfs, '-F', '-Q', '-T', '-q', '-s', str(spec.sector_size), '-c',
          str(spec.cluster_size), '-p', str(start_sector), '-H', '255',
          '-S', '63', '-L', spec.label, path])
    if spec.version == (3, 0) or spec.upgraded:
        ntfs30.convert(path)
    manifest, contents = path + '.manifest', path + '.contents'
    _Manifest(spec, tree, _logfile_size(path)).write(manifest, contents)
    _run([populate, path, manifest, contents])
    os.unlink(manifest)
    os.unlink(contents)
    _set_serial(path, sectors * 512, spec)


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
        _, cluster_size, record_size = bootsector.geometry(boot)
        mft, _ = bootsector.tables(boot)
        volume.seek(mft * cluster_size + 2 * record_size)
        record = volume.read(record_size)
    at, = struct.unpack_from('<H', record, 0x14)
    while record[at:at + 4] != b'\x80\0\0\0':       # AT_DATA
        at += struct.unpack_from('<I', record, at + 4)[0]
    return struct.unpack_from('<Q', record, at + 0x30)[0]


def _set_serial(path, size, spec):
    """Both boot sectors: offset 0x48 is the volume serial number."""
    with open(path, 'r+b') as volume:
        for sector in (0, size // spec.sector_size - 1):
            volume.seek(sector * spec.sector_size + 0x48)
            volume.write(struct.pack('<Q', spec.serial))


def _path(path):
    """As guest-populate has it."""
    return '/' + path.replace('\\', '/')


class _Manifest:
    """What guest-populate is to do, and the data that it needs for that."""

    def __init__(self, spec, tree, log_size):
        self.spec = spec
        self.lines = []
        self.pieces = []
        self.offset = 0
        descriptors = {**security.FILE_DESCRIPTORS, **tree.descriptors}
        for name, raw in descriptors.items():
            self.add('sd', name, *self.store(raw))
        self.add_state_before(spec, tree)
        for number, entry in enumerate(tree):
            if spec.upgraded and number == len(tree.entries) // 2:
                self.add('version', *spec.version)
            self.add_entry(entry)
        self.add_state_after(spec, tree)
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

    def add_state_before(self, spec, tree):
        """What the volume is like before there are files."""
        if spec.free_step:
            self.add('hold', spec.free_step)
        if spec.mft_runs:
            self.add('mft', tree.mtime, spec.mft_runs)

    def add_state_after(self, spec, tree):
        """What else happens to the volume in its long life."""
        if spec.free_step:
            self.add('release')
        if spec.spare_clusters is not None:
            self.add('fill', '/filler.bin', tree.mtime, 0x20, 'public',
                     'FILLER.BIN', spec.spare_clusters,
                     'scattered' if spec.scattered else 'together')
        if spec.filler_forgotten:
            self.add('forget', '/filler.bin')
        if spec.mft_full:
            self.add('dir', '/many', tree.mtime, 0, 'public', 'MANY')
            self.add('fill-mft', '/many', tree.mtime, spec.mft_full)

    def add_entry(self, entry):
        path = _path(entry.path)
        if entry.link_to:
            self.add('link', path, _path(entry.link_to), entry.dos_name)
            return
        self.add_file(path, entry)
        for name, data in entry.streams.items():
            self.add('stream', path, name, *self.store(data))
        if entry.extended:
            self.add('ea', path, *self.store(entry.extended))
        if entry.reparse:
            self.add('reparse', path, *self.store(entry.reparse))

    def add_file(self, path, entry):
        common = (path, entry.mtime, entry.attributes, entry.security,
                  entry.dos_name)
        if entry.is_directory:
            self.add('dir', *common)
        elif entry.allocate is not None:
            self.add('alloc', *common, entry.allocate)
        else:
            # The library takes one run from a stretch of the volume, no more
            chunk = self.spec.cluster_size if self.spec.free_step \
                else entry.chunk
            self.add('file', *common, *self.store(entry.data), chunk)

    def add(self, *fields):
        self.lines.append('\t'.join(str(field) for field in fields))

    def store(self, data):
        """Where @data will be in the file of contents: offset, size."""
        place = (self.offset, len(data))
        self.pieces.append(data)
        self.offset += len(data)
        return place
