/*
 * HAL change: files that are to work together
 *
 * Windows' own HALs and kernels of one build go together, whatever hotfixes
 * they have had; setup does not mix service packs, however, and what the
 * kernel has to do with system libraries and drivers changes with these.  So
 * files have to be of the guest's service pack, and not newer than its kernel.
 *
 * In Windows XP and Server 2003 the HALs of a service pack have the version of
 * its kernel.  In Windows 2000 they are a little older: there the installed
 * HAL says which version the others have.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "hal-change-internal.h"

void hal_set_clear(HalSet *set)
{
    hal_clear(&set->hal);
    kernel_clear(&set->kernel);
    kernel_clear(&set->pae_kernel);
}

static bool set_not_it(const HalWanted *wanted, const char *original,
                       GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: its version resource says that it is %s",
                wanted->setup_name, original ? original : "nothing at all");
    return false;
}

static bool check_file(const HalSet *set, const HalWanted *wanted,
                       uint16_t machine, bool has_version, GError **errp)
{
    if (machine != set->change->windows->machine) {
        g_autofree char *is = pe_machine_string(machine);

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: it is for %s, the guest is x86", wanted->setup_name,
                    is);
        return false;
    }
    if (!has_version) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: it has no version, so that it cannot be told what it "
                    "goes with", wanted->setup_name);
        return false;
    }
    return true;
}

static bool add_hal(HalSet *set, const HalWanted *wanted, GBytes *bytes,
                    GError **errp)
{
    Hal *hal = &set->hal;

    if (!hal_parse(wanted->setup_name, bytes, hal, errp) ||
        !check_file(set, wanted, hal->machine, hal->has_version, errp)) {
        return false;
    }
    return hal->type == set->change->request->to ||
           set_not_it(wanted, hal->original_filename, errp);
}

static bool add_kernel(HalSet *set, const HalWanted *wanted, GBytes *bytes,
                       Kernel *kernel, GError **errp)
{
    if (!kernel_parse(wanted->setup_name, bytes, kernel, errp) ||
        !check_file(set, wanted, kernel->machine, kernel->has_version,
                    errp)) {
        return false;
    }
    return g_strcmp0(kernel->setup_name, wanted->setup_name) == 0 ||
           set_not_it(wanted, kernel->original_filename, errp);
}

bool hal_set_add(HalSet *set, const HalWanted *wanted, GBytes *bytes,
                 GError **errp)
{
    switch (wanted->role) {
    case HAL_ROLE_HAL:
        return add_hal(set, wanted, bytes, errp);
    case HAL_ROLE_KERNEL:
        return add_kernel(set, wanted, bytes, &set->kernel, errp);
    default:
        return add_kernel(set, wanted, bytes, &set->pae_kernel, errp);
    }
}

const PeVersion *hal_set_version(const HalSet *set, HalRole role)
{
    return role == HAL_ROLE_HAL ? &set->hal.version
           : role == HAL_ROLE_KERNEL ? &set->kernel.version
           : &set->pae_kernel.version;
}

static bool check_pair(const Hal *hal, const Kernel *kernel, GError **errp)
{
    g_autofree char *why = NULL;

    if (!hal->path || !kernel->path) {
        return true;
    }
    why = hal_kernel_mismatch(hal, kernel);
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED, "%s", why);
    }
    return !why;
}

/* The version of the kernel that its service pack brought. */
static PeVersion base_version(const PeVersion *version)
{
    Windows windows = { .version = *version };

    return windows_base_version(&windows);
}

/* The oldest and the newest version that a file may have. */
static void find_range(const HalChange *change, bool is_hal,
                       PeVersion *oldest, PeVersion *newest)
{
    const Hal *hal = &change->hal;

    *oldest = windows_base_version(change->windows);
    *newest = change->windows->version;
    if (!is_hal || !hal->path || !hal->has_version) {
        return;
    }
    if (windows_is_2000(change->windows) &&
        pe_version_compare(&hal->version, oldest) < 0) {
        *oldest = hal->version;
    }
    if (pe_version_compare(&hal->version, newest) > 0) {
        *newest = hal->version;
    }
}

static bool is_other_service_pack(const HalChange *change,
                                  const PeVersion *version)
{
    PeVersion base = windows_base_version(change->windows);
    PeVersion its = base_version(version);

    return pe_version_compare(&its, &base) != 0;
}

static bool check_version(const HalChange *change, const char *name,
                          const PeVersion *version, bool is_hal,
                          GError **errp)
{
    g_autofree char *is = pe_version_string(version);
    g_autofree char *kernel = pe_version_string(&change->windows->version);
    PeVersion oldest, newest;

    find_range(change, is_hal, &oldest, &newest);
    if (pe_version_compare(version, &oldest) >= 0 &&
        pe_version_compare(version, &newest) <= 0) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: its version %s is %s the guest's kernel, version %s: "
                "that of the guest's service pack is needed", name, is,
                is_other_service_pack(change, version)
                ? "of another build or service pack than" : "newer than",
                kernel);
    return false;
}

static bool check_versions(const HalSet *set, GError **errp)
{
    const HalChange *change = set->change;

    return (!set->hal.path ||
            check_version(change, set->hal.path, &set->hal.version, true,
                          errp)) &&
           (!set->kernel.path ||
            check_version(change, set->kernel.path, &set->kernel.version,
                          false, errp)) &&
           (!set->pae_kernel.path ||
            check_version(change, set->pae_kernel.path,
                          &set->pae_kernel.version, false, errp));
}

bool hal_set_check(const HalSet *set, GError **errp)
{
    const HalChange *change = set->change;
    const Hal *hal = set->hal.path ? &set->hal : &change->hal;
    const Kernel *kernel = set->kernel.path ? &set->kernel : &change->kernel;

    return check_pair(hal, kernel, errp) &&
           check_pair(hal, &set->pae_kernel, errp) &&
           check_versions(set, errp);
}
