/*
 * HAL change: another HAL, and the kernels that go with it
 *
 * Notes on the design
 *
 * What is started now is known by boot.ini's entry.  If that is what was asked
 * for, nothing is done, so that a guest that was changed is one of which a
 * second plan is empty.  Installed kernels that go with the HAL that is wanted
 * stay, and then it has to go with them; otherwise HAL and kernels come from
 * one source.  What becomes of them is the business of hal-change-beside.c and
 * hal-change-replace.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>

#include "error.h"
#include "hal-change-internal.h"

void hal_names_clear(HalNames *names)
{
    g_clear_pointer(&names->hal, g_free);
    g_clear_pointer(&names->kernel, g_free);
}

char *hal_change_needless(const Windows *windows)
{
    if (windows->version.part[0] >= 6) {
        return g_strdup_printf("%s chooses its HAL and kernel at each boot: "
                               "no other HAL is needed", windows->name);
    }
    if (windows->machine == PE_MACHINE_AMD64) {
        return g_strdup("Windows for x64 has one family of HALs, which need "
                        "ACPI and an APIC: there is no other to choose");
    }
    return NULL;
}

void hal_change_warn(const HalChange *change, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(change->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

char *hal_change_path(const HalChange *change, const char *name)
{
    g_autofree char *below = g_strconcat(HAL_FOLDER, name, NULL);

    return windows_path(&change->windows->place, below);
}

char *hal_change_switch(const HalChange *change, const char *name)
{
    char *value = boot_entry_switch(change->started, name);

    if (value && !*value) {
        g_clear_pointer(&value, g_free);
    }
    return value;
}

FileEdit *hal_change_edit(const char *path, bool create,
                          const DriverFile *file, char *reason)
{
    FileEdit *edit = file_edit_new(path, file->bytes, reason);

    g_free(reason);
    edit->create = create;
    edit->version = file->version;
    edit->source = g_strdup(file->path);
    return edit;
}

char *hal_change_reason(const HalChange *change, const HalWanted *wanted)
{
    const HalType *to = change->request->to;

    if (wanted->role == HAL_ROLE_HAL) {
        return g_strdup_printf("the HAL that was asked for: %s", to->name);
    }
    return g_strdup_printf("kernel%s for %s, which goes with the HAL '%s'",
                           wanted->role == HAL_ROLE_KERNEL ? "" : " with PAE",
                           to->multiprocessor ? "several processors"
                                              : "one processor", to->option);
}

/* ------------------------------------------------- what there is now */

/* That a file is missing or damaged is no error; it has no path then. */
static bool forgive(GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    g_error_free(err);
    return true;
}

static bool read_hal(const HalChange *change, const char *name, Hal *hal,
                     GError **errp)
{
    GError *err = NULL;

    return hal_read_file(change->volume, change->windows, name, hal, &err) ||
           forgive(err, errp);
}

static bool read_kernel(const HalChange *change, const char *name,
                        Kernel *kernel, GError **errp)
{
    GError *err = NULL;

    return kernel_read(change->volume, change->windows, name, kernel, &err) ||
           forgive(err, errp);
}

/* How NTLDR would choose a kernel if the entry did not name one. */
static PaeUse find_pae_use(const Windows *windows, const BootEntry *started)
{
    g_autoptr(GPtrArray) switches = g_ptr_array_new();
    BootEntry nameless = { NULL };

    for (char **p = started ? started->switches : NULL; p && *p; p++) {
        char *one[] = { *p, NULL };
        BootEntry entry = { .switches = one };

        if (!boot_entry_has(&entry, "KERNEL")) {
            g_ptr_array_add(switches, *p);
        }
    }
    g_ptr_array_add(switches, NULL);
    nameless.switches = (char **)switches->pdata;
    return hal_pae_use(windows, &nameless);
}

static bool look_at_started(HalChange *change, GError **errp)
{
    g_autofree char *hal = hal_change_switch(change, "HAL");
    g_autofree char *kernel = hal_change_switch(change, "KERNEL");

    if (!read_hal(change, hal ? hal : HAL_FILE, &change->started_hal, errp) ||
        (kernel &&
         !read_kernel(change, kernel, &change->started_kernel, errp))) {
        return false;
    }
    change->pae = change->started_kernel.pae
                  ? PAE_ALWAYS
                  : find_pae_use(change->windows, change->started);
    return true;
}

static bool look(HalChange *change, GError **errp)
{
    return read_hal(change, HAL_FILE, &change->hal, errp) &&
           read_kernel(change, KERNEL_FILE, &change->kernel, errp) &&
           read_kernel(change, KERNEL_FILE_PAE, &change->pae_kernel, errp) &&
           look_at_started(change, errp);
}

static bool kernel_fits(const HalChange *change, const Kernel *kernel)
{
    return kernel->setup_name &&
           kernel->machine == change->windows->machine &&
           kernel->multiprocessor == change->request->to->multiprocessor;
}

bool hal_change_kernels_fit(const HalChange *change)
{
    return kernel_fits(change, &change->kernel) &&
           (change->pae == PAE_NEVER || !change->pae_kernel.path ||
            kernel_fits(change, &change->pae_kernel));
}

static bool goes_together(const Hal *hal, const Kernel *kernel)
{
    g_autofree char *why = hal_kernel_mismatch(hal, kernel);

    return !why;
}

/* Whether the installed HAL is the one, and goes with kernels that stay. */
static bool hal_fits(const HalChange *change)
{
    return change->hal.path &&
           change->hal.type == change->request->to &&
           (!hal_change_kernels_fit(change) ||
            goes_together(&change->hal, &change->kernel));
}

GArray *hal_change_wanted(const HalChange *change)
{
    const HalType *to = change->request->to;
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(HalWanted));
    HalWanted hal = { HAL_ROLE_HAL, to->file };
    HalWanted kernel = {
        HAL_ROLE_KERNEL, kernel_setup_name(to->multiprocessor, false),
    };

    if (!hal_fits(change)) {
        g_array_append_val(wanted, hal);
    }
    if (!hal_change_kernels_fit(change)) {
        g_array_append_val(wanted, kernel);
    }
    return wanted;
}

void hal_change_want_pae(const HalChange *change, GArray *wanted,
                         bool optional)
{
    HalWanted kernel = {
        HAL_ROLE_KERNEL_PAE,
        kernel_setup_name(change->request->to->multiprocessor, true),
        optional,
    };

    if (!hal_change_kernels_fit(change)) {
        g_array_append_val(wanted, kernel);
    }
}

/* ---------------------------------------- whether there is more to do */

/*
 * Whether the started entry has the HAL, and kernels that go with it: the one
 * that it names, or the installed ones.  All are of the guest's service pack.
 */
static bool is_done(const HalChange *change)
{
    g_autofree char *named = hal_change_switch(change, "KERNEL");
    HalSet set = { .change = change, .hal = change->started_hal };

    if (!change->started_hal.path ||
        change->started_hal.type != change->request->to) {
        return false;
    }
    if (named) {
        set.kernel = change->started_kernel;
        return kernel_fits(change, &set.kernel) && hal_set_check(&set, NULL);
    }
    if (change->pae != PAE_NEVER) {
        set.pae_kernel = change->pae_kernel;
    }
    return hal_change_kernels_fit(change) && hal_set_check(&set, NULL);
}

static bool is_usual(const char *name)
{
    return !name || g_ascii_strcasecmp(name, HAL_FILE) == 0 ||
           g_ascii_strcasecmp(name, KERNEL_FILE) == 0 ||
           g_ascii_strcasecmp(name, KERNEL_FILE_PAE) == 0;
}

/* What the started entry says already. */
static void keep_names(const HalChange *change, HalNames *names)
{
    names->hal = hal_change_switch(change, "HAL");
    names->kernel = hal_change_switch(change, "KERNEL");
    names->pae = change->started_kernel.pae;
    if (change->request->replace &&
        (!is_usual(names->hal) || !is_usual(names->kernel))) {
        hal_change_warn(change, BOOT_INI_PATH ": the HAL '%s' is started "
                        "already, from files beside the installed ones, which "
                        "stay as they are", change->request->to->option);
    }
}

/* ------------------------------------------------------------ families */

#define SAFER "'win-xenfix config' says which machine fits the guest as it is"
#define OVERRULE "--allow-family-change or force=hal-family overrules"

static bool refuse_family(const char *why, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s; " SAFER ", " OVERRULE, why);
    return false;
}

static char *describe_family_change(const HalType *from, const HalType *to)
{
    return g_strdup_printf("from %s to %s the HAL changes from %s to %s, "
                           "which Microsoft says never to do by exchanging "
                           "files (KB237556): the devices in the registry "
                           "stay those of the former, and Windows may not "
                           "start", from->name, to->name,
                           hal_family_name(from->family),
                           hal_family_name(to->family));
}

static char *describe_unknown(const HalChange *change)
{
    const Hal *hal = &change->started_hal;
    g_autofree char *named = hal_change_switch(change, "HAL");
    g_autofree char *path = hal_change_path(change, named ? named : HAL_FILE);

    return g_strdup_printf("%s: %s, so that it cannot be told whether the "
                           "HAL '%s' is of the same family; Windows may not "
                           "start with one of another (KB237556)", path,
                           hal->path ? "it is none of Windows' own HALs"
                                     : "it is missing or damaged",
                           change->request->to->option);
}

/* Windows' Device Manager offers all other changes in the family ACPI. */
static void warn_of_apic(const HalChange *change, const HalType *from)
{
    const HalType *to = change->request->to;

    if (!from->apic && to->apic) {
        hal_change_warn(change, "from %s to %s: Windows itself does not offer "
                        "that change (KB309283), since the interrupts of the "
                        "devices change", from->name, to->name);
    }
}

static bool check_family(const HalChange *change, GError **errp)
{
    const HalType *from = change->started_hal.path ? change->started_hal.type
                                                   : NULL;
    const HalType *to = change->request->to;
    g_autofree char *why = NULL;

    if (from && from->family == to->family) {
        warn_of_apic(change, from);
        return true;
    }
    why = from ? describe_family_change(from, to) : describe_unknown(change);
    if (!change->request->allow_family_change) {
        return refuse_family(why, errp);
    }
    hal_change_warn(change, "%s; " SAFER, why);
    return true;
}

/* ---------------------------------------------------------------- plan */

static void hal_change_clear(HalChange *change)
{
    hal_clear(&change->hal);
    kernel_clear(&change->kernel);
    kernel_clear(&change->pae_kernel);
    hal_clear(&change->started_hal);
    kernel_clear(&change->started_kernel);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HalChange, hal_change_clear)

static bool check_guest(const Windows *windows, GError **errp)
{
    g_autofree char *version = pe_version_string(&windows->version);

    if (windows->version.part[0] == 5 &&
        windows->machine == PE_MACHINE_I386) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u: the kernel has version %s: the HAL can be "
                "changed of Windows 2000, XP and Server 2003 for x86 only",
                windows->place.partition->number, version);
    return false;
}

static bool plan(HalChange *change, HalNames *names, GError **errp)
{
    if (!look(change, errp)) {
        return false;
    }
    if (is_done(change)) {
        keep_names(change, names);
        return true;
    }
    return check_family(change, errp) &&
           (change->request->replace
            ? hal_change_replace(change, errp)
            : hal_change_beside(change, names, errp));
}

bool hal_change_plan(Volume *volume, const Windows *windows,
                     const BootEntry *started, const HalRequest *request,
                     HalNames *names, GPtrArray *edits, GPtrArray *sources,
                     GPtrArray *warnings, GError **errp)
{
    g_auto(HalChange) change = {
        .volume = volume,
        .windows = windows,
        .started = started,
        .request = request,
        .edits = edits,
        .sources = sources,
        .warnings = warnings,
    };

    return check_guest(windows, errp) && plan(&change, names, errp);
}
