# VirtualBox Guest Additions.  VBoxMouse is a filter of the class of mice.
#
# Names: VBoxGuest, VBoxMouse, VBoxSF, VBoxService and VBoxVideoW8 from a
# Windows 8.1 hive; VBoxVideo, VBoxVideoWddm and VBoxWddm from the installer
# and the drivers' source of VirtualBox.  VirtualBox itself (VBoxDrv, VBoxNetAdp
# ...) is a product for hosts and is not meant.

[profile]
name=virtualbox
description=VirtualBox Guest Additions do not start

[guest]
min-version=5.0
max-version=10.0
machines=x86;x64

[services]
disable=VBoxService;VBoxMouse;VBoxGuest;VBoxSF;VBoxVideo;VBoxVideoWddm;VBoxVideoW8;VBoxWddm
reason=of VirtualBox Guest Additions, of no use outside VirtualBox
