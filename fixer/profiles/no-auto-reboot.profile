# auto-reboot=off: a guest that stops with a blue screen stays there, so that
# the STOP code can be read, instead of booting again and again.

[profile]
name=no-auto-reboot
description=keeps the screen of a STOP error

[guest]
min-version=5.0
max-version=10.0
machines=x86;x64

[registry]
files=no-auto-reboot.reg
reason=a STOP screen stays readable, as auto-reboot=off asks for
