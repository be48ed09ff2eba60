# Paravirtual drivers of Xen that a guest has kept from an earlier move: bus,
# disks and filters.  The filters ask Xen to unplug the emulated disks, or hide
# them, and a guest whose paravirtual disk then does not start stops with
# 0x7B.  Network drivers do not start without the bus and are left.
#
# A guest that was prepared for Xen on purpose, with drivers that are known to
# work: leave this part out.
#
# Names: xenbus, xenfilt and xenvbd from the .inf files of the Xen project,
# which XenServer, XCP-ng and Amazon use; xendisk from XCP-ng's XenClean;
# scsifilt (of disks), xenevtchn, xevtchn and xenutil of XenServer to 6.0, from
# its uninstaller and from XenServer's win-installagent; rhelscsi from virt-v2v
# and rhelfltr from Amazon's upgrade script (filter of IDE channels and of the
# PCI bus); XenHide and XenPci from the uninstaller of the GPLPV drivers
# (filters of IDE controllers); xenblk and xenscsi from SUSE's VMDP.

[profile]
name=xen-drivers
description=old paravirtual drivers of Xen do not take the disk away

[guest]
min-version=5.0
max-version=10.0
machines=x86;x64

[services]
disable=xenfilt;scsifilt;xenbus;xenvbd;xendisk;xenevtchn;xevtchn;xenutil;rhelfltr;rhelscsi;XenHide;XenPci;xenblk;xenscsi
reason=a paravirtual driver of Xen that could unplug the emulated disk
