/*
 * A request to the helper, parsed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_REQUEST_H
#define XENPREP_REQUEST_H

#include "guest/prepare.h"
#include "xenprep-wire.h"

typedef struct RequestSource {
    /* As the protocol has it. */
    char *name;
    ByteSource *bytes;
} RequestSource;

/* Sources that follow one another; none if @count is 0. */
typedef struct RequestRange {
    unsigned first;
    unsigned count;
} RequestRange;

/* What is not to be refused. */
typedef struct RequestForce {
    bool dirty_volume;
    bool hal_family;
} RequestForce;

typedef struct Request {
    XenprepVerb verb;
    XenprepMode mode;
    /* RequestSource; the first is the disk. */
    GPtrArray *sources;

    /* The options' JSON object, member by member. */

    /* "profile": the name of an embedded one, or NULL. */
    char *profile;
    /* "profile-source": the index of the user's own, or 0. */
    unsigned profile_source;
    /* "reg-sources": .reg files, merged before the profile's. */
    RequestRange reg_sources;
    /* "driver-sources": files that drivers may be taken from. */
    RequestRange driver_sources;
    /* "windows": which installation, PARTITION:\PATH, or NULL. */
    char *windows;
    /* "dirty-hive" */
    DirtyHive dirty_hive;
    /* "without": parts of the profile to be left out, or NULL. */
    char **without;
    /* "force" */
    RequestForce force;
    /* "hal": another HAL, or NULL. */
    const HalType *hal;
    /* "hal-replace": HAL and kernels are exchanged in place. */
    bool hal_replace;
    /* "boot-ini" */
    BootIniMode boot_ini;
    /* "boot-ini-operations": BootIniOperation *, or NULL. */
    GPtrArray *boot_ini_operations;
    /* "strict-filters": foreign filters go, even if they are sound. */
    bool strict_filters;
    /* "auto-reboot": a STOP screen is to stay. */
    bool auto_reboot_off;
    /* "witnesses": the report should have them. */
    bool witnesses;
    /* "machine": the one that the guest is to boot on, or NULL. */
    char *machine;
    /* "details": whether the report should have what costs more reading. */
    bool details;
    /* "container-source": the index of the VMDK's own file, or 0. */
    unsigned container_source;
    /* "discard-free", "drop-pagefile": what is to read as zeros. */
    bool discard_free;
    bool drop_pagefile;
    /* "require-guest" */
    bool require_guest;
    /* "source-date-epoch": seconds since 1970, or -1. */
    int64_t source_date_epoch;
} Request;

/*
 * Receives and parses a request.  The sources read over @wire, which must
 * outlive the request.
 */
Request *request_receive(XenprepWire *wire, GError **errp);

void request_free(Request *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

/*
 * The file of that name which lies beside the user's own profile; NULL if
 * there is none.
 */
ByteSource *request_find_beside(Request *request, const char *name);

#endif /* XENPREP_REQUEST_H */
