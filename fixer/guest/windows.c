/*
 * Windows: which one it is
 *
 * The kernel's version resource decides, since the kernel is what boots; the
 * registry adds what is only there.  Where both tell and do not agree, somebody
 * has put files into the guest, or a service pack was not installed to its
 * end: that is for the user to know.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "guest-limits.h"
#include "registry.h"
#include "windows.h"

#define KERNEL "system32\\ntoskrnl.exe"

#define CURRENT_VERSION "Microsoft\\Windows NT\\CurrentVersion"

/* What is more is no build: version resources have 16 bits for one. */
#define MOST_BUILD UINT16_MAX

/* Disks above this many bytes need addresses of 48 bits on IDE. */
#define LBA28_LIMIT (UINT64_C(0x10000000) * 512)

/*
 * In descending order of builds: what is between two of them, a preview, has
 * the name of the older one.  Kernels of one build serve several releases of
 * Windows 10 and 11, which have a number of their own in the registry only.
 */
#define SERVER(name) "Windows " name
#define EITHER(workstation, server) \
    workstation, SERVER(server), workstation " or " server

static const struct {
    uint16_t major, minor, build;
    const char *workstation, *server, *either;
} names[] = {
    { 5,  0, 0, "Windows 2000", "Windows 2000 Server", "Windows 2000" },
    { 5,  1, 0, "Windows XP", "Windows XP", "Windows XP" },
    { 5,  2, 0, EITHER("Windows XP x64", "Server 2003") },
    { 6,  0, 0, EITHER("Windows Vista", "Server 2008") },
    { 6,  1, 0, EITHER("Windows 7", "Server 2008 R2") },
    { 6,  2, 0, EITHER("Windows 8", "Server 2012") },
    { 6,  3, 0, EITHER("Windows 8.1", "Server 2012 R2") },
    { 10, 0, 26100, EITHER("Windows 11", "Server 2025") },
    { 10, 0, 25398, EITHER("Windows 11", "Server 23H2") },
    { 10, 0, 22000, EITHER("Windows 11", "Server 2022") },
    { 10, 0, 20348, EITHER("Windows 10", "Server 2022") },
    { 10, 0, 19041, EITHER("Windows 10", "Server 2004 or 20H2") },
    { 10, 0, 18362, EITHER("Windows 10", "Server 1903 or 1909") },
    { 10, 0, 17763, EITHER("Windows 10", "Server 2019") },
    { 10, 0, 17134, EITHER("Windows 10", "Server 1803") },
    { 10, 0, 16299, EITHER("Windows 10", "Server 1709") },
    { 10, 0, 0, EITHER("Windows 10", "Server 2016") },
};

/* There is no other Windows XP of this version but that for x64. */
static bool is_server_2003(const Windows *windows)
{
    return windows->version.part[0] == 5 && windows->version.part[1] == 2 &&
           windows->machine == PE_MACHINE_I386;
}

/* @product_type: of the registry; NULL as long as that was not read. */
static const char *windows_name(const Windows *windows,
                                const char *product_type)
{
    const PeVersion *version = &windows->version;

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].major == version->part[0] &&
            names[i].minor == version->part[1] &&
            names[i].build <= version->part[2]) {
            return !product_type
                   ? is_server_2003(windows) ? names[i].server
                                             : names[i].either
                   : g_str_equal(product_type, "WinNT")
                   ? names[i].workstation : names[i].server;
        }
    }
    return "unknown Windows";
}

static bool read_kernel(Windows *windows, Volume *volume, GError **errp)
{
    g_autofree char *path = windows_path(&windows->place, KERNEL);
    g_autoptr(GBytes) bytes = volume_read(volume, path, LIMIT_PE_SIZE, errp);
    g_autoptr(PeInfo) pe = bytes ? pe_parse(path, bytes, errp) : NULL;

    if (!pe) {
        return false;
    }
    if (!pe->has_version) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the kernel has no version resource, so that the "
                    "Windows cannot be told; repair it in the source VM",
                    path);
        return false;
    }
    windows->machine = pe->machine;
    windows->version = pe->file_version;
    return true;
}

/*
 * The service pack that a kernel belongs to: the last part of its version is
 * at least that of the service pack's own kernel, and hotfixes stay below the
 * next one's.
 */
static const struct {
    uint16_t major, minor, build, revision;
    unsigned service_pack;
} service_packs[] = {
    { 5, 0, 2195, 6717, 4 },
    { 5, 0, 2195, 5438, 3 },
    { 5, 0, 2195, 2951, 2 },
    { 5, 0, 2195, 1620, 1 },
    { 5, 0, 2195, 0, 0 },
    { 5, 1, 2600, 5512, 3 },
    { 5, 1, 2600, 2180, 2 },
    { 5, 1, 2600, 1106, 1 },
    { 5, 1, 2600, 0, 0 },
    { 5, 2, 3790, 3959, 2 },
    { 5, 2, 3790, 1830, 1 },
    { 5, 2, 3790, 0, 0 },
    /* Updates since 2019 have Server 2008 say 6003 (KB4489887). */
    { 6, 0, 6003, 0, 2 },
    { 6, 0, 6002, 18005, 2 },
    { 6, 0, 6001, 18000, 1 },
    { 6, 0, 6000, 16386, 0 },
    { 6, 1, 7601, 17514, 1 },
    { 6, 1, 7600, 16385, 0 },
};

/* The index of the kernel's service pack, or -1 if it is not known. */
static int find_kernel(const PeVersion *version)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(service_packs); i++) {
        if (version->part[0] == service_packs[i].major &&
            version->part[1] == service_packs[i].minor &&
            version->part[2] == service_packs[i].build &&
            version->part[3] >= service_packs[i].revision) {
            return i;
        }
    }
    return -1;
}

/* Windows 8 and later have builds instead. */
static bool has_service_packs(const PeVersion *version)
{
    return version->part[0] < 6 ||
           (version->part[0] == 6 && version->part[1] < 2);
}

PeVersion windows_base_version(const Windows *windows)
{
    PeVersion base = windows->version;
    int i = find_kernel(&base);

    if (i >= 0) {
        base.part[3] = service_packs[i].revision;
    } else if (!has_service_packs(&base)) {
        base.part[3] = 0;
    }
    return base;
}

/* What identifying works with. */
typedef struct Identification {
    Windows *windows;
    Hive *system;
    GPtrArray *warnings;
} Identification;

/* A string below the first control set, to be freed; NULL if absent. */
static char *control_string(Identification *id, const char *key,
                            const char *value)
{
    unsigned set = g_array_index(id->windows->control_sets, unsigned, 0);
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Control\\%s",
                                            set, key);

    return hive_get_string(id->system, path, value);
}

/* Both say a number of a service pack; the kernel's counts. */
static void find_service_pack(Identification *id)
{
    Windows *windows = id->windows;
    unsigned set = g_array_index(windows->control_sets, unsigned, 0);
    g_autofree char *path =
        g_strdup_printf("ControlSet%03u\\Control\\Windows", set);
    g_autofree char *version = pe_version_string(&windows->version);
    uint32_t csd_version = 0;
    bool registry = hive_get_dword(id->system, path, "CSDVersion",
                                   &csd_version);
    /* The service pack's major and minor number, a byte each. */
    unsigned by_registry = csd_version >> 8 & 0xff;

    if (find_kernel(&windows->version) < 0 &&
        has_service_packs(&windows->version)) {
        windows->service_pack = by_registry;
    }
    if (registry && by_registry != windows->service_pack) {
        g_ptr_array_add(id->warnings,
                        g_strdup_printf("the kernel, version %s, is of "
                                        "service pack %u, but the registry "
                                        "speaks of service pack %u: one was "
                                        "not installed to its end, or files "
                                        "were exchanged", version,
                                        windows->service_pack, by_registry));
    }
}

/* Windows XP x86 is never a server, Server 2003 x86 always one. */
static bool product_type_fits(const Windows *windows)
{
    bool workstation = g_str_equal(windows->product_type, "WinNT");
    const PeVersion *v = &windows->version;

    if (v->part[0] != 5 || windows->machine != PE_MACHINE_I386) {
        return true;
    }
    return v->part[1] == 1 ? workstation : v->part[1] != 2 || !workstation;
}

static void find_product_type(Identification *id)
{
    Windows *windows = id->windows;
    g_autofree char *version = pe_version_string(&windows->version);

    windows->product_type = control_string(id, "ProductOptions",
                                           "ProductType");
    if (!windows->product_type) {
        windows->product_type = g_strdup("unknown");
        g_ptr_array_add(id->warnings,
                        g_strdup("the registry does not say whether this is "
                                 "a workstation or a server (ProductType)"));
    } else if (!product_type_fits(windows)) {
        g_ptr_array_add(id->warnings,
                        g_strdup_printf("the kernel has version %s, which "
                                        "does not go with the registry's "
                                        "ProductType %s", version,
                                        windows->product_type));
    }
}

static const struct {
    uint16_t machine;
    /* PROCESSOR_ARCHITECTURE, and how people say it. */
    const char *registry, *name;
} machines[] = {
    { PE_MACHINE_I386, "x86", "x86" },
    { PE_MACHINE_AMD64, "AMD64", "x64" },
    { PE_MACHINE_ARM64, "ARM64", "ARM64" },
    { PE_MACHINE_IA64, "IA64", "Itanium" },
};

/* The index of the kernel's machine, or -1 if it is not known. */
static int find_machine(const Windows *windows)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].machine == windows->machine) {
            return i;
        }
    }
    return -1;
}

static void check_machine(Identification *id)
{
    g_autofree char *architecture =
        control_string(id, "Session Manager\\Environment",
                       "PROCESSOR_ARCHITECTURE");
    int i = find_machine(id->windows);
    const char *wanted = i < 0 ? "another machine" : machines[i].registry;

    if (architecture && g_ascii_strcasecmp(architecture, wanted) != 0) {
        g_ptr_array_add(id->warnings,
                        g_strdup_printf("the kernel is for %s, but the "
                                        "registry speaks of %s", wanted,
                                        architecture));
    }
}

bool windows_check_machine(const Windows *windows, GError **errp)
{
    int i = find_machine(windows);

    if (windows->machine == PE_MACHINE_I386 ||
        windows->machine == PE_MACHINE_AMD64) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u: %s: its kernel is for %s: only a Windows for "
                "x86 or x64 starts on the machines that this prepares for",
                windows->place.partition->number,
                windows_root(&windows->place),
                i < 0 ? "another machine" : machines[i].name);
    return false;
}

Windows *windows_identify(Volume *volume, WindowsPlace *place, GError **errp)
{
    g_autoptr(Windows) windows = g_new0(Windows, 1);
    int i;

    windows->place = *place;
    place->system_root = NULL;
    if (!read_kernel(windows, volume, errp)) {
        return NULL;
    }
    i = find_kernel(&windows->version);
    windows->service_pack = i < 0 ? 0 : service_packs[i].service_pack;
    windows->name = windows_name(windows, NULL);
    return g_steal_pointer(&windows);
}

bool windows_is_2000(const Windows *windows)
{
    return windows->version.part[0] == 5 && windows->version.part[1] == 0;
}

/* The end of the last partition: beyond it Windows has nothing to lose. */
static uint64_t used_size(const Disk *disk)
{
    uint64_t end = 0;

    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *p = &g_array_index(disk->partitions, Partition, i);

        end = MAX(end, p->start + MIN(p->size, UINT64_MAX - p->start));
    }
    return end;
}

/* What it takes that addresses have 48 bits; NULL: nothing. */
static const char *needs_for_lba48(const Windows *windows)
{
    const PeVersion *v = &windows->version;

    if (windows_is_2000(windows)) {
        return "Windows 2000 writes beyond that on IDE only with SP3 and "
               "EnableBigLba=1 under Services\\atapi\\Parameters";
    }
    if (v->part[0] == 5 && v->part[1] == 1 && windows->service_pack == 0) {
        return "Windows XP writes beyond that on IDE only with SP1";
    }
    return NULL;
}

char *windows_check_size(const Windows *windows, const Disk *disk)
{
    const char *needs = needs_for_lba48(windows);

    return needs && used_size(disk) > LBA28_LIMIT
           ? g_strdup_printf("a partition reaches beyond 128 GiB: %s; without "
                             "it files are destroyed", needs)
           : NULL;
}

bool windows_read_registry(Windows *windows, Hive *system, const char *where,
                           GPtrArray *warnings, GError **errp)
{
    Identification id = {
        .windows = windows,
        .system = system,
        .warnings = warnings,
    };

    windows->control_sets = registry_control_sets(system, where, warnings,
                                                  errp);
    if (!windows->control_sets) {
        return false;
    }
    find_service_pack(&id);
    find_product_type(&id);
    check_machine(&id);
    windows->controllers =
        controllers_find(system, g_array_index(windows->control_sets,
                                               unsigned, 0));
    windows->name = windows_name(windows, windows->product_type);
    return true;
}

void windows_lack_registry(Windows *windows)
{
    windows->product_type = g_strdup("unknown");
    windows->control_sets = g_array_new(FALSE, FALSE, sizeof(unsigned));
    windows->controllers = g_ptr_array_new();
}

/* DisplayVersion came with 20H2 of Windows 10, where ReleaseId stopped. */
static char *read_release(Hive *software)
{
    char *release = hive_get_string(software, CURRENT_VERSION,
                                    "DisplayVersion");

    return release ? release : hive_get_string(software, CURRENT_VERSION,
                                               "ReleaseId");
}

void windows_read_product_name(Windows *windows, Hive *software)
{
    g_autofree char *build = hive_get_string(software, CURRENT_VERSION,
                                             "CurrentBuildNumber");
    uint64_t number = 0;

    g_free(windows->product_name);
    g_free(windows->edition);
    g_free(windows->release);
    windows->product_name = hive_get_string(software, CURRENT_VERSION,
                                            "ProductName");
    windows->edition = hive_get_string(software, CURRENT_VERSION,
                                       "EditionID");
    windows->release = read_release(software);
    if (build) {
        g_ascii_string_to_unsigned(build, 10, 1, MOST_BUILD, &number, NULL);
    }
    windows->build = number;
}

void windows_free(Windows *windows)
{
    if (windows) {
        windows_place_clear(&windows->place);
        g_free(windows->product_name);
        g_free(windows->edition);
        g_free(windows->release);
        g_free(windows->product_type);
        g_clear_pointer(&windows->control_sets, g_array_unref);
        g_clear_pointer(&windows->controllers, g_ptr_array_unref);
        g_free(windows);
    }
}
