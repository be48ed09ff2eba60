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
    { "fixes", "names" },
};

static bool is_known(const char *group, const char *key)
{
    if (g_str_has_prefix(group, PROFILE_INSTANCE)) {
        group = PROFILE_INSTANCE;
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
