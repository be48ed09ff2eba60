/*
 * Check: what the boot manager starts, Windows Vista and later
 *
 * winload reads the volume of Windows by itself, loads the registry and what
 * that names, kernel and HAL among it, and starts the kernel.  Which of these
 * it cannot load it shows as a File with a Status.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "error.h"
#include "guest-limits.h"

#define HIBERFIL "\\hiberfil.sys"

/* The page that a session begins with. */
#define HIBERFIL_HEADER 4096

/* By which Windows 8 and later writes a session when it is shut down. */
#define FAST_STARTUP "HiberbootEnabled"

/* The first build whose kernel has the HAL in it. */
#define BUILD_HAL_IN_KERNEL 19041

#define SAN_POLICY "SanPolicy"

/* Values of it: new disks stay offline, all or those inside the machine. */
enum {
    SAN_OFFLINE_ALL = 3,
    SAN_OFFLINE_INTERNAL = 4,
};

#define REMEDY_SHUT_DOWN \
    "resume it in the source VM, then powercfg /h off, and shutdown /s /f /t 0"

#define REMEDY_WINLOAD \
    RECOVERY "bcdboot C:\\Windows, or sfc /scannow /offbootdir=C:\\ " \
    "/offwindir=C:\\Windows"

Loader check_guess_loader(Check *check)
{
    g_auto(WindowsSurvey) survey = { 0 };
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Volume) volume = NULL;
    g_autoptr(Windows) windows = NULL;
    WindowsPlace place;

    if (!check->disk ||
        !windows_survey(check->overlay, check->disk, check->options->windows,
                        &survey, lines, NULL) || !survey.chosen) {
        return LOADER_UNKNOWN;
    }
    volume = check_open_volume(check, survey.chosen->partition, NULL);
    place = (WindowsPlace) {
        .partition = survey.chosen->partition,
        .system_root = g_strdup(survey.chosen->system_root),
    };
    windows = volume ? windows_identify(volume, &place, NULL) : NULL;
    windows_place_clear(&place);
    return windows && pe_version_at_least(&windows->version, 6, 0)
           ? LOADER_BOOTMGR : LOADER_UNKNOWN;
}

bool check_boot_volume(Check *check, Link *link, GError **errp)
{
    const Partition *partition = check->place.partition;
    VolumeKind kind;
    GError *err = NULL;

    link_set_object(link, "partition %u", partition->number);
    if (!volume_probe(check->overlay, partition, &kind, errp)) {
        return false;
    }
    if (kind == VOLUME_BITLOCKER) {
        check->before_convert = "decrypt it in the source VM (manage-bde "
                                "-off C:)";
        return link_unknown(link, "it is encrypted by BitLocker: on another "
                            "machine the boot manager asks for the recovery "
                            "key; decrypt it in the source VM (manage-bde "
                            "-off C:)");
    }
    return check_open_windows(check, &err)
           ? link_ok(link, "it is an NTFS volume that can be read")
           : link_failed(link, err, errp);
}

/* Whether there is a hiberfil.sys that could hold a session. */
static bool find_hiberfil(Check *check, bool *there, bool *is_short,
                          GError **errp)
{
    VolumeFileInfo info;
    GError *err = NULL;

    *there = volume_stat(check->volume, HIBERFIL, &info, &err);
    *is_short = *there && info.size < HIBERFIL_HEADER;
    if (!*there && !g_error_matches(err, GUEST_ERROR,
                                    GUEST_ERROR_NOT_FOUND)) {
        g_propagate_error(errp, err);
        return false;
    }
    g_clear_error(&err);
    return true;
}

bool check_session(Check *check, Link *link, GError **errp)
{
    GError *err = NULL;
    bool there, is_short;

    link_set_object(link, "partition %u: " HIBERFIL,
                    check->place.partition->number);
    if (!find_hiberfil(check, &there, &is_short, &err)) {
        return link_failed(link, err, errp);
    }
    if (is_short) {
        check_warn(check, HIBERFIL " is too short to hold a session, but "
                   "win-xenprep takes it for one: powercfg /h off in the "
                   "source VM");
        return link_ok(link, "it is too short to hold a session");
    }
    if (volume_check_not_hibernated(check->volume, &err)) {
        return link_ok(link, "there is no session to be resumed");
    }
    if (!g_error_matches(err, GUEST_ERROR, GUEST_ERROR_REFUSED)) {
        return link_failed(link, err, errp);
    }
    g_clear_error(&err);
    return link_broken(link, "the session of another machine is resumed, or "
                       "that Windows could not be", REMEDY_SHUT_DOWN,
                       "it holds a session, which only the machine that it "
                       "comes from can go on with: of Windows 8 and later "
                       "shutting down leaves one, too (Fast Startup)");
}

/* The volume that winload is on; *@opened is to be freed. */
static Volume *winload_volume(Check *check, Volume **opened, GError **errp)
{
    const Partition *partition = check->winload_partition;

    *opened = NULL;
    if (partition == check->place.partition) {
        return check->volume;
    }
    if (partition == check->system_partition && check->system_volume) {
        return check->system_volume;
    }
    *opened = check_open_volume(check, partition, errp);
    return *opened;
}

/* Whether the program is for the firmware; if not the link is broken. */
static bool suits_firmware(Check *check, Link *link, const char *path)
{
    g_autofree char *lower = g_ascii_strdown(path, -1);
    bool is_efi = g_str_has_suffix(lower, ".efi");
    bool uefi = check->machine->firmware == FIRMWARE_UEFI;

    if (is_efi == uefi) {
        return true;
    }
    link_broken(link, "a Status, and as File: winload",
                RECOVERY "bcdboot C:\\Windows",
                "it is for %s, the firmware of %s is %s",
                is_efi ? "UEFI" : "a BIOS", check->machine->name,
                uefi ? "UEFI" : "a BIOS");
    return false;
}

static bool judge_missing(Check *check, Link *link, const char *path)
{
    g_autofree char *screen =
        g_strdup_printf("Status: 0xc000000f, 0xc000000e or 0xc0000225, and "
                        "as File: %s", path);

    return link_broken(link, screen, REMEDY_WINLOAD, "it is missing");
}

static bool judge_damaged(Link *link, const char *path, const char *why)
{
    g_autofree char *screen =
        g_strdup_printf("Status: 0xc0000221, 0xc000007b or 0xc0000428, and "
                        "as File: %s", path);

    return link_broken(link, screen, REMEDY_WINLOAD, "%s", why);
}

static bool judge_program(Link *link, const char *path, GBytes *bytes,
                          uint16_t *machine)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(PeInfo) pe = pe_parse_code(path, bytes, &err);

    if (!pe) {
        return judge_damaged(link, path, err->message);
    }
    *machine = pe->machine;
    return link_ok(link, "it can be loaded");
}

bool check_winload(Check *check, Link *link, GError **errp)
{
    const char *path = check->bcd_entry->path;
    g_autoptr(Volume) opened = NULL;
    GError *err = NULL;
    Volume *volume;
    g_autoptr(GBytes) bytes = NULL;

    link_set_object(link, "partition %u: %s",
                    check->winload_partition->number, path);
    if (!suits_firmware(check, link, path)) {
        return true;
    }
    volume = winload_volume(check, &opened, &err);
    bytes = volume ? volume_read(volume, path, LIMIT_PE_SIZE, &err) : NULL;
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        g_clear_error(&err);
        return judge_missing(check, link, path);
    }
    return bytes ? judge_program(link, path, bytes, &check->winload_machine)
                 : link_failed(link, err, errp);
}

/* The files that the started entry names, or the usual ones. */
static const char *named(const char *name, const char *usual)
{
    return name && *name ? name : usual;
}

/*
 * Of Vista and 7 for x86 there are two kernels; winload starts that for PAE
 * where the processor has NX.
 */
static bool has_pae_kernel(const Check *check)
{
    return check->windows->machine == PE_MACHINE_I386 &&
           !pe_version_at_least(&check->windows->version, 6, 2) &&
           !(check->bcd_entry && check->bcd_entry->kernel);
}

/*
 * Since the version of May 2020 the HAL is a part of the kernel, and hal.dll an
 * empty shell: whether it has to be there was not found out.
 */
static bool check_hal(Check *check, Link *link, const char *hal, bool *good,
                      GError **errp)
{
    const PeVersion *v = &check->windows->version;

    if (!check_file(check, link, hal, good, errp)) {
        return false;
    }
    if (!*good && v->part[0] >= 10 && v->part[2] >= BUILD_HAL_IN_KERNEL) {
        link_doubt(link);
    }
    return true;
}

/* A loader for another kind of processor cannot start the kernel. */
static bool judge_machine(const Check *check, Link *link, const char *kernel)
{
    g_autofree char *program = pe_machine_string(check->winload_machine);
    g_autofree char *windows = pe_machine_string(check->windows->machine);

    if (check->winload_machine == 0 ||
        check->winload_machine == check->windows->machine) {
        return link_ok(link, "%s and HAL can be loaded", kernel);
    }
    return link_broken(link, "a Status, and as File: winload",
                       REMEDY_WINLOAD,
                       "winload is for %s, the kernel is for %s", program,
                       windows);
}

bool check_vista_kernel(Check *check, Link *link, GError **errp)
{
    const BcdEntry *entry = check->bcd_entry;
    const char *hal = named(entry ? entry->hal : NULL, HAL_FILE);
    const char *kernel = named(entry ? entry->kernel : NULL, KERNEL_FILE);
    bool good = false;

    if (!check_file(check, link, kernel, &good, errp) || !good ||
        !check_hal(check, link, hal, &good, errp) || !good) {
        return link->text != NULL;
    }
    if (has_pae_kernel(check) &&
        (!check_file(check, link, KERNEL_FILE_PAE, &good, errp) || !good)) {
        return link->text != NULL && link_doubt(link);
    }
    link_set_object(link, "partition %u: %s", check->place.partition->number,
                    windows_root(&check->place));
    return judge_machine(check, link, kernel);
}

/* What Windows does to other disks than that which it has booted from. */
static void warn_of_san_policy(Check *check)
{
    g_autofree char *path =
        g_strdup_printf("ControlSet%03u\\Services\\partmgr\\Parameters",
                        check->control_set);
    uint32_t policy;

    if (hive_get_dword(check->system->hive, path, SAN_POLICY, &policy) &&
        (policy == SAN_OFFLINE_ALL || policy == SAN_OFFLINE_INTERNAL)) {
        check_warn(check, "SYSTEM\\%s: " SAN_POLICY " is %u: disks that are "
                   "new to Windows stay offline, until diskpart's online "
                   "disk; diskpart, san policy=OnlineAll in the source VM "
                   "prevents it", path, policy);
    }
}

static void warn_of_fast_startup(Check *check)
{
    g_autofree char *path =
        g_strdup_printf("ControlSet%03u\\Control\\Session Manager\\Power",
                        check->control_set);
    uint32_t enabled = 0;

    hive_get_dword(check->system->hive, path, FAST_STARTUP, &enabled);
    if (enabled && pe_version_at_least(&check->windows->version, 6, 2)) {
        check_warn(check, "SYSTEM\\%s: Fast Startup is on: shut down "
                   "otherwise than by shutdown /s /f /t 0 or a restart, "
                   "Windows leaves a session in " HIBERFIL "; powercfg /h "
                   "off prevents it", path);
    }
}

bool check_vista_control_set(Check *check, Link *link, GError **errp)
{
    if (!check_control_set(check, link, errp)) {
        return false;
    }
    if (check->control_set) {
        warn_of_san_policy(check);
        warn_of_fast_startup(check);
    }
    return true;
}

bool check_partition_entries(Check *check, Link *link, GError **errp)
{
    const Partition *partition = check->place.partition;

    link_set_object(link, "partition table");
    if (disk_blank_entry_before(check->disk, partition)) {
        return link_broken(link, STOP_BOOT_DEVICE,
                           "sgdisk --sort IMAGE, of a raw image",
                           "an entry that is not used is before entry %u of "
                           "the table, that of partition %u: Windows does "
                           "not find that then", partition->entry + 1,
                           partition->number);
    }
    return link_ok(link, "partition %u is where Windows looks for it",
                   partition->number);
}
