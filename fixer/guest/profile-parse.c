/*
 * The text of a profile
 *
 * A profile is a GKeyFile beside the .reg files and the profiles that it
 * names.  docs/profiles.rst describes the format.
 *
 * A key that is not known is an error: a profile with a spelling mistake must
 * not inject half of what its author meant.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "profile-internal.h"
#include "registry.h"

/* What a section's name begins with that is about devices. */
#define INSTANCE "instance "

/* Profiles that include profiles: no sensible one goes as deep. */
#define MAX_DEPTH 8

typedef struct Parser {
    GKeyFile *keys;
    /* For messages. */
    const char *name;
    GBytes *text;
    ProfileLookup *lookup;
    void *opaque;
    unsigned depth;
} Parser;

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
    { INSTANCE, "services" },
    { INSTANCE, "class" },
    { INSTANCE, "reason" },
    { "fixes", "names" },
};

static bool is_known(const char *group, const char *key)
{
    if (g_str_has_prefix(group, INSTANCE)) {
        group = INSTANCE;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(known_keys); i++) {
        if (g_str_equal(known_keys[i][0], group) &&
            (!key || g_str_equal(known_keys[i][1], key))) {
            return true;
        }
    }
    return false;
}

/* "FILE:LINE", or only FILE if there is no such line, to be freed. */
static char *place(const char *name, unsigned line)
{
    return line ? g_strdup_printf("%s:%u", name, line) : g_strdup(name);
}

/*
 * The message "FILE:LINE: [GROUP] KEY: WHY"; @key may be NULL.  Returns false.
 */
static bool G_GNUC_PRINTF(5, 6)
invalid(const Parser *parser, const char *group, const char *key,
        GError **errp, const char *format, ...)
{
    g_autofree char *where =
        place(parser->name, profile_find_line(parser->text, group, key));
    g_autofree char *why = NULL;
    va_list ap;

    va_start(ap, format);
    why = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID, "%s: [%s]%s%s: %s",
                where, group, key ? " " : "", key ? key : "", why);
    return false;
}

static bool check_known(Parser *parser, GError **errp)
{
    g_auto(GStrv) groups = g_key_file_get_groups(parser->keys, NULL);

    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(parser->keys, *group, NULL,
                                                 NULL);

        if (!is_known(*group, NULL)) {
            return invalid(parser, *group, NULL, errp,
                           "a profile has no such section");
        }
        for (char **key = keys; *key; key++) {
            if (!is_known(*group, *key)) {
                return invalid(parser, *group, *key, errp,
                               "a profile has no such key");
            }
        }
    }
    return true;
}

/* What GKeyFile, whose message is @err, made nothing of; or only a part. */
static bool check_readable(Parser *parser, const char *group,
                           const char *key, const GError *err, GError **errp)
{
    if (g_error_matches(err, G_KEY_FILE_ERROR,
                        G_KEY_FILE_ERROR_INVALID_VALUE)) {
        return invalid(parser, group, key, errp, "a \\ in it has to be "
                       "doubled");
    }
    if (g_error_matches(err, G_KEY_FILE_ERROR,
                        G_KEY_FILE_ERROR_UNKNOWN_ENCODING)) {
        return invalid(parser, group, key, errp, "it is not UTF-8");
    }
    return true;
}

static bool get_string(Parser *parser, const char *group, const char *key,
                       char **value, GError **errp)
{
    g_autoptr(GError) err = NULL;

    *value = g_key_file_get_string(parser->keys, group, key, &err);
    if (!check_readable(parser, group, key, err, errp)) {
        return false;
    }
    if (!*value || !**value) {
        return invalid(parser, group, key, errp, "the value is missing");
    }
    return true;
}

static bool get_list(Parser *parser, const char *group, const char *key,
                     char ***value, GError **errp)
{
    g_autoptr(GError) err = NULL;

    *value = g_key_file_get_string_list(parser->keys, group, key, NULL, &err);
    if (!check_readable(parser, group, key, err, errp)) {
        return false;
    }
    if (!*value || !**value) {
        return invalid(parser, group, key, errp,
                       "the list is missing or empty");
    }
    for (char **element = *value; *element; element++) {
        if (!**element) {
            return invalid(parser, group, key, errp,
                           "the list has an empty element");
        }
        if (g_ascii_isspace(**element) ||
            g_ascii_isspace((*element)[strlen(*element) - 1])) {
            return invalid(parser, group, key, errp,
                           "'%s' begins or ends in a blank", *element);
        }
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
        return invalid(parser, "guest", key, errp,
                       "'%s' is not of the form 5.1", text);
    }
    version->part[0] = major;
    version->part[1] = minor;
    return true;
}

/* File names only: a profile must not reach out of its directory. */
static bool check_plain_names(Parser *parser, const char *group,
                              const char *key, char **names, GError **errp)
{
    for (char **name = names; *name; name++) {
        if (strpbrk(*name, "/\\:") || **name == '.') {
            return invalid(parser, group, key, errp,
                           "'%s' is not a plain file name", *name);
        }
    }
    return true;
}

/* The text of the file @name, or that of one of this program's profiles. */
static GBytes *find_include(Parser *parser, const char *file, bool *embedded,
                            GError **errp)
{
    g_autoptr(GError) err = NULL;
    GBytes *text = parser->lookup(file, parser->opaque, &err);

    *embedded = !text;
    /* A file that is there and cannot be read is no reason to take another. */
    if (err && err->domain == GUEST_ERROR &&
        err->code != GUEST_ERROR_NOT_FOUND) {
        g_propagate_error(errp, g_steal_pointer(&err));
        return NULL;
    }
    return text ? text : profile_embedded_text(file, errp);
}

static bool include(Parser *parser, Profile *profile, const char *name,
                    GError **errp)
{
    g_autofree char *file = g_strconcat(name, ".profile", NULL);
    g_autoptr(GBytes) text = NULL;
    Profile *part;
    bool embedded;

    if (parser->depth >= MAX_DEPTH) {
        return invalid(parser, "profile", "includes", errp,
                       "'%s' leads deeper than %d profiles: does one include "
                       "itself?", name, MAX_DEPTH);
    }
    text = find_include(parser, file, &embedded, errp);
    if (!text) {
        g_autofree char *where =
            place(parser->name, profile_find_line(parser->text, "profile",
                                                  "includes"));

        g_prefix_error(errp, "%s: [profile] includes: ", where);
        return false;
    }
    part = profile_parse_text(file, text,
                              embedded ? profile_lookup_embedded
                                       : parser->lookup,
                              parser->opaque, parser->depth + 1, errp);
    if (part) {
        g_ptr_array_add(profile->includes, part);
    }
    return part != NULL;
}

static bool parse_includes(Parser *parser, Profile *profile, GError **errp)
{
    g_auto(GStrv) names = NULL;

    if (!g_key_file_has_key(parser->keys, "profile", "includes", NULL)) {
        return true;
    }
    if (!get_list(parser, "profile", "includes", &names, errp) ||
        !check_plain_names(parser, "profile", "includes", names, errp)) {
        return false;
    }
    for (char **name = names; *name; name++) {
        if (!include(parser, profile, *name, errp)) {
            return false;
        }
    }
    return true;
}

/* As pe_machine_string() has them. */
static bool check_machines(Parser *parser, char **names, GError **errp)
{
    static const char *const known[] = { "x86", "x64", NULL };

    for (char **name = names; *name; name++) {
        if (!g_strv_contains(known, *name)) {
            return invalid(parser, "guest", "machines", errp,
                           "'%s' is neither x86 nor x64", *name);
        }
    }
    return true;
}

static bool check_versions(Parser *parser, const Profile *profile,
                           GError **errp)
{
    return pe_version_compare(&profile->min_version,
                              &profile->max_version) <= 0 ||
           invalid(parser, "guest", "max-version", errp,
                   "it is below min-version");
}

static bool parse_about(Parser *parser, Profile *profile, GError **errp)
{
    return get_string(parser, "profile", "name", &profile->name, errp) &&
           get_string(parser, "profile", "description",
                      &profile->description, errp) &&
           get_version(parser, "min-version", &profile->min_version, errp) &&
           get_version(parser, "max-version", &profile->max_version, errp) &&
           check_versions(parser, profile, errp) &&
           get_list(parser, "guest", "machines", &profile->machines, errp) &&
           check_machines(parser, profile->machines, errp);
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
            return invalid(parser, "files", "names", errp,
                           "'%s' is not a DOS (8.3) file name", *name);
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

static bool parse_reg_file(Parser *parser, Profile *profile, const char *name,
                           GError **errp)
{
    g_autoptr(GBytes) text = parser->lookup(name, parser->opaque, errp);
    RegFile *file = text ? regfile_parse(name, text, errp) : NULL;

    if (file) {
        g_ptr_array_add(profile->registry, file);
    }
    return file && registry_check_file(file, errp);
}

static bool parse_registry(Parser *parser, Profile *profile, GError **errp)
{
    g_auto(GStrv) names = NULL;

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
        if (!parse_reg_file(parser, profile, *name, errp)) {
            return false;
        }
    }
    return true;
}

/* Services are keys below one key. */
static bool check_key_names(Parser *parser, const char *group,
                            const char *key, char **names, GError **errp)
{
    for (char **name = names; *name; name++) {
        if (strchr(*name, '\\')) {
            return invalid(parser, group, key, errp,
                           "'%s' is no service's name", *name);
        }
    }
    return true;
}

static bool parse_services(Parser *parser, Profile *profile, GError **errp)
{
    if (!g_key_file_has_group(parser->keys, "services")) {
        return true;
    }
    return get_list(parser, "services", "disable", &profile->disabled,
                    errp) &&
           check_key_names(parser, "services", "disable", profile->disabled,
                           errp) &&
           get_string(parser, "services", "reason",
                      &profile->disabled_reason, errp);
}

/* ENUMERATOR\DEVICE, as below the key Enum. */
static bool check_device(Parser *parser, const char *group,
                         const char *device, GError **errp)
{
    const char *separator = strchr(device, '\\');

    if (!separator || separator == device || !separator[1] ||
        strchr(separator + 1, '\\')) {
        return invalid(parser, group, NULL, errp,
                       "'%s' is not of the form PCI\\VEN_8086&DEV_7010",
                       device);
    }
    return true;
}

static bool check_guid(Parser *parser, const char *group, const char *text,
                       GError **errp)
{
    g_autofree char *inner = g_strdup(text);
    size_t length = strlen(text);

    if (length == 38 && text[0] == '{' && text[37] == '}') {
        inner[37] = '\0';
        if (g_uuid_string_is_valid(inner + 1)) {
            return true;
        }
    }
    return invalid(parser, group, "class", errp, "'%s' is not of the form "
                   "{4D36E96A-E325-11CE-BFC1-08002BE10318}", text);
}

static bool parse_instance(Parser *parser, Profile *profile,
                           const char *group, GError **errp)
{
    ProfileInstance *instance = g_new0(ProfileInstance, 1);

    g_ptr_array_add(profile->instances, instance);
    instance->device = g_strdup(group + strlen(INSTANCE));
    return check_device(parser, group, instance->device, errp) &&
           get_list(parser, group, "services", &instance->services, errp) &&
           check_key_names(parser, group, "services", instance->services,
                           errp) &&
           get_string(parser, group, "class", &instance->class_guid, errp) &&
           check_guid(parser, group, instance->class_guid, errp) &&
           get_string(parser, group, "reason", &instance->reason, errp);
}

static bool parse_instances(Parser *parser, Profile *profile, GError **errp)
{
    g_auto(GStrv) groups = g_key_file_get_groups(parser->keys, NULL);

    for (char **group = groups; *group; group++) {
        if (g_str_has_prefix(*group, INSTANCE) &&
            !parse_instance(parser, profile, *group, errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_fixes(Parser *parser, Profile *profile, GError **errp)
{
    g_auto(GStrv) names = NULL;

    if (!g_key_file_has_group(parser->keys, "fixes")) {
        return true;
    }
    if (!get_list(parser, "fixes", "names", &names, errp)) {
        return false;
    }
    for (char **name = names; *name; name++) {
        ProfileFix fix = profile_fix_find(*name);

        if (!fix) {
            return invalid(parser, "fixes", "names", errp,
                           "there is no fix '%s'", *name);
        }
        profile->fixes |= fix;
    }
    return true;
}

Profile *profile_parse_text(const char *name, GBytes *text,
                            ProfileLookup *lookup, void *opaque,
                            unsigned depth, GError **errp)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(Profile) profile = profile_new(name);
    Parser parser = {
        .keys = keys,
        .name = name,
        .text = text,
        .lookup = lookup,
        .opaque = opaque,
        .depth = depth,
    };
    g_autoptr(GError) err = NULL;
    unsigned repeated = profile_find_repeated(text);

    profile->text = g_bytes_ref(text);
    if (repeated) {
        g_autofree char *where = place(name, repeated);

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: this section or key is there twice: make one of "
                    "them", where);
        return NULL;
    }
    if (!g_key_file_load_from_bytes(keys, text, G_KEY_FILE_NONE, &err)) {
        g_autofree char *where = place(name, profile_find_nonsense(text));

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: this is no profile: %s", where, err->message);
        return NULL;
    }
    if (!check_known(&parser, errp) ||
        !parse_about(&parser, profile, errp) ||
        !parse_includes(&parser, profile, errp) ||
        !parse_files(&parser, profile, errp) ||
        !parse_registry(&parser, profile, errp) ||
        !parse_services(&parser, profile, errp) ||
        !parse_instances(&parser, profile, errp) ||
        !parse_fixes(&parser, profile, errp)) {
        return NULL;
    }
    return g_steal_pointer(&profile);
}
