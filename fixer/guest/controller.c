/*
 * Controller: behind which controllers Windows has seen its disks
 *
 * The Enum key holds each device that Windows has ever met, as
 * ENUMERATOR\DEVICE\INSTANCE.  An instance begins with the ParentIdPrefix of
 * the device that it hangs on, so that the way from a disk up to its PCI
 * device can be found: SCSI\Disk...\4&5fcaafc&0&000 hangs on the PCI device
 * with the prefix 4&5fcaafc&0; an IDE disk hangs on a channel, below the key
 * PCIIDE, and that on the PCI device.
 *
 * Seen in hives of Windows XP, 7 and 10; the devices' meaning is in
 * Microsoft's "Device identification strings".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "controller.h"

static const struct {
    const char *enumerator;
    ControllerBus bus;
} buses[] = {
    { "IDE", CONTROLLER_IDE },
    { "SCSI", CONTROLLER_SCSI },
};

/* Where a disk's parents are found, nearest first. */
static const char *const parents[] = { "PCIIDE", "PCI" };

const char *controller_bus_string(ControllerBus bus)
{
    return buses[bus].enumerator;
}

static void controller_free(Controller *controller)
{
    g_free(controller->device);
    g_free(controller->service);
    g_free(controller);
}

/* Called for each instance; false stops the walk. */
typedef bool InstanceFunc(const char *key, const char *device,
                          const char *instance, void *opaque);

/* Walks over @enumerator's devices and their instances. */
static void foreach_instance(Hive *system, const char *enumerator_key,
                             InstanceFunc *func, void *opaque)
{
    g_auto(GStrv) devices = hive_subkeys(system, enumerator_key);

    for (char **device = devices; *device; device++) {
        g_autofree char *device_key = g_strdup_printf("%s\\%s",
                                                      enumerator_key, *device);
        g_auto(GStrv) instances = hive_subkeys(system, device_key);

        for (char **instance = instances; *instance; instance++) {
            g_autofree char *key = g_strdup_printf("%s\\%s", device_key,
                                                   *instance);

            if (!func(key, *device, *instance, opaque)) {
                return;
            }
        }
    }
}

typedef struct ParentSearch {
    Hive *system;
    const char *child;
    /* Found: its instance, device, and service. */
    char *instance;
    char *device;
    char *service;
} ParentSearch;

/* Whether instance @child hangs on a device of that ParentIdPrefix. */
static bool has_prefix(const char *child, const char *prefix)
{
    size_t length = strlen(prefix);

    return length > 0 && g_ascii_strncasecmp(child, prefix, length) == 0 &&
           child[length] == '&';
}

static bool is_parent(const char *key, const char *device,
                      const char *instance, void *opaque)
{
    ParentSearch *search = opaque;
    g_autofree char *prefix = hive_get_string(search->system, key,
                                              "ParentIdPrefix");

    if (!prefix || !has_prefix(search->child, prefix)) {
        return true;
    }
    search->instance = g_strdup(instance);
    search->device = g_strdup(device);
    search->service = hive_get_string(search->system, key, "Service");
    return false;
}

/* Follows an instance's parents up to a PCI device. */
static void find_pci_device(Hive *system, const char *enum_key,
                            const char *disk_instance,
                            Controller *controller)
{
    g_autofree char *child = g_strdup(disk_instance);

    for (unsigned i = 0; i < G_N_ELEMENTS(parents); i++) {
        g_autofree char *key = g_strdup_printf("%s\\%s", enum_key,
                                               parents[i]);
        ParentSearch search = { .system = system, .child = child };

        foreach_instance(system, key, is_parent, &search);
        if (!search.instance) {
            continue;
        }
        g_free(child);
        child = search.instance;
        if (g_str_equal(parents[i], "PCI")) {
            controller->device = g_strdup_printf("PCI\\%s", search.device);
            controller->service = g_steal_pointer(&search.service);
        }
        g_free(search.device);
        g_free(search.service);
    }
}

typedef struct DiskSearch {
    Hive *system;
    const char *enum_key;
    ControllerBus bus;
    GPtrArray *found;
} DiskSearch;

static bool is_known(GPtrArray *found, const Controller *controller)
{
    for (guint i = 0; i < found->len; i++) {
        const Controller *other = g_ptr_array_index(found, i);

        if (other->bus == controller->bus &&
            g_strcmp0(other->device, controller->device) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds the controller of an instance that is a disk, not a CD-ROM or tape. */
static bool add_disk(const char *key, const char *device,
                     const char *instance, void *opaque)
{
    DiskSearch *search = opaque;
    Controller *controller;

    if (g_ascii_strncasecmp(device, "Disk", 4) != 0) {
        return true;
    }
    controller = g_new0(Controller, 1);
    controller->bus = search->bus;
    find_pci_device(search->system, search->enum_key, instance, controller);
    if (is_known(search->found, controller)) {
        controller_free(controller);
    } else {
        g_ptr_array_add(search->found, controller);
    }
    return true;
}

GPtrArray *controllers_find(Hive *system, unsigned set)
{
    g_autofree char *enum_key = g_strdup_printf("ControlSet%03u\\Enum", set);
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                      controller_free);

    for (unsigned i = 0; i < G_N_ELEMENTS(buses); i++) {
        g_autofree char *key = g_strdup_printf("%s\\%s", enum_key,
                                               buses[i].enumerator);
        DiskSearch search = {
            .system = system,
            .enum_key = enum_key,
            .bus = buses[i].bus,
            .found = found,
        };

        foreach_instance(system, key, add_disk, &search);
    }
    return found;
}

static const Controller *find_bus(GPtrArray *controllers, ControllerBus bus)
{
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *controller = g_ptr_array_index(controllers, i);

        if (controller->bus == bus) {
            return controller;
        }
    }
    return NULL;
}

static const char *service_name(const Controller *controller)
{
    return controller->service ? controller->service : "unknown driver";
}

char *controllers_conclude(GPtrArray *controllers, const char *adapter_type)
{
    const Controller *ide = find_bus(controllers, CONTROLLER_IDE);
    const Controller *scsi = find_bus(controllers, CONTROLLER_SCSI);
    g_autofree char *adapter =
        adapter_type ? g_strdup_printf("the VMDK's adapter type is %s; ",
                                       adapter_type)
                     : g_strdup("");

    if (ide && scsi) {
        return g_strdup_printf("%sWindows has used disks on IDE (%s) and on "
                               "SCSI (%s)", adapter, service_name(ide),
                               service_name(scsi));
    }
    if (ide) {
        return g_strdup_printf("%sWindows has used its disk on IDE (%s), but "
                               "it still has to know the controller of the "
                               "target", adapter, service_name(ide));
    }
    if (scsi) {
        return g_strdup_printf("%sWindows has used its disk on SCSI (%s) "
                               "only: unprepared it would stop with 0x7B on "
                               "IDE", adapter, service_name(scsi));
    }
    return g_strdup_printf("%sthe registry does not tell on which "
                           "controller Windows has used its disk", adapter);
}
