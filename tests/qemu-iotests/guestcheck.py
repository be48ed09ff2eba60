"""What the iotests of win-xenprep share: guests, and independent readers.

Nothing here trusts our own code: the prepared disk is read by sleuthkit,
7-Zip, cabextract, hivexregedit, reged and ntfsresize.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile

import iotests

SOURCE = os.environ['XENPREP_SOURCE']
# A directory of the test's own, gone when it ends
DIR = tempfile.mkdtemp(prefix='guest-', dir=iotests.test_dir)
atexit.register(shutil.rmtree, DIR, True)

DRIVERS = ['atapi.sys', 'intelide.sys', 'pciide.sys', 'pciidex.sys']
CONTROL_SETS_ROOT = 'HKEY_LOCAL_MACHINE\\SYSTEM'


def require(*tools):
    """Skips the whole test if one of the independent readers is missing."""
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    for tool in tools:
        if shutil.which(tool) is None:
            iotests.notrun(f'{tool} is not installed')


def run(*args, check=True, **kwargs):
    """Runs a program; returns its outcome with text output."""
    return subprocess.run(args, check=check, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **kwargs)


def qemu_img(*args, check=True, **kwargs):
    """Runs the patched qemu-img."""
    return run(*iotests.qemu_img_args, *args, check=check, **kwargs)


def guest(kind):
    """The raw disk of a test guest, which is built on first use."""
    cache = os.environ.get('XENPREP_GUESTS', DIR)
    path = os.path.join(cache, kind + '.raw')
    if not os.path.exists(path):
        run(os.path.join(SOURCE, 'tests/guests/make-guest'), kind, path)
    return path


def truth(kind):
    """What the builder says of the guest."""
    with open(guest(kind) + '.json', encoding='utf-8') as file:
        return json.load(file)


def vmdk(kind, name='disk.vmdk', subformat='monolithicSparse'):
    """A VMDK of the guest in the test's directory."""
    path = os.path.join(DIR, name)
    qemu_img('convert', '-f', 'raw', '-O', 'vmdk', '-o',
             f'subformat={subformat}', guest(kind), path)
    return path


def options(path, *more):
    """The options of --image-opts for a disk."""
    return ','.join(['driver=win-xenprep', f'file.filename={path}', *more])


def convert(path, out, *more, fmt='vmdk', check=True, env=None):
    """The command that users type."""
    return qemu_img('convert', '-f', fmt, '--image-opts',
                    options(path, *more), out, check=check, env=env)


def info(path, *more, fmt='vmdk'):
    """The report, as `qemu-img info --output=json` has it."""
    res = qemu_img('info', '--output=json', '-f', fmt, '--image-opts',
                   options(path, *more))
    return json.loads(res.stdout)['format-specific']['data']


def sha256(path):
    """The checksum of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def cut_partition(disk, number, out):
    """Copies a partition of a disk, found by sleuthkit, into a file."""
    slots = re.findall(r'^\d+:\s+\d+:\d+\s+(\d+)\s+\d+\s+(\d+)',
                       run('mmls', disk).stdout, re.M)
    start, count = (int(n) for n in slots[number - 1])
    run('dd', f'if={disk}', f'of={out}', 'bs=64K', 'conv=sparse',
        'iflag=skip_bytes,count_bytes', f'skip={start * 512}',
        f'count={count * 512}', 'status=none')
    return out


def system_root(kind):
    """%SystemRoot% of a guest without the backslash: WINDOWS."""
    return truth(kind)['windows']['system_root'][1:]


def driver_cache(kind):
    """The folder of the guest's driver cabinets."""
    windows = truth(kind)['windows']
    platform = 'amd64' if windows['machine'] == 'x64' else 'i386'
    return f"{windows['system_root'][1:]}/Driver Cache/{platform}"


def system_hive(kind, partition):
    """The SYSTEM hive of a guest on a volume, or in the guest's own disk."""
    out = os.path.join(DIR, f"SYSTEM.{'after' if partition else 'before'}")
    windows = truth(kind)['windows']
    volume = partition or cut_partition(guest(kind), windows['partition'],
                                        os.path.join(DIR, 'hive.ntfs'))
    extract_file(volume, windows['system_hive']['path'].replace('\\', '/'),
                 out)
    if not partition:
        os.unlink(volume)
    return out


def tree_of(directory):
    """Path (from the root, lower case) to checksum, of all files."""
    tree = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            key = os.path.relpath(path, directory).lower()
            tree[key] = sha256(path)
    return tree


def with_directory(func):
    """Calls func(directory) with a fresh directory that is then removed."""
    directory = os.path.join(DIR, 'tree')
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    try:
        return func(directory)
    finally:
        shutil.rmtree(directory)


def tree_by_sleuthkit(partition):
    """All allocated files of a volume, as sleuthkit reads them."""
    def recover(directory):
        run('tsk_recover', '-a', partition, directory)
        return tree_of(directory)
    return with_directory(recover)


def tree_by_7zip(partition):
    """All files of a volume, as 7-Zip reads them."""
    def extract(directory):
        run('7z', 'x', '-y', f'-o{directory}', partition)
        return tree_of(directory)
    return with_directory(extract)


def extract_file(partition, path, out):
    """One file of a volume, by sleuthkit: ifind and icat."""
    inode = run('ifind', '-n', path, partition).stdout.strip()
    with open(out, 'wb') as file:
        subprocess.run(['icat', partition, inode], stdout=file, check=True)
    return out


def ntfs_facts(partition, path):
    """Security id and name spaces of a file, by ntfsinfo."""
    out = run('ntfsinfo', '-f', '-F', path, partition).stdout
    return (re.search(r'Security ID:\s+(\d+)', out).group(1),
            re.findall(r'Namespace:\s+(.*)', out))


def changed_files(before, after):
    """Paths that two trees do not have in common."""
    return sorted(path for path in before.keys() | after.keys()
                  if before.get(path) != after.get(path))


def check_bitmap(partition):
    """What ntfsresize finds wrong with the volume's cluster accounting."""
    out = run('ntfsresize', '-i', '-f', partition, check=False).stdout
    bad = [line for line in out.splitlines()
           if re.search('mismatch|ERROR|corrupt|inconsist', line, re.I)]
    if 'Space in use' not in out:
        bad.append('ntfsresize did not come to its end')
    return bad


def spoil_bitmap(partition):
    """Frees eight clusters in $Bitmap that are in use."""
    cluster = int(re.search(r'^Type: \$DATA .*\n(\d+)',
                            run('istat', partition, '6').stdout,
                            re.M).group(1))
    size = int(re.search(r'^Cluster Size: (\d+)',
                         run('fsstat', partition).stdout, re.M).group(1))
    with open(partition, 'r+b') as file:
        file.seek(cluster * size)
        file.write(b'\0')


def parse_reg(text):
    """A small reader of .reg texts: {key: {value: (type, bytes)}}."""
    keys = {}
    values = None
    text = re.sub(r'\\[ \t]*\r?\n[ \t]*', '', text)
    for line in text.splitlines():
        if line.startswith('['):
            values = keys.setdefault(line.strip()[1:-1].lower(), {})
        elif line.startswith(('"', '@')) and values is not None:
            name, data = re.match(r'(?:"((?:[^"\\]|\\.)*)"|@)=(.*)$',
                                  line.strip()).groups()
            name = re.sub(r'\\(.)', r'\1', name or '').lower()
            values[name] = parse_data(data)
    return keys


def parse_data(data):
    """Type and bytes of a value's data."""
    if data.startswith('"'):
        text = re.sub(r'\\(.)', r'\1', data[1:-1])
        return 1, (text + '\0').encode('utf-16-le')
    if data.startswith('dword:'):
        return 4, int(data[6:], 16).to_bytes(4, 'little')
    match = re.match(r'hex(?:\((\w+)\))?:([0-9a-f, ]*)$', data, re.I)
    if not match:
        # reged does not escape strings of several lines
        return None, data.encode()
    kind, digits = match.groups()
    return int(kind or '3', 16), bytes.fromhex(digits.replace(',', ' '))


def keys_by_hivexregedit(hive, control_set):
    """A control set, as hivexregedit exports it."""
    return parse_reg(run('hivexregedit', '--export', '--prefix',
                         CONTROL_SETS_ROOT, hive, f'\\{control_set}').stdout)


def keys_by_reged(hive, control_set):
    """A control set, as chntpw's reged exports it."""
    out = os.path.join(DIR, 'reged.reg')
    run('reged', '-x', hive, CONTROL_SETS_ROOT, f'\\{control_set}', out,
        check=False)
    with open(out, encoding='latin-1', newline='') as file:
        text = file.read()
    os.unlink(out)
    return parse_reg(text)


def mergeide():
    """The seed's registry text: from the article, else from our copy."""
    shared = os.environ.get('XENPREP_SHARED_DATA', '')
    article = os.path.join(shared, '../seed-article.txt')
    if not os.path.exists(article):
        article = os.path.join(SOURCE, 'fixer/profiles/mergeide.reg')
    with open(article, encoding='utf-8') as file:
        text = file.read()
    return {key: values for key, values in parse_reg(text).items()
            if key.startswith('hkey_local_machine')}


class Checks:
    """Prints one line for each check, all of them alike in the golden file."""

    def __init__(self, title):
        self.title = title
        iotests.log(f'== {title} ==')

    def check(self, what, good, *details):
        """Says whether a check came out well, and if not, why."""
        iotests.log(f"{what}: {'ok' if good else 'FAILED'}")
        if not good:
            for detail in details:
                iotests.log(f'  {detail}')

    def equal(self, what, is_, should_be):
        """Checks that two things are equal."""
        self.check(what, is_ == should_be, f'is        {is_}',
                   f'should be {should_be}')
