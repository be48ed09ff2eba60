/*
 * Drivers: which files the guest lacks, and where they can be had
 *
 * The guest's own files are the best source: they are of its language, its
 * service pack and its licence.  A file that is there and fits stays.  Files of
 * different sources are not mixed: intelide.sys and pciidex.sys of two service
 * packs need not fit each other.  So all that is lacking comes from one
 * cabinet, or nothing is done.  Of the
 * profile's cabinets the first will do that holds all of it, in versions not
 * above the kernel's.  Older ones are taken, with a warning: a service pack
 * leaves the cabinet of the original Windows as it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "cabinet.h"
#include "drivers.h"
#include "error.h"
#include "guest-limits.h"

/* What the user can do where the guest does not hold the drivers. */
#define REMEDY "copy the files into the source VM from its setup CD"

void driver_source_free(DriverSource *source)
{
    g_free(source->path);
    g_free(source->reason);
    g_free(source);
}

typedef struct Planner {
    Volume *volume;
    const Windows *windows;
    const Profile *profile;
    GPtrArray *warnings;
} Planner;

void file_edit_free(FileEdit *edit)
{
    g_free(edit->path);
    g_clear_pointer(&edit->bytes, g_bytes_unref);
    g_free(edit->source);
    g_free(edit->reason);
    g_free(edit);
}

static char *target_path(Planner *planner, const char *name)
{
    g_autofree char *below = g_strdup_printf("%s\\%s",
                                             planner->profile->directory,
                                             name);

    return windows_path(&planner->windows->place, below);
}

static bool in_list(char **names, const char *name)
{
    for (char **p = names; *p; p++) {
        if (g_ascii_strcasecmp(*p, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Whether a module that drivers import from is there: one of their like, the
 * kernel, or the HAL.  Returns false if that cannot be told.
 */
static bool has_module(Planner *planner, const char *name, bool *has,
                       GError **errp)
{
    static const char *const directories[] = {
        "system32\\drivers\\", "system32\\",
    };

    *has = in_list(planner->profile->files, name);
    for (unsigned i = 0; !*has && i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *below = g_strconcat(directories[i], name, NULL);
        g_autofree char *path = windows_path(&planner->windows->place, below);

        if (!volume_exists(planner->volume, path, has, errp)) {
            return false;
        }
    }
    return true;
}

/*
 * Sets *@why to why the driver would not load in this guest, or to NULL if it
 * would.  Returns false if that cannot be told.
 */
static bool find_unfit(Planner *planner, const PeInfo *pe, char **why,
                       GError **errp)
{
    *why = NULL;
    if (pe->machine != planner->windows->machine) {
        g_autofree char *is = pe_machine_string(pe->machine);
        g_autofree char *wanted = pe_machine_string(planner->windows->machine);

        *why = g_strdup_printf("it is for %s, the guest is %s", is, wanted);
    }
    for (char **module = pe->imports; *module && !*why; module++) {
        bool has = false;

        if (!strpbrk(*module, "\\/") &&
            !has_module(planner, *module, &has, errp)) {
            return false;
        }
        if (!has) {
            *why = g_strdup_printf("it imports from %s, which the guest does "
                                   "not have", *module);
        }
    }
    return true;
}

/*
 * Sets *@why to why the file has to be written, or to NULL if the one there
 * fits.  Returns false if that cannot be told.
 */
static bool find_why(Planner *planner, const char *path, bool *exists,
                     char **why, GError **errp)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(PeInfo) pe = NULL;

    *why = NULL;
    if (!volume_exists(planner->volume, path, exists, errp)) {
        return false;
    }
    if (!*exists) {
        *why = g_strdup("missing");
        return true;
    }
    bytes = volume_read(planner->volume, path, LIMIT_PE_SIZE, errp);
    if (!bytes) {
        return false;
    }
    pe = pe_parse_code(path, bytes, NULL);
    if (!pe) {
        *why = g_strdup("the one there is no driver");
        return true;
    }
    return find_unfit(planner, pe, why, errp);
}

/* Adds an edit, yet without bytes, for each file that is not there or unfit. */
static bool find_needed(Planner *planner, GPtrArray *needed, GError **errp)
{
    for (char **name = planner->profile->files; *name; name++) {
        g_autofree char *path = target_path(planner, *name);
        g_autofree char *why = NULL;
        bool exists;
        FileEdit *edit;

        if (!find_why(planner, path, &exists, &why, errp)) {
            return false;
        }
        if (!why) {
            continue;
        }
        edit = g_new0(FileEdit, 1);
        edit->create = !exists;
        edit->reason = g_strdup_printf("%s: %s", why,
                                       planner->profile->files_reason);
        edit->path = g_steal_pointer(&path);
        g_ptr_array_add(needed, edit);
    }
    return true;
}

static const char *base_name(const char *path)
{
    return strrchr(path, '\\') + 1;
}

/* Refuses a driver that would not load, or is newer than the kernel. */
static bool check_fit(Planner *planner, const char *member, const PeInfo *pe,
                      GError **errp)
{
    const PeVersion *kernel = &planner->windows->version;
    g_autofree char *why = NULL;

    if (!find_unfit(planner, pe, &why, errp)) {
        return false;
    }
    if (!why && pe->has_version &&
        pe_version_compare(&pe->file_version, kernel) > 0) {
        g_autofree char *is = pe_version_string(&pe->file_version);
        g_autofree char *limit = pe_version_string(kernel);

        why = g_strdup_printf("its version %s is newer than the kernel's %s",
                              is, limit);
    }
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: the driver does not fit: %s", member, why);
        return false;
    }
    return true;
}

/* Takes one file out of @cabinet and looks whether it fits. */
static bool extract(Planner *planner, Cabinet *cabinet, const char *path,
                    FileEdit *edit, GError **errp)
{
    const char *name = base_name(edit->path);
    g_autofree char *member = g_strdup_printf("%s: %s", path, name);
    g_autoptr(GBytes) bytes = cabinet_extract(cabinet, name, LIMIT_PE_SIZE,
                                              errp);
    g_autoptr(PeInfo) pe = bytes ? pe_parse(member, bytes, errp) : NULL;

    if (!pe || !check_fit(planner, member, pe, errp)) {
        return false;
    }
    g_clear_pointer(&edit->bytes, g_bytes_unref);
    edit->bytes = g_steal_pointer(&bytes);
    g_free(edit->source);
    edit->source = g_strdup(path);
    edit->version = pe->file_version;
    return true;
}

static bool extract_all(Planner *planner, const char *path, GPtrArray *needed,
                        GError **errp)
{
    g_autoptr(ByteSource) source = volume_open_file(planner->volume, path,
                                                    errp);
    g_autoptr(Cabinet) cabinet = source ? cabinet_open(source, path, errp)
                                        : NULL;

    for (guint i = 0; cabinet && i < needed->len; i++) {
        if (!extract(planner, cabinet, path, g_ptr_array_index(needed, i),
                     errp)) {
            return false;
        }
    }
    return cabinet != NULL;
}

/* The cabinet's path with {platform} as Windows spells it. */
static char *cabinet_path(Planner *planner, const char *pattern)
{
    const char *platform = planner->windows->machine == PE_MACHINE_AMD64
                           ? "amd64" : "i386";
    g_auto(GStrv) parts = g_strsplit(pattern, "{platform}", -1);
    g_autofree char *below = g_strjoinv(platform, parts);

    return windows_path(&planner->windows->place, below);
}

/*
 * Takes all of @needed from the first cabinet that will do.  A cabinet that
 * is there but will not do is passed over, with a warning; if none will, the
 * first one's reason is the error.
 */
static bool take_from_cabinets(Planner *planner, GPtrArray *needed,
                               GError **errp)
{
    g_autoptr(GError) first = NULL;
    g_autofree char *path = NULL;

    for (char **p = planner->profile->sources; *p; p++) {
        g_autoptr(GError) err = NULL;
        bool exists;

        g_free(path);
        path = cabinet_path(planner, *p);
        if (!volume_exists(planner->volume, path, &exists, errp)) {
            return false;
        }
        if (!exists) {
            continue;
        }
        if (extract_all(planner, path, needed, &err)) {
            return true;
        }
        g_ptr_array_add(planner->warnings,
                        g_strdup_printf("passed over: %s", err->message));
        if (!first) {
            first = g_steal_pointer(&err);
        }
    }
    if (first) {
        g_set_error(errp, first->domain, first->code,
                    "partition %u: %s; " REMEDY,
                    planner->windows->place.partition->number,
                    first->message);
    } else {
        const FileEdit *edit = g_ptr_array_index(needed, 0);

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "partition %u: %s: the cabinet is missing, and %s (%u "
                    "files in all) is needed from it; " REMEDY,
                    planner->windows->place.partition->number, path,
                    base_name(edit->path), needed->len);
    }
    return false;
}

/* Warns of drivers from before the kernel's service pack. */
static void warn_of_older(Planner *planner, GPtrArray *taken)
{
    const PeVersion *kernel = &planner->windows->version;
    g_autofree char *kernel_text = pe_version_string(kernel);

    for (guint i = 0; i < taken->len; i++) {
        const FileEdit *edit = g_ptr_array_index(taken, i);
        g_autofree char *text = pe_version_string(&edit->version);

        if (pe_version_compare(&edit->version, kernel) < 0) {
            g_ptr_array_add(planner->warnings,
                            g_strdup_printf("%s: version %s, out of %s, is "
                                            "older than the kernel's %s",
                                            edit->path, text, edit->source,
                                            kernel_text));
        }
    }
}

bool drivers_plan(Volume *volume, const Windows *windows,
                  const Profile *profile, const GPtrArray *user_files,
                  GPtrArray *edits, GPtrArray *sources, GPtrArray *warnings,
                  GError **errp)
{
    Planner planner = {
        .volume = volume,
        .windows = windows,
        .profile = profile,
        .warnings = warnings,
    };

    if (!profile->files) {
        return true;
    }
    if (!find_needed(&planner, edits, errp)) {
        return false;
    }
    if (edits->len == 0) {
        return true;
    }
    if (!take_from_cabinets(&planner, edits, errp)) {
        return false;
    }
    warn_of_older(&planner, edits);
    return true;
}
