"""
The files of an installed Windows: what setup, VMware Tools and users leave

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools

import cabinet
import filler
import hive
import pe
import registry
import windrivers
from filetree import HIDDEN, READONLY, SYSTEM

_BOOT_FILE = HIDDEN | SYSTEM | READONLY

_EPOCH_1601 = 11_644_473_600        # seconds from 1601 to 1970


def filetime(seconds):
    """A FILETIME of @seconds since 1970."""
    return (seconds + _EPOCH_1601) * 10_000_000


def boot_ini(entries, default=0):
    """boot.ini with @entries: (ARC path and directory, title, options)."""
    lines = ['[boot loader]', 'timeout=30',
             'default=' + entries[default][0], '[operating systems]']
    lines += ['%s="%s" %s' % entry for entry in entries]
    return ('\r\n'.join(lines) + '\r\n').encode()


def add_boot_files(tree, windows, entry, slim=False):
    """NTLDR and what it reads before it finds Windows: boot.ini's @entry."""
    options = {'attributes': _BOOT_FILE, 'security': 'public'}
    size = 2_500 if slim else 250_045
    tree.file('NTLDR', b'\xe9\xd5\x01' + filler.code_bytes('NTLDR', size),
              mtime=windows.built, **options)
    tree.file('NTDETECT.COM', filler.code_bytes('NTDETECT.COM', size // 5),
              mtime=windows.built, **options)
    options['attributes'] = HIDDEN | SYSTEM
    tree.file('boot.ini', boot_ini([entry]), **options)
    if slim:
        return
    for name in ('AUTOEXEC.BAT', 'CONFIG.SYS', 'IO.SYS', 'MSDOS.SYS'):
        tree.file(name, b'', security='public')


def add_windows(tree, windows, system_hive, slim=False):
    """
    %SystemRoot% and below; @system_hive is the SYSTEM file.  If it is @slim,
    there is no more than a boot takes, and no source of drivers.
    """
    root = windows.system_root[1:]
    tree.directory(root)
    config = root + '\\system32\\config'
    _add_kernel(tree, windows, root + '\\system32', slim)
    _add_system_hive(tree, windows, config, system_hive)
    _add_hive(tree, config, 'software', _software(windows))
    if slim:
        for name in (*windrivers.SLIM_DRIVERS, windows.adapter + '.sys'):
            _add_driver(tree, windows, root, name)
        _add_session(tree, windows, root + '\\system32')
        return
    _add_system32(tree, windows, root + '\\system32')
    for name in ('SAM', 'SECURITY', 'default'):
        _add_hive(tree, config, name, hive.build(
            registry.small(name), name, windows.hive_minor, (3, 3),
            filetime(tree.mtime)))
    if windows.is_64:
        _add_wow64(tree, windows, root + '\\SysWOW64')
    _add_driver_cache(tree, windows,
                      root + '\\Driver Cache\\' + windows.platform)
    _add_inf(tree, root + '\\inf')
    _add_repair(tree, windows, root)
    for number in range(40):
        name = 'font%03d.ttf' % number
        tree.file(root + '\\Fonts\\' + name, filler.raw_bytes(
            name, filler.number('size ' + name, 3_000, 9_000)))
    for name in ('explorer.exe', 'notepad.exe', 'regedit.exe'):
        tree.file(root + '\\' + name, filler.code_bytes(name, 15_000),
                  mtime=windows.built)
    tree.file(root + '\\setuplog.txt', filler.text_lines('setuplog', 30_000))


def _add_kernel(tree, windows, folder, slim):
    """Kernels, HAL, and the libraries that they load."""
    times = {'mtime': windows.built}
    size = {'size': 40_000} if slim else {}
    tree.file(folder + '\\ntoskrnl.exe', windrivers.kernel(windows, **size),
              **times)
    if windows.hal.pae_kernel:
        tree.file(folder + '\\ntkrnlpa.exe',
                  windrivers.kernel(windows, True, **size), **times)
    tree.file(folder + '\\hal.dll', windrivers.hal(windows), **times)
    for name in windrivers.boot_libraries(windows):
        tree.file('%s\\%s' % (folder, name),
                  windrivers.boot_library(name, windows), **times)


def _add_driver(tree, windows, root, name):
    if name in windrivers.VMWARE_DRIVERS:
        data, times = windrivers.vmware_driver(name, windows), {}
    else:
        data = windrivers.driver(name, windows)
        times = {'mtime': windows.built}
    tree.file('%s\\system32\\drivers\\%s' % (root, name), data, **times)


def _add_session(tree, windows, folder):
    """What the kernel starts first."""
    for name in ('ntdll.dll', 'smss.exe'):
        tree.file('%s\\%s' % (folder, name), windrivers.system_file(
            name, windows), mtime=windows.built)


def _add_system32(tree, windows, folder):
    times = {'mtime': windows.built}
    for name in windrivers.SYSTEM_FILES:
        tree.file('%s\\%s' % (folder, name),
                  windrivers.system_file(name, windows), **times)
    for name in (*windrivers.INSTALLED_DRIVERS, *windrivers.VMWARE_DRIVERS):
        _add_driver(tree, windows, windows.system_root[1:], name)
    tree.file(folder + '\\drivers\\etc\\hosts',
              b'127.0.0.1       localhost\r\n', **times)
    tree.directory(folder + '\\dllcache', attributes=HIDDEN | SYSTEM)


def _add_wow64(tree, windows, folder):
    """The programs for i386 of an x64 edition; there are no drivers."""
    for name in windrivers.SYSTEM_FILES:
        if not name.endswith('.sys'):
            tree.file('%s\\%s' % (folder, name), windrivers.system_file(
                name, windows, machine=pe.MACHINE_I386),
                mtime=windows.built)
    tree.directory(folder + '\\drivers')


@functools.lru_cache(32)
def _software(windows):
    return hive.build(registry.software(windows), 'software',
                      windows.hive_minor, (91, 91),
                      filetime(windows.installed))


def _add_hive(tree, folder, name, data):
    options = {'mtime': hive_mtime(data), 'security': 'private'}
    tree.file('%s\\%s' % (folder, name), data, **options)
    tree.file('%s\\%s.LOG' % (folder, name), hive.clean_log(data),
              attributes=HIDDEN, **options)


def _add_system_hive(tree, windows, folder, data):
    options = {'mtime': hive_mtime(data), 'security': 'private'}
    # Grown over the years: eight runs or so
    tree.file(folder + '\\system', data,
              chunk=max(len(data) // 8 & ~0xffff, 8192), **options)
    tree.file(folder + '\\SysEvent.Evt', filler.raw_bytes('event', 65_536),
              chunk=4096, **options)
    tree.file(folder + '\\system.LOG', hive.clean_log(data),
              attributes=HIDDEN, **options)
    if windows.is_2000:
        # NTLDR takes the mirror if SYSTEM is damaged
        tree.file(folder + '\\SYSTEM.ALT', data, **options)


def hive_mtime(data):
    """The time in a hive's base block, which its file has too."""
    return int.from_bytes(data[12:20], 'little') // 10_000_000 - _EPOCH_1601


def driver_cabinet(windows, version=None, machine=None):
    """
    Members of driver.cab, by name; the IDE drivers are for @machine if it
    is given.
    """
    version = version or windows.version
    members = {}
    for name in windrivers.CABINET_DRIVERS:
        members[name] = windrivers.driver(name, windows, version)
    members.update(ide_drivers(windows, version, machine))
    for number in range(12):
        name = 'HP%02dPCL.GPD' % number
        members[name] = filler.text_lines(name, 6_000 + 700 * number)
    return dict(sorted(members.items(), key=lambda item: item[0].lower()))


def ide_drivers(windows, version=None, machine=None):
    """The four drivers by name, for Windows' machine or for @machine."""
    options = {'machine': machine} if machine else {}
    return {name: windrivers.driver(name, windows,
                                    version or windows.version, **options)
            for name in windrivers.IDE_DRIVERS}


def add_cabinet(tree, path, members, mtime, compression=cabinet.MSZIP,
                **options):
    """Adds a cabinet of @members, a dict, and remembers what is in it."""
    tree.file(path, build_cabinet(tuple(members.items()), mtime, compression),
              mtime=mtime, **options)
    tree.cabinets[path.upper()] = members


@functools.lru_cache(128)
def build_cabinet(members, mtime, compression=cabinet.MSZIP):
    """A cabinet of @members: pairs of name and contents."""
    return cabinet.build([cabinet.Member(name, data, mtime)
                          for name, data in members], compression)


def _add_driver_cache(tree, windows, folder):
    add_cabinet(tree, folder + '\\driver.cab', driver_cabinet(windows),
                windows.built, chunk=1 << 18)
    tree.file(windows.system_root[1:] + '\\WindowsUpdate.log',
              filler.text_lines('update', 80_000), chunk=8192)
    tree.file(folder + '\\desktop.ini', b'[.ShellClassInfo]\r\n',
              attributes=HIDDEN | SYSTEM)


def _add_inf(tree, folder):
    """More than 300 entries: an index of several blocks."""
    for number in range(330):
        name = 'oem%d.inf' % number if number % 3 else 'net%03d.PNF' % number
        tree.file('%s\\%s' % (folder, name), filler.text_lines(
            name, filler.number('size ' + name, 200, 2_600)))


def _add_repair(tree, windows, root):
    log = ('[Paths]\r\nTargetDirectory = "%s"\r\n[Files.WinNt]\r\n'
           '%s\\system32\\hal.dll = "%s","0"\r\n'
           '%s\\system32\\ntoskrnl.exe = "%s","0"\r\n' % (
               windows.system_root, windows.system_root,
               windows.hal.filename, windows.system_root,
               windows.hal.kernel))
    tree.file(root + '\\repair\\setup.log', log.encode(), attributes=HIDDEN)
    tree.file(root + '\\repair\\autoexec.nt', b'@echo off\r\n')


def add_user_files(tree):
    """Profiles, programs, the page file: what a used machine has."""
    profiles = 'Documents and Settings'
    for user in ('Administrator', 'All Users', 'Default User', 'J\u00f6rg'):
        home = '%s\\%s' % (profiles, user)
        tree.directory(home + '\\Start Menu\\Programs', security='public')
        tree.directory(home + '\\Local Settings\\Temp', security='private')
        _add_documents(tree, home + '\\My Documents', user)
    tree.file(profiles + '\\Administrator\\NTUSER.DAT', hive.build(
        registry.small('default'), 'NTUSER.DAT', 5, (9, 9),
        filetime(tree.mtime)), security='private', attributes=HIDDEN)
    tools = 'Program Files\\VMware\\VMware Tools'
    for name in ('vmtoolsd.exe', 'vmtools.dll', 'glib-2.0.dll'):
        tree.file('%s\\%s' % (tools, name), filler.code_bytes(name, 20_000))
    tree.directory('System Volume Information', attributes=HIDDEN | SYSTEM,
                   security='private')
    tree.directory('RECYCLER', attributes=HIDDEN | SYSTEM)
    tree.allocate('pagefile.sys', 24 << 20, attributes=HIDDEN | SYSTEM,
                  security='private')


def _add_documents(tree, folder, user):
    for number in range(35):
        name = 'Letter %d of %s.txt' % (number, user)
        if number % 10 == 9:
            name = '%d\\more\\and more\\%s' % (number, name)
        tree.file('%s\\%s' % (folder, name), filler.text_lines(
            name, filler.number('size ' + name, 0, 5_000)),
            security='public', mtime=tree.mtime + 86_400 * (number + 1))
    tree.file(folder + '\\archive.pst',
              filler.raw_bytes(user + 'archive', 260_000), chunk=16_384,
              security='public')


def add_data_files(tree):
    """A volume without Windows."""
    for number in range(60):
        name = 'Backup\\set %d\\file%03d.dat' % (number % 4, number)
        tree.file(name, filler.raw_bytes(name, filler.number(
            'size ' + name, 100, 20_000)), security='public')
