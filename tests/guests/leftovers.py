"""
What earlier lives have left behind in a guest's registry

Each function here is an edit of one control set (a hive.Key).  in_hive() makes
of them a hive edit for a recipe, which replaces the hive by one that is built
anew.  Names and values are those of real hives and of the .inf files of the
products.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import disk
import hive
import registry
import winfiles
from hive import dword, expand_sz, multi_sz, sz

# The target's controller and its channels, as a Windows that met them in
# QEMU has them
CONTROLLER = 'Enum\\PCI\\VEN_8086&DEV_7010&SUBSYS_11001AF4&REV_00\\' \
    '3&61aaa01&0&09'
CHANNEL = 'Enum\\PCIIDE\\IDEChannel\\4&1f3c0d5&0&%d'
PROFILE = 'Hardware Profiles\\0001\\System\\CurrentControlSet\\'

CLASS = 'Control\\Class\\'
DATABASE = 'Control\\CriticalDeviceDatabase\\'
SERVICES = 'Services\\'


def in_hive(windows, signature, *edits):
    """A hive edit: a hive of @windows, of which each control set is edited."""
    def rebuild(_):
        root = registry.system(windows, signature,
                               disk.FIRST_TRACK * disk.SECTOR)
        for number in windows.control_sets:
            for edit in edits:
                edit(root.at('ControlSet%03d' % number))
        return hive.build(root, 'SYSTEM', windows.hive_minor, (31, 31),
                          winfiles.filetime(windows.installed + 86_400))
    return rebuild


def _met(path, service, guid, class_name, **values):
    """Windows has met the device; @service may be None."""
    def edit(control_set):
        key = control_set.at(path)
        key.merge({'ClassGUID': sz(guid), 'Class': sz(class_name),
                   'Driver': sz(guid + '\\0001'), 'ConfigFlags': dword(0),
                   **values})
        if service:
            key.merge({'Service': sz(service)})
    return edit


def _all(*edits):
    def edit(control_set):
        for each in edits:
            each(control_set)
    return edit


def _driver(name, start, group, kind=1):
    return lambda control_set: control_set.at(SERVICES + name).merge(
        registry.driver(name, start, group, None, kind))


def _program(name, command):
    return lambda control_set: control_set.at(SERVICES + name).merge({
        'Type': dword(0x10), 'Start': dword(2), 'ErrorControl': dword(1),
        'DisplayName': sz(name), 'ObjectName': sz('LocalSystem'),
        'ImagePath': expand_sz(command)})


def _filters(path, value, *names):
    """Puts names before those on the list, and makes it if there is none."""
    def edit(control_set):
        key = control_set.at(path)
        _, data = key.values.get(value, multi_sz())
        old = [name for name in data.decode('utf-16-le').split('\0') if name]
        key.values[value] = multi_sz(*names, *old)
    return edit


# The target's controller: whatever the database says, these decide.

# A Windows that was on another controller at that place, or lost its driver
stale_controller = _met(CONTROLLER, 'vmscsi', registry.SCSI_ADAPTER,
                        'SCSIAdapter')
driverless_controller = _met(CONTROLLER, None, registry.HDC, 'hdc')
# Its service is not one of those that the guest has
lost_controller = _met(CONTROLLER, 'piixide', registry.HDC, 'hdc')
stale_channels = _all(*(
    _met(CHANNEL % number, 'vmscsi', registry.SCSI_ADAPTER, 'SCSIAdapter')
    for number in (0, 1)))
# The user has switched it off in Device Manager: all profiles, or one
disabled_controller = _met(CONTROLLER, 'intelide', registry.HDC, 'hdc',
                           ConfigFlags=dword(1))


def disabled_in_profile(control_set):
    """The same in a hardware profile."""
    _met(CONTROLLER, 'intelide', registry.HDC, 'hdc')(control_set)
    control_set.at(PROFILE + CONTROLLER).merge({'CSConfigFlags': dword(1)})


# Not stale: Windows has met the controller, but its driver is not set up.
unknown_controller = _all(
    _met(CONTROLLER, None, registry.HDC, 'hdc'),
    lambda control_set: control_set.at(CONTROLLER).values.pop('ClassGUID'))

# Drivers of Xen, as XenServer 7 and XCP-ng have them ...
xen = _all(
    _driver('xenbus', 0, 'Boot Bus Extender'),
    _driver('xenfilt', 0, 'Boot Bus Extender'),
    _driver('xenvbd', 0, 'SCSI miniport'),
    _filters(CLASS + registry.HDC, 'UpperFilters', 'XENFILT'),
    _filters(CLASS + registry.SYSTEM_CLASS, 'UpperFilters', 'XENFILT'))

# ... and as XenServer 5 and Amazon's first ones did.
old_xen = _all(
    _driver('xenevtchn', 0, 'Boot Bus Extender'),
    _driver('scsifilt', 0, 'PnP Filter'),
    _driver('rhelfltr', 0, 'Boot Bus Extender'),
    _driver('rhelscsi', 0, 'SCSI miniport'),
    _filters(CLASS + registry.DISK_DRIVE, 'LowerFilters', 'scsifilt'),
    _filters('Enum\\ACPI\\PNP0A03\\1', 'UpperFilters', 'rhelfltr'))

# A filter without its service: an uninstaller has forgotten the list.
dangling_xen = _filters(CLASS + registry.HDC, 'UpperFilters', 'xenfilt')

virtualbox = _all(
    _driver('VBoxGuest', 0, 'Base'),
    _driver('VBoxMouse', 3, 'Pointer Port'),
    _driver('VBoxSF', 1, 'NetworkProvider', kind=2),
    _program('VBoxService', 'system32\\VBoxService.exe'),
    _filters(CLASS + registry.MOUSE, 'UpperFilters', 'VBoxMouse'))

parallels = _all(
    _driver('prl_strg', 0, 'PnP Filter'),
    _driver('prl_mouf', 3, 'Pointer Port'),
    _filters(CLASS + registry.DISK_DRIVE, 'LowerFilters', 'prl_strg'),
    _filters('Enum\\ACPI\\PNP0F13\\4&5289e18&0', 'UpperFilters', 'prl_mouf'))

# A filter that is not ours, for which nobody asked: it has to stay.
foreign_filter = _all(
    _driver('stdcfltn', 0, 'PnP Filter'),
    _filters(CLASS + registry.DISK_DRIVE, 'LowerFilters', 'stdcfltn',
             'J\u00f6rg\u0444\u96ea'))

# Where a new device gets its filters from
database_filters = _filters(DATABASE + '*pnp0f13', 'UpperFilters', 'VMMouse')


EDITS = {
    'stale-controller': stale_controller,
    'driverless-controller': driverless_controller,
    'lost-controller': lost_controller,
    'stale-channels': stale_channels,
    'disabled-controller': disabled_controller,
    'disabled-in-profile': disabled_in_profile,
    'unknown-controller': unknown_controller,
    'xen': xen,
    'old-xen': old_xen,
    'dangling-xen': dangling_xen,
    'virtualbox': virtualbox,
    'parallels': parallels,
    'foreign-filter': foreign_filter,
    'database-filters': database_filters,
}
