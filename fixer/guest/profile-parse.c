/*
 * The text of a profile
 *
 * A profile is a GKeyFile beside the .reg files and the profiles that it
 * names.  win-xenprep-profile(5), in docs/man, describes the format.
 *
 * A key that is not known is an error: a profile with a spelling mistake must
 * not inject half of what its author meant.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "profile-internal.h"
#include "registry.h"

/* File names only: a profile must not reach out of its directory. */
static bool check_plain_names(ProfileParser *parser, const char *group,
                              const char *key, char **names, GError **errp)
{
    for (char **name = names; *name; name++) {
        if (strpbrk(*name, "/\\:") || **name == '.') {
            return profile_invalid(parser, group, key, errp,
                                   "'%s' is not a plain file name", *name);
        }
    }
    return true;
}

/* The text of the file @name, or that of one of this program's profiles. */
static GBytes *find_include(ProfileParser *parser, const char *file,
                            bool *embedded, GError **errp)
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

static bool include(ProfileParser *parser, Profile *profile, const char *name,
                    GError **errp)
{
    g_autofree char *file = g_strconcat(name, ".profile", NULL);
    g_autoptr(GBytes) text = NULL;
    Profile *part;
    bool embedded;

    if (parser->depth >= LIMIT_PROFILE_DEPTH) {
        return profile_invalid(
            parser, "profile", "includes", errp,
            "'%s' leads deeper than %d profiles: does one include "
            "itself?",
            name, LIMIT_PROFILE_DEPTH);
    }
    text = find_include(parser, file, &embedded, errp);
    if (!text) {
        g_autofree char *where = profile_place(
            parser->name,
            profile_find_line(parser->text, "profile", "includes"));

        g_prefix_error(errp, "%s: [profile] includes: ", where);
        return false;
    }
    part = profile_parse_text(
        file, text, embedded ? profile_lookup_embedded : parser->lookup,
        parser->opaque, parser->depth + 1, errp);
    if (part) {
        g_ptr_array_add(profile->includes, part);
    }
    return part != NULL;
}

static bool parse_includes(ProfileParser *parser, Profile *profile,
                           GError **errp)
{
    g_auto(GStrv) names = NULL;

    if (!g_key_file_has_key(parser->keys, "profile", "includes", NULL)) {
        return true;
    }
    if (!profile_get_list(parser, "profile", "includes", &names, errp) ||
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
static bool check_machines(ProfileParser *parser, char **names, GError **errp)
{
    static const char *const known[] = { "x86", "x64", NULL };

    for (char **name = names; *name; name++) {
        if (!g_strv_contains(known, *name)) {
            return profile_invalid(parser, "guest", "machines", errp,
                                   "'%s' is neither x86 nor x64", *name);
        }
    }
    return true;
}

static bool check_versions(ProfileParser *parser, const Profile *profile,
                           GError **errp)
{
    return pe_version_compare(&profile->min_version, &profile->max_version) <=
               0 ||
           profile_invalid(parser, "guest", "max-version", errp,
                           "it is below min-version");
}

static bool parse_about(ProfileParser *parser, Profile *profile, GError **errp)
{
    return profile_get_string(parser, "profile", "name", &profile->name,
                              errp) &&
           profile_get_string(parser, "profile", "description",
                              &profile->description, errp) &&
           profile_get_version(parser, "min-version", &profile->min_version,
                               errp) &&
           profile_get_version(parser, "max-version", &profile->max_version,
                               errp) &&
           check_versions(parser, profile, errp) &&
           profile_get_list(parser, "guest", "machines", &profile->machines,
                            errp) &&
           check_machines(parser, profile->machines, errp);
}

/*
 * Files get one name that is both WIN32 and DOS, as Windows' own drivers
 * have: eight characters, a dot and three.
 */
static bool check_dos_names(ProfileParser *parser, char **names, GError **errp)
{
    for (char **name = names; *name; name++) {
        size_t base = strcspn(*name, ".");
        const char *dot = *name + base;

        if (base > 8 || strlen(dot) > 4 || (*dot && strchr(dot + 1, '.')) ||
            !g_str_is_ascii(*name) || strpbrk(*name, " \"*+,:;<=>?[]|")) {
            return profile_invalid(parser, "files", "names", errp,
                                   "'%s' is not a DOS (8.3) file name", *name);
        }
    }
    return true;
}

static bool parse_files(ProfileParser *parser, Profile *profile, GError **errp)
{
    if (!g_key_file_has_group(parser->keys, "files")) {
        return true;
    }
    return profile_get_string(parser, "files", "directory", &profile->directory,
                              errp) &&
           profile_get_list(parser, "files", "names", &profile->files, errp) &&
           check_plain_names(parser, "files", "names", profile->files, errp) &&
           check_dos_names(parser, profile->files, errp) &&
           profile_get_list(parser, "files", "sources", &profile->sources,
                            errp) &&
           profile_get_string(parser, "files", "reason", &profile->files_reason,
                              errp);
}

static bool parse_reg_file(ProfileParser *parser, Profile *profile,
                           const char *name, GError **errp)
{
    g_autoptr(GBytes) text = parser->lookup(name, parser->opaque, errp);
    RegFile *file = text ? regfile_parse(name, text, errp) : NULL;

    if (file) {
        g_ptr_array_add(profile->registry, file);
    }
    return file && registry_check_file(file, errp);
}

static bool parse_registry(ProfileParser *parser, Profile *profile,
                           GError **errp)
{
    g_auto(GStrv) names = NULL;

    if (!g_key_file_has_group(parser->keys, "registry")) {
        return true;
    }
    if (!profile_get_list(parser, "registry", "files", &names, errp) ||
        !check_plain_names(parser, "registry", "files", names, errp) ||
        !profile_get_string(parser, "registry", "reason",
                            &profile->registry_reason, errp)) {
        return false;
    }
    for (char **name = names; *name; name++) {
        if (!parse_reg_file(parser, profile, *name, errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_services(ProfileParser *parser, Profile *profile,
                           GError **errp)
{
    if (!g_key_file_has_group(parser->keys, "services")) {
        return true;
    }
    return profile_get_list(parser, "services", "disable", &profile->disabled,
                            errp) &&
           profile_check_services(parser, "services", "disable",
                                  profile->disabled, errp) &&
           profile_get_string(parser, "services", "reason",
                              &profile->disabled_reason, errp);
}

static bool parse_instance(ProfileParser *parser, Profile *profile,
                           const char *group, GError **errp)
{
    ProfileInstance *instance = g_new0(ProfileInstance, 1);

    g_ptr_array_add(profile->instances, instance);
    instance->device = g_strdup(group + strlen(PROFILE_INSTANCE));
    return profile_check_device(parser, group, NULL, instance->device, errp) &&
           profile_get_list(parser, group, "services", &instance->services,
                            errp) &&
           profile_check_services(parser, group, "services",
                                  instance->services, errp) &&
           profile_get_string(parser, group, "class", &instance->class_guid,
                              errp) &&
           profile_check_guid(parser, group, "class", instance->class_guid,
                              errp) &&
           profile_get_string(parser, group, "reason", &instance->reason, errp);
}

static bool parse_instances(ProfileParser *parser, Profile *profile,
                            GError **errp)
{
    g_auto(GStrv) groups = g_key_file_get_groups(parser->keys, NULL);

    for (char **group = groups; *group; group++) {
        if (g_str_has_prefix(*group, PROFILE_INSTANCE) &&
            !parse_instance(parser, profile, *group, errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_fixes(ProfileParser *parser, Profile *profile, GError **errp)
{
    g_auto(GStrv) names = NULL;

    if (!g_key_file_has_group(parser->keys, "fixes")) {
        return true;
    }
    if (!profile_get_list(parser, "fixes", "names", &names, errp)) {
        return false;
    }
    for (char **name = names; *name; name++) {
        ProfileFix fix = profile_fix_find(*name);

        if (!fix) {
            return profile_invalid(parser, "fixes", "names", errp,
                                   "there is no fix '%s'", *name);
        }
        profile->fixes |= fix;
    }
    return true;
}

/* What GLib's parser cannot say, with the line that it is about. */
static bool load_keys(GKeyFile *keys, const char *name, GBytes *text,
                      GError **errp)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *where = NULL;
    unsigned repeated = profile_find_repeated(text);

    if (repeated) {
        where = profile_place(name, repeated);
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: this section or key is there twice: make one of "
                    "them",
                    where);
        return false;
    }
    if (!g_key_file_load_from_bytes(keys, text, G_KEY_FILE_NONE, &err)) {
        where = profile_place(name, profile_find_nonsense(text));
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: this is no profile: %s", where, err->message);
        return false;
    }
    return true;
}

Profile *profile_parse_text(const char *name, GBytes *text,
                            ProfileLookup *lookup, void *opaque, unsigned depth,
                            GError **errp)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(Profile) profile = profile_new(name);
    ProfileParser parser = {
        .keys = keys,
        .name = name,
        .text = text,
        .lookup = lookup,
        .opaque = opaque,
        .depth = depth,
    };

    profile->text = g_bytes_ref(text);
    if (!load_keys(keys, name, text, errp) ||
        !profile_check_known(&parser, errp) ||
        !parse_about(&parser, profile, errp) ||
        !parse_includes(&parser, profile, errp) ||
        !parse_files(&parser, profile, errp) ||
        !parse_registry(&parser, profile, errp) ||
        !parse_services(&parser, profile, errp) ||
        !parse_instances(&parser, profile, errp) ||
        !profile_parse_boot(&parser, profile, errp) ||
        !parse_fixes(&parser, profile, errp)) {
        return NULL;
    }
    return g_steal_pointer(&profile);
}
