/*
 * Check: whether the kernel can start a driver of the boot path
 *
 * Before it has the boot disk the kernel has only what the loader loaded: a
 * driver on the way to it has to have Start=0.  With Start=3 Windows would
 * load it when the device appears, from the very disk that it is to make
 * readable (Microsoft: "Specifying Driver Load Order"); so it is with Start=0
 * and another number below StartOverride.  A device starts if all drivers of
 * its stack do: what serves it, and all filters of its own and of its class.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "filters.h"
#include "hive-strings.h"
#include "profile.h"

char *check_class_path(const Check *check, const char *class_guid)
{
    return g_strdup_printf("ControlSet%03u\\Control\\Class\\%s",
                           check->control_set, class_guid);
}

/* What mends a service that is late, or @gone, that cannot start at all. */
static const char *remedy_service(Mending mending, bool gone)
{
    return mending == MENDING_CONVERT ||
           (mending == MENDING_DANGLING_FILTER && gone)
           ? REMEDY_CONVERT
           : REMEDY_REG_FILE("with the service as Windows' setup has it "
                             "(Start 0, no StartOverride)");
}

static const char *remedy_start(const Check *check,
                                const BootService *service, Mending mending,
                                bool disabled)
{
    return check_mends_start(check, service->name)
           ? REMEDY_CONVERT : remedy_service(mending, disabled);
}

/* That nothing else comes to where a directory is. */
static const char *remedy_directory(const Check *check)
{
    return check_step(check, CONSOLE "rename the directory, then expand the "
                      "file from d:\\i386, or the newest service pack, into "
                      "system32\\drivers",
                      RECOVERY "rename the directory, then sfc /scannow "
                      "/offbootdir=C:\\ /offwindir=C:\\Windows");
}

static const char *remedy_file(const Check *check, Mending mending,
                               const char *why)
{
    if (g_str_has_suffix(why, MODULES_IS_DIRECTORY)) {
        return remedy_directory(check);
    }
    if (mending == MENDING_CONVERT &&
        g_str_has_suffix(why, MODULES_IS_PROGRAM)) {
        /* Of its version it may be: win-xenprep would keep it. */
        return check_remedy_driver(check);
    }
    if (mending == MENDING_CONVERT ||
        (mending == MENDING_DANGLING_FILTER &&
         g_str_has_suffix(why, MODULES_IS_MISSING))) {
        return REMEDY_CONVERT;
    }
    return mending == MENDING_USER ? check_remedy_driver(check)
                                   : REMEDY_FILTER;
}

static const char *start_word(uint32_t start)
{
    return start == SERVICE_DISABLED
           ? "is disabled" : "would start too late, after the disk is needed";
}

/* Whether it starts in time with that number, not 0, is not certain. */
static bool judge_tolerated(Link *link, const char *what,
                            const BootService *service, const char *where,
                            uint32_t start)
{
    return link_unknown(link, "%s, %s, has %s=%u: whether it starts in time "
                        "then is not known", what, service->name, where,
                        start);
}

static bool judge_start(const Check *check, Link *link, const char *what,
                        const BootService *service, Mending mending)
{
    if (check_tolerates_start(check, service->name, service->start)) {
        return judge_tolerated(link, what, service, "Start", service->start);
    }
    return link_broken(link, STOP_BOOT_DEVICE,
                       remedy_start(check, service, mending,
                                    service->start == SERVICE_DISABLED),
                       "%s, %s, %s (Start=%u)", what, service->name,
                       start_word(service->start), service->start);
}

/* Windows counts on the machine not to need it. */
static bool judge_override(const Check *check, Link *link, const char *what,
                           const BootService *service, Mending mending)
{
    if (check_tolerates_start(check, service->name, service->override)) {
        return judge_tolerated(link, what, service, "StartOverride",
                               service->override);
    }
    return link_broken(link, STOP_BOOT_DEVICE,
                       remedy_start(check, service, mending, false),
                       "%s, %s, %s (StartOverride, value %s: %u)", what,
                       service->name, start_word(service->override),
                       service->override_name, service->override);
}

/* The service's file. */
static bool judge_image(Check *check, Link *link, const char *what,
                        const BootService *service, Mending mending,
                        bool *good, GError **errp)
{
    GError *err = NULL;
    const char *why = NULL;

    if (service->odd_image) {
        return link_unknown(link, "%s, %s: " ODD_IMAGE, what, service->name);
    }
    if (!modules_find_fault(check->modules, service->image, &why, &err)) {
        return link_failed(link, err, errp);
    }
    *good = !why;
    return !why || link_broken(link, STOP_BOOT_DEVICE,
                               remedy_file(check, mending, why),
                               "%s, %s, cannot be loaded: %s", what,
                               service->name, why);
}

/* Looks at a driver that is not known to be good. */
static bool judge_driver(Check *check, Link *link, const char *what,
                         const char *name, Mending mending, bool *good,
                         GError **errp)
{
    g_autoptr(BootService) service =
        boot_service_find(check->system->hive, check->control_set,
                          check->windows, name);

    if (!service) {
        return link_broken(link, STOP_BOOT_DEVICE,
                           remedy_service(mending, true),
                           "%s, %s, has no key below Services", what, name);
    }
    if (service->start != SERVICE_BOOT_START) {
        return judge_start(check, link, what, service, mending);
    }
    if (service->override_name) {
        return judge_override(check, link, what, service, mending);
    }
    return judge_image(check, link, what, service, mending, good, errp);
}

bool check_driver(Check *check, Link *link, const char *what,
                  const char *name, Mending mending, bool *good, GError **errp)
{
    *good = g_hash_table_contains(check->good, name);
    if (*good) {
        return true;
    }
    if (!judge_driver(check, link, what, name, mending, good, errp)) {
        return false;
    }
    if (*good) {
        g_hash_table_add(check->good, g_strdup(name));
    }
    return true;
}

bool check_spoilers(Check *check, GError **errp)
{
    const char *name = check->machine->spoilers;
    g_autoptr(Profile) profile = name ? profile_embedded(name, errp) : NULL;
    g_autoptr(GString) enabled = g_string_new(NULL);

    for (char **p = profile ? profile->disabled : NULL; p && *p; p++) {
        g_autoptr(BootService) service =
            boot_service_find(check->system->hive, check->control_set,
                              check->windows, *p);

        if (service && service->start < SERVICE_DISABLED) {
            g_string_append_printf(enabled, "%s%s", enabled->len ? ", " : "",
                                   service->name);
        }
    }
    if (enabled->len > 0) {
        check_warn(check, "enabled services that may take the disk away, "
                   "those of profile %s: %s; %s, or " REMEDY_CONVERT, name,
                   enabled->str, check->machine->spoilers_remedy);
    }
    return profile || !name;
}

/* The filters of one key. */
static bool check_lists(Check *check, Link *link, const char *path,
                        bool *good, GError **errp)
{
    HiveKey key = hive_find_key(check->system->hive, path);

    if (g_hash_table_contains(check->good, path)) {
        return true;
    }
    for (unsigned i = 0; i < FILTERS_VALUES; i++) {
        g_auto(GStrv) names = hive_key_strings(check->system->hive, key,
                                               filters_values[i]);
        g_autofree char *what = g_strdup_printf("a filter in %s of SYSTEM\\"
                                                "%s", filters_values[i], path);

        for (char **name = names; name && *name && *good; name++) {
            if (!check_driver(check, link, what, *name,
                              check_mending_of_filter(check, path, *name),
                              good, errp)) {
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
