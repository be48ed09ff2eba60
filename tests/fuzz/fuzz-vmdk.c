/*
 * Fuzz target: VMDK descriptors, by themselves or within a VMDK
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"
#include "vmdk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    GError *err = NULL;
    g_autofree char *type = vmdk_adapter_type(source, &err);

    g_assert_true(!type || !err);
    g_clear_error(&err);
    return 0;
}
