/*
 * What the files of the prepare module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PREPARE_INTERNAL_H
#define GUEST_PREPARE_INTERNAL_H

#include "bios-geometry.h"
#include "bootini-edit.h"
#include "prepare.h"

/* What is at hand while one plan is made and applied. */
typedef struct Job {
    Overlay *overlay;
    const PrepareOptions *options;
    /* Profile *, not owned: those parts of the profile that fit the guest. */
    GPtrArray *parts;
    /* Read only. */
    Volume *volume;
    /* With the registry merged; SOFTWARE only if somebody asked for it. */
    HiveFile *system;
    HiveFile *software;
    /* FileEdit *: all files that have to be written where Windows is. */
    GPtrArray *edits;
    /*
     * What boot.ini will be, and when it was written; NULL if nobody asked
     * for it or there is none.
     */
    BootIniEdit *boot_ini;
    int64_t boot_ini_mtime;
    /* The active partition's boot sector has to have the BIOS's geometry. */
    bool set_geometry;
    BiosGeometry bios;
    Preparation *result;
} Job;

/* prepare-identify.c: finds the disk's partitions and what they hold. */
bool prepare_look_at_disk(Job *job, GError **errp);

/*
 * Finds Windows and opens its registry; refuses a volume that is not in
 * order, and a Windows that the profile is not for.
 */
bool prepare_identify(Job *job, GError **errp);

/* The time that all edits bear: seconds since 1970, UTC. */
int64_t prepare_edit_time(const Job *job);

/* Refuses if any volume but @boot, which may be NULL, is of a hibernated PC. */
bool prepare_check_other_volumes(Job *job, const Partition *boot,
                                 GError **errp);

/* The SOFTWARE hive, which is opened when it is needed first. */
HiveFile *prepare_need_software(Job *job, GError **errp);

/* prepare-plan.c: what has to be written, and the report of it. */
bool prepare_plan(Job *job, GError **errp);

/* Adds to the report the edits from @first on. */
void prepare_report_edits(Job *job, guint first);

/* prepare-boot.c: boot.ini and the HAL that it starts. */
bool prepare_plan_boot(Job *job, GError **errp);

/* Whether only boot.ini is of interest. */
bool prepare_is_boot_ini_only(const Job *job);

/* Writes boot.ini, if it changes. */
bool prepare_write_boot_ini(Job *job, GError **errp);

#endif /* GUEST_PREPARE_INTERNAL_H */
