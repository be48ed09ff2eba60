"""
Where the tree is; what tests of guests share can be imported after this

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import pathlib
import sys

SOURCE = pathlib.Path(os.environ.get('XENPREP_SOURCE') or
                      pathlib.Path(__file__).resolve().parents[2])
sys.dont_write_bytecode = True
sys.path[1:1] = [str(SOURCE / 'tests' / 'guests'),
                 str(SOURCE / 'tests' / 'qemu-iotests')]
