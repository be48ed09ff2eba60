"""
Test of check: guests of which exactly one link of the boot path is broken

Usage: test-check-guests.py HELPER

For each the helper has to name that link and its STOP code, and no other.

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

import broken_recipes                           # noqa: E402
import helperclient                             # noqa: E402
import recipes                                  # noqa: E402
from tap import Skip, equal, main               # noqa: E402

HELPER = os.path.abspath(sys.argv[1])
STOP_7B = '0x0000007B INACCESSIBLE_BOOT_DEVICE'

# What needs what in front of it: the order of the boot path
LINKS = ['active-partition', 'boot-code', 'boot-sector', 'ntldr',
         'hibernation', 'boot-ini', 'arc-path', 'ntdetect', 'system-root',
         'kernel-hal', 'system-hive', 'control-set', 'hal-devices',
         'boot-drivers', 'file-system', 'acpi', 'pci-bus', 'controller',
         'channel', 'disk', 'partition-manager', 'volume-manager', 'volume',
         'session-manager', 'software-hive', 'other-hives']

BOOTING = ('boot-prepared', 'boot-prepared-w2k', 'boot-prepared-x64',
           'boot-known', 'boot-generic', 'boot-no-class',
           'boot-hiberfil-short', 'boot-import-cycle', 'boot-xen-drivers',
           'boot-no-boot-ini')


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
    kinds = [kind for kind in recipes.kinds()
             if kind.startswith(('broken-', *BOOTING))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(guest, kinds))


def check(kind, **options):
    """The report about a guest."""
    make_all()
    return helperclient.check(HELPER, guest(kind), **options)


def links(report):
    """The links by their names, which must all be there."""
    if report['machine'] != 'qemu-q35':
        equal([link['name'] for link in report['links']], LINKS, 'links')
    return {link['name']: link for link in report['links']}


def states(report):
    """Names of the links that are not ok, by their state."""
    found = {}
    for name, link in links(report).items():
        if link['state'] != 'ok':
            found.setdefault(link['state'], []).append(name)
    return found


def check_broken(report, name, stop_code):
    """That link and no other is broken, and what is behind it is skipped."""
    link = links(report)[name]
    after = LINKS[LINKS.index(name) + 1:]
    expected = {'broken': [name], **({'skipped': after} if after else {})}
    equal(states(report), expected, link)
    equal(link['stop-code'].startswith(stop_code), True, link)
    equal(bool(link['remedy'] and link['text'] and link['object']), True,
          link)
    equal(report['boots'], 'no')


def broken_test(kind):
    """The test of one broken guest."""
    def test():
        check_broken(check(kind), *broken_recipes.LINKS[kind])
    return test


def booting_test(kind):
    """The test of one guest that boots."""
    def test():
        for machine in ('xen-hvm', 'qemu-pc'):
            report = check(kind, machine=machine)
            equal((report['machine'], report['boots'], states(report)),
                  (machine, 'yes', {}), kind)
            equal(report['windows']['partition'], 1, 'partition')
    return test


def test_every_link():
    """For each link there is a guest of which it is the broken one."""
    covered = {link for link, _ in broken_recipes.LINKS.values()}
    # Without boot.ini NTLDR goes on; of the other nothing is certain.
    equal(sorted(covered), sorted(set(LINKS) - {'boot-ini', 'hal-devices'}),
          'links')


def check_prepared(kind):
    """Unprepared 0x7B for want of the controller; prepared it boots."""
    check_broken(check(kind), 'controller', STOP_7B)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'prepared.raw')
        helperclient.prepare(HELPER, guest(kind), path)
        report = helperclient.check(HELPER, path)
    equal((report['boots'], states(report)), ('yes', {}), report['links'])


def test_prepared():
    """A registry of our own making."""
    check_prepared('boot-unprepared')


def test_prepared_real():
    """The real hive of Windows XP SP3."""
    make_all()
    path = guest('boot-unprepared-real')
    with open(path + '.json', encoding='utf-8') as file:
        if '"source": "real"' not in file.read():
            raise Skip('the real hive is not there')
    check_prepared('boot-unprepared-real')


def is_mended(kind):
    """Whether check says that win-xenprep mends it by itself."""
    remedy = next(link['remedy'] for link in check(kind)['links']
                  if link['state'] == 'broken')
    return remedy.startswith('qemu-img convert') and \
        'reg-file' not in remedy


def test_mended():
    """What win-xenprep is said to mend it does mend."""
    kinds = [kind for kind in broken_recipes.LINKS if is_mended(kind)]
    equal({'broken-heads', 'broken-no-database', 'broken-no-atapi',
           'broken-foreign-instance'} - set(kinds), set(), 'mended')
    failed = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'mended.raw')
            helperclient.prepare(HELPER, guest(kind), path)
            report = helperclient.check(HELPER, path)
        if report['boots'] != 'yes':
            failed[kind] = [link for link in report['links']
                            if link['state'] == 'broken']
    equal(failed, {}, 'not mended')


def test_unknown():
    """What cannot be told is no answer, neither yes nor no."""
    for kind, unknown in (('boot-second-disk', 'arc-path'),
                          ('boot-ntldr-sparse', 'ntldr'),
                          ('boot-dynamic', 'volume-manager'),
                          ('boot-grub', 'boot-code'),
                          ('boot-many-entries', 'boot-ini'),
                          ('boot-odd-image', 'controller'),
                          ('boot-pae-kernel', 'kernel-hal'),
                          ('boot-no-sam', 'other-hives')):
        report = check(kind)
        equal((report['boots'], unknown in states(report)['unknown'],
               'broken' in states(report)), ('unknown', True, False), kind)


def test_bootmgr():
    """Its code decides what comes next, whatever is on the volume."""
    report = check('boot-bootmgr')
    broken = next(link for link in report['links']
                  if link['state'] == 'broken')
    equal((broken['name'], broken['stop-code']),
          ('bootmgr', 'BOOTMGR is missing'))
    equal([link['name'] for link in report['links'][:4]],
          ['active-partition', 'boot-code', 'boot-sector', 'bootmgr'])


def test_uefi():
    """A guest of a BIOS on a machine without one."""
    report = check('boot-prepared', machine='xen-hvm-uefi')
    link = report['links'][0]
    equal((report['boots'], link['name'], link['state']),
          ('no', 'partition-table', 'broken'))
    equal('seabios' in link['remedy'], True, link)
    equal('ntldr' in [link['name'] for link in report['links']], True)


def test_ahci():
    """A machine for which this Windows has no driver."""
    report = check('boot-prepared', machine='qemu-q35')
    equal((report['boots'], states(report)['unknown']),
          ('unknown', ['system-root']))


def test_unclean():
    """What Windows sees to when it starts is a warning."""
    report = check('boot-unclean')
    equal((report['boots'], states(report)), ('yes', {}), report['links'])
    text = ' '.join(report['warnings'])
    equal('$LogFile' in text, True, text)
    equal(any('$LogFile' in warning or 'dirty' in warning
              for warning in check('boot-prepared')['warnings']), False)


def test_other_hal():
    """A HAL without ACPI needs no driver for ACPI."""
    for kind in ('boot-other-hal', 'boot-hal-family'):
        report = check(kind)
        equal([(link['name'], link['state']) for link in report['links']
               if link['name'] == 'acpi' or link['state'] != 'ok'],
              [('hal-devices', 'unknown')], kind)
        equal(report['boots'], 'unknown')


def test_spoilers():
    """Drivers of Xen's own are a warning, where there is a Xen."""
    for machine, warned in (('xen-hvm', True), ('qemu-pc', False)):
        warnings = check('boot-xen-drivers', machine=machine)['warnings']
        equal(any('xenbus' in warning and 'xen_platform_pci=0' in warning
                  for warning in warnings), warned, warnings)


def test_remedies():
    """What has to come first, and what may be left out."""
    for kind, words in (('fat-system-partition', ['convert C: /fs:ntfs']),
                        ('broken-intelide-directory', ['rename the directory']),
                        ('broken-filter-file', ['win-xenfix drivers IMAGE']),
                        ('broken-disk-filter', ['reg-file=FILE'])):
        remedy = next(link['remedy'] for link in check(kind)['links']
                      if link['state'] == 'broken')
        equal([word for word in words if word not in remedy], [], remedy)


def test_no_disk():
    """No partition table at all: its format may be another one."""
    report = check('no-partition-table')
    equal((report['boots'], report['links'][0]['state']),
          ('unknown', 'unknown'))


def test_windows_option():
    """The installation that is asked for, though another one starts."""
    report = check('boot-prepared', windows='1:\\WINDOWS')
    equal((report['boots'], states(report)), ('yes', {}))
    report = check('broken-arc-directory', windows='1:\\WINDOWS')
    check_broken(report, 'arc-path', 'another Windows starts')


def test_errors():
    """A machine, or a Windows, that there is not."""
    for options, word in (({'machine': 'vax'}, 'xen-hvm'),
                          ({'windows': '1:\\NONE'}, '\\NONE')):
        try:
            check('boot-prepared', **options)
        except helperclient.HelperError as error:
            equal(word in str(error), True, error)
        else:
            raise AssertionError(options)


if __name__ == '__main__':
    sys.exit(main(
        [(kind, booting_test(kind)) for kind in BOOTING] +
        [(kind, broken_test(kind)) for kind in broken_recipes.LINKS] +
        [(name[5:].replace('_', '-'), test)
         for name, test in list(globals().items())
         if name.startswith('test_')]))
