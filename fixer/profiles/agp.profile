# Filters of AGP bridges, which neither Xen nor QEMU has.  agp440 is known for
# STOP errors after a change of chipset (Microsoft, KB324764); in Windows XP
# it starts with the boot loader, whether there is a bridge or not.
#
# Not for Windows Vista and later, which start them only for a bridge that is
# there: Start=3 in a Windows 7 hive, and the same by StartOverride in an 8.1.
#
# Names: agp440, amdagp, sisagp, viaagp, uagp35, gagp30kx, nv_agp and uliagpkx
# from the services of the group "PnP Filter" and the CriticalDeviceDatabase of
# the same hives; agpcpq and alim1541 from machine.inf of
# Windows XP.  A hive of Windows 10 has none of them.

[profile]
name=agp
description=filters of AGP bridges do not start

[guest]
min-version=5.0
max-version=5.2
machines=x86;x64

[services]
disable=agp440;agpcpq;alim1541;amdagp;sisagp;viaagp;uagp35;gagp30kx;nv_agp;uliagpkx
reason=the target has no AGP bridge, and these drivers may stop Windows
