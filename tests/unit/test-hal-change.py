#!/usr/bin/env python3
"""
Tests of the HAL change: every HAL to every other, on every Windows

The program hal-change-guest plans and makes changes in memory.  What is there
then is compared with the files that the guest was built from.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
GUESTS = os.path.join(HERE, '../guests')
sys.path[:0] = [GUESTS]

import cabinet          # noqa: E402
import guest            # noqa: E402
import hal_change_recipes as hcr        # noqa: E402
import ntfs             # noqa: E402
import pe               # noqa: E402
import recipes          # noqa: E402
import windrivers       # noqa: E402
import winfiles         # noqa: E402
from tap import Skip, equal, main       # noqa: E402
from winversions import W2K_SP4, XP_RTM, XP_SP2, XP_SP3     # noqa: E402

PROGRAM = sys.argv[1]
WORK = tempfile.TemporaryDirectory(prefix='test-hal-change-')

MULTIPROCESSOR = {'acpi-mp', 'mps-mp', 'syspro-mp'}
FAMILIES = {'standard': 'standard', 'acpi-pic': 'acpi', 'acpi-up': 'acpi',
            'acpi-mp': 'acpi', 'mps-up': 'mps', 'mps-mp': 'mps',
            'syspro-mp': 'syspro'}
# Names beside the installed files that are not those of the CD
RENAMED = {'hal.dll': 'halstd.dll', 'ntoskrnl.exe': 'ntkrnlup.exe',
           'ntkrnlpa.exe': 'ntkrpaup.exe'}
INSTALLED = ('hal.dll', 'ntoskrnl.exe', 'ntkrnlpa.exe')


# ------------------------------------------------------------------- guests

def known(kind):
    """The raw disk of a kind of guest."""
    cache = os.environ.get('XENPREP_GUESTS')
    if not cache:
        raise Skip('XENPREP_GUESTS does not name the test guests\' place')
    path = os.path.join(cache, kind + '.raw')
    if not os.path.exists(path):
        subprocess.run([os.path.join(GUESTS, 'make-guest'), kind, path],
                       check=True)
    return path


@functools.lru_cache(None)
def table():
    """The disk of each Windows with each HAL."""
    kinds = [hcr.kind_of(name, option) for name in hcr.WINDOWS
             for option in hcr.OPTIONS]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(kinds, pool.map(known, kinds)))


def variant(windows, *edits, hal='acpi-pic'):
    """A disk that no other test needs, with @edits of its files."""
    recipe = hcr.recipe('variant', '', windows, hcr.OPTIONS[hal], *edits)
    number = len(os.listdir(WORK.name))
    path = os.path.join(WORK.name, 'variant%d.raw' % number)
    guest.make(recipe, path, '', ntfs.find_populate(guest.HERE))
    return path


def switches(text):
    """A boot.ini with these switches, as hal-change-guest wants it."""
    number = len(os.listdir(WORK.name))
    path = os.path.join(WORK.name, 'boot%d.ini' % number)
    with open(path, 'wb') as output:
        output.write(winfiles.boot_ini([(
            'multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS', 'Windows',
            text)]))
    return ('--boot-ini', path)


def user_files(folder, files):
    """Arguments for files of the user's, in a folder of that name."""
    arguments = []
    for name, data in files.items():
        number = len(os.listdir(WORK.name))
        path = os.path.join(WORK.name, 'file%d' % number)
        with open(path, 'wb') as output:
            output.write(data)
        arguments.append('%s%s=%s' % (folder, name, path))
    return arguments


def change(path, *requests, boot_ini=()):
    """What comes of the requests, lists of arguments, one after another."""
    arguments = []
    for request in requests:
        arguments += ['--', *request] if arguments else request
    result = subprocess.run([PROGRAM, path, *boot_ini, *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            check=False, timeout=60, text=True)
    if result.returncode:
        raise AssertionError(result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def to(option, *more):
    """A request, across families if need be."""
    return ['--to', option, '--allow-family-change', *more]


def sums(files):
    """SHA-256 by name."""
    return {name: hashlib.sha256(data).hexdigest()
            for name, data in files.items()}


def refused(path, request, *parts, **options):
    """That is an error with these words, and nothing was written."""
    before = change(path, to('acpi-pic'), **options)[0]['files']
    answer = change(path, request, **options)[0]
    for part in parts:
        equal(part in answer.get('error', ''), True,
              (part, answer.get('error', 'no error')))
    equal('\n' in answer['error'], False, 'one line')
    equal(answer['files'], before, 'files')
    return answer


def used_source(answer):
    """The source that the report names as used."""
    used = [source['path'] for source in answer['sources'] if source['used']]
    equal(len(used), 1, answer['sources'])
    return used[0]


# ---------------------------------------------------------------- the table

def setup_names(option):
    """HAL and kernels on the CD: names, in the order of INSTALLED."""
    hal = hcr.OPTIONS[option]
    return (hal.filename, hal.kernel, hal.pae_kernel)


def pae(windows):
    """Whether NTLDR may choose the kernel for PAE."""
    return windows.version[1] != 0 and (
        windows.version[1], windows.service_pack) not in ((1, 0), (1, 1),
                                                          (2, 0))


def expected_beside(windows, source, target):
    """Names for the switches, and files that are there in the end."""
    files = sums(hcr.files(windows))
    there = dict(zip(INSTALLED, (files[name]
                                 for name in setup_names(source))))
    names = {'hal': None, 'kernel': None}
    hal, *kernels = setup_names(target)
    if source != target:
        names['hal'] = RENAMED.get(hal, hal)
        there[names['hal']] = files[hal]
    if (source in MULTIPROCESSOR) != (target in MULTIPROCESSOR):
        named = kernels[pae(windows)]
        names['kernel'] = RENAMED.get(named, named)
        for kernel in kernels:
            there[RENAMED.get(kernel, kernel)] = files[kernel]
    return names, there


def expected_replaced(windows, source, target):
    """Files that are there in the end."""
    files = sums(hcr.files(windows))
    there = {}
    for name, old, new in zip(INSTALLED, setup_names(source),
                              setup_names(target)):
        there[name] = files[new]
        if old != new:
            there[name[:-4] + '.old'] = files[old]
    return there


def check_beside(path, windows, source, target):
    """One change, and a second one that has nothing to do."""
    names, files = expected_beside(windows, source, target)
    first, second = change(path, to(target), to(target))
    for answer in (first, second):
        equal({name: answer.get(name) for name in names}, names, 'names')
        equal(answer['files'], files, 'files')
        equal(answer['pae'], bool(names['kernel']) and pae(windows), '/PAE')
    check_plan(first, source, target)
    equal((second['edits'], second['sources'], second['warnings']),
          ([], [], []), 'second')


def check_replaced(path, windows, source, target):
    """The same with the files themselves, and back again."""
    files = expected_replaced(windows, source, target)
    first, second, third = change(path, to(target, '--replace'),
                                  to(target, '--replace'),
                                  to(source, '--replace'))
    equal(first['files'], files, 'files')
    check_plan(first, source, target)
    equal((second['edits'], second['files'], second['warnings']),
          ([], files, []), 'second')
    equal({'hal', 'kernel'} & set(first), set(), 'names')
    again = expected_replaced(windows, target, source)
    equal({name: third['files'][name] for name in INSTALLED},
          {name: again[name] for name in INSTALLED}, 'back')
    for name in files:
        if name.endswith('.old'):
            equal(third['files'][name], files[name], 'the first copy')


def check_plan(answer, source, target):
    """Where the files come from, and whether a family is left."""
    equal(bool(answer['edits']), source != target, 'edits')
    for edit in answer['edits']:
        if not edit['path'].endswith('.old'):
            equal(edit['source'].startswith(used_source(answer)), True, edit)
    equal(any('KB237556' in line for line in answer['warnings']),
          FAMILIES[source] != FAMILIES[target], answer['warnings'])
    equal(any('KB309283' in line for line in answer['warnings']),
          source == 'acpi-pic' and target in ('acpi-up', 'acpi-mp'),
          answer['warnings'])


def table_test(name, check):
    """All pairs of HALs on that Windows."""
    def test():
        for source in hcr.OPTIONS:
            path = table()[hcr.kind_of(name, source)]
            for target in hcr.OPTIONS:
                try:
                    check(path, hcr.WINDOWS[name][0], source, target)
                except AssertionError as error:
                    raise AssertionError('%s to %s: %s' % (source, target,
                                                           error))
    return test


def test_families():
    """Without permission no family is left, and the error says why."""
    for source in hcr.OPTIONS:
        path = table()[hcr.kind_of('xp-sp3', source)]
        for target in hcr.OPTIONS:
            for more in ((), ('--replace',)):
                answer = change(path, ['--to', target, *more])[0]
                same = FAMILIES[source] == FAMILIES[target]
                equal('KB237556' in answer.get('error', ''), not same,
                      (source, target, answer.get('error')))
                equal('win-xenfix config' in answer.get('error', ''),
                      not same)
                equal(answer.get('edits', []) == [],
                      source == target or not same, (source, target))


# ------------------------------------------------------------------ sources

CACHE = '\\WINDOWS\\Driver Cache\\i386'


def test_nowhere():
    """The error names what is needed, all places, and the remedy."""
    refused(known('hal-change-nowhere'), ['--to', 'acpi-up'], "'acpi-up'",
            'halaacpi.dll', CACHE + '\\sp3.cab', CACHE + '\\driver.cab',
            '\\WINDOWS\\ServicePackFiles\\i386', 'I386')


def test_kernels_only():
    """Kernels of a hotfix are no source, as there is no HAL with them."""
    refused(known('hal-change-kernels-only'), ['--to', 'acpi-mp'], CACHE,
            'halmacpi.dll is not in it')


def test_hotfix():
    """All come from sp3.cab, older than the kernel, with a warning."""
    path = known('hal-change-hotfix')
    for more in ((), ('--replace',)):
        answer = change(path, ['--to', 'acpi-mp', *more])[0]
        equal(used_source(answer), CACHE + '\\sp3.cab')
        older = [line for line in answer['warnings'] if 'is older than' in
                 line]
        equal(len(older), 2, answer['warnings'])
        for line, name in zip(older, ('ntkrnlmp.exe', 'ntkrpamp.exe')):
            equal((name in line, '5.1.2600.5512' in line,
                   '5.1.2600.6419' in line), (True, True, True), line)


def test_hotfix_hal_only():
    """A HAL is as old as its service pack: that is in order."""
    path = known('hal-change-hotfix')
    answer = change(path, ['--to', 'acpi-up'])[0]
    equal([edit['path'] for edit in answer['edits']],
          ['\\WINDOWS\\system32\\halaacpi.dll'], 'edits')
    equal([line for line in answer['warnings'] if 'older' in line], [])


def test_older():
    """The driver.cab of the first CD is passed over."""
    answer = change(known('hal-change-older'), ['--to', 'acpi-mp'])[0]
    equal(used_source(answer), CACHE + '\\sp3.cab')


def test_newest():
    """Of several places it is the one with the newest files."""
    for first, second, used in (((5, 1, 2600, 5900), XP_SP3.version,
                                 hcr.SERVICE_PACK),
                                (XP_SP3.version, (5, 1, 2600, 5900),
                                 hcr.CACHE)):
        path = variant(XP_SP3, hcr.installed(hcr.HOTFIX[XP_SP3.version]),
                       hcr.in_folder(hcr.SERVICE_PACK, version=first),
                       hcr.in_folder(hcr.CACHE, version=second))
        answer = change(path, ['--to', 'acpi-mp'])[0]
        equal(used_source(answer), '\\WINDOWS\\' + used)


def test_other_service_pack():
    """Both versions are named, and where others can be had."""
    for option in ('acpi-up', 'acpi-mp'):
        refused(known('hal-change-other-sp'), ['--to', option],
                CACHE + '\\sp2.cab', '5.1.2600.2180', '5.1.2600.5512',
                'service pack', 'driver-source')


def test_newer():
    """What is newer than the kernel is not for it, even of its SP."""
    version = hcr.HOTFIX[XP_SP3.version]
    path = variant(XP_SP3, hcr.in_cabinet('sp3.cab', version=version))
    refused(path, ['--to', 'acpi-mp'], '5.1.2600.6419', 'newer')


def test_other_build():
    """A HAL of another build would be STOP 0x79."""
    path = variant(XP_SP3, hcr.in_cabinet('sp3.cab',
                                          version=(5, 1, 2505, 5512)))
    refused(path, ['--to', 'acpi-up'], '5.1.2505.5512', '0x00000079')


def mixed(**versions):
    """A tree edit: files in the cache, some of another version."""
    def edit(tree, windows):
        for name, data in hcr.files(windows).items():
            stem = name[:-4]
            if stem in versions:
                data = hcr.files(windows, versions[stem], (name,))[name]
            tree.file(hcr.at(windows, hcr.CACHE, name), data)
    return edit


def test_mixture():
    """One source whose files do not go together is passed over."""
    edit = mixed(ntkrnlmp=(5, 1, 2505, 5512))
    refused(variant(XP_SP3, edit), ['--to', 'acpi-mp'], '0x00000079',
            '5.1.2505.5512', '5.1.2600.5512')
    answer = change(variant(XP_SP3, edit, hcr.in_cabinet('sp3.cab')),
                    ['--to', 'acpi-mp'])[0]
    equal(used_source(answer), CACHE + '\\sp3.cab')
    # The same of the kernel for PAE
    edit = mixed(ntkrpamp=(5, 1, 2505, 5512))
    refused(variant(XP_SP3, edit), ['--to', 'acpi-mp'], '0x00000079',
            'ntkrpamp.exe')
    # And one that is of another service pack
    edit = mixed(ntkrpamp=XP_SP2.version)
    refused(variant(XP_SP3, edit), ['--to', 'acpi-mp'], 'ntkrpamp.exe',
            '5.1.2600.2180', 'service pack')


def replaced(name, data):
    """A tree edit: one file in the cache is something else."""
    def edit(tree, windows):
        for other, its in hcr.files(windows).items():
            tree.file(hcr.at(windows, hcr.CACHE, other),
                      data if other == name else its)
    return edit


def test_false_names():
    """A file is what its version resource says."""
    for name, real in (('halmacpi.dll', 'halacpi.dll'),
                       ('ntkrnlmp.exe', 'ntoskrnl.exe'),
                       ('ntkrpamp.exe', 'ntkrnlmp.exe')):
        data = hcr.files(XP_SP3, None, (real,))[real]
        refused(variant(XP_SP3, replaced(name, data)), ['--to', 'acpi-mp'],
                name + ': its version resource says that it is ' + real)


def test_false_machine():
    """Nor is one for x64 taken, or what is no PE."""
    data = windrivers.setup_hal('halmacpi.dll', XP_SP3,
                                machine=pe.MACHINE_AMD64)
    refused(variant(XP_SP3, replaced('halmacpi.dll', data)),
            ['--to', 'acpi-mp'], 'halmacpi.dll: it is for x64')
    refused(variant(XP_SP3, replaced('halmacpi.dll', b'text' * 100)),
            ['--to', 'acpi-mp'], 'halmacpi.dll')


# -------------------------------------------------------------- user's files

def test_user_folder():
    """The I386 folder of a CD, packed, is preferred to the guest's own."""
    files = {name[:-1].upper() + '_': winfiles.build_cabinet(
        ((name, data),), XP_SP3.built, cabinet.LZX)
        for name, data in hcr.files(XP_SP3).items()}
    for kind in ('hal-change-nowhere', 'hal-change-xp-sp3-acpi-pic'):
        answer = change(known(kind), ['--to', 'acpi-mp', *user_files(
            'I386/', files)])[0]
        equal(used_source(answer), 'I386', kind)
        equal([source['path'] for source in answer['sources']], ['I386'],
              'the guest was not asked')
        equal([edit['source'] for edit in answer['edits']],
              ['I386/HALMACPI.DL_', 'I386/NTKRNLMP.EX_',
               'I386/NTKRPAMP.EX_'], kind)


def test_user_cabinet():
    data = winfiles.build_cabinet(tuple(hcr.files(XP_SP3).items()),
                                  XP_SP3.built)
    answer = change(known('hal-change-nowhere'), [
        '--to', 'acpi-up', *user_files('', {'sp3.cab': data})])[0]
    equal(used_source(answer), 'sp3.cab')


def test_user_older():
    """It is preferred even where it is older than what the guest has."""
    path = variant(XP_SP3, hcr.installed(hcr.HOTFIX[XP_SP3.version]),
                   hcr.in_cabinet('sp3.cab', version=hcr.HOTFIX[
                       XP_SP3.version]))
    answer = change(path, ['--to', 'acpi-mp', *user_files(
        'I386/', hcr.files(XP_SP3))])[0]
    equal(used_source(answer), 'I386')


def test_user_unfit():
    """What does not fit is named, and the guest's own is taken."""
    files = user_files('I386/', hcr.files(XP_SP3, XP_RTM.version))
    answer = change(known('hal-change-xp-sp3-acpi-pic'),
                    ['--to', 'acpi-mp', *files])[0]
    equal(used_source(answer), CACHE + '\\sp3.cab')
    reasons = {source['path']: source['reason']
               for source in answer['sources']}
    equal('5.1.2600.0' in reasons['I386'], True, reasons)
    refused(known('hal-change-nowhere'), ['--to', 'acpi-mp', *files], 'I386',
            '5.1.2600.0', '5.1.2600.5512')


# ---------------------------------------------------------------------- PAE

# Switches: which of the kernels for several processors is named
PAE_SWITCHES = {
    '/fastdetect /PAE': 'ntkrpamp.exe',
    '/fastdetect': 'ntkrpamp.exe',
    '/noexecute=optin': 'ntkrpamp.exe',
    '/noexecute=AlwaysOff': 'ntkrnlmp.exe',
    '/noexecute=AlwaysOff /NOPAE': 'ntkrnlmp.exe',
    '/execute': 'ntkrnlmp.exe',
    '/noexecute=AlwaysOff /PAE': 'ntkrpamp.exe',
    # An entry that names kernels now: the kind stays
    '/KERNEL=ntkrnlpa.exe /execute': 'ntkrpamp.exe',
    '/KERNEL=ntoskrnl.exe /execute': 'ntkrnlmp.exe',
    '/KERNEL=ntoskrnl.exe': 'ntkrpamp.exe',
}


def test_pae_switches():
    """The kernel is named that NTLDR would choose, and /PAE with it."""
    path = known('hal-change-xp-sp3-acpi-up')
    for text, kernel in PAE_SWITCHES.items():
        answers = change(path, ['--to', 'acpi-mp'], ['--to', 'acpi-mp'],
                         boot_ini=switches(text))
        for answer in answers:
            equal((answer['kernel'], answer['pae']),
                  (kernel, kernel == 'ntkrpamp.exe'), text)
        equal(answers[1]['edits'], [], text)


def test_back():
    """The installed files need no switch."""
    path = known('hal-change-xp-sp3-acpi-mp')
    answers = change(path, ['--to', 'acpi-up'], ['--to', 'acpi-mp'])
    equal((answers[0]['kernel'], answers[0]['pae']), ('ntkrpaup.exe', True))
    equal(('hal' in answers[1], 'kernel' in answers[1], answers[1]['pae'],
           answers[1]['edits']), (False, False, False, []), 'back')


def test_no_pae_kernel():
    """Where Windows does not want it, it need not be there."""
    path = known('hal-change-no-pae')
    answer = change(path, ['--to', 'acpi-mp'])[0]
    equal([edit['path'].rpartition('\\')[2] for edit in answer['edits']],
          ['halmacpi.dll', 'ntkrnlmp.exe'], 'beside')
    answer = change(path, ['--to', 'acpi-mp', '--replace'])[0]
    equal([edit['path'].rpartition('\\')[2] for edit in answer['edits']],
          ['hal.old', 'hal.dll', 'ntoskrnl.old', 'ntoskrnl.exe'], 'in place')
    equal([line for line in answer['warnings'] if 'PAE' in line], [])


def test_pae_kernel_stays():
    """A kernel for PAE that there is no other of stays, with a warning."""
    path = known('hal-change-pae-nowhere')
    answer = change(path, ['--to', 'acpi-mp', '--replace'])[0]
    equal([line for line in answer['warnings'] if 'ntkrpamp.exe' in line and
           '0x79' in line] != [], True, answer['warnings'])
    for more in ((), ('--replace',)):
        refused(path, ['--to', 'acpi-mp', *more], 'ntkrpamp.exe is not in it',
                boot_ini=switches('/PAE'))


# --------------------------------------------------------------- the target

def put(name, data):
    """A tree edit: a file in system32."""
    return lambda tree, windows: tree.file(
        hcr.at(windows, 'system32', name), data)


def source():
    """A tree edit: all files are at hand."""
    return hcr.in_folder(hcr.CACHE)


def test_foreign_file():
    """What is not Windows' own under a name that is needed stays."""
    for name, data in (('halaacpi.dll', b'mine'),
                       ('halaacpi.dll', hcr.files(
                           XP_SP3, None, ('halmacpi.dll',))['halmacpi.dll'])):
        refused(variant(XP_SP3, source(), put(name, data)),
                ['--to', 'acpi-up'], '\\WINDOWS\\system32\\' + name,
                'something else')
    refused(variant(XP_SP3, source(), put('ntkrnlmp.exe', b'mine')),
            ['--to', 'acpi-mp'], 'ntkrnlmp.exe', 'something else')


def test_there_already():
    """Files of an earlier change are kept, if they are of the right one."""
    files = hcr.files(XP_SP3)
    puts = [put(name, files[name]) for name in (
        'halmacpi.dll', 'ntkrnlmp.exe', 'ntkrpamp.exe')]
    answer = change(variant(XP_SP3, *puts), ['--to', 'acpi-mp'])[0]
    equal((answer['hal'], answer['kernel'], answer['edits']),
          ('halmacpi.dll', 'ntkrpamp.exe', []), 'no source is needed')
    old = hcr.files(XP_SP3, XP_SP2.version)
    puts = [put(name, old[name]) for name in ('halmacpi.dll',
                                              'ntkrnlmp.exe')]
    path = variant(XP_SP3, source(), *puts)
    answers = change(path, ['--to', 'acpi-mp'], ['--to', 'acpi-mp'])
    equal([(edit['path'].rpartition('\\')[2], edit['create'],
            'another version' in edit['reason'])
           for edit in answers[0]['edits']],
          [('halmacpi.dll', False, True), ('ntkrnlmp.exe', False, True),
           ('ntkrpamp.exe', True, False)], 'old ones are exchanged')
    equal(answers[1]['edits'], [], 'second')


def test_some_there():
    """What is there is not written again; an optional file may lack."""
    files = hcr.files(XP_SP3)
    path = variant(XP_SP3, source(), put('halmacpi.dll',
                                         files['halmacpi.dll']))
    answer = change(path, ['--to', 'acpi-mp'])[0]
    equal([edit['path'].rpartition('\\')[2] for edit in answer['edits']],
          ['ntkrnlmp.exe', 'ntkrpamp.exe'], 'edits')
    files = hcr.files(W2K_SP4)
    path = variant(W2K_SP4, *[put(name, files[name]) for name in (
        'halmacpi.dll', 'ntkrnlmp.exe')])
    answer = change(path, ['--to', 'acpi-mp'])[0]
    equal((answer.get('kernel'), answer.get('edits')), ('ntkrnlmp.exe', []),
          answer)


def test_started_is_old():
    """A service pack came after the change: it is made again."""
    old = hcr.files(XP_SP3, XP_SP2.version)
    path = variant(XP_SP3, source(), *[put(name, old[name]) for name in (
        'halmacpi.dll', 'ntkrnlmp.exe', 'ntkrpamp.exe')])
    options = switches('/HAL=halmacpi.dll /KERNEL=ntkrpamp.exe /PAE')
    answers = change(path, ['--to', 'acpi-mp'], ['--to', 'acpi-mp'],
                     boot_ini=options)
    equal(len(answers[0]['edits']), 3, answers[0]['edits'])
    equal(answers[1]['edits'], [], 'second')


def test_copies():
    """Copies are not written over, nor is one made twice."""
    files = hcr.files(XP_SP3)
    path = variant(XP_SP3, source(), put('hal.old', b'mine'),
                   put('hal.ol2', files['hal.dll']))
    answer = change(path, ['--to', 'acpi-up', '--replace'])[0]
    equal([edit['path'].rpartition('\\')[2] for edit in answer['edits']],
          ['hal.ol3', 'hal.dll'], 'next free name')
    path = variant(XP_SP3, source(), put('hal.old', files['halacpi.dll']))
    answer = change(path, ['--to', 'acpi-up', '--replace'])[0]
    equal([edit['path'].rpartition('\\')[2] for edit in answer['edits']],
          ['hal.dll'], 'it is there already')
    names = ['hal.old'] + ['hal.ol%d' % n for n in range(2, 10)]
    path = variant(XP_SP3, source(), *[put(name, b'mine') for name in names])
    refused(path, ['--to', 'acpi-up', '--replace'], 'hal.dll', 'copies')


def test_copies_of_copies():
    """UP, MP, UP, MP in place: each file has one copy of each kind."""
    requests = [['--to', option, '--replace'] for option in (
        'acpi-mp', 'acpi-up', 'acpi-mp', 'acpi-up')]
    answers = change(known('hal-change-xp-sp3-acpi-up'), *requests)
    equal([len(answer['edits']) for answer in answers], [6, 6, 3, 3],
          'edits')
    equal(set(answers[3]['files']), set(answers[1]['files']), 'names')


def test_named_elsewhere():
    """In place has no effect on an entry that names others: no lie."""
    path = known('hal-change-xp-sp3-acpi-pic')
    for text in ('/HAL=halacpi.dll', '/KERNEL=custom.exe'):
        name, _, value = text[1:].partition('=')
        refused(path, to('acpi-up', '--replace'), '/%s=%s' % (name, value),
                'boot-ini --set-option', boot_ini=switches(text))
    answer = change(path, ['--to', 'acpi-up', '--replace'],
                    boot_ini=switches('/HAL=hal.dll /KERNEL=ntoskrnl.exe'))[0]
    equal([edit['path'].rpartition('\\')[2] for edit in answer['edits']],
          ['hal.old', 'hal.dll'], 'the usual names')


def test_unknown_hal():
    """A vendor's HAL, or none: which family it is nobody knows."""
    vendor = windrivers.setup_hal('halxyz.dll', XP_SP3)
    for edit in (put('hal.dll', vendor), put('hal.dll', b'broken'),
                 hcr.remove('system32', 'hal.dll')):
        path = variant(XP_SP3, source(), edit)
        answer = change(path, ['--to', 'acpi-up'])[0]
        equal(('KB237556' in answer.get('error', ''),
               'hal.dll' in answer.get('error', '')), (True, True), answer)
        for more in ((), ('--replace',)):
            answer = change(path, to('acpi-up', *more))[0]
            equal(any('KB237556' in line for line in answer['warnings']),
                  True, answer['warnings'])
            equal(sums(hcr.files(XP_SP3))['halaacpi.dll'],
                  answer['files']['hal.dll' if more else 'halaacpi.dll'])


def test_mismatch_mended():
    """A guest that stops with 0x79 gets kernels for the HAL that it has."""
    files = hcr.files(XP_SP3)
    path = variant(XP_SP3, source(), put('hal.dll', files['halmacpi.dll']))
    answers = change(path, ['--to', 'acpi-mp', '--replace'],
                     ['--to', 'acpi-mp', '--replace'])
    equal([edit['path'].rpartition('\\')[2] for edit in answers[0]['edits']],
          ['ntoskrnl.old', 'ntoskrnl.exe', 'ntkrnlpa.old', 'ntkrnlpa.exe'])
    equal(answers[1]['edits'], [], 'second')
    answer = change(path, ['--to', 'acpi-mp'])[0]
    equal((answer.get('hal'), answer['kernel']), (None, 'ntkrpamp.exe'))


def test_other_build_mended():
    """So does one whose HAL is of another build than its kernels."""
    name = 'halacpi.dll'
    other = hcr.files(XP_SP3, (5, 1, 2505, 5512), (name,))[name]
    path = variant(XP_SP3, source(), put('hal.dll', other))
    answers = change(path, ['--to', 'acpi-pic'], ['--to', 'acpi-pic'])
    equal((answers[0]['hal'], answers[0].get('kernel'),
           len(answers[0]['edits'])), (name, None, 1), 'beside')
    equal(answers[1]['edits'], [], 'second')


def test_pae_kernel_mended():
    """And one whose kernel for PAE is for several processors."""
    files = hcr.files(XP_SP3)
    path = variant(XP_SP3, source(), put('ntkrnlpa.exe',
                                         files['ntkrpamp.exe']))
    answers = change(path, ['--to', 'acpi-pic', '--replace'],
                     ['--to', 'acpi-pic', '--replace'])
    equal([edit['path'].rpartition('\\')[2] for edit in answers[0]['edits']],
          ['ntkrnlpa.old', 'ntkrnlpa.exe'], 'in place')
    equal(answers[1]['edits'], [], 'second')


def test_started_already():
    """The names are the user's own: nothing is to be done."""
    files = hcr.files(XP_SP3)
    path = variant(XP_SP3, source(), put('myhal.dll', files['halmacpi.dll']),
                   put('mykrnl.exe', files['ntkrpamp.exe']))
    for more, warnings in (((), 0), (('--replace',), 1)):
        answer = change(path, ['--to', 'acpi-mp', *more], boot_ini=switches(
            '/HAL=MyHal.dll /KERNEL=mykrnl.exe /PAE'))[0]
        equal((answer['hal'], answer['kernel'], answer['pae'],
               answer['edits'], len(answer['warnings'])),
              ('MyHal.dll', 'mykrnl.exe', True, [], warnings), answer)


def test_broken_disk():
    """
    What cannot be read is not as if it were missing: wherever the disk breaks,
    nothing is written.
    """
    path = known('hal-change-xp-sp3-acpi-pic')
    for more in ((), ('--replace',)):
        answers = change(path, *[to('acpi-mp', '--broken-after', str(number),
                                    *more) for number in range(400)])
        errors = [answer.get('error', '') for answer in answers]
        good = errors.index('')
        equal(good > 5, True, 'the disk was read')
        equal([error for error in errors[:good]
               if 'disk on fire' not in error or 'needs' in error], [],
              'a place was passed over')
        equal(answers[good - 1]['files'], answers[0]['files'], 'files')
        equal(used_source(answers[good]), CACHE + '\\sp3.cab')


def test_x64():
    """It is refused, should somebody ask nevertheless."""
    windows = dataclasses.replace(recipes.find('hal-x64-up').windows)
    equal(windows.machine, pe.MACHINE_AMD64)
    answer = change(known('hal-x64-up'), ['--to', 'acpi-mp'])[0]
    equal('x86 only' in answer['error'], True, answer)


def test_same_result():
    """Two runs say the same, byte for byte."""
    path = known('hal-change-xp-sp3-acpi-pic')
    request = to('mps-mp')
    equal(change(path, request), change(path, request))


if __name__ == '__main__':
    TESTS = []
    for NAME in hcr.WINDOWS:
        TESTS.append(('beside ' + NAME, table_test(NAME, check_beside)))
        TESTS.append(('in place ' + NAME, table_test(NAME, check_replaced)))
    TESTS += [(name[5:].replace('_', ' '), function)
              for name, function in list(globals().items())
              if name.startswith('test_')]
    sys.exit(main(TESTS))
