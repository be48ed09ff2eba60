"""
Where drivers can be had: each place that win-xenprep looks in

A place of the guest is filled through an edit of the file tree, a place of
the user's is a file or a folder on the host.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os

import cabinet
import expand
import winfiles

SP_CAB = 'sp?.cab'              # that of the guest's own service pack


def packed_name(name):
    """atapi.sy_ of atapi.sys, as on a setup CD."""
    return name[:-1] + '_'


# ------------------------------------------------------------- in the guest

def _folder(path):
    """Puts the files into a folder, as they are."""
    def fill(tree, windows, drivers):
        for name, data in drivers.items():
            tree.file('%s\\%s' % (_at(path, windows), name), data,
                      mtime=windows.built)
    return fill


def _packed_folder(path, pack):
    """Puts each file into a folder, packed."""
    def fill(tree, windows, drivers):
        for name, data in drivers.items():
            tree.file('%s\\%s' % (_at(path, windows), packed_name(name)),
                      pack(name, data, windows), mtime=windows.built)
    return fill


def _cabinet(path, compression):
    """Puts the files into a cabinet, beside others."""
    def fill(tree, windows, drivers):
        members = {'1394bus.sys': b'MZ, but not asked for', **drivers,
                   'usbhub.sys': b'MZ, neither'}
        winfiles.add_cabinet(tree, _at(path, windows), members,
                             windows.built, compression)
    return fill


def _mscf(compression):
    def pack(name, data, windows):
        return winfiles.build_cabinet(((name, data),), windows.built,
                                      compression)
    return pack


def _szdd(name, data, _windows):
    return expand.szdd(data, name)


def _kwaj(_name, data, _windows):
    return expand.kwaj(data)


def _at(path, windows):
    """@path below %SystemRoot%, without the first backslash."""
    path = path.replace('{platform}', windows.platform)
    path = path.replace(SP_CAB, 'sp%d.cab' % (windows.service_pack or 1))
    return '%s\\%s' % (windows.system_root[1:], path)


_CACHE = 'Driver Cache\\{platform}'
_SERVICE_PACK = 'ServicePackFiles\\{platform}'
_DLLCACHE = 'system32\\dllcache'

# Name: where, and how it is filled
_GUEST = {
    'system32': ('system32\\drivers', _folder),
    'ServicePackFiles': (_SERVICE_PACK, _folder),
    'cache': (_CACHE, _folder),
    'cache, packed': (_CACHE, lambda path: _packed_folder(
        path, _mscf(cabinet.LZX))),
    SP_CAB: (_CACHE + '\\' + SP_CAB, lambda path: _cabinet(
        path, cabinet.LZX)),
    'driver.cab': (_CACHE + '\\driver.cab', lambda path: _cabinet(
        path, cabinet.MSZIP)),
    'dllcache': (_DLLCACHE, _folder),
    **{name: (_CACHE + '\\' + name, lambda path: _cabinet(
        path, cabinet.NONE)) for name in ('sp4.cab', 'sp3.cab', 'sp2.cab',
                                          'sp1.cab')},
}


# -------------------------------------------------------------- on the host

def _write(folder, files):
    os.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(folder, name), 'wb') as output:
            output.write(data)


def _cd(pack):
    """The folder of a setup CD, with files that are not asked for."""
    def fill(folder, windows, drivers):
        folder = os.path.join(folder, windows.platform.upper())
        files = {packed_name(name).upper(): pack(name, data, windows)
                 for name, data in drivers.items()}
        _write(folder, {**files, 'TXTSETUP.SIF': b'[Version]\r\n',
                        'BEEP.SY_': b'this is not packed'})
        return [folder]
    return fill


def _user_cabinet(folder, windows, drivers):
    data = winfiles.build_cabinet(tuple(drivers.items()), windows.built)
    _write(folder, {'drivers.cab': data})
    return [os.path.join(folder, 'drivers.cab')]


def _user_files(folder, _windows, drivers):
    _write(folder, drivers)
    return [os.path.join(folder, name) for name in drivers]


_USER = {
    'user: CD': _cd(_mscf(cabinet.LZX)),
    'user: CD of SZDD': _cd(_szdd),
    'user: CD of KWAJ': _cd(_kwaj),
    'user: cabinet': _user_cabinet,
    'user: files': _user_files,
}


def is_users(place):
    """Whether a place is on the host."""
    return place in _USER


def fill_guest(place, tree, windows, drivers):
    """Puts @drivers, contents by name, into a place of the guest's."""
    path, kind = _GUEST[place]
    kind(path)(tree, windows, drivers)


def fill_host(place, folder, windows, drivers):
    """Puts @drivers into files below @folder; what to name to QEMU."""
    return _USER[place](folder, windows, drivers)


def reported(place, windows):
    """The path that the report has for @place."""
    if place in _GUEST:
        return '\\' + _at(_GUEST[place][0], windows)
    if place.startswith('user: CD'):
        return windows.platform.upper()
    return 'drivers.cab' if place == 'user: cabinet' else 'driver-source'
