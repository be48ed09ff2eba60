"""
Seeds for the targets that parse one format

They come from the builder of test guests, from texts of the tree, and from
real files of the shared data where those are present.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import glob
import gzip
import io
import json
import os
import re
import struct
import uuid

import bcd
import cabinet
import disk
import expand
import fleetreports
import guids
import hive
import ldm
import pe
import registry
import vista_versions
import windrivers
import winversions

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '..', '..')

_SECTOR = 512
_SECTORS = 60_000

# Larger inputs only make a fuzzer slow.
_LARGEST = 300_000


def _files(folder, *patterns):
    """(name, bytes) of files below @folder; none if it is not there."""
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(folder, pattern))):
            if os.path.isfile(path) and os.path.getsize(path) <= _LARGEST:
                with open(path, 'rb') as file:
                    yield os.path.basename(path), file.read()


def _in_tree(*patterns):
    return _files(SOURCE, *patterns)


# ------------------------------------------------------------------ disks

def _says_something(sector):
    """A sector of a dynamic disk's database may have free VBLKs only."""
    if sector[:4] == b'VBLK':
        return any(any(sector[at + 8:at + ldm.VBLK_SIZE])
                   for at in range(0, _SECTOR, ldm.VBLK_SIZE))
    return any(sector)


def sectors(data):
    """The disk @data as fuzz_sectors_new() takes it."""
    found = struct.pack('<I', len(data) // _SECTOR)
    for at in range(0, len(data), _SECTOR):
        sector = data[at:at + _SECTOR].ljust(_SECTOR, b'\0')
        if _says_something(sector):
            found += struct.pack('<I', at // _SECTOR) + sector
    return found


def _table(partitions, size=_SECTORS):
    raw = io.BytesIO(bytes(size * _SECTOR))
    for at, data in disk.tables(partitions, 0x2bd2c32a).items():
        raw.seek(at * _SECTOR)
        raw.write(data)
    return raw


def disk_seeds(shared):
    """Partition tables of all kinds."""
    primaries = (disk.Partition(63, 16_000, active=True),
                 disk.Partition(16_065, 16_000))
    logical = disk.Partition(32_193, 8_000, logical=True), \
        disk.Partition(48_258, 8_000, logical=True)
    yield 'primaries', sectors(_table(primaries).getvalue())
    yield 'logical', sectors(_table(primaries[:1] + logical).getvalue())
    for kind in ldm.KINDS:
        raw = _table(primaries)
        ldm.make_dynamic(raw, kind)
        yield 'dynamic-' + kind, sectors(raw.getvalue())
    for name, data in _files(shared, 'partitions/*.bin'):
        yield name, sectors(data)
    for name, data in _files(shared, 'partitions/*.gz'):
        yield name, sectors(gzip.decompress(data)[:2_000_000])


def _gpt_header(own, other, array, last):
    """A header without its checksums, which the target makes right."""
    return struct.pack('<8sIIIIQQQQ16sQIII', b'EFI PART', 1 << 16, 92, 0, 0,
                       own, other, 4, last, b'a disk', array, 8, 128, 0)


def _gpt_entries(places):
    return b''.join(
        uuid.UUID(kind).bytes_le + struct.pack('<16sQQQ72x', b'one', first,
                                               last, 1 << 63)
        if kind else bytes(128) for kind, first, last in places)


def gpt_seeds(shared):
    """Disks of 40 sectors, as fuzz-gpt.c has them; real ones are disk's."""
    del shared
    size, last = 40, 36
    headers = _gpt_header(1, size - 1, 2, last) + \
        _gpt_header(size - 1, 1, last + 1, last)
    entries = _gpt_entries((
        ('C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 4, 9),
        ('E3C9E316-0B5C-4DB8-817D-F92DF00215AE', 10, 19), (None, 0, 0),
        ('EBD0A0A2-B9E5-4433-87C0-68B6B72699C7', 20, 29),
        ('DE94BBA4-06D1-4D40-A16A-BFD50179D6AC', 30, last)))
    both = entries.ljust((last + 1 - 2) * _SECTOR, b'\0') + entries
    yield 'sound', bytes((15, size)) + headers + both
    yield 'first', bytes((3, size)) + headers + entries
    yield 'copy', bytes((12, size)) + headers + both
    yield 'none', bytes((0, size)) + headers + both
    yield 'cut-off', bytes((3, size // 2)) + headers + entries
    yield 'overlap', bytes((3, size)) + headers + _gpt_entries(
        (('EBD0A0A2-B9E5-4433-87C0-68B6B72699C7', 4, 9),) * 2)


def _fat_entry(name, attributes, cluster, size=0):
    return struct.pack('<11sB8xHHHHI', name, attributes, cluster >> 16, 0, 0,
                       cluster & 0xffff, size)


def _fat_long_name(text, name):
    """The piece of a long name of up to 12 characters, before @name."""
    checksum = 0
    for byte in name:
        checksum = ((checksum << 7 | checksum >> 1) + byte) & 0xff
    units = (text + '\0').encode('utf-16-le').ljust(26, b'\xff')
    return b'\x41' + units[:10] + b'\x0f\0' + bytes((checksum,)) + \
        units[10:22] + b'\0\0' + units[22:]


def _fat_links(bits, links):
    """The table: FAT12's entries are packed."""
    if bits != 12:
        return struct.pack('<%d%s' % (len(links), 'I' if bits == 32 else 'H'),
                           *(link & (1 << bits) - 1 for link in links))
    number = sum((link & 0xfff) << 12 * at for at, link in enumerate(links))
    return number.to_bytes(len(links) * 2, 'little')


def _fat_volume(bits):
    """A volume of clusters of one sector with three files."""
    end, clusters = 0x0fffffff, 4200 if bits == 16 else 200
    table = -(-(clusters + 2) * bits // 8 // _SECTOR)
    fixed = b'' if bits == 32 else b'root'
    total = 1 + table + len(fixed[:1]) + clusters
    boot = struct.pack('<11xHBHBHHBHHHII', _SECTOR, 1, 1, 1,
                       16 if fixed else 0, 0, 0xf8, table if fixed else 0,
                       63, 255, 0, total)
    boot += struct.pack('<IHHI', table, 0, 0, 2) if not fixed else b''
    efi, folder, short = b'EFI        ', b'BOOT       ', b'ALONGN~1EFI'
    root = (_fat_entry(b'WIN-XENPREP', 8, 0) + _fat_entry(efi, 16, 3) +
            _fat_entry(b'BCD        ', 32, 8, 100))
    data = (b'' if fixed else root).ljust(_SECTOR, b'\0')
    data += (_fat_entry(b'.          ', 16, 3) +
             _fat_entry(folder, 16, 4) +
             _fat_long_name('a long name.', short)[:32] +
             _fat_entry(short, 32, 8, 511)).ljust(_SECTOR, b'\0')
    data += _fat_entry(b'BCD        ', 32, 5, 1500).ljust(_SECTOR, b'\0')
    links = [end, end, end, end, end, 7, end, 6, end]
    return (boot.ljust(510, b'\0') + b'\x55\xaa' +
            _fat_links(bits, links).ljust(table * _SECTOR, b'\0') +
            (root.ljust(_SECTOR, b'\0') if fixed else b'') +
            (data + b'x' * 4 * _SECTOR).ljust(clusters * _SECTOR, b'\0'))


def fat_seeds(shared):
    """Volumes of each kind."""
    del shared
    for bits in 12, 16, 32:
        yield 'fat%d' % bits, sectors(_fat_volume(bits))


def boot_sector_seeds(shared):
    """Boot sectors of volumes with one partition before and behind them."""
    boot = bytearray(_SECTOR)
    struct.pack_into('<3s8sHB', boot, 0, b'\xeb\x52\x90', b'NTFS    ', 512, 8)
    struct.pack_into('<BHHI', boot, 21, 0xf8, 63, 255, 63)
    struct.pack_into('<QQQbxxxbxxxQ', boot, 40, 15_999, 4, 8, -10, 1, 99)
    boot[510:] = b'\x55\xaa'
    for name, data in [('made', bytes(boot)),
                       *_files(shared, 'ntfs/*.boot')]:
        raw = _table((disk.Partition(63, 16_000, active=True),))
        for at in (63, 63 + 15_999):
            raw.seek(at * _SECTOR)
            raw.write(data[:_SECTOR])
        yield name, sectors(raw.getvalue())
    yield 'no-table', struct.pack('<II', _SECTORS, 63) + bytes(boot)


# ------------------------------------------------------------------- text

def bootini_seeds(shared):
    """boot.ini as people have it."""
    yield from _in_tree('tests/fuzz/seeds/bootini/*')
    yield from _files(shared, 'bootini/*')


def _edit(kind, number=0, text=b''):
    return bytes([kind, number, len(text)]) + text


def bootini_edit_seeds(shared):
    """Each edit of each boot.ini; kinds as fuzz-bootini-edit.c has them."""
    arc = b'multi(0)disk(0)rdisk(0)partition(2)\\WINNT="More" /sos'
    edits = (_edit(0, 1), _edit(0, 2), _edit(1, 6), _edit(2, 0, arc),
             _edit(3, 2), _edit(4, 0, b'/debug'), _edit(4, 1, b'-/sos'),
             _edit(4, 1, b'/HAL=a.dll'), _edit(5), _edit(5, 1), _edit(6),
             _edit(6, 1))
    for name, data in bootini_seeds(shared):
        yield name, b'\4' + b''.join(edits[:4]) + data
        yield 'more-' + name, b'\4' + b''.join(edits[4:8]) + data
        yield 'rest-' + name, b'\4' + b''.join(edits[8:]) + data


def regfile_seeds(shared):
    """.reg files in both encodings."""
    for name, data in [*_in_tree('fixer/profiles/*.reg',
                                 'tests/unit/reg-corpus/*',
                                 'tests/fuzz/seeds/regfile/*'),
                       *_files(shared, 'reg/*.reg')]:
        yield name, data
        if not data.startswith(b'\xff\xfe'):
            yield 'utf16-' + name, b'\xff\xfe' + data.decode(
                'latin-1').encode('utf-16-le')


def profile_seeds(_shared):
    """The built-in ones, with the files that they name behind them."""
    beside = b''.join(b'\n--- %s\n%s' % (name.encode(), data) for name, data
                      in _in_tree('fixer/profiles/*.reg'))
    for name, data in _in_tree('fixer/profiles/*.profile'):
        yield name, data + beside
    yield from _in_tree('tests/fuzz/seeds/profile/*')


def vmdk_seeds(_shared):
    """Descriptors by themselves, and within a sparse extent."""
    for name, data in _in_tree('tests/fuzz/seeds/vmdk/*'):
        yield name, data
        head = struct.pack('<4sIIQQQQ', b'KDMV', 1, 3, 2048, 128, 1, 2)
        yield 'sparse-' + name, head.ljust(_SECTOR, b'\0') + data.ljust(
            1024, b'\0')


# ------------------------------------------------------------------ hives

def _small_hive(minor, sequence=(7, 7), value='old'):
    root = hive.Key()
    for number in (1, 2):
        root.merge({'ControlSet%03d' % number: {
            'Control': {'ServiceGroupOrder': {
                'List': hive.multi_sz('Boot Bus Extender', 'SCSI miniport')}},
            'Services': {'Disk': {'Start': hive.dword(0), 'Group': hive.sz(
                'SCSI Class')}, 'symmpi': {'Start': hive.dword(0)}}}})
    root.merge({
        'Select': {'Current': hive.dword(1), 'Default': hive.dword(1),
                   'LastKnownGood': hive.dword(2), 'Failed': hive.dword(0)},
        'Old': {'a': {'b': {'': hive.sz(value)}}, 'big': {
            'data': hive.binary(bytes(range(256)) * 70)}}})
    return hive.build(root, 'SYSTEM', minor, sequence)


def _new_log(clean, pages):
    """A .LOG1 of the new format; the target makes its hashes."""
    size, = struct.unpack_from('<I', clean, 40)
    entry = struct.pack('<4sIIIIIQQ', b'HvLE', 0, 0, 7, size, len(pages), 0,
                        0)
    for page in pages:
        entry += struct.pack('<II', page * 4096, 4096)
    for page in pages:
        entry += clean[4096 + page * 4096:8192 + page * 4096]
    entry = bytearray(entry.ljust(-(-len(entry) // 512) * 512, b'\0'))
    struct.pack_into('<I', entry, 4, len(entry))
    base = bytearray(clean[:512])
    struct.pack_into('<II', base, 4, 7, 7)
    struct.pack_into('<I', base, 28, 6)
    return bytes(base + entry)


def _hive_input(flags, *files):
    files = files + (b'',) * (4 - len(files))
    return bytes([flags]) + b''.join(struct.pack('<I', len(data)) + data
                                     for data in files)


def hive_seeds(shared):
    """Clean and dirty hives, with logs of both formats."""
    for minor in (3, 5, 6):
        new = _small_hive(minor)
        old = hive.with_sequence(_small_hive(minor, value='new'), 7, 6)
        pages = hive.different_pages(new, old)
        yield 'clean-%d' % minor, _hive_input(1, new)
        yield 'old-log-%d' % minor, _hive_input(
            3, old, hive.dirty_log(new, pages))
        yield 'new-log-%d' % minor, _hive_input(
            3, old, b'', _new_log(new, [0, 1]))
        yield 'use-primary-%d' % minor, _hive_input(
            5, old, hive.dirty_log(new, pages))
    whole = hive.build(registry.system(winversions.XP_SP3, 0x2bd2c32a, 32256),
                       'SYSTEM', 5)
    yield 'xp', _hive_input(0, whole)
    for name, data in _files(shared, 'hives/edge/*Hive', 'hives/logs/*Hive*'):
        yield name, _hive_input(1, data)


def bcd_seeds(shared):
    """Stores of a BIOS and of UEFI, and a real one."""
    for name, windows, firmware, places in (
            ('bios', vista_versions.WIN7_X86, 'bios', [
                bcd.Place(signature=0x8e4b2d17, offset=offset << 20)
                for offset in (1, 101, 900)]),
            ('uefi', vista_versions.WIN10_22H2, 'uefi', [
                bcd.Place(partition=guids.made_up(part),
                          disk=guids.made_up('disk'))
                for part in ('system', 'boot', 'recovery')])):
        store = bcd.Store(windows, firmware, *places)
        yield name, bcd.build(store.key(), '\\Boot\\BCD', 0)
    yield from _files(shared, 'hives/*.BCD')


# --------------------------------------------------------------- programs

def _drivers():
    for windows in (winversions.XP_SP3, winversions.XP_X64):
        for name in ('atapi.sys', 'pciidex.sys'):
            data = windrivers.driver(name, windows)
            yield '%s-%x' % (name, windows.machine), data


def pe_seeds(_shared):
    """Drivers as the builder makes them, and the smallest that it can."""
    for machine in (pe.MACHINE_I386, pe.MACHINE_AMD64):
        yield 'small-%x' % machine, pe.PeFile(
            'atapi.sys', machine, size=1, original_filename='atapi.sys',
            imports={'HAL.dll': ('A', 'B'), 'ntoskrnl.exe': ('C',)},
            exports=('D',)).build()
    yield from _drivers()


def _members():
    text = b'some text that is packed, and packed again; ' * 40
    return [cabinet.Member('pciidex.sys', text + bytes(3000)),
            cabinet.Member('atapi.sys', bytes(range(256)) * 300)]


def _cabinets(shared):
    """All compressions, folders for each member or not; and real ones."""
    for name, compression in (('none', cabinet.NONE),
                              ('mszip', cabinet.MSZIP),
                              ('lzx', cabinet.LZX)):
        yield name, cabinet.build(_members(), compression)
        yield name + '-folders', cabinet.build(_members(), compression, 1)
        yield name + '-one', cabinet.build(_members()[:1], compression)
    yield from _files(shared, 'cab/*.cab')


def cabinet_seeds(shared):
    """With their checksums, and without."""
    for name, data in _cabinets(shared):
        yield name, b'\0' + data
        yield 'mended-' + name, b'\1' + data


def expand_seeds(shared):
    """SZDD, KWAJ, a cabinet of one member, and what is not packed."""
    plain = _members()[0].data
    yield 'szdd', expand.szdd(plain, 'atapi.sys')
    yield 'kwaj', expand.kwaj(plain)
    yield 'cabinet', cabinet.build(_members()[:1])
    yield 'plain', b'MZ' + bytes(100)
    yield from _files(shared, 'cab/kwaj/*')


def undo_seeds(_shared):
    """Files whose checksums the target makes."""
    body = b''
    for offset, size in ((512, 512), (4096, 1024)):
        body += struct.pack('<QQ', offset, size) + b'o' * size + b'n' * size
    for kind, what in ((1, b'the partition table'), (2, b'$LogFile')):
        body += struct.pack('<IIQQ32s', kind, len(what), 512, 1024,
                            b'd') + what
    head = struct.pack('<8sI4xQQII32s', b'XENFIXUN', 1, 0, 1 << 20, 2, 2,
                       b'qcow2')
    yield 'mended', b'\1' + head.ljust(512, b'\0') + body
    yield 'as-it-is', b'\0' + head.ljust(512, b'\0') + body


def wof_seeds(_shared):
    """A file of two chunks that wimlib packed, one that is not packed."""
    with open(os.path.join(SOURCE, 'tests/unit/wof-sample.h'),
              encoding='ascii') as file:
        codes = re.search(r'wof_sample\[\] = {(.*?)}', file.read(),
                          re.S).group(1)
    chunk = bytes(int(code, 0) for code in codes.split(',') if code.strip())
    plain = bytes(range(256)) * 16
    table = struct.pack('<II', len(chunk), len(chunk) * 2)
    yield 'wimlib', b'\0' + (3 * 4096).to_bytes(3, 'little') + table + \
        chunk * 2 + plain
    yield 'plain', b'\1' + (8192).to_bytes(3, 'little') + plain * 2
    yield 'empty', b'\2\0\0\0'


# ---------------------------------------------------------------- reports

def fleet_report_seeds(_shared):
    """Reports of guests that were prepared, refused, or are none."""
    prepared = fleetreports.prepared()
    for name, reports in (
            ('prepared', [prepared]),
            ('refused', [fleetreports.prepared(
                outcome='refused', error='it is in use', after=None,
                domain=None, report=None)]),
            ('three', [prepared, {'guest': '<b>'}, fleetreports.prepared(
                outcome='unchanged', after=fleetreports.NO)])):
        yield name, '\n--- '.join(map(json.dumps, reports)).encode()
