/*
 * Driver database: the devices that Windows 8 and later can start at boot
 *
 * The key DriverDatabase, which belongs to no control set, has taken the place
 * of the CriticalDeviceDatabase.  Below DeviceIds there is a key for each
 * hardware or compatible id, in folders named after the bus, and in it a
 * value for each package (.inf) that has drivers for it.  Setup fills it with
 * all of Windows' own packages, so that nothing is added here: a package that
 * was taken out of an installation is not brought back by a key.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "driver-database.h"
#include "hive-internal.h"
#include "hive-value.h"

static bool has_values(Hive *system, HiveKey key)
{
    g_autoptr(GArray) values = hive_values(system->image, hive_cell_of(key));

    return values->len > 0;
}

bool driver_database_knows(Hive *system, char **ids)
{
    for (char **id = ids; *id; id++) {
        g_autofree char *path = g_strconcat("DriverDatabase\\DeviceIds\\",
                                            *id, NULL);
        HiveKey key = hive_find_key(system, path);

        if (key != HIVE_NO_KEY && has_values(system, key)) {
            return true;
        }
    }
    return false;
}

void driver_database_check(Hive *system, const ProfileKnownDevice *device,
                           GPtrArray *warnings)
{
    g_autofree char *ids = NULL;

    if (driver_database_knows(system, device->ids)) {
        return;
    }
    ids = g_strjoinv(", ", device->ids);
    g_ptr_array_add(warnings,
                    g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\"
                                    "DriverDatabase\\DeviceIds: the guest "
                                    "has no driver package for the %s (%s), "
                                    "and may stop with 0x7B; add its package "
                                    "in the source VM", device->title, ids));
}
