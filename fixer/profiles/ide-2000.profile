# The PIIX3 IDE controller (8086:7010) for Windows 2000, XP and Server 2003, by
# the procedure of Microsoft's KB314082 ("MergeIDE").

[profile]
name=ide-2000
description=IDE controller of Xen HVM and of QEMU's pc machine, for Windows 2000 to Server 2003

[guest]
min-version=5.0
max-version=5.2
machines=x86;x64

[files]
directory=system32\\drivers
names=atapi.sys;intelide.sys;pciide.sys;pciidex.sys
# {platform} is i386 or amd64.  A service pack brings a cabinet of its own, or
# leaves its files in ServicePackFiles.
sources=ServicePackFiles\\{platform};Driver Cache\\{platform};Driver Cache\\{platform}\\sp4.cab;Driver Cache\\{platform}\\sp3.cab;Driver Cache\\{platform}\\sp2.cab;Driver Cache\\{platform}\\sp1.cab;Driver Cache\\{platform}\\driver.cab;system32\\dllcache
reason=driver of the IDE controller that the disk will be on

[registry]
files=mergeide.reg
reason=lets Windows start the IDE controller that the disk will be on

# An instance that is there already decides by its own service; only a new
# device is looked up in the CriticalDeviceDatabase.
[instance PCI\VEN_8086&DEV_7010]
services=intelide;pciide
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=the IDE controller that the disk will be on must be driven by its own driver

[instance PCIIDE\IDEChannel]
services=atapi
class={4D36E96A-E325-11CE-BFC1-08002BE10318}
reason=an IDE channel, on which the disk may be, must be driven by its own driver

[fixes]
names=ntfs-heads
