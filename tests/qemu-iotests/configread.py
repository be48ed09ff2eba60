"""What the tests of "win-xenfix config" share: readers of configurations.

A configuration for xl is read by xl's own parsers, libxlutil; one for libvirt
has to fit libvirt's schema.  All come out as the same dictionary, so that
they can be compared.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import ctypes
import ctypes.util
import json
import subprocess
import xml.etree.ElementTree

# More than a libxl_device_disk takes in any version.
DISK_BYTES = 64 * 1024

XL_STRINGS = ('name', 'type', 'firmware', 'hdtype', 'boot', 'vga',
              'usbdevice', 'vnclisten')
XL_NUMBERS = ('memory', 'vcpus', 'acpi', 'apic', 'pae', 'nx', 'viridian',
              'localtime', 'xen_platform_pci', 'usb', 'vnc')
XL_LISTS = ('disk', 'vif')
XL_VGA = {'stdvga': 'std'}
XL_FORMATS = {'vhd': 'vpc'}
XL_FIRMWARE = {'ovmf': 'uefi'}
LIBVIRT_VGA = {'vga': 'std'}


def comments(text):
    """The comments of a configuration for xl or QEMU, on one line."""
    return ' '.join(line.lstrip('#').strip() for line in text.splitlines()
                    if line.startswith('#'))


# --------------------------------------------------------------------- xl

def xl_parsers():
    """The libraries of xl, or None if they are not installed."""
    names = [ctypes.util.find_library(name)
             for name in ('xlutil', 'xenlight')]
    if None in names:
        return None
    xlutil, xenlight = (ctypes.CDLL(name) for name in names)
    for function in (xlutil.xlu_cfg_init, xlutil.xlu_cfg_get_listitem,
                     xenlight.libxl_device_disk_to_json):
        function.restype = ctypes.c_void_p
    return xlutil, xenlight


def _xl_list(xlutil, config, key):
    """The strings of a list, or None."""
    items, count = ctypes.c_void_p(), ctypes.c_int()
    if xlutil.xlu_cfg_get_list(config, key.encode(), ctypes.byref(items),
                               ctypes.byref(count), 1):
        return None
    return [ctypes.string_at(xlutil.xlu_cfg_get_listitem(items, i)).decode()
            for i in range(count.value)]


def xl_read(text):
    """All that xl's parser finds: known keys, and their values."""
    xlutil, _ = xl_parsers()
    stderr = ctypes.c_void_p.in_dll(ctypes.CDLL(None), 'stderr')
    config = ctypes.c_void_p(xlutil.xlu_cfg_init(stderr, b'config'))
    data = text.encode()
    status = xlutil.xlu_cfg_readdata(config, data, len(data))
    if status:
        raise ValueError(f'xl cannot read it: error {status}\n{text}')
    found = {}
    string, number = ctypes.c_char_p(), ctypes.c_long()
    for key in XL_STRINGS:
        if not xlutil.xlu_cfg_get_string(config, key.encode(),
                                         ctypes.byref(string), 1):
            found[key] = string.value.decode()
    for key in XL_NUMBERS:
        if not xlutil.xlu_cfg_get_long(config, key.encode(),
                                       ctypes.byref(number), 1):
            found[key] = number.value
    for key in XL_LISTS:
        found[key] = _xl_list(xlutil, config, key)
    return found


def _xl_known(function, word):
    """Whether it is one of the words of an enumeration of libxl's."""
    _, xenlight = xl_parsers()
    number = ctypes.c_int()
    if getattr(xenlight, f'libxl_{function}_from_string')(
            word.encode(), ctypes.byref(number)):
        raise ValueError(f"libxl has no {function} '{word}'")
    return word


def _xl_firmware(word):
    """The kind of firmware; xl itself makes its default of "bios"."""
    if word != 'bios':
        word = _xl_known('bios_type', word)
    return XL_FIRMWARE.get(word, word)


def xl_disk(spec):
    """What xl makes of the specification of a disk."""
    xlutil, xenlight = xl_parsers()
    stderr = ctypes.c_void_p.in_dll(ctypes.CDLL(None), 'stderr')
    config = ctypes.c_void_p(xlutil.xlu_cfg_init(stderr, b'disk'))
    disk = ctypes.create_string_buffer(DISK_BYTES)
    xenlight.libxl_device_disk_init(disk)
    specs = (ctypes.c_char_p * 1)(spec.encode())
    status = xlutil.xlu_disk_parse(config, 1, specs, disk)
    if status:
        raise ValueError(f'xl cannot read the disk: error {status}: {spec}')
    text = xenlight.libxl_device_disk_to_json(None, disk)
    return json.loads(ctypes.string_at(text).decode())


def from_xl(text):
    """The settings of a configuration for xl."""
    found = xl_read(text)
    disk = xl_disk(found['disk'][0])
    nic = dict(word.split('=') for word in found['vif'][0].split(', '))
    return {
        'name': found['name'], 'memory': found['memory'],
        'vcpus': found['vcpus'], 'acpi': bool(found['acpi']),
        'apic': bool(found['apic']), 'pae': bool(found['pae']),
        'hyperv': bool(found['viridian']),
        'localtime': bool(found['localtime']),
        'disk': disk['pdev_path'],
        'format': XL_FORMATS.get(disk['format'], disk['format']),
        'firmware': _xl_firmware(found['firmware']),
        'controller': _xl_known('hdtype', found['hdtype'])
        if disk['vdev'] == 'hda' else None,
        'nic': nic['model'], 'mac': nic.get('mac'),
        'bridge': nic.get('bridge'),
        'vga': XL_VGA.get(found['vga'], found['vga']),
        # it has none to give
        'tpm': False,
        'tablet': bool(found['usb']) and found['usbdevice'] == 'tablet',
    }


# ---------------------------------------------------------------- libvirt

def validate_libvirt(path):
    """Whether the file fits libvirt's schema; returns what is wrong."""
    res = subprocess.run(['virt-xml-validate', path, 'domain'], check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
    return None if res.returncode == 0 else res.stdout


def _has_pae(domain):
    """Whether both ways to say it say that there is PAE."""
    pae = domain.find('features/pae') is not None
    off = domain.find("cpu/feature[@name='pae']") is not None
    if domain.find('cpu') is not None and pae == off:
        raise ValueError('PAE is on and off')
    return pae


def _libvirt_controller(domain):
    """The controller of the disk, if the chipset has it."""
    target = domain.find('devices/disk/target')
    return {('pc', 'ide', 'hda'): 'ide', ('xenfv', 'ide', 'hda'): 'ide',
            ('q35', 'sata', 'sda'): 'ahci'}.get(
                (domain.find('os/type').get('machine'), target.get('bus'),
                 target.get('dev')))


def _libvirt_hyperv(domain):
    """Whether there is any of Hyper-V's interfaces; the clock is one."""
    found = domain.find('features/hyperv') is not None
    clock = domain.find("clock/timer[@name='hypervclock']") is not None
    if found != clock:
        raise ValueError("Hyper-V's clock without the rest, or without it")
    return found or domain.find('features/viridian') is not None


def from_libvirt(text):
    """The settings of a domain of libvirt."""
    domain = xml.etree.ElementTree.fromstring(text)
    disk = domain.find('devices/disk')
    source = disk.find('source')
    nic = domain.find('devices/interface')
    mac = nic.find('mac')
    vga = domain.find('devices/video/model').get('type')
    features = domain.find('features')
    return {
        'name': domain.findtext('name'),
        'memory': int(domain.findtext('memory')),
        'vcpus': int(domain.findtext('vcpu')),
        'acpi': features.find('acpi') is not None,
        'apic': features.find('apic') is not None,
        'pae': _has_pae(domain),
        'hyperv': _libvirt_hyperv(domain),
        'localtime': domain.find('clock').get('offset') == 'localtime',
        'disk': source.get('file') or source.get('dev'),
        'format': disk.find('driver').get('type'),
        'firmware': {'efi': 'uefi', None: 'bios'}[
            domain.find('os').get('firmware')],
        'controller': _libvirt_controller(domain),
        'tpm': domain.find("devices/tpm[@model='tpm-crb']") is not None,
        'nic': nic.find('model').get('type'),
        'mac': mac.get('address') if mac is not None else None,
        'bridge': nic.find('source').get('bridge'),
        'vga': LIBVIRT_VGA.get(vga, vga),
        'tablet': domain.find("devices/input[@type='tablet']") is not None,
    }


# ------------------------------------------------------------------- QEMU

def _pairs(text):
    """key=value pairs of an option, between which commas are not doubled."""
    words = text.replace(',,', '\0').split(',')
    return {key: value.replace('\0', ',') for key, _, value in
            (word.partition('=') for word in words)}


def command_of(text):
    """The words of a command, as a shell that runs it hears them."""
    command = '\n'.join(line for line in text.splitlines()
                        if not line.startswith('#')).strip()
    heard = subprocess.run(['sh', '-c', "printf '%s\\0' " + command],
                           check=True, stdout=subprocess.PIPE).stdout
    return heard.decode().split('\0')[:-1]


def _qemu_drives(values):
    """The disk, and how many chips of UEFI firmware there are."""
    drives = [_pairs(value) for value in values['-drive']]
    disk, = (drive for drive in drives if drive['if'] != 'pflash')
    return disk, len(drives) - 1


def from_qemu(text):
    """The settings of a command that starts QEMU; APICs are always there."""
    words = command_of(text)[1:]
    values = {}
    for i, word in enumerate(words):
        if word.startswith('-'):
            following = words[i + 1] if i + 1 < len(words) else ''
            values.setdefault(word, []).append(following)
    machine, cpu = _pairs(values['-machine'][0]), _pairs(values['-cpu'][0])
    (disk, flash), net = _qemu_drives(values), _pairs(values['-netdev'][0])
    nic = values['-device'][0]
    return {
        'name': _pairs(values['-name'][0])['guest'],
        'memory': int(values['-m'][0]),
        'vcpus': int(values['-smp'][0].split(',')[0]),
        'acpi': machine['acpi'] == 'on',
        'apic': True,
        'pae': cpu.get('pae') != 'off',
        'hyperv': 'hv-relaxed' in cpu,
        'localtime': values['-rtc'][0] == 'base=localtime',
        'disk': disk['file'], 'format': disk['format'],
        'firmware': {0: 'bios', 2: 'uefi'}[flash],
        'controller': {('pc', 'ide', '0'): 'ide', ('q35', 'ide', '0'): 'ahci'}
                      .get((values['-machine'][0].split(',')[0], disk['if'],
                            disk['index'])),
        'tpm': 'tpm-crb,tpmdev=tpm0' in values['-device'],
        'nic': nic.split(',')[0], 'mac': _pairs(nic).get('mac'),
        'bridge': net.get('br'),
        'vga': values['-vga'][0],
        'tablet': 'usb-tablet' in values['-device'] and '-usb' in values,
    }


READERS = {'--xl': from_xl, '--libvirt': from_libvirt, '--qemu': from_qemu}
