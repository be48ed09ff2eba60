/*
 * Configurations: the settings of a guest, and who renders them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENFIX_CONFIG_INTERNAL_H
#define XENFIX_CONFIG_INTERNAL_H

#include "config.h"

/* A setting and why it is so: text for people, in one line. */
typedef struct ConfigFlag {
    bool value;
    char *reason;
} ConfigFlag;

typedef struct ConfigNumber {
    uint64_t value;
    char *reason;
} ConfigNumber;

typedef struct ConfigWord {
    /* As QEMU calls it; what is chosen from is where it is set. */
    const char *value;
    char *reason;
} ConfigWord;

typedef struct GuestConfig {
    /* What the guest is, for the head of the configuration. */
    char *guest;
    /* char *: what the user has to know before the guest is started. */
    GPtrArray *warnings;

    /* What the user says, checked and completed. */
    char *name;
    char *disk;
    /* @disk is a device of the host, not a file. */
    bool disk_is_device;
    /* @disk is neither: QEMU's block drivers know what it is. */
    bool disk_is_url;
    const char *disk_format;
    const char *bridge;
    const char *mac;
    const char *virt_type;

    /* The disk is on an AHCI controller, not on IDE. */
    bool ahci;
    bool windows_11;

    /* config-hal.c */
    ConfigFlag acpi;
    ConfigFlag apic;
    ConfigFlag pae;
    ConfigNumber vcpus;

    /* config-platform.c */
    ConfigWord machine;
    ConfigWord firmware;
    /* Of UEFI: capable of it, but without keys, so that nothing is refused. */
    ConfigFlag secure_boot;
    ConfigFlag tpm;
    ConfigWord disk_bus;

    /* config-machine.c */
    ConfigNumber memory;
    ConfigFlag viridian;
    ConfigFlag localtime;
    ConfigFlag xen_platform;
    ConfigFlag usb_tablet;
    /* Hyper-V's timers, and what they need, beside what @viridian is about. */
    bool viridian_timers;
    ConfigWord cpu;
    ConfigWord nic;
    ConfigWord vga;
} GuestConfig;

/* The parts of Windows' version that decide. */
typedef struct ConfigVersion {
    unsigned major, minor, build;
    bool x64;
    /* An edition for workstations. */
    bool workstation;
} ConfigVersion;

void config_version(const WinXenfixInfo *info, ConfigVersion *version);
bool config_version_before(const ConfigVersion *version, unsigned major,
                           unsigned minor);
bool config_is_windows_11(const ConfigVersion *version);

/* Whether the guest runs under Xen, whichever tool it is started by. */
bool config_is_xen(const GuestConfig *config, const ConfigOptions *options);

/* The firmware is UEFI, not a BIOS. */
bool config_is_uefi(const GuestConfig *config);

/* config-options.c: checks what the user says, and completes it. */
bool config_take_options(GuestConfig *config, const ConfigOptions *options,
                         Error **errp);

/* config-hal.c: what follows from HAL and kernels. */
void config_fit_hal(GuestConfig *config, const WinXenfixInfo *info,
                    const ConfigOptions *options);

/*
 * config-platform.c: chipset, firmware, and what goes with them.  Fails if the
 * guest cannot have the controller that was asked for.
 */
bool config_fit_platform(GuestConfig *config, const WinXenfixInfo *info,
                         const ConfigOptions *options, Error **errp);

/* config-machine.c: what follows from the version, and from the rest. */
void config_fit_machine(GuestConfig *config, const WinXenfixInfo *info,
                        const ConfigOptions *options);

void config_set_flag(ConfigFlag *flag, bool value, const char *reason);
void config_set_word(ConfigWord *word, const char *value, const char *reason);

void G_GNUC_PRINTF(2, 3) config_warn(GuestConfig *config, const char *format,
                                     ...);

/*
 * Appends @text, broken into lines of at most 78 columns.  The first one
 * begins with @first, the others with @other.
 */
void config_wrap(GString *out, const char *first, const char *other,
                 const char *text);

/* config-xl.c, config-libvirt.c, config-qemu.c */
void config_render_xl(const GuestConfig *config, GString *out);
void config_render_libvirt(const GuestConfig *config, GString *out);
void config_render_qemu(const GuestConfig *config, GString *out);

#endif /* XENFIX_CONFIG_INTERNAL_H */
