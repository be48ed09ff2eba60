# What a disk hangs on in Windows 8 to 11 and Server 2012 to 2025, whatever its
# controller is: the drivers, from the bus to the volume, have to be started by
# the boot loader, and StartOverride must not keep it from that.
#
# Which values of Start will do, and what a key has that is made: Azure's
# repair script "win-fix-inaccessible-boot-device" (Azure/repair-script-
# library, pull request 156).  That StartOverride counts for the whole chain:
# Azure/SAP-on-Azure-Scripts-and-Utilities, issue 147.

[profile]
name=boot-8
description=drivers between the bus and the volume are started at boot

[guest]
min-version=6.2
max-version=10.0
machines=x86;x64

[boot-service ACPI]
start=0
start-override=delete
missing=warn
reason=the buses hang on it

[boot-service pci]
start=0
start-override=delete
missing=create
group=Boot Bus Extender
error-control=3
reason=the controller of the disk hangs on this bus

[boot-service vdrvroot]
start=0;1;3
start-override=delete
missing=ignore
reason=it finds virtual disks, which Windows may start from

[boot-service disk]
start=0
start-override=delete
missing=create
group=SCSI Class
error-control=3
reason=it drives the disk that Windows starts from

[boot-service partmgr]
start=0;1
start-override=delete
missing=create
group=Boot Bus Extender
error-control=3
reason=it finds the partition that Windows starts from

[boot-service volmgr]
start=0
start-override=delete
missing=create
group=System Bus Extender
error-control=3
reason=it makes the volume that Windows starts from

[boot-service volmgrx]
start=0
start-override=delete
missing=ignore
reason=it makes the volumes of dynamic disks

[boot-service mountmgr]
start=0
start-override=delete
missing=warn
reason=it names the volume that Windows starts from

[boot-service volsnap]
start=0;1;3
start-override=delete
missing=warn
reason=it is a filter of the volume that Windows starts from

# The DriverDatabase has taken the place of the CriticalDeviceDatabase; the ids
# are as hives of Windows 8.1 and 10 have them.
[known-device ACPI firmware]
ids=*PNP0C08

[known-device PCI bus]
ids=*PNP0A03;*PNP0A08

[known-device disk]
ids=GenDisk
