"""
Security descriptors, self-relative, as Windows gives its files and keys

Layout: Microsoft's [MS-DTYP] 2.4 (SID, ACE, ACL, SECURITY_DESCRIPTOR).

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct

SYSTEM = (5, 18)
ADMINISTRATORS = (5, 32, 544)
USERS = (5, 32, 545)
POWER_USERS = (5, 32, 547)
CREATOR_OWNER = (3, 0)
EVERYONE = (1, 0)

FILE_ALL, FILE_READ_EXECUTE = 0x001f01ff, 0x001200a9
FILE_MODIFY = 0x001301bf
KEY_ALL, KEY_READ = 0x000f003f, 0x00020019

_ACE_INHERIT = 3                # OBJECT_INHERIT | CONTAINER_INHERIT
_CONTROL = 0x8004               # SE_SELF_RELATIVE | SE_DACL_PRESENT


def _sid(sid):
    head = struct.pack('>BBHI', 1, len(sid) - 1, 0, sid[0])
    return head + struct.pack('<%dI' % (len(sid) - 1), *sid[1:])


def _ace(sid, mask, flags):
    body = struct.pack('<I', mask) + _sid(sid)
    return struct.pack('<BBH', 0, flags, 4 + len(body)) + body


def descriptor(grants, inherit=False, owner=ADMINISTRATORS, group=SYSTEM):
    """A descriptor that allows each of @grants, pairs of SID and mask."""
    flags = _ACE_INHERIT if inherit else 0
    aces = b''.join(_ace(sid, mask, flags) for sid, mask in grants)
    acl = struct.pack('<BBHHH', 2, 0, 8 + len(aces), len(grants), 0) + aces
    owner_at = 20 + len(acl)
    group_at = owner_at + len(_sid(owner))
    return struct.pack('<BBHIIII', 1, 0, _CONTROL, owner_at, group_at, 0,
                       20) + acl + _sid(owner) + _sid(group)


# What XP's setup gives to %SystemRoot% and below, to the root, to profiles
FILE_DESCRIPTORS = {
    'system-file': descriptor([(USERS, FILE_READ_EXECUTE),
                               (POWER_USERS, FILE_READ_EXECUTE),
                               (ADMINISTRATORS, FILE_ALL),
                               (SYSTEM, FILE_ALL)]),
    'system-directory': descriptor([(USERS, FILE_READ_EXECUTE),
                                    (POWER_USERS, FILE_MODIFY),
                                    (ADMINISTRATORS, FILE_ALL),
                                    (SYSTEM, FILE_ALL),
                                    (CREATOR_OWNER, FILE_ALL)], inherit=True),
    'private': descriptor([(ADMINISTRATORS, FILE_ALL), (SYSTEM, FILE_ALL)]),
    'public': descriptor([(EVERYONE, FILE_READ_EXECUTE),
                          (ADMINISTRATORS, FILE_ALL),
                          (SYSTEM, FILE_ALL)]),
}

KEY_DESCRIPTORS = {
    'default': descriptor([(USERS, KEY_READ), (ADMINISTRATORS, KEY_ALL),
                           (SYSTEM, KEY_ALL)], inherit=True),
    'enum': descriptor([(EVERYONE, KEY_READ), (SYSTEM, KEY_ALL)],
                       inherit=True),
    'private': descriptor([(ADMINISTRATORS, KEY_ALL), (SYSTEM, KEY_ALL)],
                          inherit=True),
}
