# What a disk hangs on in Windows Vista, 7, Server 2008 and 2008 R2, whatever
# its controller is: the drivers, from the bus to the volume, have to be
# started by the boot loader, and the PCI host bridge has to be known.
#
# Which values of Start will do, and what a key has that is made: Azure's
# repair script "win-fix-inaccessible-boot-device" (Azure/repair-script-
# library, pull request 156).  A Windows 7 hive has the first value everywhere.

[profile]
name=boot-vista
description=drivers between the bus and the volume are started at boot

[guest]
min-version=6.0
max-version=6.1
machines=x86;x64

[boot-service ACPI]
start=0
missing=warn
reason=the buses hang on it

[boot-service pci]
start=0
missing=create
group=Boot Bus Extender
error-control=3
reason=the controller of the disk hangs on this bus

[boot-service vdrvroot]
start=0;1;3
missing=ignore
reason=it finds virtual disks, which Windows may start from

[boot-service disk]
start=0
missing=create
group=SCSI Class
error-control=3
reason=it drives the disk that Windows starts from

[boot-service partmgr]
start=0;1
missing=create
group=Boot Bus Extender
error-control=3
reason=it finds the partition that Windows starts from

[boot-service volmgr]
start=0
missing=create
group=System Bus Extender
error-control=3
reason=it makes the volume that Windows starts from

[boot-service volmgrx]
start=0
missing=ignore
reason=it makes the volumes of dynamic disks

[boot-service mountmgr]
start=0
missing=warn
reason=it names the volume that Windows starts from

[boot-service volsnap]
start=0;1;3
missing=warn
reason=it is a filter of the volume that Windows starts from

# The host bridge of another machine is another device to Windows.
[critical-device *pnp0a03]
services=pci
class={4D36E97D-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the PCI bus that the controller of the disk is on

[critical-device gendisk]
services=disk
class={4D36E967-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the disk
