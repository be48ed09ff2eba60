"""
GUIDs of test guests: known ones, and made-up ones that follow from a text

SPDX-License-Identifier: GPL-2.0-or-later
"""

import uuid

import filler

# Types of GPT partitions
ESP = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'
RESERVED = 'E3C9E316-0B5C-4DB8-817D-F92DF00215AE'
BASIC_DATA = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7'
RECOVERY = 'DE94BBA4-06D1-4D40-A16A-BFD50179D6AC'
LDM_METADATA = '5808C8AA-7E8F-42E0-85D2-E1E90434CFB3'
LDM_DATA = 'AF9B60A0-1431-4F62-BC68-3311714A69AD'
LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'


def made_up(seed):
    """A random GUID (version 4) that depends on nothing but @seed."""
    raw = filler.raw_bytes('guid ' + seed, 16)
    return str(uuid.UUID(bytes=raw, version=4)).upper()


def packed(text):
    """The 16 bytes of a GUID on a disk or in a registry."""
    return uuid.UUID(text).bytes_le


def braced(text):
    """As names of keys have it."""
    return '{%s}' % text.lower()
