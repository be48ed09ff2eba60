/*
 * Device configuration: the bits that keep a known device from starting
 *
 * Of ConfigFlags in its key below Enum, and of CSConfigFlags in that of a
 * hardware profile (regstr.h of the Windows SDK).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DEVICE_CONFIG_H
#define GUEST_DEVICE_CONFIG_H

#define CONFIGFLAG_DISABLED 0x01
#define CONFIGFLAG_REINSTALL 0x20
#define CONFIGFLAG_FAILEDINSTALL 0x40
#define CONFIG_OFF (CONFIGFLAG_DISABLED | CONFIGFLAG_REINSTALL | \
                    CONFIGFLAG_FAILEDINSTALL)

#define CSCONFIGFLAG_DISABLED 0x1
#define CSCONFIGFLAG_DO_NOT_CREATE 0x2
#define CSCONFIGFLAG_DO_NOT_START 0x4
#define PROFILE_OFF (CSCONFIGFLAG_DISABLED | CSCONFIGFLAG_DO_NOT_CREATE | \
                     CSCONFIGFLAG_DO_NOT_START)

#endif /* GUEST_DEVICE_CONFIG_H */
