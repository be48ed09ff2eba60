/*
 * Windows: the search over all NTFS volumes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "guest-limits.h"
#include "windows-find-internal.h"

/* What makes a directory a %SystemRoot%. */
static const char *const marks[] = {
    "system32\\config\\SYSTEM", "system32\\ntoskrnl.exe",
};

/* Where setup puts it; names in front of what is merely found. */
static const char *const usual[] = { "\\WINDOWS", "\\WINNT", "" };

/* What the search came upon beside installations. */
typedef struct Search {
    unsigned ntfs;
    /* Number of an encrypted partition, or 0. */
    unsigned bitlocker;
    bool fat;
    /* The first volume that could not be looked at. */
    GError *err;
} Search;

bool search_missing_file(Volume *volume, const char *directory,
                         char **missing, GError **errp)
{
    *missing = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *path = g_strdup_printf("%s\\%s", directory,
                                                marks[i]);
        bool exists;

        if (!volume_exists(volume, path, &exists, errp)) {
            return false;
        }
        if (!exists) {
            *missing = g_steal_pointer(&path);
            return true;
        }
    }
    return true;
}

static bool search_directory(Finder *f, Volume *volume,
                             const Partition *partition,
                             const char *directory, GError **errp)
{
    g_autofree char *missing = NULL;

    if (!search_missing_file(volume, directory, &missing, errp)) {
        return false;
    }
    if (!missing) {
        finder_add(f, partition, directory);
    }
    return true;
}

/*
 * The usual places first, then whatever else is in the root.  The names that
 * the volume lists are in lower case, those of Windows' own setup are not.
 */
static bool search_volume(Finder *f, Volume *volume,
                          const Partition *partition, GError **errp)
{
    g_auto(GStrv) names = volume_list(volume, "\\", errp);
    unsigned n = 0;

    for (unsigned i = 0; names && i < G_N_ELEMENTS(usual); i++) {
        if (!search_directory(f, volume, partition, usual[i], errp)) {
            return false;
        }
    }
    for (; names && names[n] && n < LIMIT_ROOT_NAMES; n++) {
        g_autofree char *upper = g_ascii_strup(names[n], -1);
        g_autofree char *directory = g_strconcat("\\", upper, NULL);

        /* The root is in itself. */
        if (!g_str_equal(upper, ".") &&
            !search_directory(f, volume, partition, directory, errp)) {
            return false;
        }
    }
    if (names && names[n]) {
        g_ptr_array_add(f->warnings,
                        g_strdup_printf("partition %u: the root directory "
                                        "has more than %d names: Windows "
                                        "was not looked for in all of them",
                                        partition->number,
                                        LIMIT_ROOT_NAMES));
    }
    return names != NULL;
}

static bool search_partition(Finder *f, const Partition *partition,
                             Search *search, GError **errp)
{
    Contents contents;
    Volume *volume;

    if (!finder_contents(f, partition, &contents, errp)) {
        return false;
    }
    if (contents == CONTENTS_BITLOCKER) {
        search->bitlocker = partition->number;
    } else if (contents == CONTENTS_FAT) {
        search->fat = true;
    }
    if (contents != CONTENTS_NTFS) {
        return true;
    }
    search->ntfs++;
    volume = finder_volume(f, partition, errp);
    return volume && search_volume(f, volume, partition, errp);
}

static void set_not_found(const Search *search, GError **errp)
{
    if (search->bitlocker) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u is encrypted by BitLocker: decrypt it in "
                    "the source VM (manage-bde -off) and shut it down",
                    search->bitlocker);
    } else if (search->ntfs == 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_GUEST,
                    "no partition of the disk holds an NTFS volume, so there "
                    "is no Windows to prepare%s",
                    search->fat ? "; if it is on FAT, convert that in the "
                                  "source VM first, convert C: /fs:ntfs"
                                : "");
    } else {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_GUEST,
                    "no NTFS volume of the disk holds a Windows "
                    "installation");
    }
}

bool search_disk(Finder *f, GError **errp)
{
    Search search = { 0 };

    for (guint i = 0; i < f->disk->partitions->len; i++) {
        search_partition(f, &g_array_index(f->disk->partitions, Partition, i),
                         &search, search.err ? NULL : &search.err);
    }
    if (f->found->len > 0) {
        g_clear_error(&search.err);
        return true;
    }
    if (search.err) {
        g_propagate_error(errp, search.err);
    } else {
        set_not_found(&search, errp);
    }
    return false;
}
