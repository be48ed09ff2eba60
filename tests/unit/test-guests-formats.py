#!/usr/bin/env python3
"""
Tests of the file formats that tests/guests writes, with others' readers

SPDX-License-Identifier: GPL-2.0-or-later
"""

import ctypes
import os
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../guests'))

import cabinet          # noqa: E402
import expand           # noqa: E402
import filetree         # noqa: E402
import filler           # noqa: E402
import guest            # noqa: E402
import hive             # noqa: E402
import pe               # noqa: E402
import registry         # noqa: E402
import regtext          # noqa: E402
import security         # noqa: E402
import windrivers       # noqa: E402
from tap import Skip, equal, main, run      # noqa: E402
from winversions import (W2K3_X64, W2K_SP4, XP_RTM,     # noqa: E402
                         XP_SP3)

WORK = tempfile.TemporaryDirectory(prefix='test-guests-')


def write(name, data):
    """The path of a file with @data."""
    path = os.path.join(WORK.name, name)
    with open(path, 'wb') as output:
        output.write(data)
    return path


def read(path):
    """The contents of a file."""
    with open(path, 'rb') as source:
        return source.read()


# PE files

def pefile_of(data):
    """@data as the module pefile sees it."""
    try:
        import pefile
    except ImportError:
        raise Skip('python3-pefile is not installed') from None
    return pefile.PE(data=data)


def check_pe(machine):
    data = windrivers.driver('atapi.sys', XP_SP3, machine=machine)
    image = pefile_of(data)
    equal(image.FILE_HEADER.Machine, machine, 'machine type')
    equal(image.OPTIONAL_HEADER.Magic,
          0x20b if machine == pe.MACHINE_AMD64 else 0x10b, 'PE32 or PE32+')
    equal(image.verify_checksum(), True, 'checksum')
    imports = {entry.dll.decode(): tuple(i.name.decode()
                                         for i in entry.imports)
               for entry in image.DIRECTORY_ENTRY_IMPORT}
    modules = windrivers.IDE_DRIVERS['atapi.sys'][1]
    equal(imports, {m: windrivers.FUNCTIONS[m] for m in modules}, 'imports')
    fixed = image.VS_FIXEDFILEINFO[0]
    equal((fixed.FileVersionMS, fixed.FileVersionLS),
          (5 << 16 | 1, 2600 << 16 | 5512), 'fixed version')
    strings = image.FileInfo[0][0].StringTable[0].entries
    equal(strings[b'FileVersion'], b'5.1.2600.5512 (xpsp.080413-2108)')
    equal(strings[b'OriginalFilename'], b'atapi.sys')


def test_pe_i386():
    check_pe(pe.MACHINE_I386)


def test_pe_amd64():
    check_pe(pe.MACHINE_AMD64)


def test_pe_objdump():
    path = write('pciide.sys', windrivers.driver('pciide.sys', XP_SP3))
    _, text = run('objdump', '-p', path, text=True)
    for line in ('file format pei-i386', 'DLL Name: ntoskrnl.exe',
                 'DLL Name: PCIIDEX.SYS', 'PciIdeXInitialize',
                 'Subsystem\t\t00000001'):
        equal(line in text, True, line)


def test_pe_objdump_amd64():
    path = write('atapi.sys', windrivers.driver('atapi.sys', W2K3_X64))
    _, text = run('objdump', '-p', path, text=True)
    for line in ('file format pei-x86-64', 'DLL Name: WMILIB.SYS',
                 'Magic\t\t\t020b'):
        equal(line in text, True, line)


def test_pe_versions():
    """The kernel and the drivers of each Windows say its version."""
    for windows in (W2K_SP4, W2K3_X64):
        for data in (windrivers.kernel(windows),
                     windrivers.driver('pciidex.sys', windows)):
            image = pefile_of(data)
            fixed = image.VS_FIXEDFILEINFO[0]
            major, minor, build, revision = windows.version
            equal((fixed.FileVersionMS, fixed.FileVersionLS),
                  (major << 16 | minor, build << 16 | revision))
            equal(image.FILE_HEADER.Machine, windows.machine)


def test_pe_hal():
    image = pefile_of(windrivers.hal(XP_SP3))
    strings = image.FileInfo[0][0].StringTable[0].entries
    equal(strings[b'OriginalFilename'], b'halacpi.dll')
    equal(strings[b'InternalName'], b'halacpi.dll')
    equal(bool(image.FILE_HEADER.Characteristics & 0x2000), True, 'is a DLL')


def all_images(windows, drivers):
    """Every PE file of a guest, by name in upper case."""
    images = {'NTOSKRNL.EXE': windrivers.kernel(windows),
              'HAL.DLL': windrivers.hal(windows)}
    for name in windrivers.boot_libraries(windows):
        images[name.upper()] = windrivers.boot_library(name, windows)
    for name in (*drivers, *windrivers.IDE_DRIVERS):
        images[name.upper()] = windrivers.driver(name, windows)
    return images


def test_pe_imports_resolve():
    images = all_images(XP_SP3, windrivers.INSTALLED_DRIVERS)
    for name in windrivers.VMWARE_DRIVERS:
        images[name.upper()] = windrivers.vmware_driver(name, XP_SP3)
    check_imports(images)


def test_pe_imports_resolve_slim():
    for windows in (W2K_SP4, W2K3_X64):
        check_imports(all_images(windows, windrivers.SLIM_DRIVERS))


def check_imports(images):
    """Whatever one imports another exports."""
    images = {name: pefile_of(data) for name, data in images.items()}
    for name, image in images.items():
        for entry in getattr(image, 'DIRECTORY_ENTRY_IMPORT', ()):
            exporter = images[entry.dll.decode().upper()]
            exported = {symbol.name for symbol in
                        exporter.DIRECTORY_ENTRY_EXPORT.symbols}
            wanted = {function.name for function in entry.imports}
            equal(wanted - exported, set(), '%s wants of %s' % (
                name, entry.dll))


# Cabinets

MEMBERS = {
    'empty.txt': b'',
    'Mixed.Sys': filler.code_bytes('mixed', 100_001),
    'RANDOM.BIN': filler.raw_bytes('random', 32_768),
    'zeros': bytes(70_000),
    'text.inf': filler.text_lines('text', 40_000),
}


def check_cabinet(compression, folder_size):
    data = cabinet.build([cabinet.Member(*m) for m in MEMBERS.items()],
                         compression, folder_size)
    path = write('test.cab', data)
    for number, command in enumerate((('cabextract', '-q', '-d'),
                                      ('7z', 'x', '-y', '-o'))):
        folder = os.path.join(WORK.name, 'cab%d-%d-%d' % (
            compression, folder_size, number))
        target = [command[-1] + folder] if command[0] == '7z' \
            else [command[-1], folder]
        run(*command[:-1], *target, path)
        found = {name: read(os.path.join(folder, name))
                 for name in os.listdir(folder)}
        equal(found, MEMBERS, command[0])


def test_cabinet_mszip():
    check_cabinet(cabinet.MSZIP, 1 << 20)


def test_cabinet_small_folders():
    check_cabinet(cabinet.MSZIP, 50_000)


def test_cabinet_stored():
    check_cabinet(cabinet.NONE, 1 << 20)


def test_cabinet_lzx():
    check_cabinet(cabinet.LZX, 1 << 20)
    path = write('lzx.cab', cabinet.build([cabinet.Member('a', b'A' * 9)],
                                          cabinet.LZX))
    _, text = run('7z', 'l', '-slt', path, text=True)
    equal('Method = LZX:21' in text, True, text)


# Files of expand.exe

def packed_samples():
    """Contents at the edges: matches, their limits, none."""
    return (b'', b'a', b'ab' * 9_000, bytes(100),
            filler.raw_bytes('szdd', 5_000) * 3,
            windrivers.driver('pciide.sys', XP_SP3))


def test_szdd():
    """7z unpacks what SZDD packs, and so does libmspack."""
    for data in packed_samples():
        path = write('pciide.sy_', expand.szdd(data, 'pciide.sys'))
        equal(decompress('szdd', path), data, 'libmspack')
        if data:
            _, found = run('7z', 'e', '-so', path, stderr=None)
            equal(found, data, '7z')
    equal(len(expand.szdd(bytes(9_000), 'x')) < 2_000, True, 'it packs')


def test_kwaj():
    """libmspack unpacks it; nothing else here knows KWAJ."""
    for data in packed_samples():
        path = write('pciide.sy_', expand.kwaj(data))
        equal(decompress('kwaj', path), data, 'libmspack')


def decompress(kind, path):
    """
    libmspack's msPACK_KIND_decompressor: a table of functions, of which the
    fourth has the names of an input and an output file.
    """
    try:
        library = ctypes.CDLL('libmspack.so.0')
    except OSError:
        raise Skip('libmspack is not installed') from None
    create = library['mspack_create_%s_decompressor' % kind]
    create.restype = ctypes.c_void_p
    table = create(None)
    pointer = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[3]
    function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p,
                                ctypes.c_char_p, ctypes.c_char_p)(pointer)
    output = write('unpacked', b'')
    equal(function(table, path.encode(), output.encode()), 0, path)
    return read(output)


# Hives

def nasty_tree():
    """Keys and values at the edges of what a hive can hold."""
    root = registry.system(XP_SP3, 0x12345678, 63 * 512)
    odd = root.at('Odd')
    odd.values = {'': hive.sz('default'), 'empty': hive.binary(b''),
                  'one': hive.binary(b'\x01'), 'none': (0, b''),
                  'back\\slash "quoted"': hive.sz('C:\\ "x"'),
                  'J\u00f6rg': hive.sz('latin'),
                  'number': hive.dword(0xfffffffe)}
    for size in (5, 4_000, 16_344, 16_400, 70_000):
        odd.values['size %d' % size] = hive.binary(
            filler.raw_bytes('value', size))
    many = root.at('Many')
    for number in range(1_500):
        many.keys['Key %d' % number] = hive.Key()
    return root


def check_hive(minor):
    tree = nasty_tree()
    data = hive.build(tree, 'SYSTEM', minor, (7, 7), 128_000_000_000_000_000)
    equal(len(data) % 4096, 0, 'size')
    check_references(data)
    kinds = {payload[:2] for _, payload in allocated_cells(data)}
    equal(kinds & {b'lf', b'lh', b'ri'},
          {b'lf' if minor < 5 else b'lh', b'ri'}, 'kinds of lists')
    path = write('hive%d' % minor, data)
    _, text = run('hivexregedit', '--export', path, '\\', text=True,
                  encoding='latin-1', stderr=None)
    found = regtext.parse(text)
    expected = regtext.flatten(tree)
    equal(sorted(found), sorted(expected), 'keys')
    for key, values in expected.items():
        equal(found[key], values, key)


def check_references(data):
    """Each sk cell counts the keys that use it; the ring is closed."""
    used, cells = {}, {}
    for cell, payload in allocated_cells(data):
        if payload[:2] == b'nk':
            sk, = struct.unpack_from('<I', payload, 44)
            used[sk] = used.get(sk, 0) + 1
        elif payload[:2] == b'sk':
            cells[cell] = struct.unpack_from('<III', payload, 4)
    equal({cell: count for cell, (_, _, count) in cells.items()}, used)
    for cell, (after, _, _) in cells.items():
        equal(cells[after][1], cell, 'backward link')


def allocated_cells(data):
    """Offset and payload of every cell in use."""
    at = 4096
    end_of_bins = 4096 + struct.unpack_from('<I', data, 40)[0]
    while at < end_of_bins:
        equal(data[at:at + 4], b'hbin')
        end = at + struct.unpack_from('<I', data, at + 8)[0]
        at += 32
        while at < end:
            size, = struct.unpack_from('<i', data, at)
            if size < 0:
                yield at - 4096, data[at + 4:at - size]
            at += abs(size)
        equal(at, end, 'cells fill their bin')


def test_hive_minor_3():
    check_hive(3)


def test_hive_minor_5():
    check_hive(5)


def test_hive_reged():
    """chntpw's reader knows neither big data nor ri: a plain tree."""
    tree = registry.system(XP_SP3, 0x12345678, 63 * 512)
    path = write('plain', hive.build(tree, 'SYSTEM', 5, (7, 7)))
    output = os.path.join(WORK.name, 'plain.reg')
    run('reged', '-x', path, 'HKEY_LOCAL_MACHINE\\SYSTEM', '\\', output)
    found = regtext.parse(read(output).decode('latin-1'),
                          'HKEY_LOCAL_MACHINE\\SYSTEM')
    equal(found, regtext.flatten(tree))


def test_hive_order_and_hashes():
    """A real hive's subkey lists: our order, and our hash of each name."""
    shared = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
        guest.HERE, '../../../shared/data')
    path = os.path.join(shared, guest.REAL_HIVE)
    if not os.path.exists(path):
        raise Skip('there is no ' + guest.REAL_HIVE)
    data = read(path)
    lists = 0
    for _, payload in allocated_cells(data):
        if payload[:2] != b'lh':
            continue
        count, = struct.unpack_from('<H', payload, 2)
        names = []
        for index in range(count):
            cell, = struct.unpack_from('<I', payload, 4 + 8 * index)
            names.append(name_of_key(data, cell))
            equal(payload[8 + 8 * index:12 + 8 * index],
                  hive.name_hash(names[-1]), names[-1])
        equal(names, sorted(names, key=str.upper))
        lists += 1
    equal(lists > 1000, True, 'lists seen')


def exported(data, path):
    """The keys below @path of a hive, by hivexregedit."""
    _, text = run('hivexregedit', '--export', write('exported', data), path,
                  text=True, encoding='latin-1', stderr=None)
    return regtext.parse(text)


def test_hive_software():
    """What the SOFTWARE hive says of each Windows."""
    path = '\\Microsoft\\Windows NT\\CurrentVersion'
    for windows, pack, version in ((W2K_SP4, 'Service Pack 4', '5.0'),
                                   (XP_RTM, None, '5.1'),
                                   (W2K3_X64, 'Service Pack 2', '5.2')):
        values, = exported(hive.build(
            registry.software(windows), 'software', windows.hive_minor),
            path).values()
        texts = {name: data.decode('utf-16-le').rstrip('\0')
                 for name, (kind, data) in values.items() if kind == 1}
        equal(texts['ProductName'], windows.product_name)
        equal(texts.get('CSDVersion'), pack)
        equal(texts['CurrentVersion'], version)
        equal(texts['CurrentBuildNumber'], str(windows.version[2]))
        equal(texts['SystemRoot'], 'C:' + windows.system_root)


def test_hive_dirty_log():
    """A log's pages are behind its whole bitmap, and complete the hive."""
    new = hive.build(nasty_tree(), 'SYSTEM', 5, (7, 7))
    old = bytearray(new)
    places = (4096, 9_000, len(new) - 1)
    for at in places:
        old[at] ^= 0xff
    log = hive.dirty_log(new, hive.different_pages(new, old))
    equal(struct.unpack_from('<II', log, 4), (7, 7), 'sequence numbers')
    equal(log[512:516], b'DIRT')
    bits = (len(new) - 4096) // 512
    at = -(-(516 + bits // 8) // 512) * 512
    for number in range(bits):
        if log[516 + number // 8] >> number % 8 & 1:
            place = 4096 + 512 * number
            old[place:place + 512] = log[at:at + 512]
            at += 512
    equal((at, bytes(old) == new), (len(log), True))
    equal(bits > 8 * 508, False, 'one sector of bitmap will do')


def name_of_key(data, cell):
    """The name in a key cell."""
    at = 4096 + cell + 4
    flags, = struct.unpack_from('<H', data, at + 2)
    length, = struct.unpack_from('<H', data, at + 72)
    return data[at + 76:at + 76 + length].decode(
        'latin-1' if flags & 0x20 else 'utf-16-le')


def test_hive_edits():
    data = hive.build(registry.small('SAM'), 'SAM', 5, (9, 9))
    dirty = hive.with_sequence(data, 9, 8)
    equal(struct.unpack_from('<II', dirty, 4), (9, 8))
    for wrong, expected in ((data, 0), (hive.with_bad_checksum(data), 1)):
        status, _ = run('hivexsh', write('edited', wrong), check=False)
        equal(status != 0, bool(expected), 'hivexsh fails')
    log = hive.clean_log(data)
    equal((len(log), log[28]), (1024, 1), 'log')
    log = hive.clean_log(hive.build(registry.small('SAM'), 'SAM', 3, (9, 9)))
    equal(log[28], 2, 'file type of a log of Windows 2000')


# Names and descriptors

def test_short_names():
    taken = set()
    for name, expected in (
            ('boot.ini', 'BOOT.INI'), ('Program Files', 'PROGRA~1'),
            ('Program Data', 'PROGRA~2'), ('WindowsUpdate.log',
                                           'WINDOW~1.LOG'),
            ('$Nt x$.longext', '$NTX$~1.LON'), ('glib-2.0.dll',
                                                'GLIB-2~1.DLL')):
        short = filetree.short_name(name, taken)
        equal(short, expected, name)
        taken.add(short)
    names = [filetree.short_name('x', set()) for _ in range(2)]
    for number in range(40):
        short = filetree.short_name('same start %d' % number, taken)
        equal(short in taken or len(short) > 8, False, short)
        taken.add(short)
    equal(names, ['X', 'X'])


def test_descriptors():
    """Offsets of owner, group and DACL lead to a SID or an ACL."""
    for raw in (*security.FILE_DESCRIPTORS.values(),
                *security.KEY_DESCRIPTORS.values()):
        _, _, control, owner, group, sacl, dacl = struct.unpack_from(
            '<BBHIIII', raw)
        equal((control, sacl), (0x8004, 0))
        size, count = struct.unpack_from('<HH', raw, dacl + 2)
        at = dacl + 8
        for _ in range(count):
            at += struct.unpack_from('<H', raw, at + 2)[0]
        equal((at, at), (dacl + size, owner), 'end of the ACL')
        equal(raw[owner], 1)
        equal(group + 8 + 4 * raw[group + 1], len(raw), 'end of the group')


if __name__ == '__main__':
    sys.exit(main([(name[5:].replace('_', '-'), function)
                   for name, function in list(globals().items())
                   if name.startswith('test_')]))
