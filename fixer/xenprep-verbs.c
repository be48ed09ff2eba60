/*
 * What the helper is asked to do, done by the engine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "guest/check.h"
#include "guest/error.h"
#include "guest/guest-limits.h"
#include "guest/inspect.h"
#include "guest/prepare.h"
#include "guest/registry.h"
#include "guest/report.h"
#include "guest/vmdk.h"
#include "xenprep-verbs.h"

/* The embedded profile that auto-reboot=off stands for. */
#define NO_AUTO_REBOOT "no-auto-reboot"

/* What makes a report long that is about no more than what is there. */
#define LONG_NAMES \
    "the guest has names in its registry or boot.ini that are too long; mend " \
    "them in the source VM"

/* The text of one of the user's files. */
static GBytes *read_text(ByteSource *source, const char *name, GError **errp)
{
    g_autofree char *text = NULL;

    if (source->size > XENPREP_MAX_TEXT) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: its size is over the limit of %d MiB", name,
                    XENPREP_MAX_TEXT / MiB);
        return NULL;
    }
    text = g_malloc(source->size);
    if (!source_read(source, 0, text, source->size, errp)) {
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&text), source->size);
}

static GBytes *lookup_beside(const char *name, void *opaque, GError **errp)
{
    ByteSource *source = request_find_beside(opaque, name);

    if (!source) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s: there is no such file beside the profile", name);
        return NULL;
    }
    return read_text(source, name, errp);
}

static Profile *read_profile(Request *request, GError **errp)
{
    RequestSource *source;
    g_autoptr(GBytes) text = NULL;

    if (request->profile) {
        return profile_embedded(request->profile, errp);
    }
    source = g_ptr_array_index(request->sources, request->profile_source);
    text = read_text(source->bytes, source->name, errp);
    return text ? profile_parse(source->name, text, lookup_beside, request,
                                errp)
                : NULL;
}

static bool load_reg_files(Request *request, GPtrArray *files, GError **errp)
{
    const RequestRange *range = &request->reg_sources;

    for (unsigned i = 0; i < range->count; i++) {
        RequestSource *source = g_ptr_array_index(request->sources,
                                                  range->first + i);
        g_autoptr(GBytes) text = read_text(source->bytes, source->name, errp);
        RegFile *file = text ? regfile_parse(source->name, text, errp) : NULL;

        if (!file) {
            return false;
        }
        g_ptr_array_add(files, file);
        if (!registry_check_file(file, errp)) {
            return false;
        }
    }
    return true;
}

/* UserFile *: the sources that drivers may be taken from. */
static GPtrArray *user_files(Request *request)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    const RequestRange *range = &request->driver_sources;

    for (unsigned i = 0; i < range->count; i++) {
        RequestSource *source = g_ptr_array_index(request->sources,
                                                  range->first + i);
        UserFile *file = g_new0(UserFile, 1);

        file->name = source->name;
        file->bytes = source->bytes;
        g_ptr_array_add(files, file);
    }
    return files;
}

/* What the disk's VMDK says of its adapter; false on failure. */
static bool read_adapter_type(Request *request, char **adapter_type,
                              GError **errp)
{
    GError *err = NULL;
    RequestSource *container;

    *adapter_type = NULL;
    if (!request->container_source) {
        return true;
    }
    container = g_ptr_array_index(request->sources,
                                  request->container_source);
    *adapter_type = vmdk_adapter_type(container->bytes, &err);
    if (err) {
        g_propagate_error(errp, err);
    }
    return !err;
}

/* The profile, with what the options add to it and take from it. */
static Profile *load_profile(Request *request, GError **errp)
{
    g_autoptr(Profile) profile = read_profile(request, errp);

    if (!profile ||
        (request->auto_reboot_off &&
         !profile_include_embedded(profile, NO_AUTO_REBOOT, errp))) {
        return NULL;
    }
    for (char **part = request->without; part && *part; part++) {
        if (!profile_leave_out(profile, *part, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&profile);
}

static bool names_profile(const Request *request)
{
    return request->profile || request->profile_source;
}

static bool send_changes(Session *session, const Preparation *preparation,
                         Overlay *overlay, GError **errp)
{
    bool ok;

    session->discards = preparation->discards;
    ok = overlay_foreach_patch(overlay, answer_patch, session, errp) &&
         answer_last_discards(session, errp);
    session->discards = NULL;
    return ok;
}

/* What the request itself says; the caller adds what has to be read. */
static PrepareOptions prepare_options(const Request *request)
{
    return (PrepareOptions) {
        .boot_ini = request->boot_ini,
        .boot_ini_operations = request->boot_ini_operations,
        .windows = request->windows,
        .dirty_hive = request->dirty_hive,
        .force_dirty_volume = request->force.dirty_volume,
        .strict_filters = request->strict_filters,
        .details = request->details,
        .witnesses = request->witnesses,
        .discard = {
            .free_clusters = request->discard_free,
            .pagefiles = request->drop_pagefile,
        },
        .require_guest = request->require_guest,
        .epoch = request->source_date_epoch,
    };
}

/* Sends what was done, the report last. */
static bool answer_preparation(Session *session, const Request *request,
                               const Preparation *preparation,
                               Overlay *overlay, ReportFacts facts,
                               GError **errp)
{
    g_autofree char *json = NULL;

    if (request->mode == XENPREP_MODE_APPLY &&
        !send_changes(session, preparation, overlay, errp)) {
        return false;
    }
    facts.patches = session->patches;
    facts.patched_bytes = session->patched_bytes;
    facts.discarded_bytes = session->discarded_bytes;
    facts.sandbox = session->measures;
    json = report_to_json(preparation, &facts);
    return answer_report(session, json,
                         "too many keys change, split the .reg file", errp);
}

static bool prepare(Session *session, Request *request, Overlay *overlay,
                    GError **errp)
{
    g_autoptr(Profile) profile =
        names_profile(request) ? load_profile(request, errp) : NULL;
    g_autoptr(Preparation) preparation = NULL;
    g_autoptr(GPtrArray) drivers = user_files(request);
    g_autoptr(GPtrArray) reg_files =
        g_ptr_array_new_with_free_func((GDestroyNotify)regfile_free);
    g_autofree char *adapter_type = NULL;
    HalRequest hal = {
        .to = request->hal,
        .replace = request->hal_replace,
        .allow_family_change = request->force.hal_family,
        .user_files = drivers,
    };
    PrepareOptions options = prepare_options(request);

    if ((names_profile(request) && !profile) ||
        !load_reg_files(request, reg_files, errp) ||
        !read_adapter_type(request, &adapter_type, errp)) {
        return false;
    }
    options.profile = profile;
    options.hal = request->hal ? &hal : NULL;
    options.user_files = drivers;
    options.reg_files = reg_files;
    preparation = prepare_run(overlay, &options,
                              request->mode == XENPREP_MODE_APPLY, errp);
    return preparation &&
           answer_preparation(session, request, preparation, overlay,
                              (ReportFacts) {
                                  .profile = profile ? profile->name : NULL,
                                  .adapter_type = adapter_type,
                              }, errp);
}

static bool inspect(Session *session, Request *request, Overlay *overlay,
                    GError **errp)
{
    g_autofree char *adapter_type = NULL;
    g_autofree char *json = NULL;
    InspectOptions options = {
        .windows = request->windows,
        .dirty_hive = request->dirty_hive,
        .sandbox = session->measures,
    };

    if (!read_adapter_type(request, &adapter_type, errp)) {
        return false;
    }
    options.adapter_type = adapter_type;
    json = inspect_run(overlay, &options, errp);
    return json && answer_report(session, json, LONG_NAMES, errp);
}

static bool check(Session *session, Request *request, Overlay *overlay,
                  GError **errp)
{
    CheckOptions options = {
        .windows = request->windows,
        .dirty_hive = request->dirty_hive,
        .machine = request->machine,
        .sandbox = session->measures,
    };
    g_autofree char *json = check_run(overlay, &options, errp);

    return json && answer_report(session, json, LONG_NAMES, errp);
}

bool verb_run(Session *session, Request *request, GError **errp)
{
    RequestSource *disk = g_ptr_array_index(request->sources, 0);
    g_autoptr(Overlay) overlay = overlay_new(disk->bytes, LIMIT_OVERLAY_SIZE);

    switch (request->verb) {
    case XENPREP_VERB_PREPARE:
        return prepare(session, request, overlay, errp);
    case XENPREP_VERB_INSPECT:
        return inspect(session, request, overlay, errp);
    case XENPREP_VERB_CHECK:
        return check(session, request, overlay, errp);
    }
    g_assert_not_reached();
}
