/*
 * Configurations: chipset, firmware, and what goes with them
 *
 * Which firmware starts Windows was settled when it was set up: the boot
 * manager for a BIOS is on the active partition, that for UEFI on the EFI
 * system partition.  The chipset follows from the controller that the guest is
 * prepared for: only i440FX has the IDE controller PIIX3, and of QEMU's only
 * q35 has an AHCI controller of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

#include "qapi/error.h"

#define MACHINE_PC \
    "the i440FX chipset, for whose IDE controller (PIIX3) the guest is " \
    "prepared; q35 has none"
#define MACHINE_Q35 \
    "the Q35 chipset, for whose AHCI controller (ICH9) the guest is " \
    "prepared (profile=ahci); i440FX has none"

#define FIRMWARE_BIOS \
    "the disk has a master boot record, which UEFI firmware passes over"
#define FIRMWARE_BIOS_OF_TWO \
    "Windows starts by a BIOS, from the active partition; what the disk has " \
    "for UEFI beside it is not used"
#define FIRMWARE_UEFI \
    "Windows starts by UEFI, from the EFI system partition; new firmware " \
    "does not know of Windows yet, and starts \\EFI\\Boot\\bootx64.efi " \
    "there, which setup puts beside the boot manager"
#define FIRMWARE_UEFI_BY_GPT \
    "the disk has a GUID partition table, from which Windows starts by UEFI " \
    "only"

#define SECURE_BOOT_CAPABLE \
    "for Windows 11 Microsoft requires a machine that is capable of Secure " \
    "Boot; as long as no keys are enrolled, the firmware starts anything"
#define SECURE_BOOT_NEEDS_Q35 \
    "for Windows 11 Microsoft requires a machine that is capable of Secure " \
    "Boot, not that it is on; but it takes SMM, which only q35 has, and q35 " \
    "has AHCI"
#define SECURE_BOOT_OFF \
    "for this Windows Microsoft does not require Secure Boot"

#define TPM_NEEDED \
    "for Windows 11 Microsoft requires a TPM 2.0; this one is new, and what " \
    "was locked with that of the source VM stays locked (PINs of Windows " \
    "Hello, keys of BitLocker)"
#define TPM_OF_XEN \
    "for Windows 11 Microsoft requires a TPM 2.0, and a Xen domain has none; " \
    "setup looks for one, also when it upgrades"
#define TPM_NOT_NEEDED \
    "for this Windows Microsoft does not require a TPM"

#define DISK_IDE \
    "the controller that the guest is prepared for"
#define DISK_IDE_BOOT_INI \
    "the controller that the guest is prepared for; hda is what its " \
    "boot.ini calls rdisk(0)"
#define DISK_AHCI \
    "AHCI is for guests that are prepared with profile=ahci; one that is " \
    "prepared for IDE may stop with 0x7B"

static bool is_gpt(const WinXenfixInfo *info)
{
    return info->has_scheme && info->scheme == WIN_XENFIX_SCHEME_GPT;
}

static bool is_old(const ConfigVersion *version)
{
    return config_version_before(version, 6, 0);
}

static void fit_firmware(GuestConfig *config, const WinXenfixInfo *info)
{
    const WinXenfixFirmwareList *list = info->firmware;

    if (!list && is_gpt(info)) {
        config_set_word(&config->firmware, "uefi", FIRMWARE_UEFI_BY_GPT);
    } else if (list && list->value == WIN_XENFIX_FIRMWARE_UEFI) {
        config_set_word(&config->firmware, "uefi", FIRMWARE_UEFI);
    } else {
        config_set_word(&config->firmware, "bios",
                        list && list->next ? FIRMWARE_BIOS_OF_TWO
                                           : FIRMWARE_BIOS);
    }
}

static void fit_secure_boot(GuestConfig *config, const ConfigVersion *version)
{
    bool windows_11 = config_is_windows_11(version);

    config_set_flag(&config->secure_boot, windows_11 && config->ahci,
                    !windows_11 ? SECURE_BOOT_OFF :
                    config->ahci ? SECURE_BOOT_CAPABLE
                                 : SECURE_BOOT_NEEDS_Q35);
}

static void fit_tpm(GuestConfig *config, const ConfigVersion *version,
                    bool xen)
{
    if (!config_is_windows_11(version)) {
        config_set_flag(&config->tpm, false, TPM_NOT_NEEDED);
    } else {
        config_set_flag(&config->tpm, !xen, xen ? TPM_OF_XEN : TPM_NEEDED);
    }
}

static void fit_disk(GuestConfig *config, const ConfigVersion *version)
{
    if (config->ahci) {
        config_set_word(&config->machine, "q35", MACHINE_Q35);
        config_set_word(&config->disk_bus, "ahci", DISK_AHCI);
    } else {
        config_set_word(&config->machine, "pc", MACHINE_PC);
        config_set_word(&config->disk_bus, "ide",
                        is_old(version) ? DISK_IDE_BOOT_INI : DISK_IDE);
    }
}

static void warn_about_firmware(GuestConfig *config,
                                const WinXenfixInfo *info,
                                const ConfigVersion *version)
{
    if (!info->has_system_partition) {
        config_warn(config, is_gpt(info) ?
                    "No EFI system partition of the disk has a boot manager "
                    "and its BCD: the firmware finds nothing to start, see "
                    "'win-xenfix check'." :
                    "No partition is active: the firmware finds nothing to "
                    "start, see 'win-xenfix check'.");
    }
    if (!config_is_uefi(config)) {
        return;
    }
    if (!version->x64) {
        config_warn(config, "A 32-bit Windows starts by 32-bit UEFI firmware "
                    "only, and OVMF is mostly built for 64 bits: choose the "
                    "firmware by hand.");
    }
    if (config_version_before(version, 6, 1)) {
        config_warn(config, "It is not known whether Windows Vista and Server "
                    "2008 start by OVMF.");
    }
}

bool config_fit_platform(GuestConfig *config, const WinXenfixInfo *info,
                         const ConfigOptions *options, Error **errp)
{
    ConfigVersion version;

    config_version(info, &version);
    if (config->ahci && is_old(&version)) {
        error_setg(errp, "%s has no driver for AHCI controllers; prepare it "
                   "for ide", info->windows->name);
        return false;
    }
    config->windows_11 = config_is_windows_11(&version);
    fit_disk(config, &version);
    fit_firmware(config, info);
    fit_secure_boot(config, &version);
    fit_tpm(config, &version, config_is_xen(config, options));
    warn_about_firmware(config, info, &version);
    return true;
}
