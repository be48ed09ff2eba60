/*
 * Configurations: what follows from the version of Windows, and the rest
 *
 * Devices are those that Windows has a driver for of its own: without a
 * network, or with 16 colours, nobody gets another driver in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qemu/units.h"

#include "config-internal.h"

/* Disks above this many bytes need 48-bit addresses on IDE. */
#define LBA28_LIMIT (UINT64_C(0x10000000) * 512)

/* Below 4 GiB a PC has devices, too. */
#define DEVICE_HOLE_MIB 3072

/*
 * Memory in MiB, by version: what a guest gets unless told otherwise, what
 * Microsoft requires at least, and what the largest edition for workstations
 * and for servers uses.
 */
static const struct {
    unsigned major, minor;
    bool x64;
    uint64_t usual, least, most_workstation, most_server;
} memories[] = {
    {  5, 0, false,  512,   64,    4096,    32768 },
    {  5, 1, false,  512,   64,    4096,     4096 },
    {  5, 2, false,  512,  128,    4096,    65536 },
    {  5, 2, true,  1024,  256,  131072,  1048576 },
    {  6, 0, false, 1024,  512,    4096,    65536 },
    {  6, 0, true,  2048,  512,  131072,  1048576 },
    {  6, 1, false, 2048, 1024,    4096,     4096 },
    {  6, 1, true,  2048, 2048,  196608,  2097152 },
    {  6, 2, false, 2048, 1024,    4096,     4096 },
    {  6, 2, true,  2048, 2048,  524288,  4194304 },
    { 10, 0, false, 2048, 1024,    4096,     4096 },
    { 10, 0, true,  4096, 2048, 6291456, 25165824 },
};

/* It has no row of its own, since servers of its builds need less. */
#define LEAST_WINDOWS_11 4096

/* The driver of the NIC, and whose word it is that Windows has it. */
#define NIC_RTL8139 \
    "Windows 2000, XP and Server 2003 for x86 bring a driver for this card"
#define NIC_82545EM \
    "XP x64 and Server 2003 x64 bring a driver for this card, which is the " \
    "one that VMware gives 64-bit guests"
#define NIC_E1000 \
    "Windows Vista and later bring a driver for this card"

#define VGA_CIRRUS \
    "Windows 2000, XP and Server 2003 for x86 bring a driver for this card; " \
    "on another they show 16 colours"
#define VGA_CIRRUS_X64 \
    "the usual card of virtual machines when this Windows was new; where it " \
    "has no driver for it, it uses it as a plain VGA"
#define VGA_STD \
    "Windows Vista and later have no driver for Cirrus cards, and show any " \
    "resolution of this one"
#define VGA_STD_7 \
    VGA_STD "; where the firmware is UEFI, Windows 7 and Server 2008 R2 ask " \
    "for a VGA BIOS all the same, which OVMF imitates for this card"

#define CPU_PLAIN \
    "a plain processor, all of which this Windows knows"
#define CPU_MAX \
    "all that the host has, since 64-bit Windows 8.1 and later do not start " \
    "without some instructions that plain models lack"
#define CPU_NO_PAE \
    "a processor without PAE and NX, see above"

/* The last row that is not above the version. */
static unsigned memory_row(const ConfigVersion *version)
{
    unsigned row = version->x64 ? 3 : 0;

    for (unsigned i = row; i < G_N_ELEMENTS(memories); i++) {
        if (memories[i].x64 == version->x64 &&
            !config_version_before(version, memories[i].major,
                                   memories[i].minor)) {
            row = i;
        }
    }
    return row;
}

static uint64_t least_memory(unsigned row, const ConfigVersion *version)
{
    return config_is_windows_11(version) ? LEAST_WINDOWS_11
                                         : memories[row].least;
}

static void fit_memory(GuestConfig *config, const ConfigOptions *options,
                       const ConfigVersion *version)
{
    unsigned row = memory_row(version);
    uint64_t least = least_memory(row, version);
    uint64_t most = version->workstation ? memories[row].most_workstation
                                         : memories[row].most_server;

    config->memory.value = options->has_memory ? options->memory
                                               : memories[row].usual;
    if (config->memory.value > most) {
        config->memory.reason =
            g_strdup_printf("MiB, as asked for; this Windows uses %" PRIu64
                            " at most", most);
    } else if (config->memory.value < least) {
        config->memory.reason =
            g_strdup_printf("MiB, as asked for; Microsoft requires %" PRIu64
                            " at least", least);
    } else if (!version->x64 && version->workstation &&
               config->memory.value > DEVICE_HOLE_MIB) {
        config->memory.reason =
            g_strdup("MiB, as asked for; of the fourth GiB this Windows uses "
                     "only what devices leave of it");
    } else if (options->has_memory) {
        config->memory.reason = g_strdup("MiB, as asked for");
    } else {
        config->memory.reason =
            g_strdup_printf("MiB, enough to start with; Microsoft requires %"
                            PRIu64 " at least", least);
    }
}

static void fit_clock(GuestConfig *config, const WinXenfixInfo *info)
{
    if (info->real_time_is_universal) {
        config_set_flag(&config->localtime, false,
                        "RealTimeIsUniversal is set in the guest's registry: "
                        "it takes the machine's clock for UTC");
    } else {
        config_set_flag(&config->localtime, true,
                        "Windows takes the machine's clock for local time");
    }
}

/* Of "xenbus (Start=0, UpperFilters of System)"; it may say less. */
static bool is_enabled(const char *leftover)
{
    return !strstr(leftover, "(Start=4)") && !strstr(leftover, "(Start=4,");
}

static bool is_xen_driver(const char *leftover)
{
    static const char *const prefixes[] = {
        "xen", "scsifilt", "rhelscsi", "rhelnet", "rhelfltr", NULL
    };

    for (const char *const *prefix = prefixes; *prefix; prefix++) {
        if (g_ascii_strncasecmp(leftover, *prefix, strlen(*prefix)) == 0) {
            return true;
        }
    }
    return false;
}

/* The first driver for Xen's own devices that may start, or NULL. */
static const char *find_xen_driver(const WinXenfixInfo *info)
{
    for (strList *list = info->hypervisor_drivers; list; list = list->next) {
        if (is_xen_driver(list->value) && is_enabled(list->value)) {
            return list->value;
        }
    }
    return NULL;
}

static void fit_xen_platform(GuestConfig *config, const WinXenfixInfo *info)
{
    const char *driver = find_xen_driver(info);

    if (!driver) {
        config_set_flag(&config->xen_platform, true,
                        "Xen's drivers can be installed when Windows runs; "
                        "without them it shows one device that it does not "
                        "know");
        return;
    }
    config->xen_platform.value = false;
    config->xen_platform.reason =
        g_strdup_printf("the guest has drivers for Xen, %s: with this device "
                        "they would unplug the IDE disk that it starts from; "
                        "remove or renew them, then set it to 1", driver);
    if (g_str_equal(config->virt_type, "xen")) {
        config_warn(config, "The guest has drivers for Xen, %s, which may "
                    "unplug the disk that it starts from. libvirt has no "
                    "way to say xen_platform_pci=0: use xl for the first "
                    "start.", driver);
    }
}

/*
 * virt-install leaves Hyper-V's interfaces out for the same reason
 * (bugzilla.redhat.com 1185253, bugs.launchpad.net/qemu 1593605).
 */
static bool is_viridian_broken(const GuestConfig *config,
                               const ConfigVersion *version)
{
    return config_is_uefi(config) && version->major == 6 &&
           version->minor == 1;
}

static void fit_viridian(GuestConfig *config, const ConfigVersion *version)
{
    config->viridian_timers = !config_version_before(version, 6, 2);
    if (config_version_before(version, 6, 0)) {
        config_set_flag(&config->viridian, false,
                        "only Windows Vista, Server 2008 and later make use "
                        "of Hyper-V's interfaces");
    } else if (is_viridian_broken(config, version)) {
        config_set_flag(&config->viridian, false,
                        "with Hyper-V's interfaces Windows 7 and Server 2008 "
                        "R2 may not start on OVMF");
    } else {
        config_set_flag(&config->viridian, true,
                        "Windows Vista, Server 2008 and later run better with "
                        "Hyper-V's interfaces");
    }
}

static void fit_nic(GuestConfig *config, const ConfigVersion *version)
{
    if (!config_version_before(version, 6, 0)) {
        config_set_word(&config->nic, "e1000", NIC_E1000);
    } else if (version->x64) {
        config_set_word(&config->nic, "e1000-82545em", NIC_82545EM);
    } else {
        config_set_word(&config->nic, "rtl8139", NIC_RTL8139);
    }
}

static void fit_vga(GuestConfig *config, const ConfigVersion *version)
{
    if (config_version_before(version, 6, 0)) {
        config_set_word(&config->vga, "cirrus",
                        version->x64 ? VGA_CIRRUS_X64 : VGA_CIRRUS);
    } else {
        bool asks_bios = config_is_uefi(config) && version->major == 6 &&
                         version->minor == 1;

        config_set_word(&config->vga, "std",
                        asks_bios ? VGA_STD_7 : VGA_STD);
    }
}

static void fit_cpu(GuestConfig *config, const ConfigVersion *version)
{
    if (!config->pae.value) {
        config_set_word(&config->cpu, "qemu32", CPU_NO_PAE);
    } else if (version->x64 && !config_version_before(version, 6, 2)) {
        config_set_word(&config->cpu, "max", CPU_MAX);
    } else {
        config_set_word(&config->cpu, "qemu64", CPU_PLAIN);
    }
}

static void fit_pointer(GuestConfig *config)
{
    config_set_flag(&config->usb_tablet, true,
                    "a pointer that follows the one of the viewer; Windows "
                    "2000 and later bring a driver");
}

/* The end of the last partition: beyond it Windows has nothing to lose. */
static uint64_t used_size(const WinXenfixInfo *info)
{
    uint64_t end = 0;

    for (WinXenprepPartitionList *list = info->partitions; list;
         list = list->next) {
        uint64_t start = list->value->start;

        /* What does not fit into 64 bits is a lie and of no interest. */
        end = MAX(end, start + MIN(list->value->size, UINT64_MAX - start));
    }
    return end;
}

/*
 * KB303013 and KB305098: without 48-bit addresses Windows overwrites the
 * beginning of the disk when it writes beyond the limit.
 */
static void warn_about_size(GuestConfig *config, const WinXenfixInfo *info,
                            const ConfigVersion *version)
{
    const char *since;

    if (used_size(info) <= LBA28_LIMIT) {
        return;
    }
    if (config_version_before(version, 5, 1)) {
        since = "Windows 2000 writes beyond 128 GiB on IDE only with SP3 and "
                "EnableBigLba=1 under Services\\atapi\\Parameters";
    } else if (version->major == 5 && version->minor == 1 &&
               !info->windows->service_pack) {
        since = "Windows XP writes beyond 128 GiB on IDE only with SP1";
    } else {
        return;
    }
    config_warn(config, "A partition reaches beyond 128 GiB: %s. Without it "
                "files are destroyed.", since);
}

static void warn_about_state(GuestConfig *config, const WinXenfixInfo *info)
{
    if (info->hibernated) {
        config_warn(config, "The guest is hibernated: it would go on with "
                    "devices that are gone. Shut it down fully in the source "
                    "VM.");
    }
    for (intList *list = info->dirty_volumes; list; list = list->next) {
        config_warn(config, "Windows has not closed partition %" PRId64
                    ": it was not shut down, and checks it at the first "
                    "start.", list->value);
    }
}

void config_fit_machine(GuestConfig *config, const WinXenfixInfo *info,
                        const ConfigOptions *options)
{
    ConfigVersion version;

    config_version(info, &version);
    fit_pointer(config);
    fit_memory(config, options, &version);
    fit_clock(config, info);
    fit_viridian(config, &version);
    fit_xen_platform(config, info);
    fit_nic(config, &version);
    fit_vga(config, &version);
    fit_cpu(config, &version);
    warn_about_size(config, info, &version);
    warn_about_state(config, info);
}
