# The PIIX3 IDE controller (8086:7010) for Windows Vista, 7, Server 2008 and
# 2008 R2.  They come with all drivers and know them all; what can be missing is
# that the boot loader starts them, as it does for those that setup met.
#
# Internal_IDE_Channel is what a channel is called there: a Windows 7 hive has
# it for the channels of VMware's controller.  The database of that hive has no
# *PNP0600, but the two other names as well.

[profile]
name=ide-vista
description=IDE controller of Xen HVM and of QEMU's pc machine, for Windows Vista and 7

[guest]
min-version=6.0
max-version=6.1
machines=x86;x64

# pciide.sys can stand in for intelide.sys, but need not be there.
[files]
directory=system32\\drivers
names=atapi.sys;ataport.sys;intelide.sys;pciidex.sys
# Windows keeps its own packages there, each version in a folder of its own.
sources=system32\\DriverStore\\FileRepository\\mshdc.inf_*
reason=driver of the IDE controller that the disk will be on

[boot-service intelide]
start=0
missing=create
group=System Bus Extender
error-control=3
reason=driver of the IDE controller that the disk will be on

[boot-service pciide]
start=0
missing=ignore
reason=it can stand in for intelide

[boot-service atapi]
start=0
missing=create
group=SCSI Miniport
error-control=3
reason=driver of the IDE channel that the disk will be on

[critical-device pci#ven_8086&dev_7010]
services=intelide;pciide
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the IDE controller that the disk will be on

[critical-device internal_ide_channel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the IDE channel that the disk will be on

[critical-device primary_ide_channel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the IDE channel that the disk will be on

[critical-device secondary_ide_channel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the IDE channel that the disk will be on

# An instance that is there already decides by its own service.
[instance PCI\VEN_8086&DEV_7010]
services=intelide;pciide
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=the IDE controller that the disk will be on must be driven by its own driver

[instance PCIIDE\IDEChannel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=an IDE channel, on which the disk may be, must be driven by its own driver
