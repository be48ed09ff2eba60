/*
 * VMDK: what its descriptor says of the virtual machine
 *
 * QEMU's vmdk driver reads the disk, and what it reads of the descriptor it
 * keeps to itself.  The helper has the VMDK's own file as a source, to look
 * for one line of text.  Since that is all, no library (libvmdk) is used.
 *
 * Layout: VMware's "Virtual Disk Format 5.0", sections "Hosted Sparse Extent
 * Header" and "The Descriptor File".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "le.h"
#include "vmdk.h"

#define SECTOR_SIZE 512

#define HEADER_SIZE 512
#define HEADER_MAGIC 0          /* u8[4], "KDMV": a sparse extent */
#define HEADER_DESC_OFFSET 28   /* u64, in sectors; 0: no descriptor */
#define HEADER_DESC_SIZE 36     /* u64, in sectors */

#define KEY "ddb.adapterType"

/*
 * Where the descriptor is: embedded in a sparse extent, or the file itself.
 * A length of 0 means that there is none.
 */
static bool find_descriptor(ByteSource *container, uint64_t *offset,
                            uint64_t *length, GError **errp)
{
    uint8_t header[HEADER_SIZE];
    uint64_t sectors;

    *offset = 0;
    *length = MIN(container->size, LIMIT_VMDK_DESCRIPTOR);
    if (container->size < HEADER_SIZE) {
        return true;
    }
    if (!source_read(container, 0, header, sizeof(header), errp)) {
        return false;
    }
    if (memcmp(header + HEADER_MAGIC, "KDMV", 4) != 0) {
        return true;
    }
    sectors = get_le64(header + HEADER_DESC_OFFSET);
    *length = MIN(get_le64(header + HEADER_DESC_SIZE),
                  LIMIT_VMDK_DESCRIPTOR / SECTOR_SIZE) * SECTOR_SIZE;
    if (sectors == 0 || sectors > container->size / SECTOR_SIZE) {
        *length = 0;
        return true;
    }
    *offset = sectors * SECTOR_SIZE;
    *length = MIN(*length, container->size - *offset);
    return true;
}

/* The value in a line KEY = "value", with any blanks; or NULL. */
static char *value_of(char *line)
{
    char *value;

    g_strstrip(line);
    if (g_ascii_strncasecmp(line, KEY, strlen(KEY)) != 0) {
        return NULL;
    }
    value = g_strstrip(line + strlen(KEY));
    if (*value != '=') {
        return NULL;
    }
    value = g_strstrip(value + 1);
    return g_strdup(g_strdelimit(value, "\"", ' '));
}

char *vmdk_adapter_type(ByteSource *container, GError **errp)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    uint64_t offset, length;

    if (!find_descriptor(container, &offset, &length, errp)) {
        return NULL;
    }
    text = g_malloc0(length + 1);
    if (!source_read(container, offset, text, length, errp)) {
        return NULL;
    }
    lines = g_strsplit_set(text, "\r\n", -1);
    for (char **line = lines; *line; line++) {
        char *value = value_of(*line);

        if (value) {
            return g_strstrip(value);
        }
    }
    return NULL;
}
