"""
Edits of guests from Vista on that are odd in something, or broken

An edit is a function: of a control set of the registry, of the tree of files,
of the BCD (its root and the Store), of the list of GPT entries, of the file of
the volume or of the disk.  broken_edits.py has those that any Windows can
have.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

import bcd
import broken_edits
import disk
import filler
import gpt
import guids
import hive
import pe
import registry
import vista_drivers
import vista_files
import wof
from filetree import HIDDEN, SYSTEM
from hive import dword, multi_sz, sz

DISK_CLASS = 'Control\\Class\\' + registry.DISK_DRIVE
VOLUME_CLASS = 'Control\\Class\\' + registry.VOLUME_CLASS
IDE_SERVICES = ('atapi', 'intelide', 'pciide')


# ------------------------------------------------------------ the registry

def sound(control_set):
    """Nothing is left to do: IDE starts, nothing of VMware does."""
    services = control_set.at('Services')
    for name in IDE_SERVICES + ('storahci', 'msahci'):
        if name in services.keys:
            services.at(name).values['Start'] = dword(0)
            services.at(name).keys.pop('StartOverride', None)
    for name in (*registry.PROGRAMS, 'vmci', 'vmmouse', 'vm3dmp',
                 'vmxnet3ndis6'):
        services.at(name).values['Start'] = dword(4)
    if 'CriticalDeviceDatabase' in control_set.at('Control').keys:
        for device in ('*pnp0600', 'pcmcia#*pnp0600'):
            control_set.at('Control\\CriticalDeviceDatabase\\' + device
                           ).merge({'ClassGUID': sz(registry.HDC),
                                    'Service': sz('atapi')})


def filters(path, kind, *names):
    """An edit: the list @kind of a class has these names, too."""
    def edit(control_set):
        key = control_set.at(path)
        _, data = key.values.get(kind, multi_sz())
        old = [name for name in data.decode('utf-16-le').split('\0') if name]
        key.values[kind] = multi_sz(*old, *names)
    return edit


def override(service, start):
    """An edit: what a service does in truth."""
    return broken_edits.set_values('Services\\%s\\StartOverride' % service,
                                   **{'0': dword(start)})


# --------------------------------------------------------------- the files

def foreign_driver(name):
    """A tree edit: a driver of another company."""
    def edit(tree, windows):
        tree.file(broken_edits.at(windows, vista_files.DRIVERS + '\\' + name),
                  pe.PeFile(name, windows.machine, (4, 2, 0, 1),
                            description='Encrypts disks', size=8_192,
                            company='Example Corp.', product='Example',
                            imports={'ntoskrnl.exe': ('IoCreateDevice',)},
                            timestamp=windows.built).build())
    return edit


def without_source(*names):
    """A tree edit: drivers are neither installed nor in the store."""
    def edit(tree, windows):
        for folder in (vista_files.DRIVERS,
                       vista_drivers.store_folder(windows)):
            for name in names:
                tree.remove(broken_edits.at(windows,
                                            '%s\\%s' % (folder, name)))
    return edit


def without_store(tree, windows):
    """The package of mshdc.inf is not in the store."""
    tree.remove(broken_edits.at(windows, vista_drivers.store_folder(windows)))


def compact(path, algorithm=wof.XPRESS4K):
    """A tree edit: CompactOS has compressed a file."""
    return lambda tree, windows: vista_files.compact(
        tree, broken_edits.at(windows, path), algorithm)


def compact_all(algorithm=wof.XPRESS4K):
    """A tree edit: and all programs and drivers of System32."""
    def edit(tree, windows):
        folder = broken_edits.at(windows, 'System32\\').upper()
        for key in tree.entries:
            if key.startswith(folder) and key.endswith(
                    ('.SYS', '.EXE', '.DLL')):
                vista_files.compact(tree, key, algorithm)
    return edit


def compact_source(name, algorithm=wof.XPRESS4K):
    """A tree edit: a driver is missing, and is compressed in the store."""
    def edit(tree, windows):
        tree.remove(broken_edits.at(windows,
                                    '%s\\%s' % (vista_files.DRIVERS, name)))
        compact('%s\\%s' % (vista_drivers.store_folder(windows), name),
                algorithm)(tree, windows)
    return edit


def interrupted(path, before, after):
    """
    An edit of a tree: power failed while the hive @path was written; the new
    pages, with the text @after in place of @before, are in its log.
    """
    assert len(before) == len(after)

    def edit(tree, windows):
        new = hive.with_sequence(tree.data(path), 702, 701)
        old = new.replace(after.encode('utf-16-le'),
                          before.encode('utf-16-le'))
        tree.file(path, old)
        log = '.LOG1' if (path + '.LOG1').upper() in tree.entries and \
            not path.endswith('BCD') else '.LOG'
        tree.file(path + log, hive.dirty_log(
            new, hive.different_pages(new, old)))
    return edit


def hiberfile(signature):
    """A tree edit: hiberfil.sys begins so."""
    def edit(tree, windows):
        tree.file('hiberfil.sys', signature.ljust(4096, b'\0') +
                  filler.raw_bytes('hiberfil', 65_536),
                  attributes=HIDDEN | SYSTEM, security='private')
    return edit


def stale_logs(tree, windows):
    """A tree edit: the logs of SYSTEM are of another hive."""
    for number in (1, 2):
        path = broken_edits.at(windows, '%s.LOG%d' % (
            vista_files.SYSTEM_HIVE, number))
        tree.file(path, hive.with_sequence(tree.data(path), 40, 40))


# ----------------------------------------------------------------- the BCD

def missing_file(path):
    """An edit of bootmgr's files: one is not there."""
    return lambda tree, windows: tree.remove(path)


def garbage_file(path):
    """An edit of bootmgr's files: one is a text."""
    return lambda tree, windows: tree.file(path, filler.text_lines(
        path, 9_000))


def dirty_store(path):
    """An edit of bootmgr's files: the BCD was being written."""
    return lambda tree, windows: tree.file(path, hive.with_sequence(
        tree.data(path), 18, 17))


def element(name, number, value):
    """An edit of the BCD: an element of an object, None: it is not there."""
    def edit(root, store):
        elements = root.at('Objects\\%s\\Elements' % (name or store.loader))
        if value is None:
            del elements.keys[number]
        else:
            elements.at(number).values['Element'] = value
    return edit


def default_on(change):
    """An edit of the BCD: the default's partition is @change(place)."""
    def edit(root, store):
        value = bcd.on_partition(change(store.boot))
        for number in (bcd.DEVICE, bcd.OS_DEVICE):
            element(None, number, value)(root, store)
    return edit


def elsewhere(place):
    """Another partition of the same disk, which it does not have."""
    if place.partition:
        return dataclasses.replace(place, partition=guids.made_up('nowhere'))
    return dataclasses.replace(place, offset=place.offset + (7 << 20))


def other_disk(place):
    """The same place on another disk."""
    if place.partition:
        return bcd.Place(guids.made_up('elsewhere'), guids.made_up('other'))
    return dataclasses.replace(place, signature=0x0badcafe)


def boot_device(root, store):
    """Loader and Windows are where bootmgr itself came from."""
    for number in (bcd.DEVICE, bcd.OS_DEVICE):
        element(None, number, bcd.on_boot_device())(root, store)


# ---------------------------------------------------- GPT, volume and disk

def blank_before(number):
    """An edit of the table: a blank entry before the entry @number."""
    return lambda entries: entries[:number - 1] + [gpt.Entry()] + \
        entries[number - 1:]


def reversed_entries(entries):
    """An edit of the table: it is not in the order of the disk."""
    return entries[::-1]


def dynamic(entries):
    """An edit of the table: types of a dynamic disk."""
    types = {guids.RESERVED: guids.LDM_METADATA,
             guids.BASIC_DATA: guids.LDM_DATA}
    return [dataclasses.replace(entry, type=types.get(entry.type, entry.type))
            for entry in entries]


def overwrite(sector, data):
    """A disk edit; a @sector below 0 counts from the end."""
    def edit(raw):
        size = raw.seek(0, 2)
        raw.seek(sector * disk.SECTOR + (size if sector < 0 else 0))
        raw.write(data)
    return edit


def cut(sectors):
    """A disk edit: the last sectors are missing, as of a short copy."""
    return lambda raw: raw.truncate(raw.seek(0, 2) - sectors * disk.SECTOR)


def bitlocker(path, sectors):
    """The OEM id of an encrypted volume, in both boot sectors."""
    with open(path, 'r+b') as volume:
        for sector in (0, sectors - 1):
            volume.seek(sector * disk.SECTOR + 3)
            volume.write(b'-FVE-FS-')
