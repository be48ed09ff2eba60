/*
 * boot.ini, edited: scsi() and signature() made multi()
 *
 * NTLDR reads such a disk by NTBOOTDD.SYS, a driver of one SCSI adapter; on
 * IDE the BIOS is all there is, and multi() means that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-edit-internal.h"
#include "windows.h"

#define NO_ENTRY (-1)

typedef struct ArcRewriter {
    const Disk *disk;
    BootIniEdit *draft;
    /* char * */
    GPtrArray *warnings;
} ArcRewriter;

static void warn(ArcRewriter *rewriter, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void warn(ArcRewriter *rewriter, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *printable = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    printable = boot_ini_printable(text);
    g_ptr_array_add(rewriter->warnings,
                    g_strconcat(BOOT_INI_PATH ": ", printable, NULL));
}

/* What of an ARC path is behind its partition, as it is spelled. */
static const char *directory_of(const char *path)
{
    return path + strcspn(path, "\\");
}

/*
 * The multi() of the same place, to be freed; NULL if @path stays, and, with
 * a warning about @what, if that is because of the disk.
 */
static char *rewrite(ArcRewriter *rewriter, const char *what,
                     const char *path)
{
    g_auto(ArcPath) arc = { 0 };
    g_autofree char *other = NULL;

    if (!arc_path_parse(path, &arc) || arc.kind == ARC_MULTI) {
        return NULL;
    }
    other = arc_path_other_disk(&arc, rewriter->disk);
    if (other) {
        warn(rewriter, "%s: %s is on another disk (%s): it stays as it is, "
             "and does not start from IDE", what, path, other);
        return NULL;
    }
    if (!arc_path_partition(&arc, rewriter->disk)) {
        warn(rewriter, "%s: %s: the disk has no partition %u: it stays as it "
             "is, and does not start", what, path, arc.partition);
        return NULL;
    }
    return g_strdup_printf("multi(0)disk(0)rdisk(0)partition(%u)%s",
                           arc.partition, directory_of(path));
}

static void rewrite_entry(ArcRewriter *rewriter, guint index)
{
    const BootEntry *entry = boot_draft_entry(rewriter->draft, index);
    g_autofree char *before = g_strdup(entry->path);
    g_autofree char *what = g_strdup_printf("entry %u", index + 1);
    g_autofree char *path = rewrite(rewriter, what, before);

    if (path) {
        boot_draft_replace(rewriter->draft, entry->at.path, path);
        boot_draft_change(rewriter->draft, "%s: %s, was %s", what, path,
                          before);
    }
}

/* Of what is wrong with it the user hears where its entry is looked at. */
static void rewrite_default(ArcRewriter *rewriter, bool has_entry)
{
    const char *before = rewriter->draft->ini->default_path;
    guint n = rewriter->warnings->len;
    g_autofree char *path = before ? rewrite(rewriter, "default", before)
                                   : NULL;

    if (path) {
        boot_draft_default_path(rewriter->draft, path);
    } else if (has_entry) {
        g_ptr_array_set_size(rewriter->warnings, n);
    }
}

/*
 * Two entries may have one path now.  @started is the index of the one that
 * was started before, and has to be now, with its switches.
 */
static void keep_started(ArcRewriter *rewriter, int started)
{
    BootIniEdit *draft = rewriter->draft;
    const BootEntry *now = boot_ini_started(draft->ini);

    if (started == NO_ENTRY) {
        if (now) {
            warn(rewriter, "no entry was the default, entry %u is now: NTLDR "
                 "starts it, with its switches",
                 boot_draft_number(draft, now));
        }
    } else if (boot_draft_move(draft, started)) {
        warn(rewriter, "entry %d: another entry has the same path now: this "
             "one is put in front of it, so that NTLDR starts what it "
             "started before", started + 1);
    }
}

static void rewrite_all(ArcRewriter *rewriter, bool started_only)
{
    BootIniEdit *draft = rewriter->draft;
    const BootEntry *entry = boot_ini_started(draft->ini);
    int started = entry ? (int)boot_draft_number(draft, entry) - 1 : NO_ENTRY;

    rewrite_default(rewriter, started != NO_ENTRY);
    for (guint i = 0; i < draft->ini->entries->len; i++) {
        if (!started_only || (int)i == started) {
            rewrite_entry(rewriter, i);
        }
    }
    keep_started(rewriter, started);
}

bool boot_ini_edit_rewrite_arc(BootIniEdit *edit, const Disk *disk,
                               bool started_only, GPtrArray *warnings,
                               GError **errp)
{
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    ArcRewriter rewriter = {
        .disk = disk,
        .draft = draft,
        .warnings = lines,
    };

    rewrite_all(&rewriter, started_only);
    if (!boot_draft_commit(edit, draft, errp)) {
        return false;
    }
    g_ptr_array_extend_and_steal(warnings, g_steal_pointer(&lines));
    return true;
}
