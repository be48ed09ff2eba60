/*
 * Boot services: the drivers that the boot loader loads
 *
 * Microsoft: "Specifying Driver Load Order", "HKLM\SYSTEM\CurrentControlSet\
 * Services Registry Tree".  What stands in no list comes behind all that do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-services.h"
#include "error.h"
#include "guest-limits.h"
#include "hive-strings.h"
#include "le.h"
#include "service-image.h"

/* Behind all that is in a list. */
#define LAST G_MAXUINT

void boot_service_free(BootService *service)
{
    if (service) {
        g_free(service->name);
        g_free(service->override_name);
        g_free(service->group);
        g_free(service->image);
        g_free(service);
    }
}

bool boot_service_is_loaded(const BootService *service)
{
    return service->start == SERVICE_BOOT_START && !service->override_name;
}

/* Windows 8 and later; before them the key means nothing. */
static bool knows_override(const Windows *windows)
{
    return pe_version_at_least(&windows->version, 6, 2);
}

/* The key StartOverride below that of a service, or HIVE_NO_KEY. */
static HiveKey find_override(Hive *system, HiveKey service)
{
    g_autoptr(GArray) keys = hive_subkeys(system, service);

    for (guint i = 0; i < keys->len; i++) {
        HiveKey key = g_array_index(keys, HiveKey, i);
        g_autofree char *name = hive_key_name(system, key);

        if (g_ascii_strcasecmp(name, "StartOverride") == 0) {
            return key;
        }
    }
    return HIVE_NO_KEY;
}

/*
 * Windows notes there which boot drivers the machine does without; the names
 * are numbers of hardware configurations.  Which of them the new machine will
 * be taken for cannot be told: each counts.
 */
static void read_override(Hive *system, HiveKey key, BootService *service)
{
    HiveKey override = find_override(system, key);
    g_auto(GStrv) names = hive_value_names(system, override);

    for (char **name = names; *name && !service->override_name; name++) {
        uint32_t start;

        if (hive_key_dword(system, override, *name, &start) &&
            start != SERVICE_BOOT_START) {
            service->override = start;
            service->override_name = g_strdup(*name);
        }
    }
}

static BootService *service_read(Hive *system, HiveKey key,
                                 const Windows *windows)
{
    BootService *service = g_new0(BootService, 1);
    g_autofree char *image = hive_key_string(system, key, "ImagePath");

    service->name = hive_key_name(system, key);
    service->start = SERVICE_DISABLED;
    service->error_control = SERVICE_ERROR_NORMAL;
    hive_key_dword(system, key, "Start", &service->start);
    hive_key_dword(system, key, "Type", &service->type);
    hive_key_dword(system, key, "ErrorControl", &service->error_control);
    hive_key_dword(system, key, "Tag", &service->tag);
    service->group = hive_key_string(system, key, "Group");
    service->image = service_image_path(windows, service->name, image);
    service->odd_image = !service_image_is_for_loader(image);
    if (knows_override(windows)) {
        read_override(system, key, service);
    }
    return service;
}

BootService *boot_service_find(Hive *system, unsigned set,
                               const Windows *windows, const char *name)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services\\%s",
                                            set, name);
    HiveKey key = *name && !strchr(name, '\\') ? hive_find_key(system, path)
                                               : HIVE_NO_KEY;

    return key == HIVE_NO_KEY ? NULL : service_read(system, key, windows);
}

/* The lists that order the services, and what they mean for one of them. */
typedef struct Order {
    Hive *system;
    unsigned set;
    /* NULL-terminated; or NULL. */
    char **groups;
} Order;

typedef struct Placed {
    BootService *service;
    /* Places in the lists, and in the hive. */
    guint group, tag, key;
} Placed;

static guint group_place(const Order *order, const BootService *service)
{
    for (guint i = 0; order->groups && service->group && order->groups[i];
         i++) {
        if (g_ascii_strcasecmp(order->groups[i], service->group) == 0) {
            return i;
        }
    }
    return LAST;
}

/* The list is a count, then that many tags; each 32 bits. */
static guint tag_place(const Order *order, const BootService *service)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Control\\"
                                            "GroupOrderList", order->set);
    HiveKey key = hive_find_key(order->system, path);
    uint32_t type;
    g_autoptr(GBytes) list = service->group && key != HIVE_NO_KEY
        ? hive_get_value(order->system, key, service->group, &type) : NULL;
    gsize size = list ? g_bytes_get_size(list) : 0;
    const uint8_t *p = list ? g_bytes_get_data(list, NULL) : NULL;
    guint n = size >= 4 ? MIN(get_le32(p), size / 4 - 1) : 0;

    for (guint i = 0; service->tag && i < n; i++) {
        if (get_le32(p + 4 * (i + 1)) == service->tag) {
            return i;
        }
    }
    return LAST;
}

static int compare(gconstpointer a, gconstpointer b)
{
    const Placed *x = a, *y = b;

    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    if (x->tag != y->tag) {
        return x->tag < y->tag ? -1 : 1;
    }
    return x->key < y->key ? -1 : 1;
}

/* Takes @service, which the loader may pass over by StartOverride. */
static bool add_service(const Order *order, BootService *service,
                        GArray *placed, GError **errp)
{
    Placed place = {
        .service = service,
        .group = group_place(order, service),
        .tag = tag_place(order, service),
        .key = placed->len,
    };

    if (!boot_service_is_loaded(service)) {
        boot_service_free(service);
        return true;
    }
    g_array_append_val(placed, place);
    if (placed->len > LIMIT_BOOT_SERVICES) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "ControlSet%03u\\Services: more than %d services have "
                    "Start=0: the hive is damaged", order->set,
                    LIMIT_BOOT_SERVICES);
        return false;
    }
    return true;
}

static void placed_clear(void *opaque)
{
    Placed *placed = opaque;

    boot_service_free(placed->service);
}

static char **read_groups(Hive *system, unsigned set)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Control\\"
                                            "ServiceGroupOrder", set);

    return hive_key_strings(system, hive_find_key(system, path), "List");
}

/* The services in their order, out of @placed, which is emptied. */
static GPtrArray *sort(GArray *placed)
{
    GPtrArray *sorted =
        g_ptr_array_new_with_free_func((GDestroyNotify)boot_service_free);

    g_array_sort(placed, compare);
    for (guint i = 0; i < placed->len; i++) {
        Placed *place = &g_array_index(placed, Placed, i);

        g_ptr_array_add(sorted, g_steal_pointer(&place->service));
    }
    return sorted;
}

GPtrArray *boot_services(Hive *system, unsigned control_set,
                         const Windows *windows, GError **errp)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services",
                                            control_set);
    g_autoptr(GArray) keys = hive_subkeys(system,
                                          hive_find_key(system, path));
    g_autoptr(GArray) placed = g_array_new(FALSE, FALSE, sizeof(Placed));
    g_auto(GStrv) groups = read_groups(system, control_set);
    Order order = { .system = system, .set = control_set, .groups = groups };

    g_array_set_clear_func(placed, placed_clear);
    for (guint i = 0; i < keys->len; i++) {
        HiveKey key = g_array_index(keys, HiveKey, i);
        uint32_t start;

        if (hive_key_dword(system, key, "Start", &start) &&
            start == SERVICE_BOOT_START &&
            !add_service(&order, service_read(system, key, windows), placed,
                         errp)) {
            return NULL;
        }
    }
    return sort(placed);
}
