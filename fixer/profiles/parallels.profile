# Parallels Tools.  prl_strg is a filter of all disks; where it is listed and
# does not start, Windows stops with 0x7B.
#
# Names: the list of virt-v2v (disable_prl_drivers), and the two programs that
# a list of the services of a guest has.

[profile]
name=parallels
description=Parallels Tools do not start

[guest]
min-version=5.0
max-version=10.0
machines=x86;x64

[services]
disable=Parallels Tools Service;Parallels Coherence Service;prl_strg;prl_mouf;prl_boot;prl_scsi;prl_dd;prl_eth5;prl_fs;prl_memdev;prl_pv32;prl_pv64;prl_sound;prl_tg;prl_time;prl_uprof;prl_va
reason=of Parallels Tools, of no use outside Parallels
