#!/usr/bin/env python3
"""
Tests of what the helper does to guests from Vista on, judged by other readers

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
GUESTS = os.path.join(HERE, '../guests')
sys.path[:0] = [HERE, GUESTS]

import disk             # noqa: E402
import helperclient as client   # noqa: E402
import recipes          # noqa: E402
import regtext          # noqa: E402
import vista_recipes    # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402

HELPER = os.path.abspath(sys.argv[1])
WORK = tempfile.TemporaryDirectory(prefix='test-prepare-')

HIVE = '/Windows/System32/config/SYSTEM'
DRIVERS = '/Windows/System32/drivers/'

# One of each version and layout, and some that are odd
WHOLE = ('win-vista', 'win7', 'win7-reserved', 'win7-uefi', 'win8.1',
         'win8.1-uefi', 'ws2012r2', 'win10', 'win10-bios', 'win10-1709',
         'win11', 'ws2016', 'ws2019', 'ws2022', 'ws2025', 'win10-compact',
         'win10-reversed', 'win10-primary-gpt')


def kinds(expect):
    """All kinds from Vista on of which that is expected."""
    found = [(kind, recipes.find(kind)) for kind in recipes.kinds()]
    return [kind for kind, recipe in found
            if isinstance(recipe, vista_recipes.VistaRecipe)
            and recipe.expect == expect]


@functools.lru_cache(None)
def guest(kind):
    """The path of a guest, and the truth about it."""
    cache = os.environ.get('XENPREP_GUESTS')
    if not cache:
        raise Skip('XENPREP_GUESTS does not name the test guests\' place')
    path = os.path.join(cache, kind + '.raw')
    if not os.path.exists(path):
        subprocess.run([os.path.join(GUESTS, 'make-guest'), kind, path],
                       check=True)
    with open(path + '.json', encoding='utf-8') as source:
        return path, json.load(source)


def patches_of(path, profile='ide'):
    """What preparing the disk at @path writes."""
    return client.ask(HELPER, path, client.PREPARE, client.APPLY,
                      profile=profile)[1]


@functools.lru_cache(None)
def prepared(kind, profile='ide'):
    """The path of the prepared disk."""
    path, _ = guest(kind)
    output = os.path.join(WORK.name, '%s-%s.raw' % (kind, profile))
    with open(output, 'w+b') as raw:
        raw.truncate(os.path.getsize(path))
        disk.copy_sparse(path, raw, 0)
        for offset, data in patches_of(path, profile):
            raw.seek(offset)
            raw.write(data)
    return output


def windows(kind):
    """The partition that holds Windows."""
    truth = guest(kind)[1]
    return truth['partitions'][truth['windows']['partition'] - 1]


def contents(kind, path, profile='ide'):
    """A file of the prepared Windows, as sleuthkit reads it."""
    start = windows(kind)['start'] // 512
    raw = prepared(kind, profile)
    _, found = run('ifind', '-o', start, '-n', path, raw, text=True,
                   check=False)
    equal('not found' in found.lower(), False, path)
    return run('icat', '-o', start, raw, found.strip(), stderr=None)[1]


def services(kind, profile='ide'):
    """Of each control set: the Services key, by hivexregedit."""
    path = os.path.join(WORK.name, 'SYSTEM')
    with open(path, 'wb') as output:
        output.write(contents(kind, HIVE, profile))
    for number in guest(kind)[1]['windows']['control_sets']:
        _, text = run('hivexregedit', '--export', path,
                      '\\ControlSet%03d\\Services' % number, text=True,
                      stderr=None)
        yield {key.rpartition('SERVICES\\')[2]: values
               for key, values in regtext.parse(text).items()}


def number(values, name):
    """A REG_DWORD."""
    return int.from_bytes(values[name][1], 'little')


def test_expected():
    """Each kind is prepared, or refused in one line."""
    for kind in kinds('prepare'):
        patches_of(guest(kind)[0])
    for kind in kinds('refuse') + kinds('no-guest'):
        try:
            patches_of(guest(kind)[0])
        except client.HelperError as err:
            equal(str(err).count('\n'), 0, err)
            equal('without a word' in str(err), False, kind)
        else:
            raise AssertionError(kind + ' should have been refused')


def test_sound():
    """Nothing is written where nothing is to be done."""
    for kind in ('win10-sound', 'win10-bios-sound', 'win7-sound',
                 'win-vista-sound', 'win10-bios-foreign-filter',
                 'win10-bios-no-store'):
        equal(patches_of(guest(kind)[0]), [], kind)


def test_twice():
    """What was prepared needs no more."""
    for kind in WHOLE + ('win10-no-atapi', 'win10-compact-source'):
        equal(patches_of(prepared(kind)), [], kind)


def test_services():
    """IDE starts at boot in each control set, and VMware Tools do not."""
    for kind in WHOLE:
        for found in services(kind):
            for name in ('ATAPI', 'INTELIDE', 'PCI', 'DISK', 'VOLMGR'):
                equal(number(found[name], 'Start'), 0, kind + name)
                equal(name + '\\STARTOVERRIDE' in found, False, kind + name)
            if 'VMTOOLS' in found:
                equal(number(found['VMTOOLS'], 'Start'), 4, kind)


def test_ahci():
    """So does AHCI, if that is asked for."""
    for kind, name in (('win7-reserved', 'MSAHCI'), ('win10', 'STORAHCI'),
                       ('ws2025', 'STORAHCI')):
        for found in services(kind, 'ahci'):
            equal(number(found[name], 'Start'), 0, kind)
            equal(name + '\\STARTOVERRIDE' in found, False, kind)


def test_san_policy():
    """A disk on the new controller comes online."""
    for kind in ('win7-san-policy', 'win10-bios-san-policy'):
        for found in services(kind):
            equal(number(found['PARTMGR\\PARAMETERS'], 'SanPolicy'), 1, kind)


def test_mended():
    """What preparing mends of the guests that check finds broken."""
    for kind, name in (('win10-bios-pci-start', 'PCI'),
                       ('win7-pci-start', 'PCI'),
                       ('win10-bios-volmgr-off', 'VOLMGR'),
                       ('win10-bios-override-atapi', 'ATAPI'),
                       ('win10-bios-override-pci', 'PCI')):
        for found in services(kind):
            equal(number(found[name], 'Start'), 0, kind)
            equal(name + '\\STARTOVERRIDE' in found, False, kind)


def test_clean_hive():
    """The sequence numbers are equal; a hive that needed its logs has them."""
    for kind in ('win10-1709', 'win10', 'win7', 'win7-dirty-hive'):
        data = contents(kind, HIVE)
        equal(data[4:8], data[8:12], kind)
    found = [text for text in ('Special volume', 'Generic volume')
             if text.encode('utf-16-le') in contents('win7-dirty-hive', HIVE)]
    equal(found, ['Generic volume'], 'what the log has')


def test_drivers():
    """What was missing comes from the store, also if it is compressed."""
    for kind, name in (('win10-no-atapi', 'atapi.sys'),
                       ('win7-no-intelide', 'intelide.sys'),
                       ('win10-compact-source', 'atapi.sys'),
                       ('win10-compact-8k', 'intelide.sys')):
        truth = guest(kind)[1]
        store = truth['windows']['mshdc'] + '\\' + name
        file = next(f for f in truth['files'] if f['path'] == store)
        data = contents(kind, DRIVERS + name)
        equal(hashlib.sha256(data).hexdigest(),
              file.get('plain_sha256', file['sha256']), kind)


def test_no_source():
    """Setup of these versions has no folder I386 to be named."""
    try:
        patches_of(guest('win10-no-source')[0])
    except client.HelperError as err:
        equal('nothing is in' in str(err) or 'is not in it' in str(err), True,
              err)
        equal('; restore them in the source VM (sfc /scannow), or name copies '
              'of the same Windows by driver-source=' in str(err), True, err)
    else:
        raise AssertionError('should have been refused')


def test_rest_untouched():
    """GPT, ESP, recovery and all else are as they were."""
    for kind in WHOLE:
        part = windows(kind)
        with open(guest(kind)[0], 'rb') as before, \
                open(prepared(kind), 'rb') as after:
            for start, end in ((0, part['start']), (
                    part['start'] + part['size'],
                    guest(kind)[1]['disk']['size'])):
                before.seek(start)
                after.seek(start)
                while start < end:
                    size = min(1 << 20, end - start)
                    equal(before.read(size) == after.read(size), True,
                          '%s: from %d on' % (kind, start))
                    start += size


def test_volumes():
    """ntfsresize finds no fault, 7z the files that were there and no more."""
    for kind in WHOLE:
        part = windows(kind)
        path = os.path.join(WORK.name, 'volume')
        with open(path, 'wb') as output:
            output.truncate(part['size'])
            disk.copy_sparse(prepared(kind), output, 0, part['start'],
                             part['start'] + part['size'])
        status, text = run('ntfsresize', '-i', '-f', '-f', '-P', path,
                           text=True, check=False)
        equal((status, 'mismatch' in text), (0, False), kind + text)
        _, text = run('7z', 'l', '-slt', '-ba', path, text=True)
        found = {'\\' + name.replace('/', '\\') for name in
                 re.findall(r'(?m)^Path = (.*)$', text)
                 if not name.startswith('[SYSTEM]') and ':' not in name}
        expected = {f['path'] for f in guest(kind)[1]['files']
                    if f['partition'] == part['number']}
        equal(sorted(found - expected), [], kind)
        equal(sorted(expected - found), [], kind)


if __name__ == '__main__':
    if not shutil.which('hivexregedit'):
        print('1..0 # SKIP hivexregedit is not installed')
        sys.exit(0)
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
