"""Judges of boot.ini, HALs and kernels, who know nothing of our own code.

A disk is read by sleuthkit, 7-Zip, ntfsinfo and ntfsresize, the versions of
its files by pefile, boot.ini by a few lines of Python.  What goes together is
Microsoft's table of HALs.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
import weakref

try:
    import pefile
except ImportError:
    # The test says so, and does not run.
    pefile = None

# OriginalFilename of a HAL: as win-xenfix names it, its device, its name, and
# whether its kernels are those for several processors
HALS = {
    'hal.dll': ('standard', 'e_isa_up', 'Standard PC', False),
    'halacpi.dll': ('acpi-pic', 'acpipic_up',
                    'Advanced Configuration and Power Interface (ACPI) PC',
                    False),
    'halaacpi.dll': ('acpi-up', 'acpiapic_up', 'ACPI Uniprocessor PC', False),
    'halmacpi.dll': ('acpi-mp', 'acpiapic_mp', 'ACPI Multiprocessor PC',
                     True),
    'halapic.dll': ('mps-up', 'mps_up', 'MPS Uniprocessor PC', False),
    'halmps.dll': ('mps-mp', 'mps_mp', 'MPS Multiprocessor PC', True),
    'halsp.dll': ('syspro-mp', 'syspro_mp',
                  'Compaq SystemPro Multiprocessor or 100% Compatible', True),
}
BY_OPTION = {facts[0]: (name, *facts[1:]) for name, facts in HALS.items()}

# OriginalFilename of a kernel: for several processors, for PAE
KERNELS = {
    'ntoskrnl.exe': (False, False), 'ntkrnlmp.exe': (True, False),
    'ntkrnlpa.exe': (False, True), 'ntkrpamp.exe': (True, True),
}
INSTALLED = ('hal.dll', 'ntoskrnl.exe', 'ntkrnlpa.exe')

# NTLDR takes no other names
SHORT_NAME = re.compile(r'[^\s.\\/:]{1,8}\.[^\s.\\/:]{1,3}$')


def run(*args, check=True):
    """The output of a program."""
    return subprocess.run(args, check=check, text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


class Entry:
    """An entry of boot.ini."""

    def __init__(self, line):
        path, _, rest = line.partition('=')
        self.path = path.strip()
        self.title, switches = re.match(r'\s*("[^"]*"|\S*)(.*)$',
                                        rest).groups()
        self.switches = switches.split()

    def value(self, name):
        """What a switch is set to, '' if it has no value, None without it."""
        for switch in self.switches:
            found, _, value = switch[1:].partition('=')
            if found.upper() == name.upper():
                return value
        return None


class BootIni:
    """boot.ini as NTLDR reads it: a default, and entries in their order."""

    def __init__(self, data):
        self.data = data
        self.timeout = self.default = None
        self.entries = []
        section = ''
        for line in re.split('\r\n|\n|\r', data.decode('latin-1')):
            line = line.strip()
            if line.startswith('['):
                section = line.strip('[]').lower()
            elif not line or line.startswith(';'):
                continue
            elif section == 'operating systems':
                self.entries.append(Entry(line))
            elif section == 'boot loader':
                name, _, value = (part.strip()
                                  for part in line.partition('='))
                if name.lower() in ('timeout', 'default'):
                    setattr(self, name.lower(), value)

    @property
    def started(self):
        """The entry that is started if nobody presses a key."""
        for entry in self.entries:
            if entry.path.lower() == (self.default or '').lower():
                return entry
        return None


def file_facts(data):
    """OriginalFilename, version, and machine type of a PE file."""
    image = pefile.PE(data=data, fast_load=True)
    image.parse_data_directories(
        [pefile.DIRECTORY_ENTRY['IMAGE_DIRECTORY_ENTRY_RESOURCE']])
    fixed = image.VS_FIXEDFILEINFO[0]
    version = '%d.%d.%d.%d' % (
        fixed.FileVersionMS >> 16, fixed.FileVersionMS & 0xffff,
        fixed.FileVersionLS >> 16, fixed.FileVersionLS & 0xffff)
    names = [value.decode() for info in image.FileInfo[0]
             for table in getattr(info, 'StringTable', [])
             for key, value in table.entries.items()
             if key == b'OriginalFilename']
    return names[0].lower(), version, image.FILE_HEADER.Machine


class Volume:
    """A partition of a raw disk.

    Paths are from the root, in lower case, with slashes.
    """

    def __init__(self, disk, number=1):
        self._work = tempfile.mkdtemp(prefix='bootcheck-')
        weakref.finalize(self, shutil.rmtree, self._work)
        self._path = os.path.join(self._work, 'volume')
        self._cut(disk, number, self._path)

    @functools.cached_property
    def files(self):
        """Contents by path, all of them, by 7-Zip."""
        return self._extract(self._path,
                             os.path.join(self._work, 'tree'))

    def read(self, name):
        """The contents of one file, by sleuthkit."""
        inode = run('ifind', '-n', name, self._path).strip()
        return subprocess.run(['icat', self._path, inode], check=True,
                              stdout=subprocess.PIPE).stdout

    @staticmethod
    def _cut(disk, number, out):
        slots = re.findall(r'^\d+:\s+\d+:\d+\s+(\d+)\s+\d+\s+(\d+)',
                           run('mmls', disk), re.M)
        start, count = (int(n) for n in slots[number - 1])
        run('dd', f'if={disk}', f'of={out}', 'bs=64K', 'conv=sparse',
            'iflag=skip_bytes,count_bytes', f'skip={start * 512}',
            f'count={count * 512}', 'status=none')

    @staticmethod
    def _extract(path, tree):
        run('7z', 'x', '-y', f'-o{tree}', path)
        files = {}
        for parent, _, names in os.walk(tree):
            for name in names:
                full = os.path.join(parent, name)
                key = os.path.relpath(full, tree).lower()
                # what NTFS has for itself
                if not key.startswith('['):
                    with open(full, 'rb') as file:
                        files[key] = file.read()
        return files

    def complaints(self):
        """What ntfsresize finds wrong."""
        out = run('ntfsresize', '-i', '-f', self._path, check=False)
        bad = [line for line in out.splitlines()
               if re.search('mismatch|ERROR|corrupt|inconsist', line, re.I)]
        if 'Space in use' not in out:
            bad.append('ntfsresize did not come to its end')
        return bad

    def details(self, name):
        """Attributes, security id, and pairs of a name space and a name."""
        inode = run('ifind', '-n', name, self._path).strip()
        text = run('istat', self._path, inode)
        more = run('ntfsinfo', '-f', '-i', inode, self._path)
        return (re.search(r'^Flags: (.*)$', text, re.M).group(1),
                int(re.search(r'^Security ID: (\d+)', text, re.M).group(1)),
                re.findall(r"Namespace:\s+(.*)\n\s*Filename:\s+'(.*)'", more))

    def boot_ini(self):
        """boot.ini, parsed."""
        return BootIni(self.read('boot.ini'))

    def changed(self, before):
        """Paths that are not as in another volume."""
        return sorted(path for path in before.files.keys() |
                      self.files.keys()
                      if before.files.get(path) != self.files.get(path))


class Started:
    """HAL and kernels that NTLDR loads for an entry of boot.ini."""

    def __init__(self, volume, entry):
        root = entry.path.partition('\\')[2].lower()
        self.folder = root + '/system32/'
        self.hal_name = (entry.value('HAL') or 'hal.dll').lower()
        named = entry.value('KERNEL')
        self.kernel_names = [named.lower()] if named else [
            name for name in ('ntoskrnl.exe', 'ntkrnlpa.exe')
            if self.folder + name in volume.files]
        self.complaints = []
        self.hal = self._facts(volume, self.hal_name)
        self.kernels = [self._facts(volume, name)
                        for name in self.kernel_names]
        if named:
            self._judge_pae(entry)
        if self.hal and all(self.kernels):
            self._judge()

    def _facts(self, volume, name):
        if not SHORT_NAME.match(name):
            self.complaints.append(f'{name} is no 8.3 name')
        if self.folder + name not in volume.files:
            self.complaints.append(f'{name} is missing')
            return None
        return file_facts(volume.files[self.folder + name])

    def _judge_pae(self, entry):
        """NTLDR sets up the processor by /PAE, whatever the kernel is."""
        pae = KERNELS.get(self.kernels[0][0], (None, None))[1] \
            if self.kernels[0] else None
        if pae != (entry.value('PAE') is not None):
            self.complaints.append(f'{self.kernel_names[0]} and /PAE do not '
                                   'agree')

    def _judge(self):
        """What would be STOP 0x79, or not start at all."""
        original, version, machine = self.hal
        if original not in HALS:
            self.complaints.append(f'{original} is no HAL of Windows')
            return
        several = HALS[original][3]
        for name, its_version, its_machine in self.kernels:
            if KERNELS.get(name, (None,))[0] != several:
                self.complaints.append(f'{original} does not go with {name}')
            if its_version.split('.')[:3] != version.split('.')[:3]:
                self.complaints.append(f'{original} is of {version}, {name} '
                                       f'of {its_version}')
            if (machine, its_machine) != (0x14c, 0x14c):
                self.complaints.append(f'{name} or {original} is not for x86')

    def describe(self):
        """One line."""
        hal = f'{self.hal_name} is {self.hal[0]} {self.hal[1]}' \
            if self.hal else self.hal_name
        kernels = [f'{name} is {facts[0]} {facts[1]}' if facts else name
                   for name, facts in zip(self.kernel_names, self.kernels)]
        return '; '.join([hal, *kernels, *self.complaints])
