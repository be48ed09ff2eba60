"""
A boot configuration database: the store of objects that bootmgr reads

Objects, element types and their forms are those of a real store; the layout
of a device is in ../shared/FACTS.md, 12, and in ReactOS' boot library
(BL_DEVICE_DESCRIPTOR, BL_LOCAL_DEVICE, BL_PARTITION_DEVICE).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct
from dataclasses import dataclass

import guids
import hive
from hive import Key, binary, dword, multi_sz, sz

BOOTMGR = '{9dea862c-5cdd-4e70-acc1-f32b344d4795}'
FIRMWARE = '{a5a30fa2-3d06-4e9f-b5f4-a01df9d1fcba}'
MEMTEST = '{b2721d73-1db4-4c62-bf78-c548a880142d}'
GLOBAL = '{7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e}'
LOADER_SETTINGS = '{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}'
RESUME_SETTINGS = '{1afa9c49-16ab-4a5c-901b-212802da9460}'
DEBUGGER = '{4636856e-540f-4170-a130-a84776f4c654}'
EMS = '{0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9}'
BAD_MEMORY = '{5189b25c-5558-4bf2-bca4-289b11bd29e2}'
HYPERVISOR = '{7ff607e0-4395-11db-b0de-0800200c9a66}'

# Types of objects
TYPE_FIRMWARE, TYPE_BOOTMGR, TYPE_LOADER = 0x10100001, 0x10100002, 0x10200003
TYPE_RESUME, TYPE_MEMTEST = 0x10200004, 0x10200005
TYPE_INHERIT, TYPE_INHERIT_LOADER = 0x20100000, 0x20200003
TYPE_INHERIT_RESUME, TYPE_DEVICE = 0x20200004, 0x30000000

# Elements of each application
DEVICE, PATH, DESCRIPTION, LOCALE = '11000001', '12000002', '12000004', \
    '12000005'
INHERIT, RECOVERY_SEQUENCE, RECOVERY = '14000006', '14000008', '16000009'
# Of loaders, and of the resume application: FILE is hiberfil.sys there
OS_DEVICE, SYSTEM_ROOT, RESUME_OBJECT = '21000001', '22000002', '23000003'
NX, BOOT_MENU, DETECT_HAL = '25000020', '250000c2', '26000010'
WINPE, HIBERFILE = '26000022', '22000002'
# Of bootmgr
DISPLAY_ORDER, DEFAULT, TIMEOUT = '24000001', '23000003', '25000004'
TOOLS, BOOTMGR_RESUME = '24000010', '23000006'
# Of a RAM disk
SDI_DEVICE, SDI_PATH = '31000003', '32000004'

_DEVICE_RAMDISK, _DEVICE_BOOT, _DEVICE_PARTITION = 0, 5, 6
_HEADER = 16                    # of a device: type, flags, size, nothing
_GPT, _MBR = 0, 1


@dataclass(frozen=True)
class Place:
    """A partition: GUIDs of it and of its disk, or signature and offset."""

    partition: str = ''
    disk: str = ''
    signature: int = 0
    offset: int = 0             # bytes

    def device(self):
        """The device as it is in an element, without its options."""
        if self.partition:
            body = guids.packed(self.partition) + bytes(4) + struct.pack(
                '<I', _GPT) + guids.packed(self.disk)
        else:
            body = struct.pack('<QQIII', self.offset, 0, 0, _MBR,
                               self.signature)
        return _device(_DEVICE_PARTITION, 0, body.ljust(56, b'\0'))


def _device(kind, flags, body):
    return struct.pack('<IIII', kind, flags, _HEADER + len(body), 0) + body


def on_partition(place):
    """An element's value: a partition."""
    return binary(bytes(16) + place.device())


def on_boot_device():
    """An element's value: whatever bootmgr itself came from."""
    return binary(bytes(16) + _device(_DEVICE_BOOT, 0, bytes(56)))


def in_ramdisk(place, path, options):
    """An element's value: an image @path, with a device object's @options."""
    file = struct.pack('<III', 1, 0, 5) + place.device() + \
        path.encode('utf-16-le') + b'\0\0'
    file = file[:4] + struct.pack('<I', len(file)) + file[8:]
    return binary(guids.packed(options.strip('{}')) + _device(
        _DEVICE_RAMDISK, 1, struct.pack('<I20x', 3) + file))


def boolean(value):
    """An element's value."""
    return binary(bytes([value]))


def integer(value):
    """An element's value."""
    return binary(struct.pack('<Q', value))


@dataclass(frozen=True)
class Store:
    """What a setup of Windows writes into a new store."""

    windows: object             # VistaWindows
    firmware: str               # 'bios' or 'uefi'
    system: Place               # where bootmgr is
    boot: Place                 # where Windows is
    recovery: Place = None      # where winre.wim is
    others: tuple = ()          # where other Windows are

    @property
    def loader(self):
        """The GUID of the default entry."""
        return self.made_up('loader')

    def made_up(self, what):
        """GUIDs of one store differ from those of others."""
        return guids.braced(guids.made_up('%s of %s on %s' % (
            what, self.windows.product_name, self.firmware)))

    def other_loader(self, number):
        """The GUID of the entry of another Windows."""
        return self.made_up('loader %d' % number)

    @property
    def extension(self):
        """Of boot applications."""
        return 'efi' if self.firmware == 'uefi' else 'exe'

    def key(self):
        """The whole store, as a tree."""
        root = Key('private').merge({'Description': {
            'KeyName': sz('BCD00000000'), 'System': dword(1),
            'TreatAsSystem': dword(1), 'GuidCache': binary(bytes(24))}})
        objects = {**self.manager(), **self.applications(),
                   **self.settings(), **self.recovery_objects()}
        for name, (kind, elements) in objects.items():
            add(root, name, kind, elements)
        return root

    def manager(self):
        """The boot manager; on UEFI also what the firmware's own does."""
        elements = {
            DEVICE: on_partition(self.system),
            DESCRIPTION: sz('Windows Boot Manager'), LOCALE: sz('en-US'),
            INHERIT: multi_sz(GLOBAL), DEFAULT: sz(self.loader),
            BOOTMGR_RESUME: sz(self.made_up('resume')),
            DISPLAY_ORDER: multi_sz(self.loader, *(
                self.other_loader(n) for n in range(len(self.others)))),
            TOOLS: multi_sz(MEMTEST),
            TIMEOUT: integer(30)}
        if self.firmware == 'bios':
            return {BOOTMGR: (TYPE_BOOTMGR, elements)}
        elements[PATH] = sz('\\EFI\\Microsoft\\Boot\\bootmgfw.efi')
        return {BOOTMGR: (TYPE_BOOTMGR, elements),
                FIRMWARE: (TYPE_FIRMWARE, {
                    DISPLAY_ORDER: multi_sz(BOOTMGR),
                    TIMEOUT: integer(2)})}

    def applications(self):
        """Loaders, resume application and memory test."""
        folder = self.windows.system_root + '\\system32\\'
        loader = {
            DEVICE: on_partition(self.boot),
            PATH: sz(folder + 'winload.' + self.extension),
            DESCRIPTION: sz(self.windows.boot_title), LOCALE: sz('en-US'),
            INHERIT: multi_sz(LOADER_SETTINGS),
            OS_DEVICE: on_partition(self.boot),
            SYSTEM_ROOT: sz(self.windows.system_root),
            RESUME_OBJECT: sz(self.made_up('resume')),
            NX: integer(1 if self.windows.is_server else 0)}
        if self.recovery:
            loader[RECOVERY_SEQUENCE] = multi_sz(self.made_up('recovery'))
            loader[RECOVERY] = boolean(True)
        if self.windows.is_8:
            loader[BOOT_MENU] = integer(1)
        resume = {
            DEVICE: on_partition(self.boot),
            PATH: sz(folder + 'winresume.' + self.extension),
            DESCRIPTION: sz('Windows Resume Application'),
            LOCALE: sz('en-US'), INHERIT: multi_sz(RESUME_SETTINGS),
            OS_DEVICE: on_partition(self.boot),
            HIBERFILE: sz('\\hiberfil.sys')}
        memtest = {
            DEVICE: on_partition(self.system),
            PATH: sz('\\EFI\\Microsoft\\Boot\\memtest.efi'
                     if self.firmware == 'uefi' else '\\boot\\memtest.exe'),
            DESCRIPTION: sz('Windows Memory Diagnostic'),
            LOCALE: sz('en-US'), INHERIT: multi_sz(GLOBAL)}
        others = {self.other_loader(number): (TYPE_LOADER, {
            **loader, DEVICE: on_partition(place),
            OS_DEVICE: on_partition(place)})
            for number, place in enumerate(self.others)}
        return {self.loader: (TYPE_LOADER, loader), **others,
                self.made_up('resume'): (TYPE_RESUME, resume),
                MEMTEST: (TYPE_MEMTEST, memtest)}

    def settings(self):
        """What the others inherit from."""
        return {
            GLOBAL: (TYPE_INHERIT, {
                INHERIT: multi_sz(DEBUGGER, EMS, BAD_MEMORY)}),
            LOADER_SETTINGS: (TYPE_INHERIT_LOADER, {
                INHERIT: multi_sz(GLOBAL, HYPERVISOR)}),
            RESUME_SETTINGS: (TYPE_INHERIT_RESUME, {
                INHERIT: multi_sz(GLOBAL)}),
            HYPERVISOR: (TYPE_INHERIT_LOADER, {}),
            DEBUGGER: (TYPE_INHERIT, {}), BAD_MEMORY: (TYPE_INHERIT, {}),
            EMS: (TYPE_INHERIT, {'16000020': boolean(False)})}

    def recovery_objects(self):
        """A loader whose Windows is in an image, and the RAM disk for it."""
        if not self.recovery:
            return {}
        options = self.made_up('device options')
        image = in_ramdisk(self.recovery, '\\Recovery\\WindowsRE\\Winre.wim',
                           options)
        return {
            self.made_up('recovery'): (TYPE_LOADER, {
                DEVICE: image, OS_DEVICE: image, LOCALE: sz('en-us'),
                PATH: sz('\\windows\\system32\\winload.' + self.extension),
                DESCRIPTION: sz('Windows Recovery Environment'),
                INHERIT: multi_sz(LOADER_SETTINGS),
                SYSTEM_ROOT: sz('\\windows'), NX: integer(0),
                WINPE: boolean(True)}),
            options: (TYPE_DEVICE, {
                DESCRIPTION: sz('Windows Recovery'),
                SDI_DEVICE: on_partition(self.recovery),
                SDI_PATH: sz('\\Recovery\\WindowsRE\\boot.sdi')})}


def add(root, name, kind, elements):
    """An object, and each element with a value of its own."""
    root.at('Objects\\' + name).merge({
        'Description': {'Type': dword(kind)},
        'Elements': {element: {'Element': value}
                     for element, value in elements.items()}})


def build(root, path, timestamp):
    """The file of a store; @path as the file system has it."""
    return hive.build(root, path, 3, (17, 17), timestamp, 'NewStoreRoot')
