/*
 * Check: what NTLDR is, and which Windows it starts
 *
 * NTLDR reads its volume by itself.  It looks for a session to resume first,
 * then for boot.ini, and for NTDETECT.COM before it starts a Windows.  Without
 * an entry in boot.ini it starts \WINDOWS of the first partition, that of
 * Windows 2000 \WINNT.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "error.h"
#include "guest-limits.h"
#include "volume-attributes.h"

#define NTDETECT "\\NTDETECT.COM"
#define HIBERFIL "\\hiberfil.sys"

/* The page that a session begins with. */
#define HIBERFIL_HEADER 4096

/* NTLDR's words for a disk that it has not got. */
#define HARDWARE_PROBLEM \
    "Windows could not start because of a computer disk hardware " \
    "configuration problem"

/* Whether the file of the system volume is there, and if so how. */
static bool look(Check *check, Link *link, const char *path, bool *there,
                 VolumeAttributes *attributes, GError **errp)
{
    GError *err = NULL;

    link_set_object(link, "partition %u: %s",
                    check->system_partition->number, path);
    *there = volume_attributes(check->system_volume, path, attributes, &err);
    if (!*there && !g_error_matches(err, GUEST_ERROR,
                                    GUEST_ERROR_NOT_FOUND)) {
        return link_failed(link, err, errp);
    }
    *there = *there && !attributes->directory;
    g_clear_error(&err);
    return true;
}

static bool judge_program(Link *link, const VolumeAttributes *a,
                          const char *name, const char *copy)
{
    g_autofree char *compressed = g_strdup_printf("%s is compressed", name);

    if (a->size == 0) {
        return link_broken(link, "nothing: the boot sector starts an empty "
                           "file", copy, "it is empty");
    }
    if (a->compressed || a->encrypted) {
        return link_broken(link, compressed, copy, "NTFS has %s it, but the "
                           "boot sector's code reads plain files only",
                           a->compressed ? "compressed" : "encrypted");
    }
    if (a->sparse) {
        return link_unknown(link, "NTFS has it as a sparse file: whether the "
                            "boot sector's code reads that is not known");
    }
    return link_ok(link, "it is there");
}

bool check_loader_file(Check *check, Link *link, const char *name,
                       const char *copy, GError **errp)
{
    g_autofree char *path = g_strconcat("\\", name, NULL);
    g_autofree char *missing = g_strdup_printf("%s is missing", name);
    VolumeAttributes a;
    bool there;

    if (!look(check, link, path, &there, &a, errp) || link->text) {
        return link->text != NULL;
    }
    return there ? judge_program(link, &a, name, copy)
                 : link_broken(link, missing, copy, "it is missing");
}

bool check_ntldr(Check *check, Link *link, GError **errp)
{
    return check_loader_file(check, link, "NTLDR",
                             CONSOLE "del c:\\ntldr, if it is there, then "
                             "copy d:\\i386\\ntldr c:\\", errp);
}

bool check_hibernation(Check *check, Link *link, GError **errp)
{
    VolumeAttributes a;
    GError *err = NULL;
    bool there;

    if (!look(check, link, HIBERFIL, &there, &a, errp) || link->text) {
        return link->text != NULL;
    }
    if (there && a.size < HIBERFIL_HEADER) {
        check_warn(check, HIBERFIL " is too short to hold a session, but "
                   "win-xenprep takes it for one: delete it in the source "
                   "VM");
        return link_ok(link, "it is too short to hold a session");
    }
    if (volume_check_not_hibernated(check->system_volume, &err)) {
        return check_volume_state(check, check->system_volume, errp) &&
               link_ok(link, "there is no session to be resumed");
    }
    if (!g_error_matches(err, GUEST_ERROR, GUEST_ERROR_REFUSED)) {
        return link_failed(link, err, errp);
    }
    g_clear_error(&err);
    return link_broken(link, "NTLDR resumes the session of another machine",
                       "resume it in the source VM and shut it down fully",
                       "it holds a hibernated session, which only the "
                       "machine that it comes from can go on with");
}

static bool judge_boot_ini(Check *check, Link *link, GBytes *text)
{
    const char *started;

    check->boot_ini = boot_ini_parse(text);
    for (guint i = 0; i < check->boot_ini->warnings->len; i++) {
        check_warn(check, BOOT_INI_PATH ": %s",
                   (char *)g_ptr_array_index(check->boot_ini->warnings, i));
    }
    started = boot_ini_started_path(check->boot_ini);
    if (!started) {
        return link_ok(link, "it has no entry: NTLDR starts \\WINDOWS or "
                       "\\WINNT of partition 1");
    }
    check->entry = boot_ini_started(check->boot_ini);
    if (!check->entry &&
        check->boot_ini->entries->len == LIMIT_BOOT_INI_ENTRIES) {
        return link_unknown(link, "none of its first %d entries is the "
                            "default, %s; the others are not looked at",
                            LIMIT_BOOT_INI_ENTRIES, started);
    }
    return link_ok(link, "the default is %s", started);
}

bool check_boot_ini(Check *check, Link *link, GError **errp)
{
    GError *err = NULL;
    g_autoptr(GBytes) text = volume_read(check->system_volume, BOOT_INI_PATH,
                                         LIMIT_BOOT_INI_SIZE, &err);

    link_set_object(link, "partition %u: " BOOT_INI_PATH,
                    check->system_partition->number);
    if (text) {
        return judge_boot_ini(check, link, text);
    }
    if (!g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        return link_failed(link, err, errp);
    }
    g_clear_error(&err);
    text = g_bytes_new(NULL, 0);
    check->boot_ini = boot_ini_parse(text);
    return link_ok(link, "it is missing: NTLDR starts \\WINDOWS or \\WINNT "
                   "of partition 1");
}

static void set_place(Check *check, const Partition *partition,
                      const char *system_root)
{
    check->place.partition = partition;
    check->place.system_root = g_strdup(system_root);
}

/* Where NTLDR looks if boot.ini does not say. */
static bool find_usual_place(Check *check, Link *link, GError **errp)
{
    static const char *const usual[] = { "\\WINDOWS", "\\WINNT" };
    const Partition *first = disk_partition(check->disk, 1);
    GError *err = NULL;
    g_autoptr(Volume) volume = check_open_volume(check, first, &err);

    for (unsigned i = 0; volume && i < G_N_ELEMENTS(usual); i++) {
        bool exists;

        if (!volume_exists(volume, usual[i], &exists, &err)) {
            break;
        }
        if (exists) {
            set_place(check, first, usual[i]);
            return link_ok(link, "without an entry NTLDR starts %s of "
                           "partition 1", usual[i]);
        }
    }
    if (err) {
        return link_failed(link, err, errp);
    }
    return link_broken(link, "Invalid BOOT.INI file, then that hal.dll is "
                       "missing or corrupt", CONSOLE "bootcfg /rebuild",
                       "boot.ini has no entry, and partition 1 has no "
                       "\\WINDOWS or \\WINNT");
}

/* NTBOOTDD.SYS, which NTLDR would read the disk with, is of another bus. */
static bool judge_scsi(Link *link, const ArcPath *arc, const char *text)
{
    return link_broken(link, HARDWARE_PROBLEM,
                       REMEDY_CONVERT ", or win-xenfix boot-ini IMAGE "
                       "--rewrite-arc",
                       "%s is an ARC path for %s, by which NTLDR cannot "
                       "start from IDE", text,
                       arc->kind == ARC_SCSI ? "NTLDR's own SCSI driver"
                                             : "a disk beyond the BIOS");
}

static bool judge_arc_path(Check *check, Link *link, const ArcPath *arc,
                           const char *text)
{
    g_autofree char *other = arc_path_other_disk(arc, check->disk);
    const Partition *partition = arc_path_partition(arc, check->disk);

    if (arc->kind != ARC_MULTI) {
        return judge_scsi(link, arc, text);
    }
    if (other) {
        return link_unknown(link, "%s is on another disk, %s, which is not "
                            "in this image", text, other);
    }
    if (!partition || partition->size == 0) {
        return link_broken(link, HARDWARE_PROBLEM,
                           CONSOLE "bootcfg /rebuild",
                           "%s: the disk has no partition %u", text,
                           arc->partition);
    }
    set_place(check, partition, arc->directory);
    return link_ok(link, "%s is on partition %u of this disk", text,
                   partition->number);
}

/* Whether the path is that of the Windows which is looked at. */
static bool starts(const Check *check, const char *path)
{
    return boot_path_is_at(path, check->disk, check->place.partition,
                           check->place.system_root, true);
}

/* What the user asked for, or what else there is if NTLDR's is not known. */
static bool survey(Check *check, Link *link, GError **errp)
{
    g_auto(WindowsSurvey) survey = { 0 };
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const char *wanted = check->options->windows;

    if (!windows_survey(check->overlay, check->disk, wanted, &survey, lines,
                        errp)) {
        return false;
    }
    if (!survey.chosen || (!wanted && survey.found->len > 1)) {
        return link_unknown(link, "which Windows is started cannot be told");
    }
    set_place(check, survey.chosen->partition, survey.chosen->system_root);
    if (!wanted || !check->boot_ini) {
        return link_unknown(link, "whether boot.ini has an entry for it "
                            "cannot be told");
    }
    check->entry = boot_ini_find(check->boot_ini, check->disk,
                                 check->place.partition,
                                 check->place.system_root, true);
    if (!check->entry) {
        return link_broken(link, "another Windows starts",
                           CONSOLE "bootcfg /add",
                           "boot.ini has no entry that starts it from IDE");
    }
    if (!starts(check, boot_ini_started_path(check->boot_ini))) {
        check_warn(check, BOOT_INI_PATH ": the default is another entry, %s",
                   boot_ini_started_path(check->boot_ini));
    }
    return link_ok(link, "the entry %s starts it", check->entry->path);
}

bool check_arc_path(Check *check, Link *link, GError **errp)
{
    g_auto(ArcPath) arc = { 0 };
    const char *text;

    link_set_object(link, BOOT_INI_PATH);
    if (check->options->windows || !check->boot_ini) {
        return survey(check, link, errp);
    }
    text = boot_ini_started_path(check->boot_ini);
    if (!text) {
        return find_usual_place(check, link, errp);
    }
    if (!arc_path_parse(text, &arc)) {
        return link_unknown(link, "%s is no Windows: what that starts is not "
                            "looked at", text);
    }
    return judge_arc_path(check, link, &arc, text);
}

bool check_ntdetect(Check *check, Link *link, GError **errp)
{
    VolumeAttributes a;
    bool there;

    if (!look(check, link, NTDETECT, &there, &a, errp) || link->text) {
        return link->text != NULL;
    }
    return there && a.size > 0
           ? link_ok(link, "it is there")
           : link_broken(link, "NTDETECT failed",
                         CONSOLE "copy d:\\i386\\ntdetect.com c:\\",
                         there ? "it is empty" : "it is missing");
}
