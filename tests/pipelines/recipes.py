#!/usr/bin/env python3
"""
Test of docs/recipes.rst: the machines that it makes are those that win-xenfix
config would have for these guests

Usage: recipes.py

Its commands are run, or looked at, by pipelines/documented.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from typing import Dict, List

from source import SOURCE

import manpages
from doccommands import as_one_line
from guestdisk import guest
from tap import equal, main, tool

# OpenStack's name of a video card is not QEMU's.
VIDEO = {'cirrus': 'cirrus', 'vga': 'vga'}


def machine(kind: str, *options: str) -> Dict[str, str]:
    """What win-xenfix config says of a guest's machine."""
    text = subprocess.run(
        [tool('win-xenfix'), 'config', '--libvirt', '-f', 'raw', *options,
         str(guest(kind))], check=True, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE).stdout
    domain = xml.fromstring(text)

    def attribute(path: str, name: str, otherwise: str = '') -> str:
        element = domain.find(path)
        return otherwise if element is None else \
            element.get(name, otherwise)

    return {
        'memory': domain.findtext('memory') or '',
        'vcpus': domain.findtext('vcpu') or '',
        'type': attribute('os/type', 'machine'),
        'firmware': attribute('os', 'firmware', 'bios'),
        'clock': attribute('clock', 'offset'),
        'network': attribute('devices/interface/model', 'type'),
        'video': attribute('devices/video/model', 'type'),
        'bus': attribute('devices/disk/target', 'bus'),
        'acpi': str(int(domain.find('features/acpi') is not None)),
        'hyperv': str(int(domain.find('features/hyperv') is not None)),
    }


def has(title: str, texts: List[str]) -> None:
    """A section's blocks have these words."""
    tree = manpages.section(
        manpages.read(SOURCE / 'docs' / 'recipes.rst', 2), title)
    blocks = as_one_line('\n'.join(
        node.astext() for node in tree.findall(manpages.nodes.literal_block)))
    for text in texts:
        assert re.search(r'(?<![\w-])' + re.escape(text) + r'(?![\w-])',
                         blocks), f'{title} has no {text}: {blocks}'


def old() -> Dict[str, str]:
    """Windows Server 2003, prepared for IDE."""
    found = machine('w2k3-sp2')
    equal((found['bus'], found['firmware'], found['clock']),
          ('ide', 'bios', 'localtime'), 'Server 2003')
    return found


def new() -> Dict[str, str]:
    """Windows 10, prepared for AHCI."""
    found = machine('win10', '--controller=ahci')
    equal((found['bus'], found['firmware'], found['type']),
          ('sata', 'efi', 'q35'), 'Windows 10')
    return found


def test_xcp_ng() -> None:
    """Memory, processors, ACPI, Hyper-V's interfaces."""
    guest_has = old()
    has('XCP-ng', [f'static-max={guest_has["memory"]}MiB',
                   f'VCPUs-max={guest_has["vcpus"]}',
                   f'platform:acpi={guest_has["acpi"]}',
                   'platform:viridian=' +
                   ('true' if guest_has['hyperv'] == '1' else 'false')])


def test_proxmox() -> None:
    """All that qm create says."""
    guest_has = old()
    has('Proxmox', [f'--machine {guest_has["type"]}', '--bios seabios',
                    f'--memory {guest_has["memory"]}',
                    f'--cores {guest_has["vcpus"]}', '--localtime 1',
                    f'--vga {guest_has["video"]}',
                    f'--net0 {guest_has["network"]}', '--ide0'])


def test_kubevirt() -> None:
    """The machine's file."""
    guest_has = new()
    has('KubeVirt', [f'type: {guest_has["type"]}', 'bus: sata', 'efi:',
                     f'cores: {guest_has["vcpus"]}',
                     f'guest: {int(guest_has["memory"]) // 1024}Gi',
                     f'model: {guest_has["network"]}'])


def test_openstack() -> None:
    """Properties of both images."""
    for guest_has in (old(), new()):
        firmware = {'efi': 'uefi'}.get(guest_has['firmware'], 'bios')
        has('OpenStack', [
            f'hw_disk_bus={guest_has["bus"]}',
            f'hw_machine_type={guest_has["type"]}',
            f'hw_vif_model={guest_has["network"]}',
            f'hw_video_model={VIDEO[guest_has["video"]]}',
            f'hw_firmware_type={firmware}'])


def test_tried() -> None:
    """Each recipe says what was tried, and what was not."""
    tree = manpages.read(SOURCE / 'docs' / 'recipes.rst', 2)
    for title in ('Xen, with xl', 'XCP-ng', 'Proxmox', 'KubeVirt',
                  'OpenStack'):
        words = {word.astext() for word in manpages.section(
            tree, title).findall(manpages.nodes.emphasis)}
        assert {'Tried', 'Not tried'} <= words, (title, words)


def run_all() -> int:
    """Run all tests."""
    names = [name for name in globals() if name.startswith('test_')]
    return main([(name[len('test_'):], globals()[name]) for name in names])


if __name__ == '__main__':
    sys.exit(run_all())
