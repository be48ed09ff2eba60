/*
 * What the user asks for, and the request to the helper made of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qemu/cutils.h"
#include "xenprep-options.h"
#include "xenprep-wire.h"

/* The time of all edits, as reproducible-builds.org defines it. */
#define EPOCH_VARIABLE "SOURCE_DATE_EPOCH"

bool xenprep_number_from_env(const char *name, int64_t *value,
                             Error **errp)
{
    const char *text = getenv(name);

    if (!text) {
        return true;
    }
    if (!g_ascii_isdigit(text[0]) || qemu_strtoi64(text, NULL, 10, value) < 0) {
        error_setg(errp, "environment variable %s is not a decimal number; "
                   "correct or unset it", name);
        return false;
    }
    return true;
}

static void put32(GByteArray *payload, uint32_t value)
{
    uint8_t bytes[4];

    xenprep_put32(bytes, value);
    g_byte_array_append(payload, bytes, sizeof(bytes));
}

static void put64(GByteArray *payload, uint64_t value)
{
    uint8_t bytes[8];

    xenprep_put64(bytes, value);
    g_byte_array_append(payload, bytes, sizeof(bytes));
}

static void put_source(GByteArray *payload, const XenprepSource *source)
{
    size_t length = strlen(source->name);

    put64(payload, source->size);
    put32(payload, length);
    g_byte_array_append(payload, (const uint8_t *)source->name, length);
}

static bool is_profile_file(const char *profile)
{
    return strchr(profile, '/') || g_str_has_suffix(profile, ".profile");
}

/* The files and folders that the user named, as sources. */
static bool add_sources(const XenprepOptions *options,
                        XenprepSources *sources, Error **errp)
{
    if (options->profile && is_profile_file(options->profile) &&
        !xenprep_sources_add_profile(sources, options->profile, errp)) {
        return false;
    }
    for (char **path = options->reg_file; path && *path; path++) {
        if (!xenprep_sources_add_reg_file(sources, *path, errp)) {
            return false;
        }
    }
    for (char **path = options->driver_source; path && *path; path++) {
        if (!xenprep_sources_add_drivers(sources, *path, errp)) {
            return false;
        }
    }
    return true;
}

static void put_range(QDict *dict, const char *name,
                      const XenprepSourceRange *range)
{
    if (range->count) {
        QList *list = qlist_new();

        qlist_append_int(list, range->first);
        qlist_append_int(list, range->count);
        qdict_put(dict, name, list);
    }
}

static bool check_length(const char *name, const char *value, Error **errp)
{
    if (strlen(value) > XENPREP_MAX_NAME) {
        error_setg(errp, "option %s is longer than %d bytes", name,
                   XENPREP_MAX_NAME);
        return false;
    }
    return true;
}

/* A string that the helper will get, and may print. */
static bool put_string(QDict *dict, const char *name, const char *value,
                       Error **errp)
{
    if (!check_length(name, value, errp)) {
        return false;
    }
    qdict_put_str(dict, name, value);
    return true;
}

/* Strings that the helper will get, and may print. */
static bool put_strings(QDict *dict, const char *name, char **values,
                        Error **errp)
{
    g_autoptr(QList) list = qlist_new();

    for (char **value = values; value && *value; value++) {
        if (!check_length(name, *value, errp)) {
            return false;
        }
        qlist_append_str(list, *value);
    }
    if (!qlist_empty(list)) {
        qdict_put(dict, name, qobject_ref(list));
    }
    return true;
}

/* How Windows is to be started. */
static void put_boot(QDict *dict, const XenprepOptions *options)
{
    if (options->has_hal) {
        qdict_put_str(dict, "hal", WinXenprepHal_str(options->hal));
        qdict_put_bool(dict, "hal-replace", options->hal_replace);
    }
    qdict_put_str(dict, "boot-ini", WinXenprepBootIni_str(options->boot_ini));
    if (options->boot_ini_operations) {
        qdict_put(dict, "boot-ini-operations",
                  qobject_ref(options->boot_ini_operations));
    }
}

/* What only PREPARE is asked. */
static bool put_prepare(QDict *dict, const XenprepOptions *options,
                        const XenprepSources *sources, Error **errp)
{
    int64_t epoch = -1;

    if (!xenprep_number_from_env(EPOCH_VARIABLE, &epoch, errp)) {
        return false;
    }
    if (sources->profile) {
        qdict_put_int(dict, "profile-source", sources->profile);
    } else if (options->profile &&
               !put_string(dict, "profile", options->profile, errp)) {
        return false;
    }
    put_boot(dict, options);
    if (!put_strings(dict, "without", options->without, errp) ||
        !put_strings(dict, "force", options->force, errp)) {
        return false;
    }
    qdict_put_str(dict, "auto-reboot",
                  WinXenprepAutoReboot_str(options->auto_reboot));
    put_range(dict, "reg-sources", &sources->reg_files);
    put_range(dict, "driver-sources", &sources->drivers);
    qdict_put_bool(dict, "details", options->details);
    qdict_put_bool(dict, "require-guest", options->require_guest);
    if (options->strict_filters) {
        qdict_put_bool(dict, "strict-filters", true);
    }
    if (options->discard_free) {
        qdict_put_bool(dict, "discard-free", true);
    }
    if (options->drop_pagefile) {
        qdict_put_bool(dict, "drop-pagefile", true);
    }
    if (options->witnesses) {
        qdict_put_bool(dict, "witnesses", true);
    }
    if (epoch >= 0) {
        qdict_put_int(dict, "source-date-epoch", epoch);
    }
    return true;
}

/* The options of the request as JSON, or NULL. */
static GString *options_json(const XenprepOptions *options,
                             const XenprepSources *sources, Error **errp)
{
    g_autoptr(QDict) dict = qdict_new();

    if (sources->container) {
        qdict_put_int(dict, "container-source", sources->container);
    }
    if (options->windows &&
        !put_string(dict, "windows", options->windows, errp)) {
        return NULL;
    }
    if (options->machine &&
        !put_string(dict, "machine", options->machine, errp)) {
        return NULL;
    }
    qdict_put_str(dict, "dirty-hive",
                  WinXenprepDirtyHive_str(options->dirty_hive));
    if (options->verb == XENPREP_VERB_PREPARE &&
        !put_prepare(dict, options, sources, errp)) {
        return NULL;
    }
    return qobject_to_json(QOBJECT(dict));
}

GByteArray *xenprep_options_to_request(const XenprepOptions *options,
                                       XenprepSources *sources, Error **errp)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();
    const XenprepSource *source;
    GString *json;

    if (!add_sources(options, sources, errp)) {
        return NULL;
    }
    json = options_json(options, sources, errp);
    if (!json) {
        return NULL;
    }
    put32(payload, options->verb);
    put32(payload, options->mode);
    put32(payload, sources->array->len);
    for (uint32_t i = 0; (source = xenprep_sources_get(sources, i)); i++) {
        put_source(payload, source);
    }
    g_byte_array_append(payload, (const uint8_t *)json->str, json->len);
    g_string_free(json, true);
    if (payload->len > XENPREP_MAX_PAYLOAD) {
        error_setg(errp, "the names of the %u files in driver-source are "
                   "longer than %d bytes in all: name the folder that holds "
                   "the drivers, or the files", sources->drivers.count,
                   XENPREP_MAX_PAYLOAD);
        return NULL;
    }
    return g_steal_pointer(&payload);
}
