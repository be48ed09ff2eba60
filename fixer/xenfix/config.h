/*
 * How a domain must be configured so that it fits a guest
 *
 * What a guest is comes from the report of the helper.  The settings that
 * follow from it are made once and in one place (config.c), each with the
 * reason for it; xl, libvirt and QEMU then get the same settings in their
 * own words, and the reasons as comments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENFIX_CONFIG_H
#define XENFIX_CONFIG_H

#include "qapi/qapi-types-block-core.h"

typedef enum ConfigFormat {
    CONFIG_FORMAT_XL,       /* a file for "xl create" */
    CONFIG_FORMAT_LIBVIRT,  /* XML for "virsh define" */
    CONFIG_FORMAT_QEMU,     /* a command for a shell */
} ConfigFormat;

typedef struct ConfigOptions {
    ConfigFormat format;

    /*
     * The disk as the hypervisor is to open it: a path (made absolute where
     * it is relative), for QEMU also what -drive file= takes; and the name
     * that QEMU has for its format.  Neither may be NULL.
     */
    const char *disk;
    const char *disk_format;

    /* NULL: the name of the disk's file, without its suffix */
    const char *name;

    /* In MiB; without it, what suits the version of Windows */
    bool has_memory;
    uint64_t memory;

    /* Without it, what suits the version of Windows */
    bool has_vcpus;
    uint64_t vcpus;

    /* That which the guest is prepared for: "ide" or "ahci"; NULL: "ide" */
    const char *controller;

    /* The host's bridge for the NIC; NULL: the default of xl, libvirt, QEMU */
    const char *bridge;

    /* NULL: left to xl, libvirt, QEMU */
    const char *mac;

    /* Of libvirt's domain: "kvm", "qemu" or "xen"; NULL: "kvm" */
    const char *virt_type;
} ConfigOptions;

/*
 * Returns the configuration, which ends with a newline, to be freed with
 * g_free().  Fails if there is no Windows on the disk, or if an option has a
 * value that the format cannot express or that makes no sense.  A value that
 * merely does not suit the guest is overruled or kept, and a comment says so.
 */
char *xenfix_config_text(const WinXenfixInfo *info,
                         const ConfigOptions *options, Error **errp);

#endif
