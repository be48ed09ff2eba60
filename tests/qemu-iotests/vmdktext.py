"""The text of a VMDK, as VMware's products write it, and as people edit it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import dataclasses

NO_PARENT = 0xffffffff
BASE_CID = 0x7d2f61c8
SNAPSHOT_CID = 0x36e0a510

# Each is a template of Text.make().  {hint} is empty but for a snapshot.

# GSX Server and Workstation 5: no encoding, no uuid
GSX = '''\
# Disk DescriptorFile
version=1
CID={cid:x}
parentCID={parent_cid:x}
createType="{create_type}"
{hint}
# Extent description
{extents}

# The Disk Data Base\x20
#DDB

ddb.virtualHWVersion = "4"
ddb.toolsVersion = "6530"
ddb.geometry.cylinders = "{cylinders}"
ddb.geometry.heads = "{heads}"
ddb.geometry.sectors = "63"
ddb.adapterType = "{adapter}"
'''

WORKSTATION = '''\
# Disk DescriptorFile
version=1
encoding="windows-1252"
CID={cid:08x}
parentCID={parent_cid:08x}
isNativeSnapshot="no"
createType="{create_type}"
{hint}
# Extent description
{extents}

# The Disk Data Base\x20
#DDB

ddb.adapterType = "{adapter}"
ddb.geometry.cylinders = "{cylinders}"
ddb.geometry.heads = "{heads}"
ddb.geometry.sectors = "63"
ddb.longContentID = "a3f6fcd2f7d2d8d54a1d2c8b{cid:08x}"
ddb.toolsInstallType = "1"
ddb.toolsVersion = "9349"
ddb.uuid = "60 00 C2 9b 14 5e 3f 0d-70 2c 9a 61 b8 44 f7 12"
ddb.virtualHWVersion = "10"
'''

# ESX 3: the names of adapters are another product's, or not known
ESX3 = '''\
# Disk DescriptorFile
version=1
CID={cid:08x}
parentCID={parent_cid:08x}
createType="{create_type}"
{hint}
# Extent description
{extents}

# The Disk Data Base\x20
#DDB

ddb.toolsVersion = "7302"
ddb.adapterType = "{adapter}"
ddb.geometry.sectors = "63"
ddb.geometry.heads = "{heads}"
ddb.geometry.cylinders = "{cylinders}"
ddb.virtualHWVersion = "4"
'''

# ESXi 5, thin, with changed block tracking, which makes it version 3
ESXI = '''\
# Disk DescriptorFile
version=3
encoding="UTF-8"
CID={cid:08x}
parentCID={parent_cid:08x}
isNativeSnapshot="no"
createType="{create_type}"
{hint}
# Extent description
{extents}

# Change Tracking File
changeTrackPath="disk-ctk.vmdk"

# The Disk Data Base\x20
#DDB

ddb.adapterType = "{adapter}"
ddb.deletable = "true"
ddb.geometry.cylinders = "{cylinders}"
ddb.geometry.heads = "{heads}"
ddb.geometry.sectors = "63"
ddb.longContentID = "c0bd3f6a7f8f5a6f2bb0de51{cid:08x}"
ddb.thinProvisioned = "1"
ddb.toolsVersion = "8389"
ddb.uuid = "60 00 C2 91 6e 0a 4c 55-2b 8d 10 97 e3 ac 61 f8"
ddb.virtualHWVersion = "8"
'''

# A snapshot of Workstation's: what it does not say, its base does.
WORKSTATION_SNAPSHOT = '''\
# Disk DescriptorFile
version=1
encoding="windows-1252"
CID={cid:08x}
parentCID={parent_cid:08x}
isNativeSnapshot="no"
createType="{create_type}"
{hint}
# Extent description
{extents}

# The Disk Data Base\x20
#DDB

ddb.longContentID = "a3f6fcd2f7d2d8d54a1d2c8b{cid:08x}"
'''

# Somebody has had it in an editor.
EDITED = '''\
# Disk DescriptorFile
# moved to the new datastore on 2011-03-14; do not delete!

  # Created by hand, since the descriptor was lost.
version=1
\t
CID={cid:08x}
parentCID={parent_cid:08x}
createType="{create_type}"
{hint}

# Extent description
#RW 1 FLAT "old.vmdk" 0
  {extents}
   \t
ddb.adapterType="{adapter}"
  ddb.geometry.sectors   =   "63"
ddb.geometry.heads = "{heads}"
# The geometry is a guess.
ddb.geometry.cylinders = "{cylinders}"


'''


@dataclasses.dataclass(frozen=True)
class Text:
    """What a descriptor says besides where the data are, and how."""
    template: str = WORKSTATION
    adapter: str = 'lsilogic'
    newline: str = '\n'
    cid: int = BASE_CID
    parent_cid: int = NO_PARENT
    hint: str = ''

    def make(self, create_type, extents, sectors):
        """The bytes of the descriptor."""
        heads = 16 if self.adapter == 'ide' else 255
        hint = f'parentFileNameHint="{self.hint}"\n' if self.hint else ''
        text = self.template.format(
            cid=self.cid, parent_cid=self.parent_cid, hint=hint,
            create_type=create_type, extents='\n'.join(extents),
            adapter=self.adapter, heads=heads,
            cylinders=sectors // (heads * 63))
        return text.replace('\n', self.newline).encode()
