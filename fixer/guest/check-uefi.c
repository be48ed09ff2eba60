/*
 * Check: what UEFI firmware does
 *
 * It reads the GUID partition table, and starts from the EFI system partition
 * what its own memory names: \EFI\Microsoft\Boot\bootmgfw.efi, if Windows was
 * set up on it.  That memory is not on the disk, and a new machine's is empty:
 * it starts \EFI\Boot\bootx64.efi, which Windows' setup makes a copy of the
 * former (UEFI specification 2.10, section 3.5.1.1).
 *
 * A disk may have several EFI system partitions.  That with Windows' BCD is
 * followed; but if another has such a program, too, it may be that which the
 * firmware starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "error.h"
#include "guest-limits.h"

#define OWN_PROGRAM "\\EFI\\Microsoft\\Boot\\bootmgfw.efi"
#define USUAL_PROGRAM "\\EFI\\Boot\\bootx64.efi"

/* Its own name in its version resource, wherever it was copied to. */
#define BOOT_MANAGER_NAME "bootmg"

#define FINDS_NOTHING "the firmware's shell, or its menu"

#define REMEDY_BCDBOOT \
    RECOVERY "bcdboot C:\\Windows /s S: /f UEFI, S: being the EFI system " \
    "partition"

static bool judge_mbr(const Check *check, Link *link)
{
    if (disk_esp(check->disk)) {
        return link_unknown(link, "there is no GUID partition table: whether "
                            "Windows starts by UEFI from the EFI system "
                            "partition in this one is not known");
    }
    return link_broken(link, FINDS_NOTHING, check->machine->other_firmware,
                       "there is no GUID partition table, and no EFI system "
                       "partition: Windows was set up for a BIOS, and the "
                       "firmware of %s is UEFI", check->machine->name);
}

bool check_partition_table(Check *check, Link *link, GError **errp)
{
    if (!check_read_disk(check, link, errp) || !check->disk) {
        return link->text != NULL;
    }
    if (check->disk->scheme != DISK_GPT) {
        return judge_mbr(check, link);
    }
    check->loader = LOADER_BOOTMGR;
    return link_ok(link, "it is a GUID partition table of %u partitions",
                   check->disk->partitions->len);
}

/*
 * Whether @esp has the file @path; what cannot be read, but for the disk
 * itself, has not.
 */
static bool esp_has(const Check *check, const Partition *esp,
                    const char *path, bool *has, GError **errp)
{
    GError *err = NULL;
    g_autoptr(FatVolume) fat = fat_open(check->overlay, esp, &err);

    *has = false;
    if (fat && fat_exists(fat, path, has, &err)) {
        return true;
    }
    *has = false;
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    g_error_free(err);
    return true;
}

/* The first of the EFI system partitions but @other with @path, or NULL. */
static bool find_esp(const Check *check, const Partition *other,
                     const char *path, const Partition **found,
                     GError **errp)
{
    const Partition *esp = disk_esp(check->disk);

    *found = NULL;
    for (unsigned i = 0; esp && i < LIMIT_ESPS; i++) {
        bool has = false;

        if (esp != other && !esp_has(check, esp, path, &has, errp)) {
            return false;
        }
        if (has) {
            *found = esp;
            return true;
        }
        esp = disk_next_esp(check->disk, esp);
    }
    return true;
}

/* That which has Windows' BCD, or a program to start, or the first. */
static bool choose_esp(const Check *check, const Partition **esp,
                       GError **errp)
{
    if (!find_esp(check, NULL, UEFI_BCD, esp, errp) ||
        (!*esp && !find_esp(check, NULL, USUAL_PROGRAM, esp, errp))) {
        return false;
    }
    if (!*esp) {
        *esp = disk_esp(check->disk);
    }
    return true;
}

bool check_efi_partition(Check *check, Link *link, GError **errp)
{
    const Partition *esp;
    GError *err = NULL;
    bool is_fat;

    link_set_object(link, "partition table");
    if (!choose_esp(check, &esp, errp)) {
        return false;
    }
    if (!esp) {
        return link_broken(link, FINDS_NOTHING,
                           RECOVERY "diskpart, make an EFI system partition "
                           "of 100 MB, formatted with FAT32; then bcdboot "
                           "C:\\Windows /s S: /f UEFI",
                           "there is no EFI system partition");
    }
    link_set_object(link, "partition %u", esp->number);
    check->system_partition = esp;
    if (!fat_probe(check->overlay, esp, &is_fat, errp)) {
        return false;
    }
    if (!is_fat) {
        return link_broken(link, FINDS_NOTHING,
                           RECOVERY "format S: /fs:fat32, then bcdboot "
                           "C:\\Windows /s S: /f UEFI, S: being the EFI "
                           "system partition",
                           "the EFI system partition is no FAT volume, and "
                           "the firmware reads no other");
    }
    check->system_fat = fat_open(check->overlay, esp, &err);
    return check->system_fat
           ? link_ok(link, "partition %u is the EFI system partition",
                     esp->number)
           : link_failed(link, err, errp);
}

static bool is_boot_manager(const PeInfo *pe)
{
    return pe->original_filename &&
           g_ascii_strncasecmp(pe->original_filename, BOOT_MANAGER_NAME,
                               strlen(BOOT_MANAGER_NAME)) == 0;
}

/* What a firmware of x64 starts; @usual: by itself. */
static bool judge_program(Link *link, const PeInfo *pe, bool usual)
{
    if (pe->machine != PE_MACHINE_AMD64) {
        g_autofree char *machine = pe_machine_string(pe->machine);

        return link_broken(link, FINDS_NOTHING, REMEDY_BCDBOOT,
                           "it is for %s, the firmware is for x64", machine);
    }
    if (!is_boot_manager(pe)) {
        return link_unknown(link, "it is not Windows' boot manager: what it "
                            "starts is not looked at");
    }
    return usual ? link_ok(link, "it is Windows' boot manager")
                 : link_unknown(link, "it starts only if the firmware was "
                                "told of it, for there is no " USUAL_PROGRAM
                                ": copy it to that, or add it in the "
                                "firmware's menu");
}

static bool read_program(Check *check, Link *link, const char *path,
                         bool usual, GError **errp)
{
    GError *err = NULL;
    g_autoptr(GBytes) bytes = fat_read(check->system_fat, path,
                                       LIMIT_PE_SIZE, &err);
    g_autoptr(PeInfo) pe = bytes ? pe_parse(path, bytes, &err) : NULL;

    link_set_object(link, "partition %u: %s",
                    check->system_partition->number, path);
    if (pe) {
        return judge_program(link, pe, usual);
    }
    if (!bytes) {
        return link_failed(link, err, errp);
    }
    link_broken(link, FINDS_NOTHING, REMEDY_BCDBOOT, "%s (damaged)",
                err->message);
    g_error_free(err);
    return true;
}

/* Of several that it could start the firmware's memory, or order, decides. */
static bool judge_other(Check *check, Link *link, GError **errp)
{
    const Partition *other;

    if (!find_esp(check, check->system_partition, USUAL_PROGRAM, &other,
                  errp)) {
        return false;
    }
    if (other && link->state == LINK_OK) {
        link_unknown(link, "partition %u, another EFI system partition, has "
                     "such a program, too: which of them the firmware starts "
                     "is not known", other->number);
    } else if (other) {
        link_doubt(link);
    }
    return true;
}

bool check_efi_program(Check *check, Link *link, GError **errp)
{
    GError *err = NULL;
    bool usual, own;

    link_set_object(link, "partition %u: " USUAL_PROGRAM,
                    check->system_partition->number);
    if (!fat_exists(check->system_fat, USUAL_PROGRAM, &usual, &err) ||
        !fat_exists(check->system_fat, OWN_PROGRAM, &own, &err)) {
        return link_failed(link, err, errp);
    }
    if (!usual && !own) {
        link_broken(link, FINDS_NOTHING, REMEDY_BCDBOOT,
                    "it is missing, and so is " OWN_PROGRAM);
        return judge_other(check, link, errp);
    }
    return read_program(check, link, usual ? USUAL_PROGRAM : OWN_PROGRAM,
                        usual, errp) && judge_other(check, link, errp);
}
