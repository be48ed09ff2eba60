/*
 * Windows: where on the disk it is installed, and which one it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_WINDOWS_H
#define GUEST_WINDOWS_H

#include "boot-manager.h"
#include "bootini.h"
#include "controller.h"
#include "hive.h"
#include "pe.h"
#include "volume.h"

/* On the system partition, Microsoft's name for the one NTLDR is on. */
#define BOOT_INI_PATH "\\boot.ini"

/* Where Windows is: Microsoft's boot partition and %SystemRoot%. */
typedef struct WindowsPlace {
    const Partition *partition;
    /* \WINDOWS */
    char *system_root;
} WindowsPlace;

typedef struct Windows {
    WindowsPlace place;
    /* As people say it: "Windows XP", "Windows Server 2022". */
    const char *name;
    /*
     * As the installation itself says it; NULL or 0 if that was not read or is
     * not said.  Updates of Windows 10 that count up the build, 22H2 among
     * them, leave the kernel's as it is.
     */
    char *product_name;
    char *edition;          /* Professional, ServerStandard */
    char *release;          /* 22H2 */
    unsigned build;         /* 19045 */
    /* Of ntoskrnl.exe. */
    PeVersion version;
    /* PE_MACHINE_* */
    uint16_t machine;
    unsigned service_pack;
    /* ProductType of the registry: WinNT, ServerNT, LanmanNT. */
    char *product_type;
    /* The control sets that it may boot with: unsigned, ascending. */
    GArray *control_sets;
    /* Controller: behind which it has seen disks. */
    GPtrArray *controllers;
} Windows;

/*
 * Finds the installation to prepare: the one that @wanted names, as
 * PARTITION:\PATH (2:\WINNT); if that is NULL the one that the default entry
 * of the BCD or of boot.ini names, else the first that a look at the NTFS
 * volumes finds.  None at all is GUEST_ERROR_NO_GUEST.  What else is installed
 * is added to @others (WindowsPlace *, freed by windows_place_free()), lines
 * for the user to @warnings (char *).
 */
bool windows_find(Overlay *overlay, const Disk *disk, const char *wanted,
                  WindowsPlace *place, GPtrArray *others,
                  GPtrArray *warnings, GError **errp);

/* What of Windows there is on a disk. */
typedef struct WindowsSurvey {
    /*
     * WindowsPlace *: all installations; those that the BCD names first, then
     * boot.ini's.
     */
    GPtrArray *found;
    /*
     * One of them: that which windows_find() finds, or where that refuses the
     * first one; NULL if there is none at all.
     */
    const WindowsPlace *chosen;
    /* The active partition's; NULL: none that could be read. */
    BootIni *boot_ini;
    /* What of Vista and later would start from this disk, by BIOS and UEFI. */
    BootManagers managers;
    /* Which of them decides; NULL: NTLDR does, or nothing. */
    const BootManager *manager;
} WindowsSurvey;

/*
 * Looks for all that windows_find() looks for, but takes the disk as it is:
 * why windows_find() would refuse is a line in @warnings (char *).  An error
 * is only what cannot be read, and a @wanted that is not there.
 */
bool windows_survey(Overlay *overlay, const Disk *disk, const char *wanted,
                    WindowsSurvey *survey, GPtrArray *warnings,
                    GError **errp);

void windows_survey_clear(WindowsSurvey *survey);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WindowsSurvey, windows_survey_clear)

void windows_place_clear(WindowsPlace *place);

void windows_place_free(WindowsPlace *place);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WindowsPlace, windows_place_clear)

/*
 * Says which Windows is at @place on @volume, by its kernel.  Takes over what
 * @place owns.  What only the registry tells is missing yet.
 */
Windows *windows_identify(Volume *volume, WindowsPlace *place,
                          GError **errp);

/*
 * Adds what the SYSTEM hive tells; @where names it in messages.  What does not
 * go with the kernel is added to @warnings (char *).
 */
bool windows_read_registry(Windows *windows, Hive *system, const char *where,
                           GPtrArray *warnings, GError **errp);

/* The SYSTEM hive cannot be read: what only it tells is nothing. */
void windows_lack_registry(Windows *windows);

/*
 * The version of the kernel that the installed service pack brought; hotfixes
 * have newer ones.  Of a Windows that is not known, the kernel's own.
 */
PeVersion windows_base_version(const Windows *windows);

/* Refuses what is neither for x86 nor for x64. */
bool windows_check_machine(const Windows *windows, GError **errp);

/* Windows 2000: its registry differs in some ways. */
bool windows_is_2000(const Windows *windows);

/*
 * Why files are destroyed on a @disk this large (KB303013, KB305098): Windows
 * 2000 and the first Windows XP write beyond 128 GiB on IDE only with what
 * not every one has.  One line, to be freed; NULL if there is no such danger.
 */
char *windows_check_size(const Windows *windows, const Disk *disk);

/* Reads what the installation says of itself: from its name to its build. */
void windows_read_product_name(Windows *windows, Hive *software);

void windows_free(Windows *windows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Windows, windows_free)

/* %SystemRoot%\PATH, to be freed. */
char *windows_path(const WindowsPlace *place, const char *path);

/* %SystemRoot% for messages: that of a Windows in the root is "\". */
const char *windows_root(const WindowsPlace *place);

#endif /* GUEST_WINDOWS_H */
