"""
Test of check: guests from Vista on of which exactly one link is broken

Usage: test-check-vista.py HELPER

SPDX-License-Identifier: GPL-2.0-or-later
"""

import concurrent.futures
import functools
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GUESTS = os.path.join(HERE, '..', 'guests')
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, GUESTS]

import broken_vista_recipes as kinds            # noqa: E402
import helperclient                             # noqa: E402
import recipes                                  # noqa: E402
from tap import Skip, equal, main               # noqa: E402

HELPER = os.path.abspath(sys.argv[1])

# Guests as they come from VMware, and where they are to boot
_BIOS = ('xen-hvm', 'qemu-pc', 'qemu-q35', 'xen-hvm-ahci')
_UEFI = tuple(name + '-uefi' for name in _BIOS)
PREPARED = {
    'win-vista': _BIOS, 'win-vista-uefi': _UEFI, 'win7': _BIOS,
    'win7-x64': _BIOS, 'win8.1': _BIOS, 'win8.1-uefi': _UEFI,
    'ws2012r2': _BIOS, 'win10': _UEFI, 'win10-bios': _BIOS,
    'win10-1709': _UEFI, 'win11': _UEFI, 'win11-24h2': _UEFI,
    'ws2016': _UEFI, 'ws2022': _UEFI, 'ws2025': _UEFI, 'ws2025-bios': _BIOS}

# The order of the boot path
BIOS = ['active-partition', 'boot-code', 'boot-sector']
UEFI = ['partition-table', 'efi-partition']
COMMON = ['bootmgr', 'bcd', 'boot-entry', 'boot-volume', 'hibernation',
          'winload', 'system-root', 'kernel-hal', 'system-hive',
          'control-set', 'boot-drivers', 'file-system', 'acpi', 'pci-bus',
          'controller', 'channel', 'disk', 'partition-manager',
          'volume-manager', 'mount-manager', 'volume', 'partition-entries',
          'session-manager', 'software-hive', 'other-hives']


def guest(kind):
    """The raw disk of a test guest."""
    cache = os.environ.get('XENPREP_GUESTS')
    if not cache:
        raise Skip('XENPREP_GUESTS does not name the test guests\' place')
    path = os.path.join(cache, kind + '.raw')
    if not os.path.exists(path):
        subprocess.run([os.path.join(GUESTS, 'make-guest'), kind, path],
                       check=True)
    return path


@functools.lru_cache(None)
def make_all():
    """All guests at once, on all processors."""
    names = [kind for kind in recipes.kinds() if kind.startswith('vista-')]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(guest, names))


def check(kind, machine, **options):
    """The report about a guest."""
    make_all()
    return helperclient.check(HELPER, guest(kind), machine=machine, **options)


def path_of(machine):
    """Names of the links, but for the one of channels: not all have them."""
    firmware = UEFI if machine.endswith('uefi') else BIOS
    return firmware + [name for name in COMMON if name != 'channel']


def links(report):
    """The links by their names, which must all be there, in order."""
    found = [link['name'] for link in report['links']
             if link['name'] != 'channel']
    equal(found, path_of(report['machine']), 'links')
    return {link['name']: link for link in report['links']}


def states(report):
    """Names of the links that are not ok, by their state."""
    found = {}
    for name, link in links(report).items():
        if link['state'] != 'ok':
            found.setdefault(link['state'], []).append(name)
    return found


def broken_test(kind):
    """That link and no other is broken, and what is behind it is skipped."""
    def test():
        name, stop_code, machine = kinds.LINKS[kind]
        report = check(kind, machine)
        link = links(report)[name]
        after = list(links(report))
        after = after[after.index(name) + 1:]
        expected = {'broken': [name],
                    **({'skipped': after} if after else {})}
        equal(states(report), expected, link)
        equal(link['stop-code'].startswith(stop_code), True, link)
        equal(bool(link['remedy'] and link['text'] and link['object']), True,
              link)
        equal('Recovery Console' in link['remedy'] and name not in BIOS,
              False, link)
        equal(report['boots'], 'no')
    return test


def booting_test(kind):
    """It boots on each of its machines."""
    def test():
        for machine in kinds.BOOTING[kind]:
            report = check(kind, machine)
            equal((report['machine'], report['boots'], states(report)),
                  (machine, 'yes', {}), report['links'])
    return test


def unknown_test(kind):
    """What cannot be told is no answer, neither yes nor no."""
    def test():
        name, machine = kinds.UNKNOWN[kind]
        report = check(kind, machine)
        found = states(report)
        equal((report['boots'], name in found.get('unknown', ()),
               'broken' in found), ('unknown', True, False),
              report['links'])
    return test


def test_every_link():
    """For each link there is a guest of which it is the broken one."""
    covered = {link for link, _, _ in kinds.LINKS.values()}
    # Of these nothing is ever broken for certain.
    equal(sorted(covered), sorted(set(BIOS + UEFI + COMMON) -
                                  {'boot-volume', 'mount-manager'}), 'links')


def test_channel():
    """There are channels with IDE, and with AHCI up to Windows 7."""
    for kind, machine, there in (
            ('vista-boot-7', 'xen-hvm', True),
            ('vista-boot-7', 'qemu-q35', True),
            ('vista-boot-10', 'xen-hvm', True),
            ('vista-boot-10', 'qemu-q35', False)):
        equal('channel' in links(check(kind, machine)), there, kind)


def test_firmware_remedy():
    """Which firmware it takes, and how the machine is then called."""
    for kind, machine, words in (
            ('vista-broken-gpt-on-bios', 'xen-hvm',
             ('firmware="ovmf"', 'xen-hvm-uefi')),
            ('vista-broken-gpt-on-bios', 'qemu-q35',
             ('OVMF', 'qemu-q35-uefi')),
            ('vista-broken-mbr-on-uefi', 'qemu-pc-uefi',
             ('without OVMF', '--machine=qemu-pc'))):
        remedy = next(link['remedy'] for link in check(kind, machine)['links']
                      if link['state'] == 'broken')
        equal([word for word in words if word not in remedy], [], remedy)


def test_warnings():
    """What does not stop the start, but matters."""
    for kind, word in (('vista-boot-san-policy', 'SanPolicy is 4'),
                       ('vista-boot-may-hibernate', 'Fast Startup')):
        warnings = check(kind, 'xen-hvm-uefi')['warnings']
        equal(any(word in line for line in warnings), True, warnings)
    equal(check('vista-boot-10-uefi', 'xen-hvm-uefi')['warnings'], [])


def test_windows_option():
    """The installation that is asked for."""
    report = check('vista-boot-10-uefi', 'xen-hvm-uefi',
                   windows='3:\\Windows')
    equal((report['boots'], states(report)), ('yes', {}), report['links'])
    report = check('vista-broken-directory', 'xen-hvm',
                   windows='2:\\Windows')
    link = links(report)['boot-entry']
    equal((link['state'], link['stop-code']),
          ('broken', 'another Windows starts'), link)


def prepared(kind, machine):
    """What check says of the guest as win-xenprep prepares it."""
    profile = 'ide' if machine.startswith(('qemu-pc', 'xen-hvm')) and \
        'ahci' not in machine else 'ahci'
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'prepared.raw')
        helperclient.prepare(HELPER, guest(kind), path, profile=profile)
        return helperclient.check(HELPER, path, machine=machine)


def prepared_test(kind, machines):
    """What needs drivers or their start has them when it is prepared."""
    def test():
        for machine in machines:
            report = prepared(kind, machine)
            equal((report['boots'], states(report)), ('yes', {}),
                  report['links'])
    return test


def is_mended(kind):
    """Whether check says that win-xenprep mends it by itself."""
    name, _, machine = kinds.LINKS[kind]
    remedy = links(check(kind, machine))[name].get('remedy', '')
    return remedy.startswith('qemu-img convert') and \
        'reg-file' not in remedy


def test_mended():
    """What win-xenprep is said to mend it does mend."""
    mended = [kind for kind in kinds.LINKS if is_mended(kind)]
    equal({'vista-broken-' + name for name in (
        'override-pci', 'override-storahci', 'critical-ide',
        'msahci-demand', 'hdc-filter', 'intel-filter', 'disk-filter',
        'foreign-instance', 'no-database')} - set(mended), set(), 'mended')
    failed = {}
    for kind in mended:
        report = prepared(kind, kinds.LINKS[kind][2])
        if report['boots'] != 'yes':
            failed[kind] = [link for link in report['links']
                            if link['state'] == 'broken']
    equal(failed, {}, 'not mended')


if __name__ == '__main__':
    sys.exit(main(
        [(kind, booting_test(kind)) for kind in kinds.BOOTING] +
        [(kind, broken_test(kind)) for kind in kinds.LINKS] +
        [(kind, unknown_test(kind)) for kind in kinds.UNKNOWN] +
        [('prepared-' + kind, prepared_test(kind, machines))
         for kind, machines in PREPARED.items()] +
        [(name[5:].replace('_', '-'), test)
         for name, test in list(globals().items())
         if name.startswith('test_')]))
