/*
 * Boot services: the drivers that the boot loader loads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOT_SERVICES_H
#define GUEST_BOOT_SERVICES_H

#include "windows.h"

/* Values of Start. */
enum {
    SERVICE_BOOT_START = 0,
    SERVICE_DISABLED = 4,
};

/* Values of ErrorControl: what becomes of a start without the driver. */
enum {
    SERVICE_ERROR_NORMAL = 1,
    /* From here on Windows does not start without it. */
    SERVICE_ERROR_SEVERE = 2,
};

typedef struct BootService {
    /* Of its key below Services. */
    char *name;
    uint32_t start;
    uint32_t type;
    uint32_t error_control;
    /*
     * Windows 8 and later: a value below StartOverride that is not 0, and
     * counts instead of Start; override_name is NULL if there is none.
     */
    uint32_t override;
    char *override_name;
    /* NULL: none. */
    char *group;
    /* Its place in the group; 0: none. */
    uint32_t tag;
    /* \WINDOWS\system32\drivers\x.sys; NULL: on another volume, or nowhere. */
    char *image;
    /* It is not known whether NTLDR understands the ImagePath. */
    bool odd_image;
} BootService;

void boot_service_free(BootService *service);

/* Whether the boot loader loads it. */
bool boot_service_is_loaded(const BootService *service);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootService, boot_service_free)

/* The service of that name in control set @set, or NULL. */
BootService *boot_service_find(Hive *system, unsigned set,
                               const Windows *windows, const char *name);

/*
 * BootService *: the services of control set @control_set that the boot
 * loader loads, those with Start=0, in its order: by their groups, as
 * Control\ServiceGroupOrder has these, within a group by their tags, as
 * Control\GroupOrderList has those, else as they stand in the hive.  More of
 * them than there can be in a sound hive are an error.
 */
GPtrArray *boot_services(Hive *system, unsigned control_set,
                         const Windows *windows, GError **errp);

#endif /* GUEST_BOOT_SERVICES_H */
