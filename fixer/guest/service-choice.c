/*
 * Service choice: which of several services is to drive a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-compare.h"
#include "service-choice.h"

bool service_choice_exists(Hive *system, unsigned set, const char *service)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services\\%s",
                                            set, service);

    return !strchr(service, '\\') &&
           hive_find_key(system, path) != HIVE_NO_KEY;
}

const char *service_choice_first(Hive *system, unsigned set,
                                 const char *const *services)
{
    for (const char *const *name = services; *name; name++) {
        if (service_choice_exists(system, set, *name)) {
            return *name;
        }
    }
    return NULL;
}

static bool is_one_of(const char *service, const char *const *services)
{
    for (const char *const *name = services; *name; name++) {
        if (hive_same_name(*name, service)) {
            return true;
        }
    }
    return false;
}

char *service_choice_fault(Hive *system, unsigned set, const char *service,
                           const char *const *services)
{
    if (!service || !*service) {
        return g_strdup("it had no driver");
    }
    if (!is_one_of(service, services)) {
        return g_strdup_printf("its driver was %s", service);
    }
    return service_choice_exists(system, set, service)
           ? NULL : g_strdup_printf("its driver %s is not there", service);
}
