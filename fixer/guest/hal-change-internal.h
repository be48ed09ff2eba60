/*
 * What the files of the HAL change share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HAL_CHANGE_INTERNAL_H
#define GUEST_HAL_CHANGE_INTERNAL_H

#include "driver-place.h"
#include "hal-change.h"

typedef struct HalChange {
    Volume *volume;
    const Windows *windows;
    const BootEntry *started;
    const HalRequest *request;
    /*
     * How NTLDR chooses a kernel for that entry if it does not name one; as
     * with /PAE if it names one with PAE.
     */
    PaeUse pae;
    /*
     * What is installed as HAL_FILE, KERNEL_FILE and KERNEL_FILE_PAE; without
     * a path if there is none that could be read.
     */
    Hal hal;
    Kernel kernel, pae_kernel;
    /*
     * What the started entry names; without a path if it does not name any, or
     * that cannot be read.  The HAL is the installed one if it names none.
     */
    Hal started_hal;
    Kernel started_kernel;
    GPtrArray *edits;
    GPtrArray *sources;
    GPtrArray *warnings;
} HalChange;

typedef enum HalRole {
    HAL_ROLE_HAL,
    HAL_ROLE_KERNEL,
    HAL_ROLE_KERNEL_PAE,
} HalRole;

/* A file that is needed. */
typedef struct HalWanted {
    HalRole role;
    /* On the setup CD: ntkrnlmp.exe. */
    const char *setup_name;
    /* It need not be there. */
    bool optional;
} HalWanted;

/* Files that are to work together, and what they turned out to be. */
typedef struct HalSet {
    const HalChange *change;
    /* Those with a path are looked at, and no others. */
    Hal hal;
    Kernel kernel, pae_kernel;
} HalSet;

void hal_set_clear(HalSet *set);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HalSet, hal_set_clear)

/* ---------------------------------------------------- hal-change.c */

void hal_change_warn(const HalChange *change, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* %SystemRoot%\system32\NAME, to be freed. */
char *hal_change_path(const HalChange *change, const char *name);

/* A switch of the started entry, to be freed; NULL if it has no value. */
char *hal_change_switch(const HalChange *change, const char *name);

/* Whether the installed kernels go with the HAL that is wanted. */
bool hal_change_kernels_fit(const HalChange *change);

/*
 * HalWanted: the HAL, unless the installed one is it, and the kernels, unless
 * the installed ones fit; without that for PAE.
 */
GArray *hal_change_wanted(const HalChange *change);

/* Adds the kernel for PAE to @wanted, if that has the other one. */
void hal_change_want_pae(const HalChange *change, GArray *wanted,
                         bool optional);

/* The edit by which @path gets the bytes of @file. */
FileEdit *hal_change_edit(const char *path, bool create,
                          const DriverFile *file, char *reason);

/* Why there has to be such a file, to be freed. */
char *hal_change_reason(const HalChange *change, const HalWanted *wanted);

/* ------------------------------------------------ hal-change-set.c */

/* Takes the bytes into @set; refuses what is not the file that is wanted. */
bool hal_set_add(HalSet *set, const HalWanted *wanted, GBytes *bytes,
                 GError **errp);

/* The version of what was added for that role. */
const PeVersion *hal_set_version(const HalSet *set, HalRole role);

/*
 * Refuses files that cannot work together, or in this guest: STOP 0x79, or
 * another service pack.  What is not in @set is what is installed.
 */
bool hal_set_check(const HalSet *set, GError **errp);

/* --------------------------------------------- hal-change-source.c */

/*
 * Reads the files of @wanted (HalWanted) out of one source.  The result is
 * DriverFile *, in the same order; NULL for an optional one that the source
 * lacks.
 */
GPtrArray *hal_source_read(const HalChange *change, const GArray *wanted,
                           GError **errp);

/* --------------------------- hal-change-beside.c, hal-change-replace.c */

bool hal_change_beside(const HalChange *change, HalNames *names,
                       GError **errp);

bool hal_change_replace(const HalChange *change, GError **errp);

#endif /* GUEST_HAL_CHANGE_INTERNAL_H */
