# What Windows does with disks that it has not met before (Microsoft: "SAN
# policy"; VDS_SAN_POLICY of the Windows SDK): 1 brings them online, 2 those
# that are not shared, 3 none, 4 none of inner buses.  On another
# controller all disks are new.  Azure's repair script (see boot-filters) has
# 3 and 4 among the causes of 0x7B.

[profile]
name=san-policy
description=disks on the new controller are brought online

[guest]
min-version=6.0
max-version=10.0
machines=x86;x64

[number Services\partmgr\Parameters\SanPolicy]
wrong=3;4
right=1
reason=on the new controller all disks are new to Windows, which would keep those offline that it does not start from
