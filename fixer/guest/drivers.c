/*
 * Drivers: which files the guest lacks, and where they can be had
 *
 * The guest's own files are the best source: they are of its language, its
 * service pack and its licence.  A file that is there and fits stays.  Files of
 * different sources are not mixed: intelide.sys and pciidex.sys of two service
 * packs need not fit each other.  So all that is lacking comes from one place,
 * or nothing is done.  It is the one with the newest versions that are not
 * above the kernel's.  Older ones are taken, with a warning: a service pack
 * leaves the cabinet of the original Windows as it was.
 *
 * Which place that is can only be told by reading the files out of each,
 * which takes a cabinet of 70 MB half a second.  So directories are looked at
 * first, and nothing any more once a place has the kernel's own version.
 *
 * A place that is damaged or unsuitable is passed over.  A disk that cannot
 * be read is not: who knows what would have been found.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>

#include "driver-choice.h"
#include "driver-fit.h"
#include "driver-place.h"
#include "error.h"
#include "guest-limits.h"

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
    /* FileEdit *: what this profile lacks; without bytes at first. */
    GPtrArray *edits;
    /* FileEdit *: what is written for other profiles. */
    const GPtrArray *coming;
    /* The names of these files and of the profile's, NULL-terminated. */
    GPtrArray *coming_names;
    /* Their names, char *, in the same order. */
    GPtrArray *names;
    /* DriverPlace *: where to look, in the order of preference. */
    GPtrArray *places;
    /* DriverCandidate *: what is known of each of them. */
    GPtrArray *candidates;
    /* Bytes of cabinets that may still be decompressed. */
    uint64_t left;
    /* The best so far, and its DriverFile *. */
    DriverCandidate *best;
    GPtrArray *files;
} Planner;

static char *target_path(Planner *planner, const char *name)
{
    g_autofree char *below = g_strdup_printf("%s\\%s",
                                             planner->profile->directory,
                                             name);

    return windows_path(&planner->windows->place, below);
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
    return driver_find_unfit(planner->volume, planner->windows,
                             (char **)planner->coming_names->pdata, pe, why,
                             errp);
}

/* What modules that are not there yet may be imported from. */
static GPtrArray *names_to_come(const Profile *profile,
                                const GPtrArray *edits)
{
    GPtrArray *names = g_ptr_array_new();

    for (char **name = profile->files; *name; name++) {
        g_ptr_array_add(names, *name);
    }
    for (guint i = 0; i < edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(edits, i);

        g_ptr_array_add(names, (gpointer)file_edit_name(edit));
    }
    g_ptr_array_add(names, NULL);
    return names;
}

/* Whether another profile brings the file. */
static bool is_coming(const Planner *planner, const char *path)
{
    for (guint i = 0; i < planner->coming->len; i++) {
        const FileEdit *edit = g_ptr_array_index(planner->coming, i);

        if (g_ascii_strcasecmp(edit->path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds an edit, yet without bytes, for each file that is not there or unfit. */
static bool find_needed(Planner *planner, GError **errp)
{
    for (char **name = planner->profile->files; *name; name++) {
        g_autofree char *path = target_path(planner, *name);
        g_autofree char *why = NULL;
        bool exists;
        FileEdit *edit;

        if (is_coming(planner, path)) {
            continue;
        }
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
        g_ptr_array_add(planner->edits, edit);
        g_ptr_array_add(planner->names, *name);
    }
    return true;
}

/* ------------------------------------------------------- what places have */

static void fail_missing(Planner *planner, DriverCandidate *candidate,
                         const GPtrArray *missing)
{
    bool all = missing->len == planner->names->len;
    g_autofree char *list = driver_choice_join(missing);
    const char *what = all && missing->len > 1 ? "none of the files" : list;
    const char *is_not = what != list ? "is" : missing->len > 1 ? "are not"
                                                                : "is not";

    driver_candidate_fail(candidate, all ? DRIVER_EMPTY : DRIVER_INCOMPLETE,
                          g_error_new(GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                                      "%s %s in it", what, is_not));
}

/* Refuses a file that would not load in this guest. */
static bool check_fit(Planner *planner, const char *name, DriverFile *file,
                      DriverCandidate *candidate, GError **errp)
{
    g_autoptr(PeInfo) pe = pe_parse(name, file->bytes, errp);
    g_autofree char *why = NULL;

    if (!pe || !driver_find_unfit(planner->volume, planner->windows,
                                  (char **)planner->coming_names->pdata, pe,
                                  &why, errp)) {
        return false;
    }
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED, "%s: %s", name,
                    why);
        return false;
    }
    file->has_version = pe->has_version;
    file->version = pe->file_version;
    driver_candidate_add_version(candidate, pe->has_version
                                            ? &pe->file_version : NULL);
    return true;
}

/* Refuses a file that is newer than the kernel. */
static bool check_not_newer(Planner *planner, const char *name,
                            const DriverFile *file, GError **errp)
{
    const PeVersion *kernel = &planner->windows->version;

    if (file->has_version && pe_version_compare(&file->version, kernel) > 0) {
        g_autofree char *is = pe_version_string(&file->version);
        g_autofree char *limit = pe_version_string(kernel);

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: its version %s is newer than the kernel's %s", name,
                    is, limit);
        return false;
    }
    return true;
}

static bool check_files(Planner *planner, GPtrArray *files,
                        DriverCandidate *candidate, GError **errp)
{
    for (guint i = 0; i < files->len; i++) {
        if (!check_fit(planner, g_ptr_array_index(planner->names, i),
                       g_ptr_array_index(files, i), candidate, errp)) {
            g_array_set_size(candidate->versions, 0);
            return false;
        }
    }
    for (guint i = 0; i < files->len; i++) {
        if (!check_not_newer(planner, g_ptr_array_index(planner->names, i),
                             g_ptr_array_index(files, i), errp)) {
            return false;
        }
    }
    return true;
}

/*
 * That a place will not do is no error, only that the disk or a file of the
 * user's could not be read.
 */
static bool forgive(DriverCandidate *candidate, GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    driver_candidate_fail(candidate, DRIVER_UNFIT, err);
    return true;
}

static bool look_into(Planner *planner, const DriverPlace *place,
                      DriverCandidate *candidate, GError **errp)
{
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)driver_file_free);
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    GError *err = NULL;

    if (!driver_place_read(place, planner->names, &planner->left, files,
                           missing, &err)) {
        return forgive(candidate, err, errp);
    }
    if (missing->len > 0) {
        fail_missing(planner, candidate, missing);
        return true;
    }
    if (!check_files(planner, files, candidate, &err)) {
        return forgive(candidate, err, errp);
    }
    if (!planner->best ||
        driver_choice_better(planner->best, candidate) == candidate) {
        planner->best = candidate;
        g_clear_pointer(&planner->files, g_ptr_array_unref);
        planner->files = g_steal_pointer(&files);
    }
    return true;
}

/* One candidate for each place, and which of them are there. */
static bool find_candidates(Planner *planner, GError **errp)
{
    for (guint i = 0; i < planner->places->len; i++) {
        const DriverPlace *place = g_ptr_array_index(planner->places, i);
        DriverCandidate *candidate = driver_candidate_new(place->path, i);
        GError *err = NULL;
        bool exists;

        g_ptr_array_add(planner->candidates, candidate);
        if (!driver_place_exists(place, &exists, &err)) {
            if (!forgive(candidate, err, errp)) {
                return false;
            }
        } else if (exists) {
            candidate->state = DRIVER_UNSEEN;
        }
    }
    return true;
}

/* Looks into those places of one kind, unless nothing can be better. */
static bool look_into_kind(Planner *planner, bool users, bool cabinets,
                           GError **errp)
{
    for (guint i = 0; i < planner->places->len; i++) {
        const DriverPlace *place = g_ptr_array_index(planner->places, i);
        DriverCandidate *candidate = g_ptr_array_index(planner->candidates,
                                                       i);

        if (planner->best &&
            driver_choice_is_best(planner->best, &planner->windows->version)) {
            return true;
        }
        if (candidate->state == DRIVER_UNSEEN && !place->volume == users &&
            place->cabinet == cabinets &&
            !look_into(planner, place, candidate, errp)) {
            return false;
        }
    }
    return true;
}

/* What the user named comes first, and what costs little before the rest. */
static bool look_into_all(Planner *planner, GError **errp)
{
    return look_into_kind(planner, true, false, errp) &&
           look_into_kind(planner, true, true, errp) &&
           look_into_kind(planner, false, false, errp) &&
           look_into_kind(planner, false, true, errp);
}

/* ------------------------------------------------------------- the outcome */

static void warn(Planner *planner, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void warn(Planner *planner, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(planner->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

/* Sources that a better one makes up for, but that should not be so. */
static void warn_of_damaged(Planner *planner)
{
    for (guint i = 0; i < planner->candidates->len; i++) {
        const DriverCandidate *candidate =
            g_ptr_array_index(planner->candidates, i);

        if (g_error_matches(candidate->failure, GUEST_ERROR,
                            GUEST_ERROR_INVALID)) {
            warn(planner, "%s: passed over: %s", candidate->path,
                 candidate->failure->message);
        }
    }
}

/* Whether all files are from before the kernel's service pack. */
static bool are_older(Planner *planner)
{
    PeVersion base = windows_base_version(planner->windows);

    for (guint i = 0; i < planner->files->len; i++) {
        const DriverFile *file = g_ptr_array_index(planner->files, i);

        if (pe_version_compare(&file->version, &base) >= 0) {
            return false;
        }
    }
    return true;
}

/*
 * Warns of drivers that a service pack has not updated.  It leaves some as
 * they were, and hotfixes bring kernels alone: one that is older than the
 * kernel is in order if there are others of the service pack's.
 */
static void warn_of_older(Planner *planner, const FileEdit *edit,
                          const DriverFile *file, bool older)
{
    g_autofree char *limit = pe_version_string(&planner->windows->version);
    g_autofree char *is = pe_version_string(&file->version);

    if (!file->has_version) {
        warn(planner, "%s: %s has no version: whether it is older than the "
             "kernel's %s cannot be told", edit->path, file->path, limit);
    } else if (older) {
        warn(planner, "%s: version %s, out of %s, is older than the kernel's "
             "%s", edit->path, is, file->path, limit);
    }
}

/* Warns if the files of the place are not all of one version. */
static void warn_of_mixture(Planner *planner)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *list = NULL;
    bool differ = false;

    for (guint i = 0; i < planner->files->len; i++) {
        const DriverFile *first = g_ptr_array_index(planner->files, 0);
        const DriverFile *file = g_ptr_array_index(planner->files, i);
        g_autofree char *version = pe_version_string(&file->version);

        differ |= pe_version_compare(&first->version, &file->version) != 0;
        g_ptr_array_add(texts, g_strdup_printf(
                            "%s %s",
                            (char *)g_ptr_array_index(planner->names, i),
                            file->has_version ? version : "without one"));
    }
    list = driver_choice_join(texts);
    if (differ) {
        warn(planner, "%s: its files are of different versions: %s",
             planner->best->path, list);
    }
}

/* Fills the edits with the files that were chosen. */
static void take(Planner *planner)
{
    bool older = are_older(planner);

    warn_of_damaged(planner);
    warn_of_mixture(planner);
    for (guint i = 0; i < planner->edits->len; i++) {
        FileEdit *edit = g_ptr_array_index(planner->edits, i);
        const DriverFile *file = g_ptr_array_index(planner->files, i);

        edit->bytes = g_bytes_ref(file->bytes);
        edit->version = file->version;
        edit->source = g_strdup(file->path);
        warn_of_older(planner, edit, file, older);
    }
}

static void set_error(Planner *planner, GError **errp)
{
    const WindowsPlace *place = &planner->windows->place;
    g_autofree char *directory = windows_path(place,
                                              planner->profile->directory);
    g_autofree char *names = driver_choice_join(planner->names);
    g_autofree char *needs = g_strdup_printf("partition %u: %s needs %s",
                                             place->partition->number,
                                             directory, names);

    driver_choice_set_error(planner->candidates, needs, planner->windows,
                            errp);
}

static void planner_clear(Planner *planner)
{
    g_clear_pointer(&planner->edits, g_ptr_array_unref);
    g_clear_pointer(&planner->coming_names, g_ptr_array_unref);
    g_clear_pointer(&planner->names, g_ptr_array_unref);
    g_clear_pointer(&planner->places, g_ptr_array_unref);
    g_clear_pointer(&planner->candidates, g_ptr_array_unref);
    g_clear_pointer(&planner->files, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Planner, planner_clear)

bool drivers_plan(Volume *volume, const Windows *windows,
                  const Profile *profile, const GPtrArray *user_files,
                  GPtrArray *edits, GPtrArray *sources, GPtrArray *warnings,
                  GError **errp)
{
    g_auto(Planner) planner = {
        .volume = volume,
        .windows = windows,
        .profile = profile,
        .warnings = warnings,
        .edits = file_edit_list_new(),
        .coming = edits,
        .names = g_ptr_array_new(),
        .left = LIMIT_UNPACKED_SIZE,
        .candidates = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                     driver_candidate_free),
    };

    if (!profile->files) {
        return true;
    }
    planner.coming_names = names_to_come(profile, edits);
    if (!find_needed(&planner, errp)) {
        return false;
    }
    if (planner.edits->len == 0) {
        return true;
    }
    planner.places = driver_places_new(volume, windows, profile, user_files,
                                       errp);
    if (!planner.places || !find_candidates(&planner, errp) ||
        !look_into_all(&planner, errp)) {
        return false;
    }
    if (!planner.best) {
        set_error(&planner, errp);
        return false;
    }
    driver_choice_report(planner.candidates, planner.best, &windows->version,
                         sources);
    take(&planner);
    g_ptr_array_extend_and_steal(edits, g_steal_pointer(&planner.edits));
    return true;
}
