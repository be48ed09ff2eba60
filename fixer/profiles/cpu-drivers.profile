# Drivers of processors.  An image that was made on another processor keeps
# the service of that one, with Start=1: Windows then starts a driver that
# stops it with 0x7E or 0xFC on a processor it does not know (Microsoft,
# KB953356, about intelppm).  They save power, which the host does for its
# guests.
#
# Not for Windows Vista and later: there they have Start=3 and are started
# only for a processor that they are for.
#
# Names: intelppm from KB953356; processr and Processor are two names of the
# service of processr.sys (hives of Windows 7, 8.1 and 10 have the second);
# p3, amdk6, amdk7, amdk8, crusoe and gv3 are those of cpu.inf of Windows XP,
# amdppm came with AMD's own setup programs.

[profile]
name=cpu-drivers
description=drivers of the old machine's processor do not start

[guest]
min-version=5.0
max-version=5.2
machines=x86;x64

[services]
disable=intelppm;processr;Processor;p3;amdk6;amdk7;amdk8;amdppm;crusoe;gv3
reason=a driver of another processor stops Windows, and a guest needs none
