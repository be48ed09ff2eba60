/*
 * Driver place: a directory or a cabinet that may hold drivers
 *
 * Directories of service packs and setup CDs have thousands of files, so none
 * is listed: the few names that are wanted are looked up.  In a directory a
 * file may be compressed, which the last letter of its name then shows:
 * atapi.sy_.  What is inside decides; see expand.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "cabinet.h"
#include "driver-place.h"
#include "error.h"
#include "expand.h"
#include "guest-limits.h"

void driver_place_free(DriverPlace *place)
{
    g_free(place->path);
    g_clear_pointer(&place->files, g_hash_table_unref);
    g_free(place);
}

void driver_file_free(DriverFile *file)
{
    if (file) {
        g_free(file->path);
        g_bytes_unref(file->bytes);
        g_free(file);
    }
}

static DriverFile *driver_file_new(const char *path, GBytes *bytes)
{
    DriverFile *file = g_new0(DriverFile, 1);

    file->path = g_strdup(path);
    file->bytes = bytes;
    return file;
}

static bool is_cabinet(const char *name)
{
    size_t length = strlen(name);

    return length >= 4 && g_ascii_strcasecmp(name + length - 4, ".cab") == 0;
}

/* ------------------------------------------------------ which there are */

/* The user's directory called @path, to which files are then added. */
static DriverPlace *directory_new(const char *path)
{
    DriverPlace *place = g_new0(DriverPlace, 1);

    place->path = g_strdup(path);
    place->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         NULL);
    return place;
}

static DriverPlace *cabinet_new(const UserFile *file)
{
    DriverPlace *place = g_new0(DriverPlace, 1);

    place->path = g_strdup(file->name);
    place->cabinet = true;
    place->bytes = file->bytes;
    return place;
}

/*
 * Adds the user's places.  The files of one folder are one place, so are those
 * that are not in any; each cabinet is one of its own.
 */
static void add_user_places(GPtrArray *places, const GPtrArray *files)
{
    g_autoptr(GHashTable) folders =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < files->len; i++) {
        const UserFile *file = g_ptr_array_index(files, i);
        const char *slash = strrchr(file->name, '/');
        const char *base = slash ? slash + 1 : file->name;
        g_autofree char *folder = g_strndup(file->name,
                                            slash ? slash - file->name : 0);
        g_autofree char *key = g_ascii_strdown(base, -1);
        DriverPlace *place = g_hash_table_lookup(folders, folder);

        if (is_cabinet(base)) {
            g_ptr_array_add(places, cabinet_new(file));
            continue;
        }
        if (!place) {
            place = directory_new(*folder ? folder : "driver-source");
            g_ptr_array_add(places, place);
            g_hash_table_insert(folders, g_steal_pointer(&folder), place);
        }
        if (!g_hash_table_contains(place->files, key)) {
            g_hash_table_insert(place->files, g_steal_pointer(&key),
                                (gpointer)file);
        }
    }
}

/* What a profile says with {platform}, as Windows spells it. */
static char *source_path(const Windows *windows, const char *pattern)
{
    const char *platform = windows->machine == PE_MACHINE_AMD64 ? "amd64"
                                                                : "i386";
    g_auto(GStrv) parts = g_strsplit(pattern, "{platform}", -1);
    g_autofree char *below = g_strjoinv(platform, parts);

    return windows_path(&windows->place, below);
}

static void add_place(GPtrArray *places, Volume *volume, const char *path)
{
    DriverPlace *place = g_new0(DriverPlace, 1);

    place->path = g_strdup(path);
    place->cabinet = is_cabinet(path);
    place->volume = volume;
    g_ptr_array_add(places, place);
}

/*
 * Adds what is in the directory @above under a name that begins with @prefix;
 * at least one place, which is not there if that is nothing.  A directory that
 * cannot be listed is as good as empty; that the disk cannot be read is
 * another matter.
 */
static bool add_listed(GPtrArray *places, Volume *volume, const char *above,
                       const char *prefix, GError **errp)
{
    g_autoptr(GError) err = NULL;
    g_auto(GStrv) names = volume_list(volume, above, &err);
    g_autofree char *all = g_strdup_printf("%s\\%s*", above, prefix);
    unsigned left = LIMIT_DRIVER_PLACES;

    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, g_steal_pointer(&err));
        return false;
    }
    for (char **name = names; name && *name && left > 0; name++) {
        if (g_ascii_strncasecmp(*name, prefix, strlen(prefix)) == 0) {
            g_autofree char *path = g_strdup_printf("%s\\%s", above, *name);

            add_place(places, volume, path);
            left--;
        }
    }
    if (left == LIMIT_DRIVER_PLACES) {
        add_place(places, volume, all);
    }
    return true;
}

/* The places that one of the profile's sources stands for. */
static bool add_source(GPtrArray *places, Volume *volume, const char *source,
                       GError **errp)
{
    g_autofree char *above = NULL;
    g_autofree char *prefix = NULL;
    const char *last = strrchr(source, '\\');

    if (!g_str_has_suffix(source, "*") || !last) {
        add_place(places, volume, source);
        return true;
    }
    above = g_strndup(source, last - source);
    prefix = g_strndup(last + 1, strlen(last + 1) - 1);
    return add_listed(places, volume, above, prefix, errp);
}

GPtrArray *driver_places_new(Volume *volume, const Windows *windows,
                             const Profile *profile,
                             const GPtrArray *user_files, GError **errp)
{
    g_autoptr(GPtrArray) places =
        g_ptr_array_new_with_free_func((GDestroyNotify)driver_place_free);

    if (user_files) {
        add_user_places(places, user_files);
    }
    for (char **source = profile->sources; *source; source++) {
        g_autofree char *path = source_path(windows, *source);

        if (!add_source(places, volume, path, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&places);
}

bool driver_place_exists(const DriverPlace *place, bool *exists,
                         GError **errp)
{
    *exists = true;
    return !place->volume ||
           volume_exists(place->volume, place->path, exists, errp);
}

/* ---------------------------------------------------- what is in a place */

/*
 * The bytes of @path in the guest, which are then @own as well, or those that
 * the user brings along.
 */
static ByteSource *open_bytes(const DriverPlace *place, const char *path,
                              ByteSource *users, ByteSource **own,
                              GError **errp)
{
    if (!place->volume) {
        return users;
    }
    *own = volume_open_file(place->volume, path, errp);
    return *own;
}

/* A file in a directory, and its bytes if it is the user's. */
typedef struct Lookup {
    char *path;
    ByteSource *bytes;
} Lookup;

static void lookup_free(Lookup *lookup)
{
    g_free(lookup->path);
    g_free(lookup);
}

static bool look_up_name(const DriverPlace *place, const char *name,
                         Lookup *lookup, bool *exists, GError **errp)
{
    g_autofree char *key = g_ascii_strdown(name, -1);
    const UserFile *file;

    g_clear_pointer(&lookup->path, g_free);
    if (place->volume) {
        lookup->path = g_strdup_printf("%s\\%s", place->path, name);
        return volume_exists(place->volume, lookup->path, exists, errp);
    }
    file = g_hash_table_lookup(place->files, key);
    *exists = file != NULL;
    if (file) {
        lookup->path = g_strdup(file->name);
        lookup->bytes = file->bytes;
    }
    return true;
}

/* Looks for @name, and for it as a compressed file is called. */
static bool look_up(const DriverPlace *place, const char *name,
                    Lookup *lookup, bool *exists, GError **errp)
{
    g_autofree char *stem = g_strndup(name, MAX(strlen(name), 1) - 1);
    g_autofree char *compressed = g_strconcat(stem, "_", NULL);

    if (!look_up_name(place, name, lookup, exists, errp)) {
        return false;
    }
    return *exists ||
           look_up_name(place, compressed, lookup, exists, errp);
}

static bool look_up_all(const DriverPlace *place, const GPtrArray *names,
                        GPtrArray *lookups, GPtrArray *missing,
                        GError **errp)
{
    for (guint i = 0; i < names->len; i++) {
        char *name = g_ptr_array_index(names, i);
        Lookup *lookup = g_new0(Lookup, 1);
        bool exists;

        g_ptr_array_add(lookups, lookup);
        if (!look_up(place, name, lookup, &exists, errp)) {
            return false;
        }
        if (!exists) {
            g_ptr_array_add(missing, name);
        }
    }
    return true;
}

/* The name in front of what is wrong with the file; read errors have it. */
static void prefix_name(const DriverPlace *place, const char *path,
                        GError **errp)
{
    const char *at = strrchr(path, place->volume ? '\\' : '/');

    if (errp && !g_error_matches(*errp, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_prefix_error(errp, "%s: ", at ? at + 1 : path);
    }
}

static bool read_from_directory(const DriverPlace *place,
                                const GPtrArray *names, GPtrArray *found,
                                GPtrArray *missing, GError **errp)
{
    g_autoptr(GPtrArray) lookups =
        g_ptr_array_new_with_free_func((GDestroyNotify)lookup_free);

    if (!look_up_all(place, names, lookups, missing, errp)) {
        return false;
    }
    for (guint i = 0; i < names->len && missing->len == 0; i++) {
        const Lookup *lookup = g_ptr_array_index(lookups, i);
        g_autoptr(ByteSource) own = NULL;
        ByteSource *source = open_bytes(place, lookup->path, lookup->bytes,
                                        &own, errp);
        GBytes *bytes;

        if (!source) {
            return false;
        }
        bytes = expand_file(source, g_ptr_array_index(names, i),
                            LIMIT_PE_SIZE, errp);
        if (!bytes) {
            prefix_name(place, lookup->path, errp);
            return false;
        }
        g_ptr_array_add(found, driver_file_new(lookup->path, bytes));
    }
    return true;
}

/* A member that is wanted, and where its data lies. */
typedef struct Member {
    const char *name;
    guint number;
    uint64_t place;
} Member;

static int compare_members(const void *a, const void *b)
{
    const Member *left = a;
    const Member *right = b;

    return (left->place > right->place) - (left->place < right->place);
}

/* Takes what the member costs off *@left. */
static bool spend(Cabinet *cabinet, const char *member, uint64_t *left,
                  GError **errp)
{
    uint64_t cost = cabinet_cost(cabinet, member);

    if (cost > *left) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: more than %llu MiB would have to be unpacked for it, "
                    "all cabinets taken together; unpack it yourself, and "
                    "name its folder by driver-source", member,
                    LIMIT_UNPACKED_SIZE / MiB);
        return false;
    }
    *left -= cost;
    return true;
}

/* In the order of their data, so that none is decompressed twice. */
static bool extract_members(const DriverPlace *place, Cabinet *cabinet,
                            GArray *members, uint64_t *left,
                            GPtrArray *found, GError **errp)
{
    g_array_sort(members, compare_members);
    g_ptr_array_set_size(found, members->len);
    for (guint i = 0; i < members->len; i++) {
        const Member *member = &g_array_index(members, Member, i);
        GBytes *bytes;

        if (!spend(cabinet, member->name, left, errp)) {
            return false;
        }
        bytes = cabinet_extract(cabinet, member->name, LIMIT_PE_SIZE, errp);
        if (!bytes) {
            return false;
        }
        g_ptr_array_index(found, member->number) =
            driver_file_new(place->path, bytes);
    }
    return true;
}

static bool read_from_cabinet(const DriverPlace *place,
                              const GPtrArray *names, uint64_t *left,
                              GPtrArray *found, GPtrArray *missing,
                              GError **errp)
{
    g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(Member));
    g_autoptr(ByteSource) own = NULL;
    ByteSource *source = open_bytes(place, place->path, place->bytes, &own,
                                    errp);
    g_autoptr(Cabinet) cabinet = source ? cabinet_open(source, errp) : NULL;

    if (!cabinet) {
        return false;
    }
    for (guint i = 0; i < names->len; i++) {
        char *name = g_ptr_array_index(names, i);
        Member member = { .name = name, .number = i };

        if (!cabinet_find(cabinet, name, &member.place)) {
            g_ptr_array_add(missing, name);
        }
        g_array_append_val(members, member);
    }
    return missing->len > 0 ||
           extract_members(place, cabinet, members, left, found, errp);
}

bool driver_place_read(const DriverPlace *place, const GPtrArray *names,
                       uint64_t *left, GPtrArray *found, GPtrArray *missing,
                       GError **errp)
{
    return place->cabinet
           ? read_from_cabinet(place, names, left, found, missing, errp)
           : read_from_directory(place, names, found, missing, errp);
}
