/*
 * Configurations: what follows from HAL and kernels
 *
 * Setup of Windows 2000, XP and Server 2003 chose a HAL by the machine that it
 * ran on, and what the HAL relies on has to be there for ever.  The machine
 * can be fitted to the HAL; the HAL had better not be exchanged, since the
 * devices in the registry hang on it (KB237556).  Vista and later choose at
 * each boot.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

#define NEEDS_ACPI \
    "an ACPI HAL does not start on a machine without ACPI (STOP 0x79)"
#define NO_ACPI \
    "this HAL knows no ACPI, and Windows was set up without it"
#define NO_ACPI_EXCHANGED \
    "this HAL knows no ACPI"
#define NEEDS_APIC \
    "this HAL drives the APIC"
#define NEEDS_MP_TABLES \
    "this HAL drives the APIC, which it finds by the firmware's MP tables"
#define PIC_ONLY \
    "this HAL drives the PIC only and passes over an APIC, as it did under " \
    "VMware, which always has one; the firmware's table for routing PCI " \
    "interrupts comes with it"

#define PAE_MISMATCH \
    "the kernel for PAE, which is started where the processor has NX, does " \
    "not go with the HAL; without PAE the other one is started"

#define ONE_VCPU \
    "is for one processor"

/* What a HAL needs, by its hardware id in hal.inf. */
static const struct {
    const char *device_id;
    bool acpi;
    const char *acpi_reason;
    bool apic;
    const char *apic_reason;
    /* Why it drives one processor only; NULL if it drives several. */
    const char *one_vcpu;
} hals[] = {
    { "e_isa_up", false, NO_ACPI, true, PIC_ONLY, ONE_VCPU },
    { "acpipic_up", true, NEEDS_ACPI, true, PIC_ONLY, ONE_VCPU },
    { "acpiapic_up", true, NEEDS_ACPI, true, NEEDS_APIC, ONE_VCPU },
    { "acpiapic_mp", true, NEEDS_ACPI, true, NEEDS_APIC, NULL },
    { "mps_up", false, NO_ACPI, true, NEEDS_MP_TABLES, ONE_VCPU },
    { "mps_mp", false, NO_ACPI, true, NEEDS_MP_TABLES, NULL },
    { "syspro_mp", false, NO_ACPI, true, PIC_ONLY,
      "finds more than one processor on Compaq's SystemPro only, which no "
      "hypervisor emulates" },
};

/* As many as the masks of processors in the kernel have bits. */
#define VCPUS_X86 32
#define VCPUS_X64 64
#define VCPUS_GROUPS 256

/* Of Windows 11. */
#define LEAST_VCPUS_11 2
#define LEAST_VCPUS_REASON "for Windows 11 Microsoft requires 2"

/*
 * How many sockets editions for workstations use, by what their EditionID
 * begins with: "ProfessionalWorkstationN" is one.  All others use 2.
 */
static const struct {
    const char *prefix, *most;
} sockets[] = {
    { "Core", "1 socket" },
    { "HomeBasic", "1 socket" },
    { "HomePremium", "1 socket" },
    { "Starter", "1 socket" },
    { "ProfessionalWorkstation", "4 sockets at most" },
};

/* The row of a HAL, or -1. */
static int find_hal(const WinXenfixHal *hal)
{
    for (unsigned i = 0; hal && hal->device_id && i < G_N_ELEMENTS(hals);
         i++) {
        if (g_ascii_strcasecmp(hals[i].device_id, hal->device_id) == 0) {
            return i;
        }
    }
    return -1;
}

/* What Windows was set up with, an exchanged HAL does not tell. */
static void fit_known_hal(GuestConfig *config, const WinXenfixHal *hal,
                          int row)
{
    config_set_flag(&config->acpi, hals[row].acpi,
                    !hals[row].acpi && !hal->consistent
                    ? NO_ACPI_EXCHANGED : hals[row].acpi_reason);
    config_set_flag(&config->apic, hals[row].apic, hals[row].apic_reason);
}

/* No HAL is hurt by what a machine has and it does not look for. */
static void fit_unknown_hal(GuestConfig *config)
{
    config_set_flag(&config->acpi, true,
                    "the HAL is not known: an ACPI HAL does not start "
                    "without ACPI, and another one does not look at it");
    config_set_flag(&config->apic, true,
                    "the HAL is not known: many do not start without an "
                    "APIC, and those for the PIC pass over it");
    config_warn(config, "it is not known which HAL this Windows has; the "
                "settings for ACPI, APIC and processors are those that suit "
                "most. If it does not start, try the other value of ACPI "
                "first.");
}

/* Vista and later: winload takes the HAL that fits the machine. */
static void fit_any_hal(GuestConfig *config)
{
    config_set_flag(&config->acpi, true, "Windows Vista and later need ACPI");
    config_set_flag(&config->apic, true,
                    "Windows Vista and later drive the APIC where there is "
                    "one");
}

static void warn_about_registry(GuestConfig *config, const WinXenfixHal *hal)
{
    const char *id = hal->registry_id ?: hal->registry_name;

    if (!hal->consistent && id) {
        config_warn(config, "%s is not the HAL that the registry names (%s): "
                    "the settings go by the file. Somebody has exchanged it; "
                    "Windows may miss its devices.", hal->file, id);
    }
}

static unsigned most_vcpus(const ConfigVersion *version)
{
    return !version->x64 ? VCPUS_X86 :
           config_version_before(version, 6, 1) ? VCPUS_X64 : VCPUS_GROUPS;
}

/* Why more than one processor makes no sense, to be freed, or NULL. */
static char *why_one_vcpu(const WinXenfixInfo *info, int row)
{
    if (row < 0) {
        return g_strdup("it is not known whether the HAL drives more than "
                        "one processor");
    }
    if (!hals[row].one_vcpu) {
        return NULL;
    }
    return g_strdup_printf("the HAL (%s) %s",
                           info->hal->name ?: hals[row].device_id,
                           hals[row].one_vcpu);
}

static void fit_one_vcpu(GuestConfig *config, const ConfigOptions *options,
                         const char *why)
{
    config->vcpus.value = 1;
    if (options->has_vcpus && options->vcpus > 1) {
        config->vcpus.reason =
            g_strdup_printf("1 instead of the %" PRIu64 " that were asked "
                            "for: %s; for more Windows needs a "
                            "multiprocessor HAL and the kernels that go "
                            "with it", options->vcpus, why);
    } else {
        config->vcpus.reason = g_strdup(why);
    }
}

/* How many sockets an edition uses: text for people. */
static const char *edition_sockets(const char *edition)
{
    if (!edition) {
        return "2 sockets at most, some use only 1";
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(sockets); i++) {
        if (g_str_has_prefix(edition, sockets[i].prefix)) {
            return sockets[i].most;
        }
    }
    return "2 sockets at most";
}

/* What an edition for workstations does with several, to be freed. */
static char *workstation_vcpus(const GuestConfig *config,
                               const WinXenfixInfo *info,
                               const ConfigOptions *options,
                               const ConfigVersion *version)
{
    const char *why = options->has_vcpus ? "as asked for"
                                         : LEAST_VCPUS_REASON;

    if (config_version_before(version, 5, 1)) {
        return g_strdup("as asked for; this edition of Windows uses 2 at "
                        "most");
    }
    return g_strdup_printf("%s; this edition of Windows uses %s, and %s", why,
                           edition_sockets(info->windows->edition),
                           config_is_xen(config, options)
                           ? "Xen presents each processor as a socket"
                           : "all these are in one");
}

static void fit_many_vcpus(GuestConfig *config, const WinXenfixInfo *info,
                           const ConfigOptions *options,
                           const ConfigVersion *version)
{
    unsigned most = most_vcpus(version);
    unsigned least = config_is_windows_11(version) ? LEAST_VCPUS_11 : 1;

    config->vcpus.value = options->has_vcpus ? options->vcpus : least;
    if (config->vcpus.value < least) {
        config->vcpus.reason = g_strdup("as asked for; " LEAST_VCPUS_REASON);
    } else if (config->vcpus.value > most) {
        config->vcpus.reason =
            g_strdup_printf("as asked for; this Windows uses %u at most",
                            most);
    } else if (config->vcpus.value == 1) {
        config->vcpus.reason =
            g_strdup_printf("HAL and kernel run with 1 up to %u", most);
    } else if (version->workstation) {
        config->vcpus.reason = workstation_vcpus(config, info, options,
                                                 version);
    } else {
        config->vcpus.reason = g_strdup("as asked for, which HAL and kernel "
                                        "can drive");
    }
}

static void fit_vcpus(GuestConfig *config, const WinXenfixInfo *info,
                      const ConfigOptions *options,
                      const ConfigVersion *version, int row)
{
    g_autofree char *why = config_version_before(version, 6, 0) ?
                           why_one_vcpu(info, row) : NULL;

    if (why) {
        fit_one_vcpu(config, options, why);
    } else {
        fit_many_vcpus(config, info, options, version);
    }
}

/* Whether HAL and kernel are both for one processor, or both for several. */
static bool goes_with_hal(const WinXenfixKernel *kernel,
                          const WinXenfixHal *hal)
{
    return !hal || !hal->has_multiprocessor ||
           kernel->multiprocessor == hal->multiprocessor;
}

/* What there is of kernels with PAE, and without. */
typedef struct Kernels {
    /* There is one for PAE; the report says that it may be started. */
    bool pae, pae_used;
    /* It may be, and goes with the HAL; the same of one without PAE. */
    bool pae_fits, plain_fits;
} Kernels;

static void look_at_kernels(const WinXenfixInfo *info, Kernels *kernels)
{
    *kernels = (Kernels) { 0 };
    for (WinXenfixKernelList *list = info->kernels; list; list = list->next) {
        const WinXenfixKernel *kernel = list->value;
        bool fits = kernel->used && goes_with_hal(kernel, info->hal);

        kernels->pae |= kernel->pae;
        kernels->pae_used |= kernel->pae && kernel->used;
        kernels->pae_fits |= kernel->pae && fits;
        kernels->plain_fits |= !kernel->pae && fits;
    }
}

/*
 * Where the processor has no PAE, NTLDR starts the kernel without it: that is
 * better where it goes with the HAL, and the one for PAE does not, or is not
 * there.
 */
static bool fit_old_pae(GuestConfig *config, const WinXenfixInfo *info)
{
    Kernels kernels;

    look_at_kernels(info, &kernels);
    if (!kernels.plain_fits || kernels.pae_fits) {
        return false;
    }
    if (!kernels.pae) {
        config_set_flag(&config->pae, false,
                        "there is no kernel for PAE, without which Windows "
                        "has no use for PAE or NX; NTLDR may look for it "
                        "where the processor has both");
        return true;
    }
    if (kernels.pae_used) {
        config_set_flag(&config->pae, false, PAE_MISMATCH);
        config_warn(config, "PAE and NX are off: " PAE_MISMATCH ".");
    }
    return kernels.pae_used;
}

static void fit_pae(GuestConfig *config, const WinXenfixInfo *info,
                    const ConfigVersion *version)
{
    if (version->x64) {
        config_set_flag(&config->pae, true,
                        "64-bit mode is impossible without PAE");
    } else if (!config_version_before(version, 6, 0) ||
               !fit_old_pae(config, info)) {
        config_set_flag(&config->pae, true,
                        "NX needs PAE, and Windows 8 and later need both; a "
                        "Windows without a use for PAE passes over it");
    }
}

void config_fit_hal(GuestConfig *config, const WinXenfixInfo *info,
                    const ConfigOptions *options)
{
    ConfigVersion version;
    int row = find_hal(info->hal);

    config_version(info, &version);
    if (!config_version_before(&version, 6, 0)) {
        fit_any_hal(config);
    } else if (row >= 0) {
        fit_known_hal(config, info->hal, row);
        warn_about_registry(config, info->hal);
    } else {
        fit_unknown_hal(config);
    }
    fit_vcpus(config, info, options, &version, row);
    fit_pae(config, info, &version);
}
