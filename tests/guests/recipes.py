"""
The kinds of guest: each a base and what is different about it

A recipe is data and small functions on data.  Six kinds of edit exist, by
what they get: the SYSTEM hive (bytes to bytes), the file tree of the volume
that holds Windows, or NTLDR, the volume's VolumeSpec, the finished volume
file, the finished disk file.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses
import struct
from dataclasses import dataclass, field

import disk
import filler
import hive
import ldm
import pe
import registry
import shapes
import windrivers
import winfiles
from filetree import COMPRESSED, HIDDEN, SYSTEM
from ntfs import VolumeSpec
from winversions import (W2K3_SP2, W2K3_X64, W2K_SP4, XP_RTM, XP_SP2, XP_SP3,
                         XP_X64, Windows)

CABINET = 'Driver Cache\\i386\\driver.cab'
DRIVERS = 'system32\\drivers'
SYSTEM_HIVE = 'system32\\config\\system'


@dataclass(frozen=True)
class Slot:
    """
    A partition and what it holds: 'boot' (NTLDR), 'windows', 'other' (another
    Windows), 'user', 'data'; 'fat' if its file system is not NTFS.
    """

    contents: tuple
    cylinders: int
    type: int = disk.TYPE_NTFS
    active: bool = False
    logical: bool = False       # those come last


XP_LAYOUT = (Slot(('boot', 'windows', 'user'), 38, active=True),)


@dataclass(frozen=True)
class Recipe:
    """All that tells one kind of guest from another."""

    kind: str
    summary: str
    # What preparing it should do: 'prepare', 'refuse' or 'no-guest'.
    expect: str = 'prepare'
    # What is wrong with the guest: the name of the refusal, None if nothing.
    defect: str = None
    windows: Windows = XP_SP3
    # 'real' falls back to 'built' where the shared data is missing.
    system_hive: str = 'real'
    layout: tuple = XP_LAYOUT
    extended_type: int = disk.TYPE_EXTENDED_LBA
    # boot.ini's default entry, without the directory
    arc: str = 'multi(0)disk(0)rdisk(0)partition(%d)'
    # Only what a boot takes, and no source of drivers
    slim: bool = False
    volume: VolumeSpec = field(default_factory=VolumeSpec)
    signature: int = 0x8e4b2d17
    spare_sectors: int = 5 * disk.CYLINDER
    hive_edits: tuple = ()
    tree_edits: tuple = ()
    boot_edits: tuple = ()
    volume_file_edits: tuple = ()
    disk_edits: tuple = ()


def _drivers(**options):
    """A tree edit: the IDE drivers are in system32\\drivers already."""
    def edit(tree, windows):
        for name in windrivers.IDE_DRIVERS:
            tree.file(_at(windows, DRIVERS, name),
                      windrivers.driver(name, windows, **options),
                      mtime=windows.built)
    return edit


def _foreign_drivers(tree, windows):
    """One of another machine type, one that is no PE, two missing."""
    tree.file(_at(windows, DRIVERS, 'atapi.sys'), windrivers.driver(
        'atapi.sys', windows, machine=pe.MACHINE_AMD64))
    tree.file(_at(windows, DRIVERS, 'pciide.sys'),
              filler.text_lines('garbage', 5_000))


def _cabinet(**options):
    """A tree edit: driver.cab holds other versions or machine types."""
    def edit(tree, windows):
        winfiles.add_cabinet(tree, _at(windows, CABINET),
                             winfiles.driver_cabinet(windows, **options),
                             windows.built)
    return edit


def _service_pack_cabinet(tree, windows):
    """sp3.cab beside a driver.cab that setup's CD brought."""
    _cabinet(version=XP_RTM.version)(tree, windows)
    members = {name: windrivers.driver(name, windows)
               for name in (*windrivers.IDE_DRIVERS, 'usbehci.sys')}
    winfiles.add_cabinet(tree, _at(windows, 'Driver Cache\\i386\\sp3.cab'),
                         members, windows.built)


def _cabinet_without(*names):
    def edit(tree, windows):
        members = winfiles.driver_cabinet(windows)
        for name in names:
            del members[name]
        winfiles.add_cabinet(tree, _at(windows, CABINET), members,
                             windows.built)
    return edit


def _truncate_cabinet(tree, windows):
    path = _at(windows, CABINET)
    data = tree.data(path)
    tree.file(path, data[:len(data) // 2])


def _remove(*path):
    return lambda tree, windows: tree.remove(_at(windows, *path))


def _replace(data, *path):
    return lambda tree, windows: tree.file(_at(windows, *path), data)


def _compress(tree, windows):
    """driver.cab, the SYSTEM hive and a text, all NTFS-compressed."""
    for path in (CABINET, SYSTEM_HIVE, 'setuplog.txt'):
        entry = tree.entries[_at(windows, path).upper()]
        entry.attributes |= COMPRESSED
        entry.chunk = 0


def _hibernate(tree, windows):
    """hiberfil.sys of a machine that was not shut down."""
    image = b'hibr'.ljust(4096, b'\0') + filler.raw_bytes('hiberfil', 65_536)
    tree.file('hiberfil.sys', image, attributes=HIDDEN | SYSTEM,
              security='private')


def _woken(tree, windows):
    """hiberfil.sys of a machine that has been resumed: harmless."""
    tree.file('hiberfil.sys', b'wake'.ljust(69_632, b'\0'),
              attributes=HIDDEN | SYSTEM, security='private')


def _second_windows(tree, windows):
    """Another installation on the same volume, not the default one."""
    other = dataclasses.replace(windows, system_root='\\WINDOWS.0')
    winfiles.add_windows(tree, other, tree.data(_at(windows, SYSTEM_HIVE)))
    arc = Recipe.arc % 1
    entries = [(arc + w.system_root, w.boot_title, w.boot_options)
               for w in (windows, other)]
    tree.file('boot.ini', winfiles.boot_ini(entries))


def _boot_ini(arc_path):
    """A tree edit: boot.ini's only entry lies elsewhere."""
    def edit(tree, windows):
        entry = (arc_path + windows.system_root, windows.boot_title,
                 windows.boot_options)
        tree.file('boot.ini', winfiles.boot_ini([entry]))
    return edit


def _interrupted_2000(behind):
    """A tree edit: SYSTEM is dirty, its mirror so many writes behind it."""
    def edit(tree, windows):
        path = _at(windows, SYSTEM_HIVE)
        data = tree.data(path)
        tree.file(path, hive.with_sequence(data, 701, 700))
        tree.file(path + '.ALT', hive.with_sequence(data, 700 - behind,
                                                    700 - behind))
    return edit


def _torn_2000(tree, windows):
    """The base block of SYSTEM is half written, its mirror is whole."""
    path = _at(windows, SYSTEM_HIVE)
    data = tree.data(path)
    tree.file(path, hive.with_bad_checksum(data))
    tree.file(path + '.ALT', data)


def _stale_mirror(tree, windows):
    """SYSTEM.ALT of the Windows 2000 that this one was upgraded from."""
    tree.file(_at(windows, SYSTEM_HIVE) + '.ALT', hive.build(
        registry.system(W2K_SP4, 1, 0), 'SYSTEM', 3, (7, 7), 1 << 56))


def _at(windows, *path):
    return '\\'.join((windows.system_root[1:],) + path)


def _interrupted_flush(tree, windows):
    """
    Power failed while SYSTEM was written: it has new sequence numbers and old
    pages, and the new ones are in its log.
    """
    new = bytearray(tree.data(_at(windows, SYSTEM_HIVE)))
    struct.pack_into('<I', new, 8, struct.unpack_from('<I', new, 4)[0] - 1)
    hive.seal(new)
    old = bytes(new)
    for before, after in (('setup -newsetup', 'setup -oldsetup'),
                          ('USERNAME', 'NAMEUSER'),
                          ('VMware SCSI', 'SCSI VMware')):
        old = old.replace(before.encode('utf-16-le'),
                          after.encode('utf-16-le'))
    # A page that was half written, the first of a hive bin
    old = old[:0x5000] + bytes(512) + old[0x5200:]
    tree.file(_at(windows, SYSTEM_HIVE), old)
    tree.file(_at(windows, SYSTEM_HIVE + '.LOG'),
              hive.dirty_log(new, hive.different_pages(new, old)))


def _make_dynamic(kind):
    return lambda raw: ldm.make_dynamic(raw, kind)


def _bitlocker(path, sectors):
    """The OEM id of an encrypted volume, in both boot sectors."""
    with open(path, 'r+b') as volume:
        for sector in (0, sectors - 1):
            volume.seek(sector * disk.SECTOR + 3)
            volume.write(b'-FVE-FS-')


def _append(size):
    def edit(raw):
        raw.seek(0, 2)
        raw.write(filler.raw_bytes('tail', size))
    return edit


def _randomise(raw):
    """No partition table, but not zeros either."""
    raw.seek(0)
    raw.write(filler.raw_bytes('random disk', 1 << 20))
    raw.seek(510)
    raw.write(b'\x12\x34')


_RECIPES = {}


def _add(kind, summary, base=None, **changes):
    if base:
        recipe = dataclasses.replace(_RECIPES[base], kind=kind,
                                     summary=summary, **changes)
    else:
        recipe = Recipe(kind, summary, **changes)
    _RECIPES[kind] = recipe


def _refuse(kind, summary, base='xp-sp3', expect='refuse', **changes):
    _add(kind, summary, base, expect=expect, defect=kind, **changes)


# Guests that are to be prepared

_add('xp-sp3', 'Windows XP SP3 x86, the IDE drivers only in driver.cab')
_add('xp-sp3-built', 'the same with a SYSTEM hive of our own making',
     'xp-sp3', system_hive='built')
_add('xp-sp3-prepared-drivers', 'the IDE drivers are in system32 already',
     'xp-sp3', tree_edits=(_drivers(),))
_add('xp-sp3-upgraded', 'XP upgraded to SP3: sp3.cab beside an RTM cabinet',
     'xp-sp3-built', tree_edits=(_service_pack_cabinet,))
_add('xp-sp3-compressed', 'driver.cab and SYSTEM are NTFS-compressed',
     'xp-sp3-built', tree_edits=(_compress,))
_add('xp-sp0', 'Windows XP without a service pack', windows=XP_RTM,
     system_hive='built', signature=0x1d3c7a55)
_add('w2k3-sp2', 'Windows Server 2003 SP2 x86 and a data partition',
     windows=W2K3_SP2, system_hive='built', signature=0x5b90c4e2,
     volume=VolumeSpec(flags=0x8000, label='System', cluster_size=2048),
     layout=(Slot(('boot', 'windows', 'user'), 38, active=True),
             Slot(('data',), 10)))
_add('w2k3-two-partitions', 'NTLDR on partition 1, WINDOWS on partition 2',
     'w2k3-sp2', layout=(Slot(('boot',), 4, active=True),
                         Slot(('windows', 'user'), 38)))
_add('two-windows', 'two installations; boot.ini prefers \\WINDOWS',
     'xp-sp3-built', tree_edits=(_second_windows,))
_add('scsi-boot-ini', 'boot.ini names the disk by scsi()', 'xp-sp3-built',
     tree_edits=(_boot_ini('scsi(0)disk(0)rdisk(0)partition(1)'),))
_add('volume-flag-8000', 'volume flag 0x8000: modified by chkdsk, clean',
     'xp-sp3', volume=VolumeSpec(flags=0x8000))
_add('resumed', 'hiberfil.sys of a session that was resumed', 'xp-sp3-built',
     tree_edits=(_woken,))
_add('wrong-machine-present', 'atapi.sys is for amd64, pciide.sys no PE',
     'xp-sp3', tree_edits=(_foreign_drivers,))
_add('w2k-sp4', 'Windows 2000 SP4: \\WINNT, NTFS 3.0, SYSTEM.ALT',
     windows=W2K_SP4, system_hive='built', signature=0x2c11d0e4)
_add('xp-sp2', 'Windows XP SP2 with the HAL of a multiprocessor',
     windows=XP_SP2, system_hive='built', signature=0x6f0a35c9)
_add('xp-x64', 'Windows XP x64 Edition', windows=XP_X64, system_hive='built',
     signature=0x7e19ba40)
_add('w2k3-x64', 'Windows Server 2003 SP2 x64 and a data partition',
     'w2k3-sp2', windows=W2K3_X64, signature=0x93d6f182)
_add('logical-drive', 'WINDOWS on the second drive in an extended partition',
     'xp-sp3-built', layout=(Slot(('boot',), 4, active=True),
                             Slot(('data',), 10, logical=True),
                             Slot(('windows', 'user'), 38, logical=True)))
_add('dynamic-disk', 'a dynamic disk, Windows on a simple volume',
     'xp-sp3-built', disk_edits=(_make_dynamic('simple'),))
_add('dirty-hive-with-log', 'SYSTEM was being written; its log has the rest',
     'xp-sp3-built', tree_edits=(_interrupted_flush,))
_add('w2k-interrupted', 'SYSTEM was being written; SYSTEM.ALT is whole',
     'w2k-sp4', tree_edits=(_interrupted_2000(0),))
_add('w2k-torn', 'the base block of SYSTEM is damaged; SYSTEM.ALT is whole',
     'w2k-sp4', tree_edits=(_torn_2000,))
_add('w2k-large-hive', 'a SYSTEM of 11 MiB, which NTLDR has hardly room for',
     'w2k-sp4', hive_edits=(lambda data: hive.with_free_bin(data, 11 << 20),))
_add('xp-stale-mirror', 'XP with the SYSTEM.ALT of an older Windows',
     'xp-sp3-built', tree_edits=(_stale_mirror,))
_add('half-service-pack', 'a kernel of SP3, a registry of SP2',
     'xp-sp3-built', windows=dataclasses.replace(XP_SP3, service_pack=2))
_add('server-xp', 'Windows XP whose registry says that it is a server',
     'xp-sp3-built',
     windows=dataclasses.replace(XP_SP3, product_type='ServerNT'))
_add('other-architecture', 'a kernel for x86, a registry for another machine',
     'xp-sp3-built', hive_edits=(
         lambda data: data.replace('x86'.encode('utf-16-le'),
                                   'x64'.encode('utf-16-le')),))
_add('xp-sp3-aged', 'SYSTEM, cabinet, $MFT in hundreds of runs',
     'xp-sp3-built', hive_edits=(shapes.large_hive(1 << 19),),
     tree_edits=(shapes.in_runs(1024),),
     volume=VolumeSpec(cluster_size=1024, mft_runs=200))
_add('w2k3-nearly-full', 'single free clusters, enough for the drivers',
     'w2k3-sp2', volume=VolumeSpec(spare_clusters=120, scattered=True))
_add('data-size-odd', 'the disk ends in the middle of a sector', 'xp-sp3',
     disk_edits=(_append(100),))

# Guests that must be refused

_refuse('dirty-hive', 'sequence numbers of SYSTEM differ', hive_edits=(
    lambda data: hive.with_sequence(data, 4712, 4711),))
_refuse('windows-7', 'a Windows 7 without its own drivers', 'xp-sp3-built',
        windows=dataclasses.replace(XP_SP3, name='Windows 7', service_pack=1,
                                    version=(6, 1, 7601, 17514)))
_refuse('w2k-old-mirror', 'SYSTEM is dirty, SYSTEM.ALT is long out of date',
        'w2k-sp4', tree_edits=(_interrupted_2000(400),))
_refuse('bad-hive-checksum', 'checksum of SYSTEM is wrong',
        hive_edits=(hive.with_bad_checksum,))
_refuse('no-hive', 'SYSTEM holds text', tree_edits=(
    _replace(b'This is no registry hive.\r\n' * 400, SYSTEM_HIVE),))
_refuse('no-system-file', 'there is no SYSTEM file',
        tree_edits=(_remove(SYSTEM_HIVE),))
_refuse('dirty-volume', 'volume flag 0x0001: chkdsk is due',
        volume=VolumeSpec(flags=0x0001))
_refuse('hibernated', 'hiberfil.sys holds a session',
        tree_edits=(_hibernate,))
_refuse('unclean-logfile', '$LogFile was not closed',
        volume=VolumeSpec(log_clean=False))
_refuse('bitlocker', 'the volume is encrypted',
        volume_file_edits=(_bitlocker,))
_refuse('no-driver-cab', 'there is no driver.cab',
        tree_edits=(_remove(CABINET),))
_refuse('incomplete-driver-cab', 'driver.cab lacks pciidex.sys',
        tree_edits=(_cabinet_without('pciidex.sys'),))
_refuse('truncated-driver-cab', 'driver.cab is cut in half',
        tree_edits=(_truncate_cabinet,))
_refuse('wrong-machine-drivers', 'the IDE drivers in driver.cab are amd64',
        tree_edits=(_cabinet(machine=pe.MACHINE_AMD64),))
_refuse('full-volume', 'no room for any driver',
        volume=VolumeSpec(spare_clusters=0))
_refuse('almost-full-volume', 'room for one driver, not for all',
        volume=VolumeSpec(spare_clusters=30))
_refuse('wrong-bitmap', '$Bitmap calls free what a large file lies in',
        volume=VolumeSpec(spare_clusters=0, filler_forgotten=True))
_refuse('two-systems', 'SYSTEM and system, and which does Windows read?',
        'xp-sp3-built', tree_edits=(shapes.twin(SYSTEM_HIVE, b'none'),))
_refuse('linked-system', 'SYSTEM has a hard link in another folder',
        'xp-sp3-built', tree_edits=(shapes.hard_links(SYSTEM_HIVE),))

_refuse('second-disk', 'boot.ini names a partition of the second disk',
        tree_edits=(_boot_ini('multi(0)disk(0)rdisk(1)partition(1)'),))
_refuse('other-signature', 'boot.ini names a disk of another signature',
        tree_edits=(_boot_ini('signature(1badcafe)disk(1)rdisk(0)'
                              'partition(2)'),))
_refuse('other-signature-here', 'and this disk has a Windows there, too',
        tree_edits=(_boot_ini('signature(1badcafe)disk(0)rdisk(0)'
                              'partition(1)'),))
_refuse('second-scsi-disk', 'boot.ini names the disk of another SCSI id',
        tree_edits=(_boot_ini('scsi(0)disk(1)rdisk(0)partition(1)'),))
_refuse('boot-ini-nowhere', 'boot.ini names a partition that is not there',
        tree_edits=(_boot_ini('multi(0)disk(0)rdisk(0)partition(2)'),))
_refuse('no-active-partition', 'NTLDR starts it from another disk',
        layout=(Slot(('windows', 'user'), 38),))

_refuse('fat-system-partition', 'NTLDR on FAT16, WINDOWS on NTFS behind it',
        'xp-sp3-built', layout=(
            Slot(('fat', 'boot'), 4, disk.TYPE_FAT16_LBA, active=True),
            Slot(('windows', 'user'), 38)))
_refuse('dynamic-mirror', 'a dynamic disk, Windows on a mirrored volume',
        'xp-sp3-built', disk_edits=(_make_dynamic('mirrored'),))

# Disks without a Windows

_refuse('no-partition-table', 'random bytes', expect='no-guest',
        layout=(), spare_sectors=20 * disk.CYLINDER,
        disk_edits=(_randomise,))
_refuse('no-ntfs', 'one FAT16 partition', expect='no-guest', layout=(
    Slot(('fat',), 4, disk.TYPE_FAT16_LBA, active=True),))
_refuse('no-windows', 'an NTFS volume of data', expect='no-guest',
        layout=(Slot(('data',), 12, active=True),))


def kinds():
    """Every kind, in order."""
    return list(_RECIPES)


def find(kind):
    """The recipe of @kind, or None."""
    return _RECIPES.get(kind)


def add(recipe):
    """Another kind, of a module of its own; the imports below are these."""
    _RECIPES[recipe.kind] = recipe


import hal_recipes      # noqa: E402,F401 pylint: disable=C0413,W0611
import hal_change_recipes   # noqa: E402,F401 pylint: disable=C0413,W0611
import broken_recipes   # noqa: E402,F401 pylint: disable=C0413,W0611
import leftover_recipes  # noqa: E402,F401 pylint: disable=C0413,W0611
import vista_recipes    # noqa: E402,F401 pylint: disable=C0413,W0611
import vista_odd_recipes    # noqa: E402,F401 pylint: disable=C0413,W0611
import broken_vista_recipes  # noqa: E402,F401 pylint: disable=C0413,W0611
