# The services and drivers of VMware Tools.  Names are whole: netkvm, vmbus,
# vmgid, vmic..., vmstorfl and stornvme are not VMware's.
#
# vmmouse and vmusbmouse are filters of mice; in a Windows 7 hive the first is
# on the list of a mouse and on one of the CriticalDeviceDatabase.
#
# Not here: the drivers of disk controllers (vmscsi, pvscsi, buslogic, LSI's),
# which do no harm without their controller and without which the guest would
# not start in VMware again; VMware's products for hosts (VMAuthdService,
# VMnetDHCP, VMUSBArbService, hcmon, vmx86, vmkbd ...); ThinPrint.
#
# Names: from a Windows 7 hive VMTools, VMUpgradeHelper, VMMEMCTL, vm3dmp,
# vmci, vmdebug, vmmouse and vmrawdsk; from the lists by which several programs
# remove VMware Tools GISvc, VGAuthService, VM3DService, vm3dmp-debug,
# vm3dmp-stats, vm3dmp_loader, VMwareCAF..., vmaudio, vmhgfs, vmusbmouse,
# vmvss, vmwefifw, vmxnet..., vnetWFP, vnetflt, vsepflt, vsock, vmx_svga and
# VMware Physical Disk Helper Service; from VMware's own list of components
# glxgi, giappdef (of AppDefense), vnetflt, vnetWFP and vsepflt.

[profile]
name=vmware-tools
description=VMware Tools do not start

[guest]
min-version=5.0
max-version=10.0
machines=x86;x64

[services]
disable=VMTools;VGAuthService;vmvss;VMUpgradeHelper;VMware Physical Disk Helper Service;VM3DService;GISvc;VMwareCAF;VMwareCAFCommAmqpListener;VMwareCAFManagementAgentHost;vmmouse;vmusbmouse;vmmemctl;vmhgfs;vmci;vsock;vmrawdsk;vmdebug;vm3dmp;vm3dmp_loader;vm3dmp-debug;vm3dmp-stats;vmx_svga;vmaudio;vmwefifw;vmxnet;vmxnet3;vmxnet3ndis6;vsepflt;vnetflt;vnetWFP;glxgi;giappdef
reason=of VMware Tools, of no use outside VMware
