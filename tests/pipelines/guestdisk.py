"""
Disks of test guests, which are made when one is wanted for the first time

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import pathlib
import subprocess
import tempfile

from tap import tool

_OWN = tempfile.TemporaryDirectory(prefix='guests-')


def guest(kind: str) -> pathlib.Path:
    """The raw disk of a test guest; not to be written to."""
    folder = pathlib.Path(os.environ.get('XENPREP_GUESTS') or _OWN.name)
    path = folder / (kind + '.raw')
    if not path.exists():
        tool('mkntfs')
        subprocess.run([os.environ['XENPREP_GUEST_BUILDER'], kind, str(path)],
                       check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
    return path
