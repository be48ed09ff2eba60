"""
Hives of real Windows, for tests

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import tempfile

import hive
from tap import Skip, run

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get('XENPREP_SHARED_DATA') or os.path.join(
    HERE, '../../../shared/data')


def shared(name):
    """The bytes of a real hive."""
    path = os.path.join(SHARED, 'hives', name)
    if not os.path.exists(path):
        raise Skip('there is no ' + name)
    with open(path, 'rb') as file:
        return file.read()


def clean(name):
    """As shared(), but made clean where it is not: its log is missing."""
    data = shared(name)
    sequence = int.from_bytes(data[4:8], 'little')
    return hive.with_sequence(data, sequence, sequence)


def replayed(name, hive_replay):
    """As shared(), with its logs replayed by that program."""
    shared(name)
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, 'replayed')
        run(hive_replay, os.path.join(SHARED, 'hives', name), out)
        with open(out, 'rb') as file:
            return file.read()
