"""One change of a HAL by the tools, judged: in place, by the driver, and back.

What NTLDR will start is worked out by bootcheck.py; our own commands must say
the same.  It needs no QEMU harness, so that tests/matrix can use it, too.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import filecmp
import glob
import json
import os
import re
import subprocess
import tempfile

from bootcheck import BY_OPTION, HALS, INSTALLED, Started, Volume, run

# What "config" has to set: ACPI, APIC, and processors if two are asked for
NEEDS = {
    'standard': (0, 1, 1), 'acpi-pic': (1, 1, 1), 'acpi-up': (1, 1, 1),
    'acpi-mp': (1, 1, 2), 'mps-up': (0, 1, 1), 'mps-mp': (0, 1, 2),
    'syspro-mp': (0, 1, 1),
}


def tool(name):
    """The path of one of our own programs."""
    return os.path.join(os.environ['XENPREP_QEMU'], name)


def xenfix(*args):
    """Runs win-xenfix; returns its outcome."""
    return subprocess.run([tool('win-xenfix'), *args], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding='utf-8')


def copy(source, out):
    """A copy of a raw disk."""
    subprocess.run(['cp', '--sparse=always', source, out], check=True)
    return out


def same(one, other):
    """Whether two files have the same bytes."""
    return filecmp.cmp(one, other, shallow=False)


def in_cabinets(volume):
    """Bytes of all files in the cabinets of a volume."""
    found = set()
    for path, data in volume.files.items():
        if not path.endswith('.cab'):
            continue
        with tempfile.TemporaryDirectory(prefix='halcheck-') as work:
            cab = os.path.join(work, 'cab')
            with open(cab, 'wb') as file:
                file.write(data)
            run('cabextract', '-q', '-d', os.path.join(work, 'out'), cab)
            for name in glob.glob(os.path.join(work, 'out', '*')):
                with open(name, 'rb') as file:
                    found.add(file.read())
    return found


class HalChange:
    """A guest whose drivers are prepared, and what becomes of its HAL.

    @complaints is what is wrong, @facts what there is to tell.
    """

    def __init__(self, guest, work, target, *more, replace=False):
        self.complaints = []
        self.facts = []
        self.target = target
        self.replace = replace
        self.options = [*more, '--replace'] if replace else more
        self.image = os.path.join(work, 'image')
        self.prepared = os.path.join(work, 'prepared')
        self.undo = self.image + '.xenfix-undo'
        for stale in glob.glob(self.image + '.*'):
            os.unlink(stale)
        self.prepare(guest)
        self.before = Volume(self.prepared)
        self.old = Started(self.before, self.before.boot_ini().started)
        self.after = None

    def prepare(self, guest):
        """The guest gets its drivers, for good."""
        copy(guest, self.prepared)
        undo = self.image + '.first'
        self.run('drivers', '--undo', undo, image=self.prepared)
        os.unlink(undo)
        copy(self.prepared, self.image)

    def want(self, good, what):
        """A check that is only heard of if it does not come out well."""
        if not good:
            self.complaints.append(what)

    def run(self, command, *args, image=None):
        """The report of a command that has to succeed."""
        options = ['-q'] if command == 'rollback' else ['--output=json']
        res = xenfix(command, *options, '-f', 'raw', *args,
                     image or self.image)
        self.want(res.returncode == 0 and not res.stderr,
                  f'{command}: status {res.returncode}: {res.stderr}')
        return json.loads(res.stdout) if res.stdout else {}

    def change(self, *args):
        """Runs "hal"."""
        return self.run('hal', '--to', self.target, *self.options, *args)

    # ------------------------------------------------------------- steps

    def all(self):
        """All that is to be tried; returns this object."""
        if self.old.complaints:
            self.complaints += self.old.complaints
            return self
        planned = self.dry_run()
        report = self.change()
        self.want(report.get('changes') == planned.get('changes'),
                  'the dry run has another report')
        self.after = Volume(self.image)
        self.judge_volume(report)
        self.judge_started()
        self.judge_new_files()
        self.ask_commands()
        self.repeat()
        if not self.replace:
            self.convert()
            self.fall_back()
        self.roll_back()
        return self

    def dry_run(self):
        """Nothing is written."""
        report = self.change('-n')
        self.want(same(self.image, self.prepared), 'the dry run has written')
        self.want(not os.path.exists(self.undo), 'the dry run leaves a file')
        self.want(report.get('changes'), 'there is nothing to do')
        return report

    def judge_volume(self, report):
        """The volume is whole, and only what was reported has changed."""
        reported = {change['path'].replace('\\', '/').lstrip('/').lower()
                    for change in report.get('changes', [])}
        changed = self.after.changed(self.before)
        self.want(reported == set(changed),
                  f'reported {sorted(reported)}, changed {changed}')
        self.complaints += self.after.complaints()
        self.want(self.after.details('boot.ini') ==
                  self.before.details('boot.ini'),
                  'boot.ini has other attributes')
        self.facts.append('changed: ' + ' '.join(
            path.rpartition('/')[2] for path in changed))

    def judge_started(self):
        """What NTLDR starts now, and what there is to fall back on."""
        ini = self.after.boot_ini()
        started = Started(self.after, ini.started)
        self.complaints += started.complaints
        self.want(started.hal and
                  started.hal[0] == BY_OPTION[self.target][0],
                  'another HAL is started')
        self.facts.append('starts: ' + started.describe())
        if self.replace:
            self.want(ini.data == self.before.files['boot.ini'],
                      'boot.ini has changed')
            return
        self.facts.append(f'entry: {ini.started.title} '
                          f"{' '.join(ini.started.switches)}")
        others = [Started(self.after, entry).describe()
                  for entry in ini.entries if entry is not ini.started]
        self.want(others == [self.old.describe()],
                  f'to fall back on there is {others}')

    def judge_new_files(self):
        """Whence they are, what they are called, and who may read them."""
        folder = self.old.folder
        known = set(self.before.files.values()) | in_cabinets(self.before)
        sibling = self.before.details(folder + 'hal.dll')
        for path in self.after.changed(self.before):
            if path == 'boot.ini':
                continue
            name = path.rpartition('/')[2]
            self.want(path == folder + name, f'{path} is elsewhere')
            self.want(self.after.files.get(path) in known,
                      f'{name} comes from nowhere')
            attributes, security, names = self.after.details(path)
            self.want((attributes, security) == sibling[:2],
                      f'{name}: {attributes}, security id {security}')
            self.want([(space, called.lower()) for space, called in names] ==
                      [('Win32 & DOS', name)], f'{name}: {names}')
        self.judge_installed(folder)

    def judge_installed(self, folder):
        """What setup installed is there as it was, if under another name."""
        for name in INSTALLED:
            old = self.before.files.get(folder + name)
            kept = folder + name
            if self.after.files.get(kept) != old and self.replace:
                kept = kept[:-4] + '.old'
            self.want(self.after.files.get(kept) == old,
                      f'of {name} there is no copy')

    def ask_commands(self):
        """Our own commands see the same."""
        name, device, title, _ = BY_OPTION[self.target]
        hal = self.run('info').get('hal', {})
        self.want((hal.get('device-id'), hal.get('original-filename')) ==
                  (device, name), f'info: {hal}')
        self.facts.append(f'registry agrees: {hal.get("consistent")}')
        self.check('check', title)
        text = xenfix('config', '--xl', '--vcpus=2', '-f', 'raw',
                      self.image).stdout
        found = tuple(int(value) for value in re.findall(
            r'^(?:acpi|apic|vcpus) = (\d+)$', text, re.M))
        acpi, apic, vcpus = NEEDS[self.target]
        self.want(found == (vcpus, acpi, apic), f'config: {found}')

    def check(self, what, title):
        """No link is broken, and the one about HAL and kernel names it."""
        res = xenfix('check', '--output=json', '-f', 'raw', self.image)
        links = {link['name']: link for link in
                 json.loads(res.stdout or '{"links": []}')['links']}
        said = links.get('kernel-hal', {})
        self.want(said.get('state') == 'ok' and
                  said.get('text', '').startswith(title + ' goes with '),
                  f'{what}: {said}')
        bad = [f"{name}={link['state']}" for name, link in links.items()
               if link['state'] not in ('ok', 'skipped')]
        self.facts.append(' '.join([f'{what}: status {res.returncode}',
                                    *bad]))

    def repeat(self):
        """A second run has nothing to do."""
        before = copy(self.image, self.image + '.copy')
        report = self.change()
        self.want(report.get('changes') == [],
                  f"the second run changes {report.get('changes')}")
        self.want(same(self.image, before), 'the second run has written')
        os.unlink(before)

    def convert(self):
        """The driver makes the same bytes of the same disk."""
        out = self.image + '.converted'
        node = ','.join(['driver=win-xenprep', 'file.driver=raw',
                         f'file.file.filename={self.prepared}',
                         f'hal={self.target}', *(
                             ['force=hal-family']
                             if '--allow-family-change' in self.options
                             else [])])
        run(tool('qemu-img'), 'convert', '-O', 'raw', '--image-opts', node,
            out)
        self.want(same(out, self.image), 'the driver makes another disk')
        os.unlink(out)

    def fall_back(self):
        """The old entry starts what was started before."""
        entries = self.after.boot_ini().entries
        number = 1 + next(i for i, entry in enumerate(entries)
                          if not entry.value('HAL') and
                          not entry.value('KERNEL'))
        undo = ['--undo', self.image + '.second']
        self.run('boot-ini', *undo, '--default', str(number))
        volume = Volume(self.image)
        started = Started(volume, volume.boot_ini().started)
        self.want(started.describe() == self.old.describe(),
                  f'then {started.describe()} is started')
        self.check('falls back', HALS[self.old.hal[0]][2])
        self.run('rollback', *undo)

    def roll_back(self):
        """The disk is what it was."""
        self.run('rollback')
        self.want(same(self.image, self.prepared), 'rolled back it differs')
        self.want(not os.path.exists(self.undo), 'the undo file is left')
