# Filters of the devices that the disk hangs on.  A name that was left on a
# list by a removed product keeps each device of the class from starting, which
# nobody notices on a machine that has none: the new controller is the first.
#
# The lists of what is known are those of Azure's repair script "win-fix-
# inaccessible-boot-device" (Azure/repair-script-library, pull request 156),
# and ecache, the ReadyBoost of Windows Vista.  That has iaStorF and its kin, too,
# of controllers; they are Intel's, and what is left of them on a machine that
# has become a virtual one is the very thing that keeps a controller from starting.

[profile]
name=boot-filters
description=filters of disks and controllers that cannot start are taken off

[guest]
min-version=6.0
max-version=10.0
machines=x86;x64

[class-filters {4D36E967-E325-11CE-BFC1-08002BE10318}]
title=all disks
known=partmgr;fvevol;iorate;storqosflt;wcifs;ehstorclass;storflt
reason=a filter that cannot start keeps every disk from starting

[class-filters {4D36E96A-E325-11CE-BFC1-08002BE10318}]
title=all IDE and AHCI controllers
reason=a filter that cannot start keeps the controller of the disk from starting

[class-filters {4D36E97B-E325-11CE-BFC1-08002BE10318}]
title=all SCSI controllers
reason=a filter that cannot start keeps the controller of the disk from starting

[class-filters {4D36E97D-E325-11CE-BFC1-08002BE10318}]
title=all system devices
reason=a filter that cannot start keeps the bus of the controller from starting

[class-filters {71A27CDD-812A-11D0-BEC7-08002BE2092F}]
title=all volumes
known=volsnap;fvevol;rdyboost;spldr;volmgrx;iorate;storqosflt;ecache
reason=a filter that cannot start keeps every volume from starting

# What of the path to the disk may have been there before, from the ACPI bus
# to the channels.  ACPI\PNP0A08 is the PCI Express bridge of q35.
[device-filters]
devices=ACPI_HAL\\PNP0C08;ACPI\\PNP0A03;ACPI\\PNP0A08;PCI\\VEN_8086&DEV_7010;PCI\\VEN_8086&DEV_2922;PCIIDE\\IDEChannel
reason=a filter that cannot start keeps the device from starting, and with it the disk
