/*
 * Profile: what is injected into which guest, as data
 *
 * A profile is a GKeyFile beside the .reg files that it names.  Those of this
 * program are compiled in as a GResource; a user's come through the protocol
 * as sources.  docs/profiles.rst describes the format.
 *
 * A key that is not known is an error: a profile with a spelling mistake must
 * not inject half of what its author meant.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>
#include <gio/gio.h>

#include "error.h"
#include "profile.h"
#include "registry.h"

#define RESOURCE_PATH "/win-xenprep/profiles/"

typedef struct Parser {
    GKeyFile *keys;
    /* For messages. */
    const char *name;
} Parser;

static const char *const known_keys[][2] = {
    { "profile", "name" },
    { "profile", "description" },
    { "guest", "min-version" },
    { "guest", "max-version" },
    { "guest", "machines" },
    { "files", "directory" },
    { "files", "names" },
    { "files", "sources" },
    { "files", "reason" },
    { "registry", "files" },
    { "registry", "reason" },
};

static bool is_known(const char *group, const char *key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(known_keys); i++) {
        if (g_str_equal(known_keys[i][0], group) &&
            (!key || g_str_equal(known_keys[i][1], key))) {
            return true;
        }
    }
    return false;
}

static bool check_known(Parser *parser, GError **errp)
{
    g_auto(GStrv) groups = g_key_file_get_groups(parser->keys, NULL);

    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(parser->keys, *group, NULL,
                                                 NULL);

        if (!is_known(*group, NULL)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "%s: [%s]: a profile has no such section",
                        parser->name, *group);
            return false;
        }
        for (char **key = keys; *key; key++) {
            if (!is_known(*group, *key)) {
                g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                            "%s: [%s] %s: a profile has no such key",
                            parser->name, *group, *key);
                return false;
            }
        }
    }
    return true;
}

static bool get_string(Parser *parser, const char *group, const char *key,
                       char **value, GError **errp)
{
    *value = g_key_file_get_string(parser->keys, group, key, NULL);
    if (!*value || !**value) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: [%s] %s: the value is missing", parser->name, group,
                    key);
        return false;
    }
    return true;
}

static bool get_list(Parser *parser, const char *group, const char *key,
                     char ***value, GError **errp)
{
    *value = g_key_file_get_string_list(parser->keys, group, key, NULL, NULL);
    if (!*value || !**value) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: [%s] %s: the list is missing or empty",
                    parser->name, group, key);
        return false;
    }
    return true;
}

static bool get_version(Parser *parser, const char *key, PeVersion *version,
                        GError **errp)
{
    g_autofree char *text = NULL;
    unsigned major, minor;
    char rest;

    if (!get_string(parser, "guest", key, &text, errp)) {
        return false;
    }
    if (sscanf(text, "%u.%u%c", &major, &minor, &rest) != 2 ||
        major > UINT16_MAX || minor > UINT16_MAX) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: [guest] %s: '%s' is not of the form 5.1",
                    parser->name, key, text);
        return false;
    }
    version->part[0] = major;
    version->part[1] = minor;
    return true;
}

static bool parse_about(Parser *parser, Profile *profile, GError **errp)
{
    return get_string(parser, "profile", "name", &profile->name, errp) &&
           get_string(parser, "profile", "description",
                      &profile->description, errp) &&
           get_version(parser, "min-version", &profile->min_version, errp) &&
           get_version(parser, "max-version", &profile->max_version, errp) &&
           get_list(parser, "guest", "machines", &profile->machines, errp);
}

/* File names only: a profile must not reach out of its directory. */
static bool check_plain_names(Parser *parser, const char *group,
                              const char *key, char **names, GError **errp)
{
    for (char **name = names; *name; name++) {
        if (!**name || strpbrk(*name, "/\\:") || **name == '.') {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "%s: [%s] %s: '%s' is not a plain file name",
                        parser->name, group, key, *name);
            return false;
        }
    }
    return true;
}

/*
 * Files get one name that is both WIN32 and DOS, as Windows' own drivers
 * have: eight characters, a dot and three.
 */
static bool check_dos_names(Parser *parser, char **names, GError **errp)
{
    for (char **name = names; *name; name++) {
        size_t base = strcspn(*name, ".");
        const char *dot = *name + base;

        if (base > 8 || strlen(dot) > 4 || (*dot && strchr(dot + 1, '.')) ||
            !g_str_is_ascii(*name) || strpbrk(*name, " \"*+,:;<=>?[]|")) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "%s: [files] names: '%s' is not a DOS (8.3) file "
                        "name", parser->name, *name);
            return false;
        }
    }
    return true;
}

static bool parse_files(Parser *parser, Profile *profile, GError **errp)
{
    if (!g_key_file_has_group(parser->keys, "files")) {
        return true;
    }
    return get_string(parser, "files", "directory", &profile->directory,
                      errp) &&
           get_list(parser, "files", "names", &profile->files, errp) &&
           check_plain_names(parser, "files", "names", profile->files,
                             errp) &&
           check_dos_names(parser, profile->files, errp) &&
           get_list(parser, "files", "sources", &profile->sources, errp) &&
           get_string(parser, "files", "reason", &profile->files_reason,
                      errp);
}

static bool parse_registry(Parser *parser, Profile *profile,
                           ProfileLookup *lookup, void *opaque, GError **errp)
{
    g_auto(GStrv) names = NULL;

    profile->registry =
        g_ptr_array_new_with_free_func((GDestroyNotify)regfile_free);
    if (!g_key_file_has_group(parser->keys, "registry")) {
        return true;
    }
    if (!get_list(parser, "registry", "files", &names, errp) ||
        !check_plain_names(parser, "registry", "files", names, errp) ||
        !get_string(parser, "registry", "reason", &profile->registry_reason,
                    errp)) {
        return false;
    }
    for (char **name = names; *name; name++) {
        g_autoptr(GBytes) text = lookup(*name, opaque, errp);
        RegFile *file = text ? regfile_parse(*name, text, errp) : NULL;

        if (!file) {
            return false;
        }
        g_ptr_array_add(profile->registry, file);
        if (!registry_check_file(file, errp)) {
            return false;
        }
    }
    return true;
}

Profile *profile_parse(const char *name, GBytes *text, ProfileLookup *lookup,
                       void *opaque, GError **errp)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(Profile) profile = g_new0(Profile, 1);
    Parser parser = { .keys = keys, .name = name };
    g_autoptr(GError) err = NULL;

    if (!g_key_file_load_from_bytes(keys, text, G_KEY_FILE_NONE, &err)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: this is no profile: %s", name, err->message);
        return NULL;
    }
    if (!check_known(&parser, errp) ||
        !parse_about(&parser, profile, errp) ||
        !parse_files(&parser, profile, errp) ||
        !parse_registry(&parser, profile, lookup, opaque, errp)) {
        return NULL;
    }
    return g_steal_pointer(&profile);
}

static GBytes *lookup_embedded(const char *name, void *opaque, GError **errp)
{
    g_autofree char *path = g_strconcat(RESOURCE_PATH, name, NULL);

    return g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, errp);
}

/* The embedded profiles' names, for a message. */
static char *embedded_names(void)
{
    g_auto(GStrv) files =
        g_resources_enumerate_children(RESOURCE_PATH,
                                       G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_autoptr(GString) names = g_string_new(NULL);

    for (char **file = files; file && *file; file++) {
        if (g_str_has_suffix(*file, ".profile")) {
            g_string_append_printf(names, "%s%.*s", names->len ? ", " : "",
                                   (int)(strlen(*file) -
                                         strlen(".profile")), *file);
        }
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

Profile *profile_embedded(const char *name, GError **errp)
{
    g_autofree char *file = g_strconcat(name, ".profile", NULL);
    g_autoptr(GBytes) text = lookup_embedded(file, NULL, NULL);

    if (!text) {
        g_autofree char *known = embedded_names();

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "there is no profile '%s'; built in: %s; a file of your "
                    "own is named by its path", name, known);
        return NULL;
    }
    return profile_parse(file, text, lookup_embedded, NULL, errp);
}

void profile_free(Profile *profile)
{
    if (profile) {
        g_free(profile->name);
        g_free(profile->description);
        g_strfreev(profile->machines);
        g_free(profile->directory);
        g_strfreev(profile->files);
        g_strfreev(profile->sources);
        g_free(profile->files_reason);
        if (profile->registry) {
            g_ptr_array_unref(profile->registry);
        }
        g_free(profile->registry_reason);
        g_free(profile);
    }
}

static bool version_fits(const Profile *profile, const PeVersion *version)
{
    /* Build numbers do not matter: 5.1 means every 5.1. */
    PeVersion v = { .part = { version->part[0], version->part[1] } };

    return pe_version_compare(&v, &profile->min_version) >= 0 &&
           pe_version_compare(&v, &profile->max_version) <= 0;
}

bool profile_check_guest(const Profile *profile, const Windows *windows,
                         GError **errp)
{
    g_autofree char *machine = pe_machine_string(windows->machine);
    g_autofree char *version = NULL;

    if (version_fits(profile, &windows->version) &&
        g_strv_contains((const char *const *)profile->machines, machine)) {
        return true;
    }
    version = pe_version_string(&windows->version);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u: %s: %s (%s, %s) cannot be prepared: profile "
                "'%s' is for versions %u.%u to %u.%u",
                windows->place.partition->number,
                windows_root(&windows->place),
                windows->name, version, machine, profile->name,
                profile->min_version.part[0], profile->min_version.part[1],
                profile->max_version.part[0], profile->max_version.part[1]);
    return false;
}
