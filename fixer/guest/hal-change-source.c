/*
 * HAL change: where the files come from
 *
 * They are looked for where drivers are, in the same order: see drivers.c and
 * driver-choice.h.  All come from one place.  What the user names is preferred
 * to the guest's own whatever its version, as it was meant for this.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "driver-choice.h"
#include "error.h"
#include "guest-limits.h"
#include "hal-change-internal.h"

/* The profile that says where in a guest drivers are. */
#define PLACES_PROFILE "ide-2000"

typedef struct Search {
    const HalChange *change;
    const GArray *wanted;
    /* DriverPlace *, and DriverCandidate * for those that were looked for. */
    GPtrArray *places;
    GPtrArray *candidates;
    /* Bytes of cabinets that may still be decompressed. */
    uint64_t left;
    /* The best so far, and its DriverFile *. */
    DriverCandidate *best;
    GPtrArray *files;
} Search;

static void search_clear(Search *search)
{
    g_clear_pointer(&search->places, g_ptr_array_unref);
    g_clear_pointer(&search->candidates, g_ptr_array_unref);
    g_clear_pointer(&search->files, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static const HalWanted *wanted_at(const Search *search, guint i)
{
    return &g_array_index(search->wanted, HalWanted, i);
}

/* Names on the setup CD, char *; those of optional files only if asked for. */
static GPtrArray *wanted_names(const Search *search, bool optional)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < search->wanted->len; i++) {
        if (optional || !wanted_at(search, i)->optional) {
            g_ptr_array_add(names, (char *)wanted_at(search, i)->setup_name);
        }
    }
    return names;
}

static void fail_missing(DriverCandidate *candidate, guint wanted,
                         const GPtrArray *missing)
{
    g_autofree char *list = driver_choice_join(missing);

    driver_candidate_fail(candidate, missing->len == wanted
                                     ? DRIVER_EMPTY : DRIVER_INCOMPLETE,
                          g_error_new(GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                                      "%s %s not in it", list,
                                      missing->len > 1 ? "are" : "is"));
}

static GPtrArray *file_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)driver_file_free);
}

/* All files, or all but the optional ones; no result if others are missing. */
static bool read_place(Search *search, const DriverPlace *place,
                       DriverCandidate *candidate, GPtrArray **result,
                       GError **errp)
{
    for (int optional = 1; optional >= 0; optional--) {
        g_autoptr(GPtrArray) names = wanted_names(search, optional);
        g_autoptr(GPtrArray) files = file_list_new();
        g_autoptr(GPtrArray) missing = g_ptr_array_new();

        if (!driver_place_read(place, names, &search->left, files, missing,
                               errp)) {
            return false;
        }
        if (missing->len == 0) {
            *result = g_steal_pointer(&files);
            return true;
        }
        fail_missing(candidate, names->len, missing);
    }
    return true;
}

/* Puts NULL where an optional file is missing. */
static void fill_up(const Search *search, GPtrArray *files)
{
    for (guint i = 0; files->len < search->wanted->len; i++) {
        if (wanted_at(search, i)->optional) {
            g_ptr_array_insert(files, i, NULL);
        }
    }
}

/* Whether the files are what they should be, and what versions they have. */
static bool check_files(const Search *search, const GPtrArray *files,
                        DriverCandidate *candidate, GError **errp)
{
    g_auto(HalSet) set = { .change = search->change };

    for (guint i = 0; i < files->len; i++) {
        DriverFile *file = g_ptr_array_index(files, i);

        if (file && !hal_set_add(&set, wanted_at(search, i), file->bytes,
                                 errp)) {
            return false;
        }
    }
    if (!hal_set_check(&set, errp)) {
        return false;
    }
    for (guint i = 0; i < files->len; i++) {
        DriverFile *file = g_ptr_array_index(files, i);

        if (file) {
            file->has_version = true;
            file->version = *hal_set_version(&set, wanted_at(search, i)->role);
            driver_candidate_add_version(candidate, &file->version);
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

static bool look_into(Search *search, const DriverPlace *place,
                      DriverCandidate *candidate, GError **errp)
{
    g_autoptr(GPtrArray) files = NULL;
    GError *err = NULL;

    if (!read_place(search, place, candidate, &files, &err)) {
        return forgive(candidate, err, errp);
    }
    if (!files) {
        return true;
    }
    fill_up(search, files);
    if (!check_files(search, files, candidate, &err)) {
        return forgive(candidate, err, errp);
    }
    g_clear_error(&candidate->failure);
    if (!search->best ||
        driver_choice_better(search->best, candidate) == candidate) {
        search->best = candidate;
        g_clear_pointer(&search->files, g_ptr_array_unref);
        search->files = g_steal_pointer(&files);
    }
    return true;
}

/* One candidate for each place, and which of them are there. */
static bool find_candidates(Search *search, bool users, GError **errp)
{
    for (guint i = 0; i < search->places->len; i++) {
        const DriverPlace *place = g_ptr_array_index(search->places, i);
        DriverCandidate *candidate;
        GError *err = NULL;
        bool exists;

        if (!place->volume != users) {
            continue;
        }
        candidate = driver_candidate_new(place->path, i);
        g_ptr_array_add(search->candidates, candidate);
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

static bool look_into_kind(Search *search, bool cabinets, GError **errp)
{
    const PeVersion *kernel = &search->change->windows->version;

    for (guint i = 0; i < search->candidates->len; i++) {
        DriverCandidate *candidate = g_ptr_array_index(search->candidates, i);
        const DriverPlace *place = g_ptr_array_index(search->places,
                                                     candidate->rank);

        if (search->best && driver_choice_is_best(search->best, kernel)) {
            return true;
        }
        if (candidate->state == DRIVER_UNSEEN &&
            place->cabinet == cabinets &&
            !look_into(search, place, candidate, errp)) {
            return false;
        }
    }
    return true;
}

/* Directories cost little; cabinets have to be decompressed. */
static bool look_into_all(Search *search, bool users, GError **errp)
{
    return find_candidates(search, users, errp) &&
           look_into_kind(search, false, errp) &&
           look_into_kind(search, true, errp);
}

static void set_error(const Search *search, GError **errp)
{
    g_autoptr(GPtrArray) names = wanted_names(search, false);
    g_autofree char *list = driver_choice_join(names);
    g_autofree char *needs =
        g_strdup_printf("partition %u: the HAL '%s' needs %s",
                        search->change->windows->place.partition->number,
                        search->change->request->to->option, list);

    driver_choice_set_error(search->candidates, needs,
                            search->change->windows, errp);
}

/* Says what is older than the file that does its work now. */
static void warn_of_older(const Search *search)
{
    const HalChange *change = search->change;

    for (guint i = 0; i < search->wanted->len; i++) {
        const DriverFile *file = g_ptr_array_index(search->files, i);
        bool is_hal = wanted_at(search, i)->role == HAL_ROLE_HAL;
        const PeVersion *now = is_hal && change->hal.path
                               ? &change->hal.version
                               : &change->windows->version;
        g_autofree char *limit = pe_version_string(now);
        g_autofree char *is = file ? pe_version_string(&file->version) : NULL;

        if (file && pe_version_compare(&file->version, now) < 0) {
            hal_change_warn(change, "%s: version %s, out of %s, is older than "
                            "the installed %s's %s: what hotfixes have "
                            "corrected in between is lost",
                            wanted_at(search, i)->setup_name, is, file->path,
                            is_hal ? "HAL" : "kernel", limit);
        }
    }
}

GPtrArray *hal_source_read(const HalChange *change, const GArray *wanted,
                           GError **errp)
{
    g_autoptr(Profile) profile = profile_embedded(PLACES_PROFILE, errp);
    g_auto(Search) search = {
        .change = change,
        .wanted = wanted,
        .left = LIMIT_UNPACKED_SIZE,
        .candidates = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                     driver_candidate_free),
    };

    if (!profile) {
        return NULL;
    }
    search.places = driver_places_new(change->volume, change->windows, profile,
                                      change->request->user_files, errp);
    if (!search.places || !look_into_all(&search, true, errp) ||
        (!search.best && !look_into_all(&search, false, errp))) {
        return NULL;
    }
    if (!search.best) {
        set_error(&search, errp);
        return NULL;
    }
    driver_choice_report(search.candidates, search.best,
                         &change->windows->version, change->sources);
    warn_of_older(&search);
    return g_steal_pointer(&search.files);
}
