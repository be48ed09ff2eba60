/*
 * Driver choice: which of several places the drivers are taken from
 *
 * Pure: it knows places by their paths, and files by their versions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVER_CHOICE_H
#define GUEST_DRIVER_CHOICE_H

#include "drivers.h"

/* The later, the more it tells a user who gets no drivers. */
typedef enum DriverState {
    /* There is no such place. */
    DRIVER_ABSENT,
    /* Nobody looked there. */
    DRIVER_UNSEEN,
    /* None of the files is there. */
    DRIVER_EMPTY,
    /* Some are not. */
    DRIVER_INCOMPLETE,
    /* What is there cannot be read, or does not fit. */
    DRIVER_UNFIT,
    /* All files are there and fit. */
    DRIVER_FIT,
} DriverState;

/* A place, and what was found there. */
typedef struct DriverCandidate {
    char *path;
    /* In the order of preference. */
    guint rank;
    DriverState state;
    /* Why it will not do, if somebody looked and it will not. */
    GError *failure;
    /* PeVersion of each file, ascending; empty if not all could be read. */
    GArray *versions;
    /* One of the files has no version: it is 0 in @versions. */
    bool unversioned;
} DriverCandidate;

/* One that is DRIVER_ABSENT yet. */
DriverCandidate *driver_candidate_new(const char *path, guint rank);

void driver_candidate_free(DriverCandidate *candidate);

/* @version is NULL for a file that has none. */
void driver_candidate_add_version(DriverCandidate *candidate,
                                  const PeVersion *version);

/* It will not do; takes over @failure. */
void driver_candidate_fail(DriverCandidate *candidate, DriverState state,
                           GError *failure);

/*
 * The better of two: which fits, and which has the newer versions.  The oldest
 * files decide; where these are of one version the next ones, and so on.  Of
 * equal ones it is the preferred one, as of two that do not fit.
 */
DriverCandidate *driver_choice_better(DriverCandidate *a, DriverCandidate *b);

/* Whether none can be better: all files are of the version @kernel. */
bool driver_choice_is_best(const DriverCandidate *candidate,
                           const PeVersion *kernel);

/*
 * What a report says of each of @candidates (DriverCandidate *) that is there,
 * added to @sources (DriverSource *).  @chosen, which is one of them, fits.
 */
void driver_choice_report(const GPtrArray *candidates,
                          const DriverCandidate *chosen,
                          const PeVersion *kernel, GPtrArray *sources);

/*
 * The error that none of @candidates will do: @needs, which says what for, the
 * failure that tells most, what else was tried, and the remedy, which depends
 * on the version of @windows.
 */
void driver_choice_set_error(const GPtrArray *candidates, const char *needs,
                             const Windows *windows, GError **errp);

/* The texts (char *) with commas between them, to be freed. */
char *driver_choice_join(const GPtrArray *texts);

#endif /* GUEST_DRIVER_CHOICE_H */
