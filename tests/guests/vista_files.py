"""
The files of an installed Windows from Vista on: setup's, and what use leaves

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools

import filler
import guids
import hive
import pe
import registry
import vista_drivers
import vista_registry
import wof
from filetree import HIDDEN, READONLY, SPARSE, SYSTEM
from vista_versions import WIN7
from winfiles import filetime, hive_mtime

_BOOT_FILE = HIDDEN | SYSTEM | READONLY

SYSTEM_HIVE = 'System32\\config\\SYSTEM'
DRIVERS = 'System32\\drivers'


# ------------------------------------------------------- what bootmgr needs

def add_bios_boot(tree, windows, store):
    """The root of the active partition; @store is the BCD's file."""
    options = {'attributes': _BOOT_FILE, 'security': 'public',
               'mtime': windows.built}
    tree.file('bootmgr', vista_drivers.bootmgr(windows), **options)
    if windows.is_8:
        tree.file('BOOTNXT', b'\0', **options)
    tree.directory('Boot', attributes=HIDDEN | SYSTEM)
    _add_store(tree, 'Boot\\BCD', store)
    tree.file('Boot\\memtest.exe', vista_drivers.boot_program(
        'memtest.exe', windows), mtime=windows.built)
    tree.file('Boot\\en-US\\bootmgr.exe.mui', filler.raw_bytes(
        'bootmgr.exe.mui', 4_000))
    tree.file('Boot\\Fonts\\wgl4_boot.ttf', filler.raw_bytes('wgl4', 6_000))
    tree.file('BOOTSECT.BAK', filler.code_bytes('bootsect', 8_192), **options)


def add_efi_boot(tree, windows, store):
    """An EFI system partition; @store is the BCD's file."""
    folder = 'EFI\\Microsoft\\Boot\\'
    suffix = 'x64.efi' if windows.is_64 else 'ia32.efi'
    manager = vista_drivers.boot_program('bootmgfw.efi', windows)
    tree.file(folder + 'BCD', store, mtime=hive_mtime(store))
    tree.file(folder + 'BCD.LOG', _log(store, windows))
    tree.file(folder + 'bootmgfw.efi', manager, mtime=windows.built)
    tree.file(folder + 'bootmgr.efi', vista_drivers.boot_program(
        'bootmgr.efi', windows), mtime=windows.built)
    tree.file(folder + 'memtest.efi', vista_drivers.boot_program(
        'memtest.efi', windows), mtime=windows.built)
    tree.file(folder + 'en-US\\bootmgfw.efi.mui', filler.raw_bytes(
        'bootmgfw.efi.mui', 4_000))
    tree.file(folder + 'Fonts\\wgl4_boot.ttf', filler.raw_bytes(
        'wgl4', 6_000))
    tree.file('EFI\\Boot\\boot' + suffix, manager, mtime=windows.built)


def _add_store(tree, path, store):
    options = {'attributes': HIDDEN | SYSTEM, 'mtime': hive_mtime(store)}
    tree.file(path, store, **options)
    tree.file(path + '.LOG', _old_log(store), **options)
    for number in (1, 2):
        tree.file('%s.LOG%d' % (path, number), b'', **options)
    tree.file('Boot\\BOOTSTAT.DAT', bytes(65_536), **options)


def add_recovery(tree, windows):
    """The recovery environment: an image, in a partition of its own."""
    folder = 'Recovery\\WindowsRE\\'
    tree.directory('Recovery', attributes=HIDDEN | SYSTEM)
    tree.file(folder + 'Winre.wim', b'MSWIM\0\0\0' + filler.raw_bytes(
        'winre', 300_000), mtime=windows.built, attributes=HIDDEN | SYSTEM)
    tree.file(folder + 'boot.sdi', b'$SDI0001'.ljust(65_536, b'\0'),
              mtime=windows.built)
    tree.file(folder + 'ReAgent.xml', b'<?xml version=\'1.0\'?>\r\n')


# ------------------------------------------------------------------ Windows

def add_windows(tree, windows, system_hive, slim=False, more_drivers=()):
    """
    %SystemRoot% and below; @system_hive: SYSTEM and its logs, by name.  If it
    is @slim, there is no more than a boot takes, and @more_drivers.
    """
    root = windows.system_root[1:]
    tree.directory(root)
    config = root + '\\System32\\config'
    _add_kernel(tree, windows, root + '\\System32')
    _add_boot_programs(tree, windows, root)
    for name, data in system_hive.items():
        _add_hive_file(tree, config, name, data)
    _add_hive(tree, windows, config, 'SOFTWARE', _software(windows))
    for name in ('SAM', 'SECURITY', 'DEFAULT'):
        _add_hive(tree, windows, config, name, _small_hive(name, windows))
    names = vista_drivers.boot_drivers(windows) if slim \
        else vista_drivers.drivers(windows)
    for name in (*names, *more_drivers):
        add_driver(tree, windows, name, _folder(name, windows))
    add_store_package(tree, windows)
    for name, (since, _) in vista_drivers.SYSTEM_FILES.items():
        if windows.version >= since and (
                not slim or name in ('ntdll.dll', 'smss.exe')):
            tree.file('%s\\System32\\%s' % (root, name),
                      vista_drivers.system_file(name, windows),
                      mtime=windows.built)
    if not slim:
        _add_the_rest(tree, windows, root)


def _add_kernel(tree, windows, folder):
    """Kernels, HAL, the libraries and tables that the loader brings."""
    times = {'mtime': windows.built}
    tree.file(folder + '\\ntoskrnl.exe', vista_drivers.kernel(windows),
              **times)
    if windows.hal.pae_kernel:
        tree.file(folder + '\\ntkrnlpa.exe',
                  vista_drivers.kernel(windows, True), **times)
    tree.file(folder + '\\hal.dll', vista_drivers.hal(windows), **times)
    for name in vista_drivers.BOOT_LIBRARIES:
        tree.file('%s\\%s' % (folder, name),
                  vista_drivers.boot_library(name, windows), **times)
    for name in ('c_1252.nls', 'c_437.nls', 'l_intl.nls'):
        tree.file('%s\\%s' % (folder, name), filler.raw_bytes(name, 4_000),
                  **times)
    if windows.version >= WIN7:
        tree.file(folder + '\\apisetschema.dll', pe.PeFile(
            'apisetschema.dll', windows.machine, windows.version, dll=True,
            description='ApiSet Schema DLL', timestamp=windows.built,
            size=8_192).build(), **times)


def _add_boot_programs(tree, windows, root):
    """Loaders for both kinds of firmware, and what bcdboot copies."""
    suffixes = ('exe', 'efi') if windows.is_64 else ('exe',)
    for suffix in suffixes:
        for name in ('winload', 'winresume'):
            data = vista_drivers.boot_program('%s.%s' % (name, suffix),
                                              windows)
            for folder in ('System32', 'System32\\Boot'):
                tree.file('%s\\%s\\%s.%s' % (root, folder, name, suffix),
                          data, mtime=windows.built)
    tree.file(root + '\\Boot\\PCAT\\bootmgr', vista_drivers.bootmgr(windows),
              mtime=windows.built)
    if windows.is_64:
        tree.file(root + '\\Boot\\EFI\\bootmgfw.efi',
                  vista_drivers.boot_program('bootmgfw.efi', windows),
                  mtime=windows.built)


def _folder(name, windows):
    """CLFS has moved, with Windows 8."""
    return 'System32' if name == 'clfs.sys' and not windows.is_8 else DRIVERS


def add_driver(tree, windows, name, folder=DRIVERS, **options):
    """A driver in system32\\drivers, or in another folder of Windows."""
    tree.file('%s\\%s\\%s' % (windows.system_root[1:], folder, name),
              vista_drivers.driver(name, windows, **options),
              mtime=windows.built)


def add_store_package(tree, windows):
    """The package that the drivers for IDE and AHCI come from."""
    folder = vista_drivers.store_folder(windows)
    for name in vista_drivers.store_drivers(windows):
        add_driver(tree, windows, name, folder)
    text = '[Version]\r\nSignature="$WINDOWS NT$"\r\nClass=hdc\r\n' \
        'ClassGuid=%s\r\n' % registry.HDC
    for path in ('%s\\mshdc.inf' % folder, 'inf\\mshdc.inf'):
        tree.file('%s\\%s' % (windows.system_root[1:], path),
                  b'\xff\xfe' + text.encode('utf-16-le'),
                  mtime=windows.built)


def _add_the_rest(tree, windows, root):
    """What a boot does not need and a disk is full of."""
    if windows.is_64:
        for name in vista_drivers.SYSTEM_FILES:
            if not name.endswith('.sys'):
                tree.file('%s\\SysWOW64\\%s' % (root, name),
                          vista_drivers.system_file(
                              name, windows, machine=pe.MACHINE_I386),
                          mtime=windows.built)
    for number in range(120):
        name = 'oem%d.inf' % number if number % 3 else 'net%03d.PNF' % number
        tree.file('%s\\inf\\%s' % (root, name), filler.text_lines(
            name, filler.number('size ' + name, 200, 2_600)))
    for name in ('explorer.exe', 'notepad.exe', 'regedit.exe'):
        tree.file('%s\\%s' % (root, name), filler.code_bytes(name, 15_000),
                  mtime=windows.built)
    _add_side_by_side(tree, windows, root)


def _add_side_by_side(tree, windows, root):
    """Files in WinSxS are the same ones as in their place: hard links."""
    folder = '%s\\winsxs\\%s_%s_31bf3856ad364e35_%d.%d.%d.%d_none_%s' % (
        root, windows.store_arch, 'microsoft-windows-commandprompt',
        *windows.version, filler.raw_bytes('winsxs', 8).hex())
    tree.directory(folder)
    tree.link(folder + '\\cmd.exe', root + '\\System32\\cmd.exe')


def add_user_files(tree, windows):
    """Profiles, programs, the page file."""
    for user in ('Administrator', 'Public', 'Default', 'J\u00f6rg'):
        home = 'Users\\' + user
        tree.directory(home + '\\AppData\\Local\\Temp', security='private')
        for number in range(12):
            name = '%s\\Documents\\Letter %d of %s.txt' % (home, number,
                                                           user)
            tree.file(name, filler.text_lines(name, filler.number(
                'size ' + name, 0, 5_000)), security='public')
    tree.file('Users\\Administrator\\NTUSER.DAT', _small_hive(
        'DEFAULT', windows), security='private', attributes=HIDDEN)
    for name in ('vmtoolsd.exe', 'vmtools.dll', 'glib-2.0.dll'):
        tree.file('Program Files\\VMware\\VMware Tools\\' + name,
                  filler.code_bytes(name, 20_000))
    for name in ('System Volume Information', '$Recycle.Bin', 'ProgramData'):
        tree.directory(name, attributes=HIDDEN | SYSTEM, security='private')
    tree.allocate('pagefile.sys', 24 << 20, attributes=HIDDEN | SYSTEM,
                  security='private')
    if windows.is_8:
        tree.allocate('swapfile.sys', 4 << 20, attributes=HIDDEN | SYSTEM,
                      security='private')


# -------------------------------------------------------------------- hives

@functools.lru_cache(32)
def _software(windows):
    return hive.build(vista_registry.software(windows),
                      '\\SystemRoot\\System32\\Config\\SOFTWARE', 5,
                      (91, 91), filetime(windows.installed))


@functools.lru_cache(64)
def _small_hive(name, windows):
    source = 'default' if name == 'DEFAULT' else name
    return hive.build(registry.small(source),
                      '\\SystemRoot\\System32\\Config\\' + name, 5, (3, 3),
                      filetime(windows.installed))


def with_logs(name, data, windows):
    """A hive that was flushed, and its logs: contents by name of file."""
    return {name: data, name + '.LOG1': _log(data, windows),
            name + '.LOG2': _log(data, windows) if windows.has_new_logs
            else b''}


def _log(data, windows):
    """A log without an entry."""
    return hive.clean_new_log(data) if windows.has_new_logs \
        else _old_log(data)


def _old_log(data):
    """From Vista on it has the numbers of the hive, not those before."""
    return hive.clean_log(data, behind=0)


def _add_hive_file(tree, folder, name, data):
    path = '%s\\%s' % (folder, name)
    if '.LOG' in name:
        tree.file(path, data, attributes=HIDDEN | SYSTEM, security='private')
        return
    # Grown over the years: eight runs or so
    tree.file(path, data, mtime=hive_mtime(data) if data[:4] == b'regf'
              and any(data[12:20]) else 0, security='private',
              chunk=max(len(data) // 8 & ~0xffff, 8192))
    identity = guids.braced(guids.made_up(path))
    tree.file('%s%s.TM.blf' % (path, identity), filler.raw_bytes(
        'blf', 4_096), attributes=HIDDEN | SYSTEM, security='private')


def _add_hive(tree, windows, folder, name, data):
    for file, contents in with_logs(name, data, windows).items():
        _add_hive_file(tree, folder, file, contents)


# -------------------------------------------------------------- compression

def compact(tree, path, algorithm=wof.XPRESS4K):
    """A file is as CompactOS, or compact.exe, leaves it."""
    entry = tree.entries[path.upper()]
    entry.plain = entry.data
    entry.streams = {**entry.streams, wof.STREAM: wof.compress(
        entry.data, algorithm)}
    entry.data = bytes(len(entry.data))
    entry.reparse = wof.reparse_point(algorithm)
    entry.attributes |= SPARSE
