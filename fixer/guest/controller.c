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
 * Seen in hives of Windows XP and 7; the devices' meaning is in
 * Microsoft's "Device identification strings".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "controller.h"
#include "guest-limits.h"

static const struct {
    const char *enumerator;
    ControllerBus bus;
} buses[] = {
    { "IDE", CONTROLLER_IDE },
    { "SCSI", CONTROLLER_SCSI },
};

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

/* A device that others hang on. */
typedef struct Parent {
    /* Its ParentIdPrefix, with which their instances begin. */
    char *prefix;
    char *instance;
    char *device;
    char *service;
} Parent;

static void parent_clear(void *opaque)
{
    Parent *parent = opaque;

    g_free(parent->prefix);
    g_free(parent->instance);
    g_free(parent->device);
    g_free(parent->service);
}

/* Called for each instance of an enumerator. */
typedef void InstanceFunc(Hive *system, HiveKey key, const char *device,
                          const char *instance, void *opaque);

/* Walks over the devices of ENUM\@enumerator and their instances, once. */
static void foreach_instance(Hive *system, const char *enum_key,
                             const char *enumerator, InstanceFunc *func,
                             void *opaque)
{
    g_autofree char *path = g_strdup_printf("%s\\%s", enum_key, enumerator);
    g_autoptr(GArray) devices = hive_subkeys(system, hive_find_key(system,
                                                                   path));
    unsigned left = LIMIT_INSTANCES;

    for (guint i = 0; i < devices->len; i++) {
        HiveKey device_key = g_array_index(devices, HiveKey, i);
        g_autofree char *device = hive_key_name(system, device_key);
        g_autoptr(GArray) instances = hive_subkeys(system, device_key);

        for (guint j = 0; j < instances->len && left > 0; j++, left--) {
            HiveKey key = g_array_index(instances, HiveKey, j);
            g_autofree char *instance = hive_key_name(system, key);

            func(system, key, device, instance, opaque);
        }
    }
}

static void add_parent(Hive *system, HiveKey key, const char *device,
                       const char *instance, void *opaque)
{
    GArray *found = opaque;
    Parent parent = {
        .prefix = hive_key_string(system, key, "ParentIdPrefix"),
    };

    if (!parent.prefix) {
        return;
    }
    parent.instance = g_strdup(instance);
    parent.device = g_strdup(device);
    parent.service = hive_key_string(system, key, "Service");
    g_array_append_val(found, parent);
}

/* Whether instance @child hangs on a device of that ParentIdPrefix. */
static bool has_prefix(const char *child, const char *prefix)
{
    size_t length = strlen(prefix);

    return length > 0 && g_ascii_strncasecmp(child, prefix, length) == 0 &&
           child[length] == '&';
}

static const Parent *find_parent(const GArray *parents, const char *child)
{
    for (guint i = 0; i < parents->len; i++) {
        const Parent *parent = &g_array_index(parents, Parent, i);

        if (has_prefix(child, parent->prefix)) {
            return parent;
        }
    }
    return NULL;
}

typedef struct DiskSearch {
    ControllerBus bus;
    /* Parent: IDE channels, and PCI devices. */
    GArray *channels;
    GArray *pci;
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
static void add_disk(Hive *system, HiveKey key, const char *device,
                     const char *instance, void *opaque)
{
    DiskSearch *search = opaque;
    const Parent *channel = find_parent(search->channels, instance);
    const Parent *pci = find_parent(search->pci, channel ? channel->instance
                                                         : instance);
    Controller *controller;

    if (g_ascii_strncasecmp(device, "Disk", 4) != 0) {
        return;
    }
    controller = g_new0(Controller, 1);
    controller->bus = search->bus;
    if (pci) {
        controller->device = g_strdup_printf("PCI\\%s", pci->device);
        controller->service = g_strdup(pci->service);
    }
    if (is_known(search->found, controller)) {
        controller_free(controller);
    } else {
        g_ptr_array_add(search->found, controller);
    }
}

/* All devices of an enumerator that others hang on. */
static GArray *read_parents(Hive *system, const char *enum_key,
                            const char *enumerator)
{
    GArray *parents = g_array_new(FALSE, FALSE, sizeof(Parent));

    g_array_set_clear_func(parents, parent_clear);
    foreach_instance(system, enum_key, enumerator, add_parent, parents);
    return parents;
}

GPtrArray *controllers_find(Hive *system, unsigned set)
{
    g_autofree char *enum_key = g_strdup_printf("ControlSet%03u\\Enum", set);
    g_autoptr(GArray) channels = read_parents(system, enum_key, "PCIIDE");
    g_autoptr(GArray) pci = read_parents(system, enum_key, "PCI");
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                      controller_free);

    for (unsigned i = 0; i < G_N_ELEMENTS(buses); i++) {
        DiskSearch search = {
            .bus = buses[i].bus,
            .channels = channels,
            .pci = pci,
            .found = found,
        };

        foreach_instance(system, enum_key, buses[i].enumerator, add_disk,
                         &search);
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
