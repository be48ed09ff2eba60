"""
A fleet of Windows guests: what win-xenprep-fleet is made of

    manifest    which guests there are, and whether that makes sense
    tools       qemu-img and win-xenfix: command lines, and how they end
    task        what is to be done for a guest, by what was done before
    guest       one run for one guest, from its source to its report
    state       what is known of a guest from earlier runs
    reports     the reports of a folder, whoever has written them
    space       room on the targets' disks, shared by all that runs
    output      what is said on standard output, and on standard error
    table       what has become of all of them

There is no engine here: Slurm, GNU parallel or a loop of the shell decides
what runs when and where.  All that runs of one fleet share one folder of
reports, and so know of one another.

SPDX-License-Identifier: GPL-2.0-or-later
"""
