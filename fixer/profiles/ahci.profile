# The AHCI controller (8086:2922) of QEMU's q35 machine and of Xen HVM with
# hdtype=ahci.  Windows 2000, XP and Server 2003 have no driver for it.
#
# docs/man/win-xenprep-profile.5.rst describes the format.

[profile]
name=ahci
description=AHCI controller of QEMU's q35 machine and of Xen HVM
# Each is a profile of its own, is passed over where the guest does not fit it,
# and can be left out by without=NAME.
includes=vmware-tools;xen-drivers;virtualbox;parallels;boot-vista;boot-8;ahci-vista;ahci-8;boot-filters;san-policy

[guest]
min-version=6.0
max-version=10.0
machines=x86;x64
