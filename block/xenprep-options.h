/*
 * What the user asks for, and the request to the helper made of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_OPTIONS_H
#define XENPREP_OPTIONS_H

#include "qapi/qapi-types-block-core.h"
#include "win-xenprep-compat.h"
#include "xenprep-protocol.h"
#include "xenprep-sources.h"

typedef struct XenprepOptions {
    XenprepVerb verb;
    XenprepMode mode;
    /*
     * PREPARE: the name of an embedded profile, or, with a '/' in it or
     * ".profile" at its end, the path of a profile in a file.  NULL: nothing
     * is injected.
     */
    const char *profile;
    /* Which installation, as PARTITION:\PATH; NULL: the one that boots. */
    const char *windows;
    /* Paths of files and folders that drivers may be taken from; or NULL. */
    char **driver_source;
    /* Paths of .reg files, merged before the profile's own; or NULL. */
    char **reg_file;
    WinXenprepDirtyHive dirty_hive;
    /* PREPARE: names of parts of the profile to be left out; or NULL. */
    char **without;
    /* PREPARE: of WinXenprepRefusal, what is not to be refused; or NULL. */
    char **force;
    /* PREPARE: another HAL, and whether it takes the old one's place. */
    bool has_hal;
    WinXenprepHal hal;
    bool hal_replace;
    /* PREPARE: what becomes of scsi() and signature(). */
    WinXenprepBootIni boot_ini;
    /*
     * PREPARE: QList of edits of boot.ini, each a QList of a word and its
     * arguments (see docs/protocol.rst); or NULL.
     */
    QList *boot_ini_operations;
    /* PREPARE: what becomes of a STOP screen. */
    WinXenprepAutoReboot auto_reboot;
    /* PREPARE: foreign filters of disks and controllers go, even sound ones. */
    bool strict_filters;
    /* PREPARE: what is to read as zeros. */
    bool discard_free;
    bool drop_pagefile;
    /* PREPARE: whether the report should have what costs more reading. */
    bool details;
    /* PREPARE: whether the report should say where use leaves its traces. */
    bool witnesses;
    /* PREPARE: whether a disk without a Windows to prepare is an error. */
    bool require_guest;
    /* PREPARE: where the report is written to, too; NULL: nowhere. */
    const char *report;
    /* CHECK: the machine that the guest is to boot on. */
    const char *machine;
    OnOffAuto sandbox;
} XenprepOptions;

/*
 * The payload of REQUEST.  Opens the files that @options name, and adds them
 * to @sources, which so far has only the disk.  NULL and @errp on failure.
 */
GByteArray *xenprep_options_to_request(const XenprepOptions *options,
                                       XenprepSources *sources, Error **errp);

/*
 * A decimal number in the environment.  Returns false and sets @errp if it is
 * none; *@value is only set if the variable exists.
 */
bool xenprep_number_from_env(const char *name, int64_t *value, Error **errp);

#endif /* XENPREP_OPTIONS_H */
