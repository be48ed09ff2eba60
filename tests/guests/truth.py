"""
The ground truth about a guest, for tests: what is where, and its checksums

SPDX-License-Identifier: GPL-2.0-or-later
"""

import hashlib
import os

import disk
import pe

_MACHINES = {pe.MACHINE_I386: 'x86', pe.MACHINE_AMD64: 'x64'}


def describe(guest, raw_path):
    """Everything known about @guest, whose disk is the file @raw_path."""
    recipe = guest.recipe
    return {
        'kind': recipe.kind,
        'summary': recipe.summary,
        'expect': recipe.expect,
        'defect': recipe.defect,
        'disk': {'size': os.path.getsize(raw_path),
                 'sector_size': disk.SECTOR,
                 'signature': recipe.signature, **guest.describe_disk()},
        'partitions': [_partition(guest, number)
                       for number in range(1, len(guest.partitions) + 1)],
        'windows': _windows(guest),
        'cabinets': _cabinets(guest),
        'ide_drivers_present': _ide_drivers(guest),
        'files': [_entry(number, entry)
                  for number, tree in guest.trees.items() for entry in tree],
    }


def _partition(guest, number):
    slot = guest.recipe.layout[number - 1]
    partition = guest.partitions[number - 1]
    return {'number': number,
            'type': partition.type,
            'active': partition.active,
            'start': partition.start * disk.SECTOR,
            'size': partition.sectors * disk.SECTOR,
            'logical': partition.logical,
            'filesystem': guest.filesystem(number),
            'contents': list(slot.contents),
            **guest.describe_partition(number)}


def _windows(guest):
    number = guest.windows_partition
    if not number:
        return None
    windows = guest.recipe.windows
    return {
        'partition': number,
        'name': windows.name,
        'product_name': windows.product_name,
        'version': version_text(windows.version),
        'service_pack': windows.service_pack,
        'product_type': windows.product_type,
        'machine': _MACHINES[windows.machine],
        'system_root': windows.system_root,
        'control_sets': windows.named_control_sets,
        'select': windows.select,
        'hal': windows.hal.filename,
        'adapter_service': windows.adapter,
        'system_hive': {
            'path': '%s\\%s' % (windows.system_root,
                               guest.system_hive_path),
            'source': guest.hive_source},
        **guest.describe_windows()}


def version_text(version):
    """5.1.2600.5512"""
    return '%d.%d.%d.%d' % version


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _cabinets(guest):
    """The cabinets that there are, and their members as they were packed."""
    found = []
    for number, tree in guest.trees.items():
        for key, members in tree.cabinets.items():
            if key in tree.entries:
                found.append({
                    'partition': number,
                    'path': '\\' + tree.entries[key].path,
                    'members': {name: _sha256(data)
                                for name, data in members.items()}})
    return found


def _ide_drivers(guest):
    """Which of the IDE drivers are in system32\\drivers."""
    number = guest.windows_partition
    if not number:
        return {}
    root = guest.recipe.windows.system_root[1:]
    paths = {name: '\\'.join((root, guest.drivers_path, name))
             for name in guest.ide_drivers}
    return {name: path.upper() in guest.trees[number].entries
            for name, path in paths.items()}


def _entry(partition, entry):
    described = {'partition': partition, 'path': '\\' + entry.path,
                 'dos_name': entry.dos_name, 'mtime': entry.mtime,
                 'attributes': entry.attributes,
                 'directory': entry.is_directory}
    if not entry.is_directory:
        data = entry.data
        if data is None:
            data = bytes(entry.allocate)
        described.update(size=len(data), sha256=_sha256(data))
        if entry.plain is not None:
            described['plain_sha256'] = _sha256(entry.plain)
    return described
