# The AHCI controller of QEMU's q35 machine and of Xen's hdtype=ahci (ICH9,
# 8086:2922) for Windows Vista, 7, Server 2008 and 2008 R2.  Their driver for it
# has Start=3 where setup met no such controller (a Windows 7 hive from VMware).
# Its channels are those of IDE.

[profile]
name=ahci-vista
description=AHCI controller of QEMU's q35 machine and of Xen, for Windows Vista and 7

[guest]
min-version=6.0
max-version=6.1
machines=x86;x64

[files]
directory=system32\\drivers
names=msahci.sys;atapi.sys;ataport.sys;pciidex.sys
# Windows keeps its own packages there, each version in a folder of its own.
sources=system32\\DriverStore\\FileRepository\\mshdc.inf_*
reason=driver of the AHCI controller that the disk will be on

[boot-service msahci]
start=0
missing=create
group=SCSI Miniport
error-control=3
reason=driver of the AHCI controller that the disk will be on

[boot-service atapi]
start=0
missing=create
group=SCSI Miniport
error-control=3
reason=driver of the channel that the disk will be on

# q35's host bridge is one of PCI Express.
[critical-device *pnp0a08]
services=pci
class={4D36E97D-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the PCI Express bus that the controller of the disk is on

[critical-device pci#cc_010601]
services=msahci
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the AHCI controller that the disk will be on

[critical-device internal_ide_channel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=lets Windows start the channel that the disk will be on

# An instance that is there already decides by its own service: a machine with
# this very controller may have had Intel's driver.
[instance PCI\VEN_8086&DEV_2922]
services=msahci
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=the AHCI controller that the disk will be on must be driven by its own driver

[instance PCIIDE\IDEChannel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=a channel, on which the disk may be, must be driven by its own driver
