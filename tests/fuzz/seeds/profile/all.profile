[profile]
name=mine
description=a test
includes=agp;part
[guest]
min-version=5.0
max-version=5.2
machines=x86;x64
[files]
directory=system32\drivers
names=atapi.sys;pciide.sys
sources=Driver Cache\i386\driver.cab
reason=why
[registry]
files=one.reg
reason=why
[services]
disable=foo
reason=why
[fixes]
names=ntfs-heads
--- one.reg
REGEDIT4

[HKEY_LOCAL_MACHINE\SYSTEM\One]

--- part.profile
[profile]
name=part
description=p
[guest]
min-version=5.1
max-version=5.1
machines=x86
