/*
 * HAL change: another HAL, and the kernels that go with it
 *
 * HAL and kernels come from one source, of one version; a mix is STOP 0x79.
 * They go beside the installed ones, under 8.3 names, for an entry of boot.ini
 * with /HAL= and /KERNEL=; or in their place, copies being kept.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HAL_CHANGE_H
#define GUEST_HAL_CHANGE_H

#include "drivers.h"
#include "hal.h"

typedef struct HalRequest {
    const HalType *to;
    /* hal.dll and the kernels themselves are exchanged. */
    bool replace;
    /*
     * ACPI, MPS, Standard PC and SystemPro are families: what PnP found in
     * one of them is not there in another, and Microsoft says never to do
     * that by exchanging files (KB237556).
     */
    bool allow_family_change;
    /* UserFile *: preferred to the guest's own sources; NULL: none. */
    const GPtrArray *user_files;
} HalRequest;

/* What boot.ini's entry has to say. */
typedef struct HalNames {
    /* For /HAL= and /KERNEL=; NULL: no such switch is needed. */
    char *hal;
    char *kernel;
    /*
     * /PAE is needed beside /KERNEL=, as that is a kernel with PAE.  NTLDR
     * decides about PAE by itself, and it has to be what the kernel expects.
     */
    bool pae;
} HalNames;

void hal_names_clear(HalNames *names);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HalNames, hal_names_clear)

/*
 * Why a guest needs no such thing, in one line, to be freed: x64 has one
 * family, Vista and later choose at each boot.  NULL if it makes sense.
 */
char *hal_change_needless(const Windows *windows);

/*
 * Adds to @edits (FileEdit *) what must be written so that @windows has the
 * HAL of @request and its kernels, and sets @names.  @started is the boot.ini
 * entry that is started now, by which the HAL in use and the kernel (PAE or
 * not) are known; NULL: none.  Nothing is added if that entry has all of it
 * already.  The sources that were looked at are added to @sources
 * (DriverSource *), lines for the user to @warnings (char *).
 */
bool hal_change_plan(Volume *volume, const Windows *windows,
                     const BootEntry *started, const HalRequest *request,
                     HalNames *names, GPtrArray *edits, GPtrArray *sources,
                     GPtrArray *warnings, GError **errp);

#endif /* GUEST_HAL_CHANGE_H */
