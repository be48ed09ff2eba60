"""
Room for targets, so that those who run at the same time do not fill the disk

Whoever converts says first how many bytes its target will have.  It may begin
if that fits into what is free now less what the others have yet to write;
otherwise it waits until one of them ends.  Nobody who waits has any room, so
that they cannot wait for one another; if nobody is left to wait for, it fails.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import time

from .errors import Failed
from .output import tell
from .state import LOOK_AGAIN, Json, Record, Store

MIB = 1 << 20


def with_margin(size: int) -> int:
    """What a file of that size takes, with what the file system needs."""
    return size + size // 64 + 8 * MIB


def allocated(path: str) -> int:
    """What of a file is on the disk already."""
    try:
        return os.stat(path).st_blocks * 512
    except OSError:
        return 0


def same_disk(folder: str, path: str) -> bool:
    """Whether a file is on the file system of @folder."""
    try:
        return (os.stat(os.path.dirname(path)).st_dev ==
                os.stat(folder).st_dev)
    except OSError:
        return False


def to_come(record: Json) -> int:
    """What somebody has yet to write."""
    need: int = record['need']
    return max(0, need - allocated(record['part']))


def take(store: Store, own: Record, part: str, size: int) -> None:
    """Takes room for @part, or waits for it; Failed if there is none."""
    folder = os.path.dirname(part)
    need = with_margin(size)
    said = False
    while True:
        with store.space_lock():
            others = [record for record in store.others(own)
                      if same_disk(folder, record['part'])]
            found = os.statvfs(folder)
            free = found.f_bavail * found.f_frsize
            if need <= free - sum(map(to_come, others)):
                own.write(part, need)
                return
        if not others:
            raise Failed(
                f'{folder} has {free // MIB} MiB of free space, and '
                f'{-(-need // MIB)} MiB are needed: make room, or choose '
                'another folder')
        if not said:
            tell(f'{-(-need // MIB)} MiB are needed in {folder}; waiting for '
                 'others to end')
            said = True
        time.sleep(LOOK_AGAIN)
