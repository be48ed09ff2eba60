/*
 * Check: whether the kernel can start a driver of the boot path
 *
 * Before it has the boot disk the kernel has only what NTLDR loaded: a driver
 * on the way to it has to have Start=0.  With Start=3 Windows would load it
 * when the device appears, from the very disk that it is to make readable
 * (Microsoft: "Specifying Driver Load Order").  A device starts if all
 * drivers of its stack do: what serves it, and all filters of its own and of
 * its class.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "hive-strings.h"

static const char *const lists[] = { "UpperFilters", "LowerFilters" };

char *check_class_path(const Check *check, const char *class_guid)
{
    return g_strdup_printf("ControlSet%03u\\Control\\Class\\%s",
                           check->control_set, class_guid);
}

/* What mends a registry value, or a file, that is wrong. */
static const char *remedy_value(bool mended)
{
    return mended ? REMEDY_CONVERT : REMEDY_REG_FILE;
}

static const char *remedy_file(bool mended)
{
    return mended ? REMEDY_CONVERT : REMEDY_DRIVER;
}

static bool judge_start(Link *link, const char *what,
                        const BootService *service, bool mended)
{
    return link_broken(link, STOP_BOOT_DEVICE, remedy_value(mended),
                       "%s, %s, %s (Start=%u)", what, service->name,
                       service->start == SERVICE_DISABLED
                       ? "is disabled"
                       : "would start too late, after the disk is needed",
                       service->start);
}

/* The service's file. */
static bool judge_image(Check *check, Link *link, const char *what,
                        const BootService *service, bool mended, bool *good,
                        GError **errp)
{
    GError *err = NULL;
    const char *why = NULL;

    if (!service->image) {
        return link_broken(link, STOP_BOOT_DEVICE, remedy_value(mended),
                           "%s, %s, has a file that is not below "
                           "%%SystemRoot%%", what, service->name);
    }
    if (!modules_find_fault(check->modules, service->image, &why, &err)) {
        return link_failed(link, err, errp);
    }
    *good = !why;
    return !why || link_broken(link, STOP_BOOT_DEVICE, remedy_file(mended),
                               "%s, %s, cannot be loaded: %s", what,
                               service->name, why);
}

/* Looks at a driver that is not known to be good. */
static bool judge_driver(Check *check, Link *link, const char *what,
                         const char *name, bool mended, bool *good,
                         GError **errp)
{
    g_autoptr(BootService) service =
        boot_service_find(check->system->hive, check->control_set,
                          check->windows, name);

    if (!service) {
        return link_broken(link, STOP_BOOT_DEVICE, remedy_value(mended),
                           "%s, %s, has no key below Services", what, name);
    }
    if (service->start != SERVICE_BOOT_START) {
        return judge_start(link, what, service, mended);
    }
    return judge_image(check, link, what, service, mended, good, errp);
}

bool check_driver(Check *check, Link *link, const char *what,
                  const char *name, bool mended, bool *good, GError **errp)
{
    *good = g_hash_table_contains(check->good, name);
    if (*good) {
        return true;
    }
    if (!judge_driver(check, link, what, name, mended, good, errp)) {
        return false;
    }
    if (*good) {
        g_hash_table_add(check->good, g_strdup(name));
    }
    return true;
}

/* The filters of one key. */
static bool check_lists(Check *check, Link *link, const char *path,
                        bool *good, GError **errp)
{
    HiveKey key = hive_find_key(check->system->hive, path);

    if (g_hash_table_contains(check->good, path)) {
        return true;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_auto(GStrv) names = hive_key_strings(check->system->hive, key,
                                               lists[i]);
        g_autofree char *what = g_strdup_printf("a filter in %s of SYSTEM\\"
                                                "%s", lists[i], path);

        for (char **name = names; name && *name && *good; name++) {
            if (!check_driver(check, link, what, *name, false, good,
                              errp)) {
                return false;
            }
        }
    }
    if (*good) {
        g_hash_table_add(check->good, g_strdup(path));
    }
    return true;
}

bool check_filters(Check *check, Link *link, const char *path,
                   const char *class_guid, bool *good, GError **errp)
{
    *good = true;
    if (path && !check_lists(check, link, path, good, errp)) {
        return false;
    }
    if (*good && class_guid) {
        g_autofree char *class_path = check_class_path(check, class_guid);

        return check_lists(check, link, class_path, good, errp);
    }
    return true;
}
