"""
The guests of "make bench": made once, and kept

    main        10 GiB, its partition from sector 63 on; half of what is not
                zeros is in files, half was left by deleted ones; the IDE
                drivers are in a cabinet of 70 MB and many folders
    one-folder  the same cabinet as a single folder
    hotfixed    the kernel is newer than all cabinets, and each is looked at
    huge        2 TiB, hardly anything of it used

Only "main" is filled: what the others are for is how long they take to be
prepared.  Each is there as a raw image, "main" and "one-folder" as a
monolithicSparse VMDK, too.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '../..')
GUESTS = os.path.join(SOURCE, 'tests/guests')
sys.path.insert(0, GUESTS)

# pylint: disable=wrong-import-position
import cabinet      # noqa: E402
import disk         # noqa: E402
import filler       # noqa: E402
import guest        # noqa: E402
import ntfs         # noqa: E402
import recipes      # noqa: E402
import winfiles     # noqa: E402

MIB = 1 << 20
# What a disk of full size has
CYLINDERS = 1305                    # 10 GiB
FILES = 1024                        # of 1.5 MiB: kept, and as many deleted
FILE_SIZE = 3 * MIB // 2
CABINET_SIZE = 70 * MIB
MEMBER_SIZE = 28_000               # XP's has some 2,500 members
HUGE_SECTORS = 1 << 32              # 2 TiB

OLD = 'Old'
# Bytes in a folder of the cabinet of many
FOLDER_SIZE = MIB // 2
# The kernel of a hotfix of 2011, and sp3.cab's share of the 70 MB
HOTFIX = (5, 1, 2600, 6055)
SP3_PART = 4

# What win-xenfix injects to make a guest that has the drivers, but not yet
# anything in its registry
PROFILE = '''[profile]
name=bench
description=the IDE drivers, and nothing else

[guest]
min-version=5.1
max-version=5.1
machines=x86

[files]
directory=system32\\\\drivers
names=atapi.sys;intelide.sys;pciide.sys;pciidex.sys
sources=Driver Cache\\\\{platform}\\\\driver.cab
reason=makes a guest for the bench
'''


class GuestError(Exception):
    """A guest cannot be made; the message says why."""


# -------------------------------------------------------------- what is in it

@functools.lru_cache(None)
def _contents(number):
    """Some files share their bytes: 3 GiB of different ones take long."""
    return filler.raw_bytes('bench %d' % number, FILE_SIZE)


def _fill(count):
    """A tree edit: files in turn, one to be kept and one to be deleted."""
    def edit(tree, _windows):
        for number in range(count):
            for folder, extension in (('Kept', 'dat'), (OLD, 'tmp')):
                tree.file('%s\\%04d.%s' % (folder, number, extension),
                          _contents(number % 16), security='public')
    return edit


@functools.lru_cache(None)
def _cabinet(windows, version, size, folder_size):
    """A cabinet as large as XP's, the IDE drivers in the middle of others."""
    members = dict(winfiles.driver_cabinet(windows, version))
    left = size - sum(map(len, members.values()))
    for number in range(max(left, 0) // MEMBER_SIZE):
        name = '%s%04d.dll' % (chr(ord('a') + number % 26), number)
        members[name] = filler.raw_bytes(name, MEMBER_SIZE)
    return cabinet.build(
        [cabinet.Member(name, data, windows.built) for name, data in
         sorted(members.items(), key=lambda item: item[0].lower())],
        cabinet.LZX, folder_size)


def _with_cabinet(size, folder_size, name='driver.cab', version=None):
    """A tree edit: a cabinet in runs of 4 MiB."""
    def edit(tree, windows):
        tree.file('%s\\Driver Cache\\i386\\%s' % (windows.system_root[1:],
                                                 name),
                  _cabinet(windows, version, size, folder_size),
                  mtime=windows.built, chunk=4 * MIB)
    return edit


def _recipe(kind, cylinders, *tree_edits, **changes):
    layout = (recipes.Slot(('boot', 'windows', 'user'), cylinders,
                           active=True),)
    return dataclasses.replace(recipes.find('xp-sp3'), kind=kind,
                               layout=layout, tree_edits=tree_edits,
                               **changes)


def all_recipes(scale):
    """By name; @scale is 1, or less for disks that are made quickly."""
    cylinders = max(round(CYLINDERS * scale), 38)
    size = round(CABINET_SIZE * scale)
    many = _with_cabinet(size, FOLDER_SIZE)
    huge = (HUGE_SECTORS - 1) // disk.CYLINDER
    hotfixed = dataclasses.replace(recipes.XP_SP3, version=HOTFIX)
    rtm, sp3 = recipes.XP_RTM.version, recipes.XP_SP3.version
    return {recipe.kind: recipe for recipe in (
        _recipe('main', cylinders, many, _fill(max(round(FILES * scale),
                                                   1))),
        _recipe('one-folder', cylinders, _with_cabinet(size, 2 * size)),
        _recipe('hotfixed', cylinders,
                _with_cabinet(size, FOLDER_SIZE, version=rtm),
                _with_cabinet(size // SP3_PART, FOLDER_SIZE, 'sp3.cab', sp3),
                windows=hotfixed),
        _recipe('huge', huge, many,
                spare_sectors=HUGE_SECTORS - huge * disk.CYLINDER))}


# ------------------------------------------------------------- how it is made

def _run(*command, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            check=False, timeout=1800, **options)
    if result.returncode:
        raise GuestError('%s failed: %s' % (
            os.path.basename(command[0]),
            result.stderr.decode(errors='replace').strip()))
    return result.stdout.decode(errors='replace')


def _sbin(name):
    path = shutil.which(name, path=os.environ.get('PATH', '') +
                        ':/usr/sbin:/sbin')
    if not path:
        raise GuestError(name + ' is not installed: it is in ntfs-3g')
    return path


def delete_old(volume, _sectors):
    """
    Takes the clusters from the files to be deleted; what was in them stays.
    Their names stay as well: ntfs-3g has no tool that removes a file.
    """
    listed = _run(_sbin('ntfsls'), '-i', '-p', '/' + OLD, volume)
    for line in listed.splitlines():
        inode, _, name = line.strip().partition(' ')
        if name.endswith('.tmp'):
            _run(_sbin('ntfstruncate'), '-q', '-f', volume, inode, '0')


def _build(recipe, output, shared, populate):
    """Writes the disk, and beside it what the SYSTEM hive is."""
    folder = os.path.dirname(output)
    temporary = output + '.tmp'
    with tempfile.TemporaryDirectory(prefix='make-', dir=folder) as work:
        built = guest.Guest(recipe, work, shared, populate)
        with open(temporary, 'w+b') as raw:
            built.build(raw)
    with open(output + '.json', 'w', encoding='utf-8') as file:
        json.dump({'hive': len(built.system_hive),
                   'source': built.hive_source}, file)
    os.rename(temporary, output)


def _digest(scale, shared):
    """Of all that the guests depend on."""
    real = os.path.exists(os.path.join(shared, guest.REAL_HIVE))
    digest = hashlib.sha256(('%g %s' % (scale, real)).encode())
    for folder in (GUESTS, HERE):
        for name in sorted(os.listdir(folder)):
            if folder == GUESTS or name == 'bench_guests.py':
                with open(os.path.join(folder, name), 'rb') as file:
                    digest.update(name.encode() + file.read())
    return digest.hexdigest()[:12]


class Guests:
    """All of them; those that are not there are made."""

    def __init__(self, build, scale, programs, say):
        self.scale = scale
        self.programs = programs
        self.say = say
        self.shared = os.environ.get('XENPREP_SHARED_DATA') or \
            os.path.join(SOURCE, '../shared/data')
        self.folder = os.path.join(build, '%g-%s' % (
            scale, _digest(scale, self.shared)))
        self._remove_stale(build)
        os.makedirs(self.folder, exist_ok=True)
        self.profile = os.path.join(self.folder, 'bench.profile')
        with open(self.profile, 'w', encoding='utf-8') as file:
            file.write(PROFILE)
        self.cabinet = os.path.join(self.folder, 'one-folder.cab')

    def _remove_stale(self, build):
        """Guests of this size that an older tree made."""
        for name in os.listdir(build) if os.path.isdir(build) else ():
            path = os.path.join(build, name)
            if name.startswith('%g-' % self.scale) and path != self.folder:
                shutil.rmtree(path)

    def path(self, name, fmt='raw'):
        """Of an image that make() has made."""
        return os.path.join(self.folder, '%s.%s' % (name, fmt))

    def hive(self, name):
        """The SYSTEM hive of a guest: bytes, and 'real' or 'built'."""
        with open(self.path(name) + '.json', encoding='utf-8') as file:
            truth = json.load(file)
        return truth['hive'], truth['source']

    def make(self):
        """Makes what is lacking; mends what a bench that was ended left."""
        for name, recipe in all_recipes(self.scale).items():
            self._make_raw(name, recipe)
        for name in ('main', 'one-folder'):
            self._make_vmdk(name)
        self._make_cabinet()
        for name in os.listdir(self.folder):
            if name.endswith('.xenfix-undo'):
                self._roll_back(os.path.join(self.folder,
                                             name[:-len('.xenfix-undo')]))

    def _make_raw(self, name, recipe):
        if os.path.exists(self.path(name)):
            return
        self.say('making the guest "%s"' % name)
        if name == 'main':
            recipe = dataclasses.replace(recipe,
                                         volume_file_edits=(delete_old,))
        _build(recipe, self.path(name), self.shared, self.programs.populate)

    def _make_vmdk(self, name):
        path = self.path(name, 'vmdk')
        if not os.path.exists(path):
            _run(self.programs.qemu_img, 'convert', '-f', 'raw', '-O', 'vmdk',
                 '-o', 'subformat=monolithicSparse', self.path(name),
                 path + '.tmp')
            os.rename(path + '.tmp', path)

    def _make_cabinet(self):
        """The cabinet of one folder as a file, for cabextract."""
        if not os.path.exists(self.cabinet):
            size = round(CABINET_SIZE * self.scale)
            with open(self.cabinet + '.tmp', 'wb') as file:
                file.write(_cabinet(recipes.XP_SP3, None, size, 2 * size))
            os.rename(self.cabinet + '.tmp', self.cabinet)

    def _format(self, path):
        return 'vmdk' if path.endswith('.vmdk') else 'raw'

    def _roll_back(self, path):
        _run(self.programs.xenfix, 'rollback', '-q', '-f',
             self._format(path), path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + '.xenfix-undo')

    @contextlib.contextmanager
    def drivers_present(self, *paths):
        """Within, these guests have the drivers: no copy of 3 GiB for that."""
        try:
            for path in paths:
                _run(self.programs.xenfix, 'drivers', '-q', '-f',
                     self._format(path), '--profile=' + self.profile,
                     '--boot-ini=keep', path)
            yield
        finally:
            for path in paths:
                if os.path.exists(path + '.xenfix-undo'):
                    self._roll_back(path)
