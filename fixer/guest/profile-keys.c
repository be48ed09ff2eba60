/*
 * The keys of a profile: which there are, and what all of them have in common
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "profile-internal.h"

static const char *const known_keys[][2] = {
    { "profile", "name" },
    { "profile", "description" },
    { "profile", "includes" },
    { "guest", "min-version" },
    { "guest", "max-version" },
    { "guest", "machines" },
    { "files", "directory" },
    { "files", "names" },
    { "files", "sources" },
    { "files", "reason" },
    { "registry", "files" },
    { "registry", "reason" },
    { "services", "disable" },
    { "services", "reason" },
    { PROFILE_INSTANCE, "services" },
    { PROFILE_INSTANCE, "class" },
    { PROFILE_INSTANCE, "reason" },
    { PROFILE_BOOT_SERVICE, "start" },
    { PROFILE_BOOT_SERVICE, "start-override" },
    { PROFILE_BOOT_SERVICE, "missing" },
    { PROFILE_BOOT_SERVICE, "group" },
    { PROFILE_BOOT_SERVICE, "error-control" },
    { PROFILE_BOOT_SERVICE, "reason" },
    { PROFILE_CLASS_FILTERS, "title" },
    { PROFILE_CLASS_FILTERS, "known" },
    { PROFILE_CLASS_FILTERS, "reason" },
    { "device-filters", "devices" },
    { "device-filters", "reason" },
    { PROFILE_CRITICAL_DEVICE, "services" },
    { PROFILE_CRITICAL_DEVICE, "class" },
    { PROFILE_CRITICAL_DEVICE, "reason" },
    { PROFILE_NUMBER, "wrong" },
    { PROFILE_NUMBER, "right" },
    { PROFILE_NUMBER, "reason" },
    { PROFILE_KNOWN_DEVICE, "ids" },
    { "fixes", "names" },
};

/* Sections that there may be several of. */
static const char *const prefixes[] = {
    PROFILE_INSTANCE, PROFILE_BOOT_SERVICE, PROFILE_CLASS_FILTERS,
    PROFILE_CRITICAL_DEVICE, PROFILE_NUMBER, PROFILE_KNOWN_DEVICE,
};

static bool is_known(const char *group, const char *key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(group, prefixes[i])) {
            group = prefixes[i];
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(known_keys); i++) {
        if (g_str_equal(known_keys[i][0], group) &&
            (!key || g_str_equal(known_keys[i][1], key))) {
            return true;
        }
    }
    return false;
}

char *profile_place(const char *name, unsigned line)
{
    return line ? g_strdup_printf("%s:%u", name, line) : g_strdup(name);
}

bool profile_invalid(const ProfileParser *parser, const char *group,
                     const char *key, GError **errp, const char *format, ...)
{
    g_autofree char *where = profile_place(
        parser->name, profile_find_line(parser->text, group, key));
    g_autofree char *why = NULL;
    va_list ap;

    va_start(ap, format);
    why = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID, "%s: [%s]%s%s: %s",
                where, group, key ? " " : "", key ? key : "", why);
    return false;
}

bool profile_check_known(ProfileParser *parser, GError **errp)
{
    g_auto(GStrv) groups = g_key_file_get_groups(parser->keys, NULL);

    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys =
            g_key_file_get_keys(parser->keys, *group, NULL, NULL);

        if (!is_known(*group, NULL)) {
            return profile_invalid(parser, *group, NULL, errp,
                                   "a profile has no such section");
        }
        for (char **key = keys; *key; key++) {
            if (!is_known(*group, *key)) {
                return profile_invalid(parser, *group, *key, errp,
                                       "a profile has no such key");
            }
        }
    }
    return true;
}

/* What GKeyFile, whose message is @err, made nothing of; or only a part. */
static bool check_readable(ProfileParser *parser, const char *group,
                           const char *key, const GError *err, GError **errp)
{
    if (g_error_matches(err, G_KEY_FILE_ERROR,
                        G_KEY_FILE_ERROR_INVALID_VALUE)) {
        return profile_invalid(parser, group, key, errp,
                               "a \\ in it has to be "
                               "doubled");
    }
    if (g_error_matches(err, G_KEY_FILE_ERROR,
                        G_KEY_FILE_ERROR_UNKNOWN_ENCODING)) {
        return profile_invalid(parser, group, key, errp, "it is not UTF-8");
    }
    return true;
}

bool profile_get_string(ProfileParser *parser, const char *group,
                        const char *key, char **value, GError **errp)
{
    g_autoptr(GError) err = NULL;

    *value = g_key_file_get_string(parser->keys, group, key, &err);
    if (!check_readable(parser, group, key, err, errp)) {
        return false;
    }
    if (!*value || !**value) {
        return profile_invalid(parser, group, key, errp,
                               "the value is missing");
    }
    return true;
}

bool profile_get_list(ProfileParser *parser, const char *group, const char *key,
                      char ***value, GError **errp)
{
    g_autoptr(GError) err = NULL;

    *value = g_key_file_get_string_list(parser->keys, group, key, NULL, &err);
    if (!check_readable(parser, group, key, err, errp)) {
        return false;
    }
    if (!*value || !**value) {
        return profile_invalid(parser, group, key, errp,
                               "the list is missing or empty");
    }
    for (char **element = *value; *element; element++) {
        if (!**element) {
            return profile_invalid(parser, group, key, errp,
                                   "the list has an empty element");
        }
        if (g_ascii_isspace(**element) ||
            g_ascii_isspace((*element)[strlen(*element) - 1])) {
            return profile_invalid(parser, group, key, errp,
                                   "'%s' begins or ends in a blank", *element);
        }
    }
    return true;
}

static bool parse_number(ProfileParser *parser, const char *group,
                         const char *key, const char *text, uint32_t *value,
                         GError **errp)
{
    bool hexadecimal = g_str_has_prefix(text, "0x");
    guint64 number;

    if (!g_ascii_string_to_unsigned(text + (hexadecimal ? 2 : 0),
                                    hexadecimal ? 16 : 10, 0, UINT32_MAX,
                                    &number, NULL)) {
        return profile_invalid(parser, group, key, errp,
                               "'%s' is no number below 2^32", text);
    }
    *value = number;
    return true;
}

bool profile_get_number(ProfileParser *parser, const char *group,
                        const char *key, uint32_t *value, GError **errp)
{
    g_autofree char *text = NULL;

    return profile_get_string(parser, group, key, &text, errp) &&
           parse_number(parser, group, key, text, value, errp);
}

bool profile_get_numbers(ProfileParser *parser, const char *group,
                         const char *key, GArray **values, GError **errp)
{
    g_auto(GStrv) texts = NULL;

    *values = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    if (!profile_get_list(parser, group, key, &texts, errp)) {
        return false;
    }
    for (char **text = texts; *text; text++) {
        uint32_t value;

        if (!parse_number(parser, group, key, *text, &value, errp)) {
            return false;
        }
        g_array_append_val(*values, value);
    }
    return true;
}

bool profile_check_services(ProfileParser *parser, const char *group,
                            const char *key, char **names, GError **errp)
{
    /* Services are keys below one key; a comma is a semicolon misspelt. */
    for (char **name = names; *name; name++) {
        if (strpbrk(*name, "\\,")) {
            return profile_invalid(parser, group, key, errp,
                                   "'%s' is no service's name", *name);
        }
    }
    return true;
}

bool profile_check_device(ProfileParser *parser, const char *group,
                          const char *key, const char *device, GError **errp)
{
    const char *separator = strchr(device, '\\');

    if (!separator || separator == device || !separator[1] ||
        strchr(separator + 1, '\\')) {
        return profile_invalid(parser, group, key, errp,
                               "'%s' is not of the form PCI\\VEN_8086&DEV_7010",
                               device);
    }
    return true;
}

bool profile_check_guid(ProfileParser *parser, const char *group,
                        const char *key, const char *text, GError **errp)
{
    g_autofree char *inner = g_strdup(text);
    size_t length = strlen(text);

    if (length == 38 && text[0] == '{' && text[37] == '}') {
        inner[37] = '\0';
        if (g_uuid_string_is_valid(inner + 1)) {
            return true;
        }
    }
    return profile_invalid(parser, group, key, errp,
                           "'%s' is not of the form "
                           "{4D36E96A-E325-11CE-BFC1-08002BE10318}",
                           text);
}

bool profile_get_version(ProfileParser *parser, const char *key,
                         PeVersion *version, GError **errp)
{
    g_autofree char *text = NULL;
    unsigned major, minor;
    char rest;

    if (!profile_get_string(parser, "guest", key, &text, errp)) {
        return false;
    }
    if (sscanf(text, "%u.%u%c", &major, &minor, &rest) != 2 ||
        major > UINT16_MAX || minor > UINT16_MAX) {
        return profile_invalid(parser, "guest", key, errp,
                               "'%s' is not of the form 5.1", text);
    }
    version->part[0] = major;
    version->part[1] = minor;
    return true;
}
