/*
 * VMDK: what its descriptor says of the virtual machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VMDK_H
#define GUEST_VMDK_H

#include "source.h"

/*
 * The adapter type (ide, buslogic, lsilogic, legacyESX...) that the VMDK in
 * @container names; to be freed.  NULL, without an error, if it names none.
 */
char *vmdk_adapter_type(ByteSource *container, GError **errp);

#endif /* GUEST_VMDK_H */
