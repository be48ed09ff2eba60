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

/* REQUEST: what is in front of the sources, and of a source's name. */
#define REQUEST_FIXED 12
#define SOURCE_FIXED 12

/* The options as JSON: a name in which each byte is escaped, and the rest. */
#define MAX_JSON (6 * XENPREP_MAX_NAME + 256)

QEMU_BUILD_BUG_ON(REQUEST_FIXED + MAX_JSON +
                  XENPREP_MAX_SOURCES * (SOURCE_FIXED + XENPREP_MAX_NAME) >
                  XENPREP_MAX_PAYLOAD);

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

/* The options of the request as JSON, or NULL. */
static GString *options_json(const XenprepOptions *options,
                             const XenprepSources *sources, Error **errp)
{
    g_autoptr(QDict) dict = qdict_new();
    int64_t epoch = -1;

    if (!xenprep_number_from_env(EPOCH_VARIABLE, &epoch, errp)) {
        return NULL;
    }
    if (sources->container) {
        qdict_put_int(dict, "container-source", sources->container);
    }
    if (sources->profile) {
        qdict_put_int(dict, "profile-source", sources->profile);
    } else if (strlen(options->profile) > XENPREP_MAX_NAME) {
        error_setg(errp, "the profile's name is longer than %d bytes",
                   XENPREP_MAX_NAME);
        return NULL;
    } else {
        qdict_put_str(dict, "profile", options->profile);
    }
    qdict_put_bool(dict, "require-guest", options->require_guest);
    if (epoch >= 0) {
        qdict_put_int(dict, "source-date-epoch", epoch);
    }
    return qobject_to_json(QOBJECT(dict));
}

GByteArray *xenprep_options_to_request(const XenprepOptions *options,
                                       XenprepSources *sources, Error **errp)
{
    GByteArray *payload;
    GString *json;
    const XenprepSource *source;

    if (is_profile_file(options->profile) &&
        !xenprep_sources_add_profile(sources, options->profile, errp)) {
        return NULL;
    }
    json = options_json(options, sources, errp);
    if (!json) {
        return NULL;
    }
    payload = g_byte_array_new();
    put32(payload, XENPREP_VERB_PREPARE);
    put32(payload, XENPREP_MODE_APPLY);
    put32(payload, sources->array->len);
    for (uint32_t i = 0; (source = xenprep_sources_get(sources, i)); i++) {
        put_source(payload, source);
    }
    g_byte_array_append(payload, (const uint8_t *)json->str, json->len);
    g_string_free(json, true);
    return payload;
}
