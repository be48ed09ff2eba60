/*
 * ARC paths: where boot.ini says that a Windows lies
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "arc-path.h"

/*
 * Parses NAME(NUMBER) at *@p and moves behind it; the number's @base is 10 or
 * 16.
 */
static bool parse_component(const char **p, const char *name, unsigned base,
                            uint32_t *number)
{
    size_t length = strlen(name);
    const char *digits = *p + length + 1;
    char *end;
    guint64 n;

    if (g_ascii_strncasecmp(*p, name, length) != 0 || (*p)[length] != '(' ||
        !g_ascii_isxdigit(*digits)) {
        return false;
    }
    n = g_ascii_strtoull(digits, &end, base);
    if (end == digits || *end != ')' || n > UINT32_MAX) {
        return false;
    }
    *number = n;
    *p = end + 1;
    return true;
}

static bool parse_adapter(const char **p, ArcPath *path)
{
    if (parse_component(p, "multi", 10, &path->ordinal)) {
        path->kind = ARC_MULTI;
    } else if (parse_component(p, "scsi", 10, &path->ordinal)) {
        path->kind = ARC_SCSI;
    } else if (parse_component(p, "signature", 16, &path->signature)) {
        path->kind = ARC_SIGNATURE;
    } else {
        return false;
    }
    return true;
}

bool arc_path_parse(const char *text, ArcPath *path)
{
    const char *p = text;

    memset(path, 0, sizeof(*path));
    if (!parse_adapter(&p, path) ||
        !parse_component(&p, "disk", 10, &path->disk) ||
        !parse_component(&p, "rdisk", 10, &path->rdisk) ||
        !parse_component(&p, "partition", 10, &path->partition) ||
        (*p != '\\' && *p != '\0')) {
        return false;
    }
    path->directory = g_strdup(p);
    while (g_str_has_suffix(path->directory, "\\")) {
        path->directory[strlen(path->directory) - 1] = '\0';
    }
    return true;
}

void arc_path_clear(ArcPath *path)
{
    g_clear_pointer(&path->directory, g_free);
}

bool arc_path_is(const char *text)
{
    g_auto(ArcPath) path = { 0 };

    return arc_path_parse(text, &path);
}

char *arc_path_other_disk(const ArcPath *path, const Disk *disk)
{
    if (path->kind == ARC_SIGNATURE) {
        return path->signature == disk->signature
               ? NULL : g_strdup_printf("that of signature %x",
                                        path->signature);
    }
    return path->ordinal || path->disk || path->rdisk
           ? g_strdup_printf("disk(%u)rdisk(%u) of adapter %u", path->disk,
                             path->rdisk, path->ordinal)
           : NULL;
}

const Partition *arc_path_partition(const ArcPath *path, const Disk *disk)
{
    g_autofree char *other = arc_path_other_disk(path, disk);

    return other ? NULL : disk_partition(disk, path->partition);
}
