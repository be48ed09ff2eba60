/*
 * HAL and kernels: which of them are installed, and whether they fit
 *
 * Setup chooses them by the machine and installs them under the same names
 * always, hal.dll, ntoskrnl.exe and ntkrnlpa.exe; what they are their version
 * resources tell.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HAL_H
#define GUEST_HAL_H

#include "windows.h"

/* The names that a Windows starts unless boot.ini says otherwise. */
#define HAL_FILE "hal.dll"
#define KERNEL_FILE "ntoskrnl.exe"
#define KERNEL_FILE_PAE "ntkrnlpa.exe"

/* Where HAL and kernels are, below %SystemRoot%. */
#define HAL_FOLDER "system32\\"

/* Of one family see the same devices, as the firmware has them. */
typedef enum HalFamily {
    HAL_FAMILY_STANDARD,
    HAL_FAMILY_ACPI,
    HAL_FAMILY_MPS,
    HAL_FAMILY_SYSTEMPRO,
} HalFamily;

typedef struct HalType {
    /* As a user names it: "acpi-up"; NULL for those of x64. */
    const char *option;
    /* As hal.inf has it: "acpiapic_up". */
    const char *device_id;
    /* As Device Manager shows it: "ACPI Uniprocessor PC". */
    const char *name;
    /* On the setup CD: "halaacpi.dll". */
    const char *file;
    uint16_t machine;
    HalFamily family;
    /* What the firmware of the machine must have. */
    bool acpi, apic;
    /* It goes with the kernels for several processors, and only with them. */
    bool multiprocessor;
} HalType;

/* The x86 HAL of that hardware id, or NULL. */
const HalType *hal_find(const char *device_id);

/* The x86 HAL of that name on the setup CD, or NULL. */
const HalType *hal_find_file(const char *original_filename);

/* The x86 HAL of that option, or NULL. */
const HalType *hal_find_option(const char *option);

/* All options, with commas between them, for a message; to be freed. */
char *hal_options(void);

/* "ACPI" */
const char *hal_family_name(HalFamily family);

typedef struct Hal {
    /* \WINDOWS\system32\hal.dll */
    char *path;
    /* PE_MACHINE_* */
    uint16_t machine;
    /* What the file says; zero and NULL if it has no version resource. */
    bool has_version;
    PeVersion version;
    char *original_filename;
    /*
     * NULL: not known.  That of an x64 Windows is known once
     * hal_settle_type() has seen the kernel.
     */
    const HalType *type;
} Hal;

typedef struct Kernel {
    /* \WINDOWS\system32\ntoskrnl.exe */
    char *path;
    uint16_t machine;
    bool has_version;
    PeVersion version;
    char *original_filename;
    /* Its name on the setup CD; NULL if that is not known, nor the next. */
    const char *setup_name;
    bool multiprocessor;
    bool pae;
} Kernel;

/* What the registry says of the HAL; NULL where it says nothing. */
typedef struct HalRegistry {
    /* DriverDesc of the class Computer: "ACPI Uniprocessor PC". */
    char *name;
    /* MatchingDeviceId there, else the device's first HardwareID. */
    char *device_id;
} HalRegistry;

/* Reads a HAL of system32: HAL_FILE, or what /HAL= names. */
bool hal_read_file(Volume *volume, const Windows *windows,
                   const char *file_name, Hal *hal, GError **errp);

/* The same of bytes that are at hand, a file called @path. */
bool hal_parse(const char *path, GBytes *bytes, Hal *hal, GError **errp);

/* All HALs of x64 have one file name: the kernel tells which one it is. */
void hal_settle_type(Hal *hal, const Kernel *kernel);

void hal_clear(Hal *hal);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Hal, hal_clear)

/* Reads a kernel of system32: KERNEL_FILE, or what /KERNEL= names. */
bool kernel_read(Volume *volume, const Windows *windows,
                 const char *file_name, Kernel *kernel, GError **errp);

/* The same of bytes that are at hand, a file called @path. */
bool kernel_parse(const char *path, GBytes *bytes, Kernel *kernel,
                  GError **errp);

/* The name on the setup CD of the kernel that is such a one. */
const char *kernel_setup_name(bool multiprocessor, bool pae);

void kernel_clear(Kernel *kernel);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kernel, kernel_clear)

/* Whether NTLDR starts KERNEL_FILE_PAE where the processor has PAE. */
typedef enum PaeUse {
    PAE_NEVER,
    /* Where the processor has NX, too. */
    PAE_MAYBE,
    PAE_ALWAYS,
} PaeUse;

/* That of @entry, which may be NULL: one without switches. */
PaeUse hal_pae_use(const Windows *windows, const BootEntry *entry);

/* Whether NTLDR turns PAE on where the processor has NX, for its sake. */
bool hal_wants_nx(const Windows *windows, const BootEntry *entry);

/* What it means that the kernel for PAE, @path, is missing; to be freed. */
char *hal_pae_missing(PaeUse use, const char *path);

/* Reads what control set @set of the SYSTEM hive says. */
void hal_read_registry(Hive *system, unsigned set, HalRegistry *registry);

void hal_registry_clear(HalRegistry *registry);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HalRegistry, hal_registry_clear)

/*
 * Whether the registry speaks of the HAL that the file is.  True where either
 * does not tell.
 */
bool hal_is_consistent(const Hal *hal, const HalRegistry *registry);

/*
 * Why @hal and @kernel cannot work together, in one line, to be freed: they
 * are for other machines, one is for several processors and the other is not,
 * or they are of different builds (STOP 0x79).  NULL if nothing speaks
 * against it.
 */
char *hal_kernel_mismatch(const Hal *hal, const Kernel *kernel);

#endif /* GUEST_HAL_H */
