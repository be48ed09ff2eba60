/*
 * The sections of a profile about what starts Windows Vista and later
 *
 * win-xenprep-profile(5), in docs/man, describes them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "profile-internal.h"

/* SERVICE_DISABLED of winnt.h, the last value that Start can have. */
#define LAST_START 4

/* Adds what one section says to @profile. */
typedef bool SectionParser(ProfileParser *parser, Profile *profile,
                           const char *group, GError **errp);

static bool has_key(ProfileParser *parser, const char *group, const char *key)
{
    return g_key_file_has_key(parser->keys, group, key, NULL);
}

static bool parse_start(ProfileParser *parser, const char *group,
                        ProfileBootService *service, GError **errp)
{
    if (!profile_get_numbers(parser, group, "start", &service->start, errp)) {
        return false;
    }
    for (guint i = 0; i < service->start->len; i++) {
        uint32_t start = g_array_index(service->start, uint32_t, i);

        if (start > LAST_START) {
            return profile_invalid(parser, group, "start", errp,
                                   "%u is no value of Start", start);
        }
    }
    return true;
}

/* The only word that there is: other services' values do not matter. */
static bool parse_override(ProfileParser *parser, const char *group,
                           ProfileBootService *service, GError **errp)
{
    g_autofree char *text = NULL;

    if (!has_key(parser, group, "start-override")) {
        return true;
    }
    if (!profile_get_string(parser, group, "start-override", &text, errp)) {
        return false;
    }
    service->drop_override = true;
    return g_str_equal(text, "delete") ||
           profile_invalid(parser, group, "start-override", errp,
                           "'%s' is not delete", text);
}

static bool parse_missing(ProfileParser *parser, const char *group,
                          ProfileBootService *service, GError **errp)
{
    static const char *const words[] = {
        [PROFILE_MISSING_IGNORE] = "ignore",
        [PROFILE_MISSING_WARN] = "warn",
        [PROFILE_MISSING_CREATE] = "create",
    };
    g_autofree char *text = NULL;

    if (!profile_get_string(parser, group, "missing", &text, errp)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_equal(text, words[i])) {
            service->missing = i;
            return true;
        }
    }
    return profile_invalid(parser, group, "missing", errp,
                           "'%s' is not ignore, warn or create", text);
}

/* What only a key needs that is made. */
static bool parse_creation(ProfileParser *parser, const char *group,
                           ProfileBootService *service, GError **errp)
{
    uint32_t error_control;

    if (service->missing != PROFILE_MISSING_CREATE) {
        const char *key = has_key(parser, group, "group") ? "group"
                        : has_key(parser, group, "error-control")
                        ? "error-control" : NULL;

        return !key || profile_invalid(parser, group, key, errp,
                                       "it is for missing=create only");
    }
    if (!profile_get_string(parser, group, "group", &service->group, errp) ||
        !profile_get_number(parser, group, "error-control", &error_control,
                            errp)) {
        return false;
    }
    service->error_control = error_control;
    return error_control <= 3 ||
           profile_invalid(parser, group, "error-control", errp,
                           "%u is no value of ErrorControl", error_control);
}

static bool parse_boot_service(ProfileParser *parser, Profile *profile,
                               const char *group, GError **errp)
{
    ProfileBootService *service = g_new0(ProfileBootService, 1);
    char *names[] = { NULL, NULL };

    g_ptr_array_add(profile->boot_services, service);
    service->name = g_strdup(group + strlen(PROFILE_BOOT_SERVICE));
    names[0] = service->name;
    return profile_check_services(parser, group, NULL, names, errp) &&
           parse_start(parser, group, service, errp) &&
           parse_override(parser, group, service, errp) &&
           parse_missing(parser, group, service, errp) &&
           parse_creation(parser, group, service, errp) &&
           profile_get_string(parser, group, "reason", &service->reason, errp);
}

static bool parse_class_filters(ProfileParser *parser, Profile *profile,
                                const char *group, GError **errp)
{
    ProfileClassFilters *filters = g_new0(ProfileClassFilters, 1);

    g_ptr_array_add(profile->class_filters, filters);
    filters->class_guid = g_strdup(group + strlen(PROFILE_CLASS_FILTERS));
    if (has_key(parser, group, "known") &&
        (!profile_get_list(parser, group, "known", &filters->known, errp) ||
         !profile_check_services(parser, group, "known", filters->known,
                                 errp))) {
        return false;
    }
    return profile_check_guid(parser, group, NULL, filters->class_guid,
                              errp) &&
           profile_get_string(parser, group, "title", &filters->title, errp) &&
           profile_get_string(parser, group, "reason", &filters->reason, errp);
}

static bool parse_device_filters(ProfileParser *parser, Profile *profile,
                                 GError **errp)
{
    const char *group = "device-filters";

    if (!g_key_file_has_group(parser->keys, group)) {
        return true;
    }
    if (!profile_get_list(parser, group, "devices",
                          &profile->filtered_devices, errp)) {
        return false;
    }
    for (char **device = profile->filtered_devices; *device; device++) {
        if (!profile_check_device(parser, group, "devices", *device, errp)) {
            return false;
        }
    }
    return profile_get_string(parser, group, "reason",
                              &profile->filtered_reason, errp);
}

static bool parse_critical_device(ProfileParser *parser, Profile *profile,
                                  const char *group, GError **errp)
{
    ProfileCriticalDevice *device = g_new0(ProfileCriticalDevice, 1);

    g_ptr_array_add(profile->critical_devices, device);
    device->id = g_strdup(group + strlen(PROFILE_CRITICAL_DEVICE));
    if (!*device->id || strchr(device->id, '\\')) {
        return profile_invalid(parser, group, NULL, errp,
                               "'%s' is not of the form pci#ven_8086&dev_7010",
                               device->id);
    }
    return profile_get_list(parser, group, "services", &device->services,
                            errp) &&
           profile_check_services(parser, group, "services",
                                  device->services, errp) &&
           profile_get_string(parser, group, "class", &device->class_guid,
                              errp) &&
           profile_check_guid(parser, group, "class", device->class_guid,
                              errp) &&
           profile_get_string(parser, group, "reason", &device->reason, errp);
}

/* It would be wrong again the next time. */
static bool check_right(ProfileParser *parser, const char *group,
                        const ProfileNumber *number, GError **errp)
{
    for (guint i = 0; i < number->wrong->len; i++) {
        if (g_array_index(number->wrong, uint32_t, i) == number->right) {
            return profile_invalid(parser, group, "right", errp,
                                   "%u is wrong, too", number->right);
        }
    }
    return true;
}

static bool parse_number(ProfileParser *parser, Profile *profile,
                         const char *group, GError **errp)
{
    ProfileNumber *number = g_new0(ProfileNumber, 1);
    const char *path = group + strlen(PROFILE_NUMBER);
    const char *value = strrchr(path, '\\');

    g_ptr_array_add(profile->numbers, number);
    if (!value || value == path || !value[1]) {
        return profile_invalid(parser, group, NULL, errp,
                               "'%s' is not of the form KEY\\VALUE", path);
    }
    number->key = g_strndup(path, value - path);
    number->value = g_strdup(value + 1);
    return profile_get_numbers(parser, group, "wrong", &number->wrong, errp) &&
           profile_get_number(parser, group, "right", &number->right, errp) &&
           check_right(parser, group, number, errp) &&
           profile_get_string(parser, group, "reason", &number->reason, errp);
}

static bool parse_known_device(ProfileParser *parser, Profile *profile,
                               const char *group, GError **errp)
{
    ProfileKnownDevice *device = g_new0(ProfileKnownDevice, 1);

    g_ptr_array_add(profile->known_devices, device);
    device->title = g_strdup(group + strlen(PROFILE_KNOWN_DEVICE));
    return profile_get_list(parser, group, "ids", &device->ids, errp);
}

static bool parse_sections(ProfileParser *parser, Profile *profile,
                           const char *prefix, SectionParser *parse,
                           GError **errp)
{
    g_auto(GStrv) groups = g_key_file_get_groups(parser->keys, NULL);

    for (char **group = groups; *group; group++) {
        if (g_str_has_prefix(*group, prefix) &&
            !parse(parser, profile, *group, errp)) {
            return false;
        }
    }
    return true;
}

bool profile_parse_boot(ProfileParser *parser, Profile *profile,
                        GError **errp)
{
    return parse_sections(parser, profile, PROFILE_BOOT_SERVICE,
                          parse_boot_service, errp) &&
           parse_sections(parser, profile, PROFILE_CLASS_FILTERS,
                          parse_class_filters, errp) &&
           parse_device_filters(parser, profile, errp) &&
           parse_sections(parser, profile, PROFILE_CRITICAL_DEVICE,
                          parse_critical_device, errp) &&
           parse_sections(parser, profile, PROFILE_NUMBER, parse_number,
                          errp) &&
           parse_sections(parser, profile, PROFILE_KNOWN_DEVICE,
                          parse_known_device, errp);
}
