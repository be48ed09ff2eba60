/*
 * Driver choice: which of several places the drivers are taken from
 *
 * Windows' own drivers of one service pack are not all of its version: what it
 * did not change keeps the one of the service pack before, pciide.sys of XP SP3
 * that of the first XP.  So places are compared file by file, from the oldest
 * on: a place is as good as its oldest file, and where a file is equally old
 * everywhere the others tell.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "driver-choice.h"
#include "error.h"

/* Places that an error names; a folder may hold any number of cabinets. */
#define NAMED_PLACES 12

DriverCandidate *driver_candidate_new(const char *path, guint rank)
{
    DriverCandidate *candidate = g_new0(DriverCandidate, 1);

    candidate->path = g_strdup(path);
    candidate->rank = rank;
    candidate->versions = g_array_new(FALSE, FALSE, sizeof(PeVersion));
    return candidate;
}

void driver_candidate_free(DriverCandidate *candidate)
{
    g_free(candidate->path);
    g_clear_error(&candidate->failure);
    g_array_unref(candidate->versions);
    g_free(candidate);
}

static const PeVersion *version_at(const DriverCandidate *candidate, guint i)
{
    return &g_array_index(candidate->versions, PeVersion, i);
}

static int compare_versions(const void *a, const void *b)
{
    return pe_version_compare(a, b);
}

void driver_candidate_add_version(DriverCandidate *candidate,
                                  const PeVersion *version)
{
    PeVersion none = { { 0 } };

    candidate->unversioned |= !version;
    g_array_append_vals(candidate->versions, version ? version : &none, 1);
    g_array_sort(candidate->versions, compare_versions);
    candidate->state = DRIVER_FIT;
}

void driver_candidate_fail(DriverCandidate *candidate, DriverState state,
                           GError *failure)
{
    candidate->state = state;
    g_clear_error(&candidate->failure);
    candidate->failure = failure;
}

/* -1, 0 or 1 as @a is older than, as old as, or newer than @b. */
static int compare(const DriverCandidate *a, const DriverCandidate *b)
{
    guint count = MIN(a->versions->len, b->versions->len);
    int result = 0;

    for (guint i = 0; i < count && result == 0; i++) {
        result = pe_version_compare(version_at(a, i), version_at(b, i));
    }
    return result;
}

DriverCandidate *driver_choice_better(DriverCandidate *a, DriverCandidate *b)
{
    bool a_fits = a->state == DRIVER_FIT;
    bool b_fits = b->state == DRIVER_FIT;
    int difference = a_fits && b_fits ? compare(a, b) : a_fits - b_fits;

    if (difference == 0) {
        return a->rank < b->rank ? a : b;
    }
    return difference > 0 ? a : b;
}

bool driver_choice_is_best(const DriverCandidate *candidate,
                           const PeVersion *kernel)
{
    return candidate->state == DRIVER_FIT &&
           pe_version_compare(version_at(candidate, 0), kernel) == 0;
}

static char *chosen_reason(const DriverCandidate *chosen,
                           const PeVersion *kernel)
{
    g_autofree char *limit = pe_version_string(kernel);

    if (chosen->unversioned) {
        return g_strdup("a file in it has no version and counts as the "
                        "oldest, but no other source is better");
    }
    return g_strdup_printf("newest version that is not above the kernel's %s",
                           limit);
}

/* Why one that fits as well was not taken. */
static char *worse_reason(const DriverCandidate *candidate,
                          const DriverCandidate *chosen)
{
    const PeVersion *lowest = version_at(candidate, 0);
    g_autofree char *text = pe_version_string(lowest);

    if (compare(candidate, chosen) == 0) {
        return g_strdup_printf("passed over: its version is that of %s, which "
                               "comes first", chosen->path);
    }
    if (candidate->unversioned) {
        return g_strdup_printf("passed over: a file in it has no version and "
                               "counts as older than those of %s",
                               chosen->path);
    }
    if (pe_version_compare(lowest, version_at(chosen, 0)) == 0) {
        return g_strdup_printf("passed over: its oldest file is of version "
                               "%s, as that of %s, but the others are older",
                               text, chosen->path);
    }
    return g_strdup_printf("passed over: version %s is older than that of %s",
                           text, chosen->path);
}

static char *reason(const DriverCandidate *candidate,
                    const DriverCandidate *chosen, const PeVersion *kernel)
{
    if (candidate == chosen) {
        return chosen_reason(chosen, kernel);
    }
    switch (candidate->state) {
    case DRIVER_FIT:
        return worse_reason(candidate, chosen);
    case DRIVER_UNSEEN:
        return g_strdup_printf("not looked at: %s has the kernel's own "
                               "version", chosen->path);
    default:
        return g_strdup_printf("passed over: %s",
                               candidate->failure->message);
    }
}

void driver_choice_report(const GPtrArray *candidates,
                          const DriverCandidate *chosen,
                          const PeVersion *kernel, GPtrArray *sources)
{
    for (guint i = 0; i < candidates->len; i++) {
        const DriverCandidate *candidate = g_ptr_array_index(candidates, i);
        DriverSource *source;

        if (candidate->state == DRIVER_ABSENT) {
            continue;
        }
        source = g_new0(DriverSource, 1);
        source->path = g_strdup(candidate->path);
        source->used = candidate == chosen;
        source->has_version = candidate->versions->len > 0 &&
                              !candidate->unversioned;
        if (source->has_version) {
            source->version = *version_at(candidate, 0);
        }
        source->reason = reason(candidate, chosen, kernel);
        g_ptr_array_add(sources, source);
    }
}

char *driver_choice_join(const GPtrArray *texts)
{
    g_autoptr(GString) joined = g_string_new(NULL);

    for (guint i = 0; i < texts->len; i++) {
        g_string_append_printf(joined, "%s%s", i ? ", " : "",
                               (char *)g_ptr_array_index(texts, i));
    }
    return g_string_free(g_steal_pointer(&joined), FALSE);
}

/* The first of those that come nearest; NULL if all have nothing. */
static const DriverCandidate *most_telling(const GPtrArray *candidates)
{
    const DriverCandidate *best = NULL;

    for (guint i = 0; i < candidates->len; i++) {
        const DriverCandidate *candidate = g_ptr_array_index(candidates, i);

        if (candidate->state > (best ? best->state : DRIVER_EMPTY)) {
            best = candidate;
        }
    }
    return best;
}

/*
 * The paths of what else was tried; if that was in vain altogether also of
 * what is not there.
 */
static char *tried(const GPtrArray *candidates, const DriverCandidate *telling)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autofree char *more = NULL;
    guint count = 0;

    for (guint i = 0; i < candidates->len; i++) {
        const DriverCandidate *candidate = g_ptr_array_index(candidates, i);

        if (candidate == telling ||
            (telling && candidate->state == DRIVER_ABSENT)) {
            continue;
        }
        if (count++ < NAMED_PLACES) {
            g_ptr_array_add(paths, candidate->path);
        }
    }
    if (count > NAMED_PLACES) {
        more = g_strdup_printf("%u more", count - NAMED_PLACES);
        g_ptr_array_add(paths, more);
    }
    return driver_choice_join(paths);
}

/* What the user can do where there are no drivers. */
static const char *remedy(const Windows *windows)
{
    /* Its setup has them in an image, install.wim. */
    return windows->version.part[0] >= 6
           ? "restore them in the source VM (sfc /scannow), or name copies of "
             "the same Windows by driver-source="
           : "name the setup CD's I386 folder, a cabinet or the files by "
             "driver-source=, or copy the files into the source VM";
}

void driver_choice_set_error(const GPtrArray *candidates, const char *needs,
                             const Windows *windows, GError **errp)
{
    const DriverCandidate *telling = most_telling(candidates);
    g_autofree char *others = tried(candidates, telling);

    if (!telling) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s, of which nothing is in %s; %s", needs, others,
                    remedy(windows));
        return;
    }
    g_set_error(errp, telling->failure->domain, telling->failure->code,
                "%s: %s: %s%s%s; %s", needs, telling->path,
                telling->failure->message,
                *others ? "; tried as well: " : "", others, remedy(windows));
}
