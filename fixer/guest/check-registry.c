/*
 * Check: the registry, and the drivers that the boot loader loads by it
 *
 * It loads the SYSTEM hive, takes the control set that Select\Default names,
 * and loads the drivers with Start=0.  One that it cannot load it
 * passes over, unless its ErrorControl says that it must not (Q315311, Q103000
 * of Microsoft's knowledge base).  The driver of the file system that it
 * started from it loads in any case, whatever its Start: with XP's setup that
 * is 4.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "error.h"
#include "guest-limits.h"
#include "registry.h"

#define CONFIG "system32\\config\\"

/* What NTLDR loads beside the drivers with Start=0, for NTFS. */
#define FILE_SYSTEM_DRIVER "system32\\drivers\\ntfs.sys"

#define MORE " and others"

#define STOP_REGISTRY "0xC0000218 STATUS_CANNOT_LOAD_REGISTRY_FILE"

#define REMEDY_HIVE \
    "boot it in the source VM and shut it down fully, or restore the hive " \
    "from a backup"

/* The hive, or NULL and what that means for the link; @screen is shown. */
static HiveFile *open_hive(Check *check, Link *link, const char *name,
                           const char *screen, GError **errp)
{
    g_autofree char *below = g_strconcat(CONFIG, name, NULL);
    g_autofree char *path = windows_path(&check->place, below);
    GError *err = NULL;
    HiveFile *file;

    link_set_object(link, "partition %u: %s", check->place.partition->number,
                    path);
    file = hive_file_open(check->volume, check->windows, name,
                          check->options->dirty_hive, check->warnings, &err);
    if (file) {
        link_ok(link, "it can be loaded");
    } else if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
    } else {
        link_broken(link, screen, REMEDY_HIVE, "%s", err->message);
        g_error_free(err);
    }
    return file;
}

bool check_system_hive(Check *check, Link *link, GError **errp)
{
    g_autofree char *path = windows_path(&check->place,
                                         CONFIG REGISTRY_SYSTEM);
    g_autofree char *screen = missing_or_corrupt(check, path);

    check->system = open_hive(check, link, REGISTRY_SYSTEM, screen, errp);
    return link->text != NULL;
}

bool check_software_hive(Check *check, Link *link, GError **errp)
{
    g_autoptr(HiveFile) file = open_hive(check, link, REGISTRY_SOFTWARE,
                                         STOP_REGISTRY, errp);

    return link->text != NULL;
}

/* One of them; without it the kernel makes an empty one. */
static bool check_other_hive(Check *check, Link *link, const char *name,
                             const char **missing, GError **errp)
{
    g_autofree char *below = g_strconcat(CONFIG, name, NULL);
    g_autofree char *path = windows_path(&check->place, below);
    g_autoptr(HiveFile) file = NULL;
    GError *err = NULL;
    bool exists;

    if (!volume_exists(check->volume, path, &exists, &err)) {
        return link_failed(link, err, errp);
    }
    if (!exists) {
        *missing = name;
        return true;
    }
    file = open_hive(check, link, name, STOP_REGISTRY, errp);
    return file || link->state == LINK_BROKEN;
}

bool check_other_hives(Check *check, Link *link, GError **errp)
{
    static const char *const names[] = { "SAM", "SECURITY", "DEFAULT" };
    const char *missing = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!check_other_hive(check, link, names[i], &missing, errp)) {
            return false;
        }
        if (link->state != LINK_OK) {
            return true;
        }
    }
    link_set_object(link, "partition %u: SAM, SECURITY, DEFAULT",
                    check->place.partition->number);
    return missing
           ? link_unknown(link, "%s is missing: how far Windows comes without "
                          "it was not found out", missing)
           : link_ok(link, "they can be loaded");
}

#define REMEDY_SELECT \
    REMEDY_REG_FILE("setting Default in SYSTEM\\Select to a control set that " \
                    "is there")

bool check_control_set(Check *check, Link *link, GError **errp)
{
    g_autofree char *file = windows_path(&check->place,
                                         CONFIG REGISTRY_SYSTEM);
    g_autofree char *screen = missing_or_corrupt(check, file);
    g_autofree char *path = NULL;
    uint32_t set = 0;

    link_set_object(link, "SYSTEM\\Select");
    if (!hive_get_dword(check->system->hive, "Select", "Default", &set) ||
        set == 0) {
        return link_broken(link, screen, REMEDY_SELECT,
                           "it names no control set (Default)");
    }
    path = g_strdup_printf("ControlSet%03u", set);
    if (hive_find_key(check->system->hive, path) == HIVE_NO_KEY) {
        return link_broken(link, screen, REMEDY_SELECT,
                           "it names %s (Default), which is not there",
                           path);
    }
    check->control_set = set;
    return link_ok(link, "it names %s", path);
}

/* The devices in the registry hang on the HAL of setup (KB237556). */
bool check_hal_devices(Check *check, Link *link, GError **errp)
{
    g_auto(HalRegistry) registry = { 0 };
    const HalType *file = check->hal_type, *known;

    hal_read_registry(check->system->hive, check->control_set, &registry);
    known = registry.device_id ? hal_find(registry.device_id) : NULL;
    link_set_object(link, "SYSTEM\\ControlSet%03u\\Enum\\Root",
                    check->control_set);
    if (file && known && file->family != known->family) {
        return link_unknown(link, "Windows was set up with the HAL of %s, the "
                            "file is that of %s: its devices hang on the "
                            "former, and such guests mostly stop with 0x7B "
                            "(KB237556)", known->name, file->name);
    }
    return link_ok(link, "%s", known ? known->name : "no HAL is named there");
}

/* Hostile hives have many, and long ones: not all become a warning. */
static void note_passed(GString *passed, const char *name, const char *why)
{
    g_autofree char *text = g_strdup_printf("%s%s (%s)",
                                            passed->len ? ", " : "", name,
                                            why);

    if (passed->len + strlen(text) <= LIMIT_PASSED_DRIVERS) {
        g_string_append(passed, text);
    } else if (!g_str_has_suffix(passed->str, MORE)) {
        g_string_append(passed, MORE);
    }
}

/* What restores the driver's file, or whatever else is wrong with it. */
static const char *remedy_image(const Check *check, const char *image,
                                const char *why)
{
    return g_str_has_suffix(why, MODULES_IS_MISSING) &&
           check_mends_file(check, image) ? REMEDY_CONVERT
                                          : check_remedy_driver(check);
}

/* One driver; those that are passed over are added to @passed. */
static bool check_boot_driver(Check *check, Link *link,
                              const BootService *service, GString *passed,
                              GError **errp)
{
    bool critical = service->error_control >= SERVICE_ERROR_SEVERE;
    GError *err = NULL;
    const char *why = NULL;

    if (service->odd_image) {
        return !critical ||
               link_unknown(link, "%s, without which Windows does not start: "
                            ODD_IMAGE, service->name);
    }
    if (!modules_find_fault(check->modules, service->image, &why, &err)) {
        return link_failed(link, err, errp);
    }
    if (why && critical) {
        g_autofree char *screen = missing_or_corrupt(check,
                                                     service->image);

        link_set_object(link, "SYSTEM\\ControlSet%03u\\Services\\%s",
                        check->control_set, service->name);
        return link_broken(link, screen,
                           remedy_image(check, service->image, why),
                           "%s, and Windows does not start without it "
                           "(ErrorControl %u)", why, service->error_control);
    }
    if (why) {
        note_passed(passed, service->name, why);
    }
    return true;
}

bool check_boot_drivers(Check *check, Link *link, GError **errp)
{
    g_autoptr(GString) passed = g_string_new(NULL);
    g_autoptr(GPtrArray) services = NULL;
    GError *err = NULL;

    if (!check_spoilers(check, errp)) {
        return false;
    }
    link_set_object(link, "SYSTEM\\ControlSet%03u\\Services",
                    check->control_set);
    services = boot_services(check->system->hive, check->control_set,
                             check->windows, &err);
    if (!services) {
        return link_failed(link, err, errp);
    }
    for (guint i = 0; i < services->len && !link->text; i++) {
        if (!check_boot_driver(check, link, g_ptr_array_index(services, i),
                               passed, errp)) {
            return false;
        }
    }
    if (!link->text) {
        link_ok(link, "of %u drivers with Start=0 none that is critical is "
                "missing", services->len);
    }
    if (passed->len > 0) {
        check_warn(check, "drivers with Start=0 that %s passes over: %s",
                   check_loader_name(check), passed->str);
    }
    return true;
}

bool check_file_system(Check *check, Link *link, GError **errp)
{
    g_autofree char *path = windows_path(&check->place, FILE_SYSTEM_DRIVER);
    g_autofree char *screen = missing_or_corrupt(check, path);
    GError *err = NULL;
    const char *why = NULL;

    link_set_object(link, "%s", path);
    if (!modules_find_fault(check->modules, path, &why, &err)) {
        return link_failed(link, err, errp);
    }
    return why ? link_broken(link, screen, check_remedy_driver(check), "%s",
                             why)
               : link_ok(link, "%s can load it, which it does whatever the "
                         "service's Start", check_loader_name(check));
}
