# win-xenprep's default profile: the PIIX3 IDE controller (8086:7010) that
# Xen HVM and QEMU's pc machine emulate.
#
# docs/man/win-xenprep-profile.5.rst describes the format.

[profile]
name=ide
description=IDE controller of Xen HVM and of QEMU's pc machine
# Each is a profile of its own, is passed over where the guest does not fit it,
# and can be left out by without=NAME.
includes=cpu-drivers;agp;vmware-tools;xen-drivers;virtualbox;parallels;boot-vista;boot-8;ide-2000;ide-vista;ide-8;boot-filters;san-policy

[guest]
min-version=5.0
max-version=10.0
machines=x86;x64
