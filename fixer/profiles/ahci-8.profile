# The AHCI controller of QEMU's q35 machine and of Xen's hdtype=ahci (ICH9,
# 8086:2922) for Windows 8 to 11 and Server 2012 to 2025.  The disk is found by
# storahci itself.

[profile]
name=ahci-8
description=AHCI controller of QEMU's q35 machine and of Xen, for Windows 8 and later

[guest]
min-version=6.2
max-version=10.0
machines=x86;x64

[files]
directory=system32\\drivers
names=storahci.sys
# Windows keeps its own packages there, each version in a folder of its own.
sources=system32\\DriverStore\\FileRepository\\mshdc.inf_*
reason=driver of the AHCI controller that the disk will be on

[boot-service storahci]
start=0
start-override=delete
missing=create
group=SCSI Miniport
error-control=3
reason=driver of the AHCI controller that the disk will be on

[boot-service storport]
start=0
start-override=delete
missing=ignore
reason=the driver of the AHCI controller builds upon it

[known-device AHCI controller]
ids=PCI\\VEN_8086&DEV_2922;PCI\\CC_010601

# An instance that is there already decides by its own service: a machine with
# this very controller may have had Intel's driver.
[instance PCI\VEN_8086&DEV_2922]
services=storahci
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=the AHCI controller that the disk will be on must be driven by its own driver
