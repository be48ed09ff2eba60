# The PIIX3 IDE controller (8086:7010) for Windows 8 to 11 and Server 2012 to
# 2025.  They have no CriticalDeviceDatabase.  Hives of 8.1 and 10 from machines
# with an AHCI controller have StartOverride 3 for intelide, pciide and atapi.
#
# storahci and storport are for AHCI: a guest that can start from either
# controller can be moved once more.

[profile]
name=ide-8
description=IDE controller of Xen HVM and of QEMU's pc machine, for Windows 8 and later

[guest]
min-version=6.2
max-version=10.0
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
start-override=delete
missing=create
group=System Bus Extender
error-control=3
reason=driver of the IDE controller that the disk will be on

[boot-service pciide]
start=0
start-override=delete
missing=ignore
reason=it can stand in for intelide

[boot-service atapi]
start=0
start-override=delete
missing=create
group=SCSI Miniport
error-control=3
reason=driver of the IDE channel that the disk will be on

[boot-service storahci]
start=0
start-override=delete
missing=ignore
reason=driver of AHCI controllers, which the disk may be on some day

[boot-service storport]
start=0
start-override=delete
missing=ignore
reason=the driver of AHCI controllers builds upon it

# Windows' own packages have them, in all hives that were seen.
[known-device IDE controller]
ids=PCI\\VEN_8086&DEV_7010;PCI\\CC_0101

[known-device IDE channel]
ids=Internal_IDE_Channel;Primary_IDE_Channel;*PNP0600

# An instance that is there already decides by its own service.
[instance PCI\VEN_8086&DEV_7010]
services=intelide;pciide
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=the IDE controller that the disk will be on must be driven by its own driver

[instance PCIIDE\IDEChannel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=an IDE channel, on which the disk may be, must be driven by its own driver
