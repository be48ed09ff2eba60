"""
PE files such as Windows drivers, kernels and HALs: valid, but not code

A file has what a loader and a careful tool look at: headers of the right
machine type, sections, an import and an export directory, a relocation
section, a version resource and a correct checksum.  Its .text is filler
behind an entry point that returns at once.

Layouts: Microsoft's PE/COFF specification; section and field names are its.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import array
import struct
import sys
from dataclasses import dataclass, field

import filler
import peversion

MACHINE_I386 = 0x014c
MACHINE_AMD64 = 0x8664

SUBSYSTEM_NATIVE, SUBSYSTEM_GUI, SUBSYSTEM_CUI = 1, 2, 3

_FILE_ALIGN = 0x200
_SECTION_ALIGN = 0x1000
_HEADERS_SIZE = 0x400
_LFANEW = 0x80

# IMAGE_SCN_*: code | execute | read; initialised data | read (| discardable)
_TEXT = 0x60000020
_RDATA = 0x40000040
_INIT = 0xe2000020
_RELOC = 0x42000040

# Indexes into the optional header's data directory
_DIR_EXPORT, _DIR_IMPORT, _DIR_RESOURCE = 0, 1, 2
_DIR_RELOC, _DIR_IAT = 5, 12

# Entry points that return STATUS_SUCCESS: DriverEntry has two parameters,
# which its stdcall form on i386 has to remove.
_ENTRY = {MACHINE_I386: bytes.fromhex('33c0c20800'),
          MACHINE_AMD64: bytes.fromhex('33c0c3')}

# A DOS stub of our own: mov ax, 4C01h; int 21h
_DOS_STUB = bytes.fromhex('b8014ccd21')


@dataclass
class PeFile:
    """What to build; @size is a lower bound of the file's size."""

    name: str
    machine: int = MACHINE_I386
    version: tuple = (5, 1, 2600, 0)
    label: str = ''
    description: str = ''
    original_filename: str = ''
    product: str = 'Microsoft\u00ae Windows\u00ae Operating System'
    company: str = 'Microsoft Corporation'
    imports: dict = field(default_factory=dict)
    exports: tuple = ()
    size: int = 24 * 1024
    subsystem: int = SUBSYSTEM_NATIVE
    dll: bool = False
    timestamp: int = 0x48025d00

    def build(self):
        """The bytes of the file."""
        return _Builder(self).build()


class _Builder:
    """Lays out sections one after another, in memory and in the file."""

    def __init__(self, spec):
        self.spec = spec
        self.is_64 = spec.machine == MACHINE_AMD64
        self.sections = []          # (name, rva, data, characteristics)
        self.directories = {}       # index -> (rva, size)
        self.next_rva = _SECTION_ALIGN

    def add(self, name, data, characteristics):
        self.sections.append((name, self.next_rva, data, characteristics))
        self.next_rva += _align(len(data), _SECTION_ALIGN)

    def build(self):
        spec = self.spec
        self.add_text()
        if spec.exports:
            self.add_exports()
        if spec.imports:
            self.add_imports()
        self.add_version()
        self.add_relocations()
        image = self.headers() + b''.join(
            _padded(data, _FILE_ALIGN) for _, _, data, _ in self.sections)
        return _with_checksum(image)

    def add_text(self):
        entry = _ENTRY[self.spec.machine]
        size = max(self.spec.size - 0x1000, 0x600)
        body = filler.code_bytes('text ' + self.spec.name, size - len(entry))
        self.add(b'.text', entry + body, _TEXT)

    def add_exports(self):
        rva = self.next_rva
        data = _export_section(rva, self.spec.name, sorted(self.spec.exports))
        self.directories[_DIR_EXPORT] = (rva, len(data))
        self.add(b'.edata', data, _RDATA)

    def add_imports(self):
        rva = self.next_rva
        data, iat, iat_size = _import_section(rva, self.spec.imports,
                                              8 if self.is_64 else 4)
        descriptors = 20 * (len(self.spec.imports) + 1)
        self.directories[_DIR_IMPORT] = (rva, descriptors)
        self.directories[_DIR_IAT] = (iat, iat_size)
        self.add(b'INIT', data, _INIT)

    def add_version(self):
        rva = self.next_rva
        block = peversion.version_info(self.spec.version,
                                       _strings(self.spec),
                                       _file_type(self.spec))
        data = peversion.resource_section(rva, block)
        self.directories[_DIR_RESOURCE] = (rva, len(data))
        self.add(b'.rsrc', data, _RDATA)

    def add_relocations(self):
        # One block for the page of .text, two pointers in it to adjust:
        # IMAGE_REL_BASED_DIR64 or _HIGHLOW, and the offset in the page
        kind = 10 if self.is_64 else 3
        data = struct.pack('<IIHH', _SECTION_ALIGN, 12, kind << 12 | 0x100,
                           kind << 12 | 0x108)
        self.directories[_DIR_RELOC] = (self.next_rva, len(data))
        self.add(b'.reloc', data, _RELOC)

    def headers(self):
        dos = b'MZ' + struct.pack('<HHH', 0x90, 3, 0)
        dos = _to(dos, 0x3c) + struct.pack('<I', _LFANEW) + _DOS_STUB
        head = _to(dos, _LFANEW) + b'PE\0\0' + self.file_header() + \
            self.optional_header() + self.section_headers()
        return _to(head, _HEADERS_SIZE)

    def file_header(self):
        # IMAGE_FILE_EXECUTABLE_IMAGE, 32BIT_MACHINE or LARGE_ADDRESS_AWARE,
        # and DLL
        flags = 0x0002 | (0x0020 if self.is_64 else 0x0100)
        flags |= 0x2000 if self.spec.dll else 0
        return struct.pack('<HHIIIHH', self.spec.machine, len(self.sections),
                           self.spec.timestamp, 0, 0,
                           240 if self.is_64 else 224, flags)

    def optional_header(self):
        version = self.spec.version
        code = _align(len(self.sections[0][2]), _FILE_ALIGN)
        rest = sum(_align(len(s[2]), _FILE_ALIGN) for s in self.sections[1:])
        head = struct.pack('<HBBIIIII', 0x20b if self.is_64 else 0x10b, 7, 10,
                           code, rest, 0, _SECTION_ALIGN, _SECTION_ALIGN)
        base = 0x10000
        if self.is_64:
            head += struct.pack('<Q', base)
        else:
            head += struct.pack('<II', self.sections[1][1], base)
        head += struct.pack('<II6HIIIIHH', _SECTION_ALIGN, _FILE_ALIGN,
                            version[0], version[1], version[0], version[1],
                            version[0], version[1], 0, self.next_rva,
                            _HEADERS_SIZE, 0, self.spec.subsystem, 0)
        stack = '<QQQQII' if self.is_64 else '<IIIIII'
        head += struct.pack(stack, 0x40000, 0x1000, 0x100000, 0x1000, 0, 16)
        for index in range(16):
            head += struct.pack('<II', *self.directories.get(index, (0, 0)))
        return head

    def section_headers(self):
        offset = _HEADERS_SIZE
        table = b''
        for name, rva, data, characteristics in self.sections:
            raw = _align(len(data), _FILE_ALIGN)
            table += struct.pack('<8sIIIIIIHHI', name, len(data), rva, raw,
                                 offset, 0, 0, 0, 0, characteristics)
            offset += raw
        return table


def _align(value, unit):
    return -(-value // unit) * unit


def _padded(data, unit):
    return data + bytes(-len(data) % unit)


def _to(data, size):
    assert len(data) <= size
    return data.ljust(size, b'\0')


def _file_type(spec):
    if spec.name.lower().endswith('.sys'):
        return peversion.VFT_DRV
    return peversion.VFT_DLL if spec.dll else peversion.VFT_APP


def _strings(spec):
    """StringFileInfo in the order that Microsoft's files have."""
    number = '%d.%d.%d.%d' % spec.version
    original = spec.original_filename or spec.name
    return {'CompanyName': spec.company,
            'FileDescription': spec.description or spec.name,
            'FileVersion': (number + ' ' + spec.label).strip(),
            'InternalName': original,
            'LegalCopyright': 'Test data of win-xenprep, not a real driver',
            'OriginalFilename': original,
            'ProductName': spec.product,
            'ProductVersion': number}


def _import_section(rva, imports, thunk_size):
    """Descriptors, lookup tables, address tables, names: in that order."""
    thunks = sum(len(names) + 1 for names in imports.values()) * thunk_size
    lookup_at = 20 * (len(imports) + 1)
    lookup_at = _align(lookup_at, 8)
    address_at = lookup_at + thunks
    names_at = address_at + thunks
    descriptors, lookup, names = b'', b'', b''
    for module, functions in imports.items():
        table_at = len(lookup)
        for function in functions:
            lookup += (rva + names_at + len(names)).to_bytes(thunk_size,
                                                             'little')
            names += _padded(b'\0\0' + function.encode() + b'\0', 2)
        lookup += bytes(thunk_size)
        descriptors += struct.pack('<IIIII', rva + lookup_at + table_at, 0, 0,
                                   rva + names_at + len(names),
                                   rva + address_at + table_at)
        names += _padded(module.encode() + b'\0', 2)
    section = _to(descriptors, lookup_at) + lookup + lookup + names
    return section, rva + address_at, thunks


def _export_section(rva, module, functions):
    """IMAGE_EXPORT_DIRECTORY; every function is the entry point."""
    count = len(functions)
    addresses_at = 40
    pointers_at = addresses_at + 4 * count
    ordinals_at = pointers_at + 4 * count
    names_at = ordinals_at + 2 * count
    names = module.encode() + b'\0'
    pointers = b''
    for function in functions:
        pointers += struct.pack('<I', rva + names_at + len(names))
        names += function.encode() + b'\0'
    head = struct.pack('<IIHHIIIIIII', 0, 0, 0, 0, rva + names_at, 1, count,
                       count, rva + addresses_at, rva + pointers_at,
                       rva + ordinals_at)
    return head + struct.pack('<I', _SECTION_ALIGN) * count + pointers + \
        struct.pack('<%dH' % count, *range(count)) + names


def checksum(image):
    """The PE checksum of @image, whose own checksum field must be 0."""
    words = array.array('H', _padded(image, 2))
    if sys.byteorder == 'big':
        words.byteswap()
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total + len(image)


def _with_checksum(image):
    at = _LFANEW + 24 + 64      # OptionalHeader.CheckSum
    return image[:at] + struct.pack('<I', checksum(image)) + image[at + 4:]
