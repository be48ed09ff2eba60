/*
 * boot.ini, edited: what is not meant stays as it is, byte by byte
 *
 * Here: the draft and what becomes of it, the default and the timeout.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-edit-internal.h"
#include "guest-limits.h"

/* bootcfg /timeout takes up to that many. */
#define MAX_TIMEOUT 999

static bool check_text(GBytes *text, GError **errp)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);

    if (size > LIMIT_BOOT_INI_SIZE) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "it has %zu bytes, more "
                           "than the %d that are read: shorten it in the "
                           "source VM", size, LIMIT_BOOT_INI_SIZE);
        return false;
    }
    /* With a byte order mark, or without. */
    if (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 ||
                      memcmp(data, "\xfe\xff", 2) == 0 ||
                      data[0] == '\0' || data[1] == '\0')) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "it is in UTF-16, of "
                           "which NTLDR reads nothing: save it as ANSI in "
                           "the source VM");
        return false;
    }
    return true;
}

static bool check_parsed(const BootIni *ini, GError **errp)
{
    if (ini->at.more_entries) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "it has more than %d "
                           "entries: take some away in the source VM",
                           LIMIT_BOOT_INI_ENTRIES);
    } else if (ini->entries->len == 0) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "it has no entry in "
                           "[operating systems], so that NTLDR starts none "
                           "of it: write one in the source VM");
    } else {
        return true;
    }
    return false;
}

/* Takes @ini. */
static BootIniEdit *edit_new(GBytes *text, BootIni *ini)
{
    BootIniEdit *edit = g_new(BootIniEdit, 1);

    edit->text = g_bytes_ref(text);
    edit->ini = ini;
    edit->changes = g_ptr_array_new_with_free_func(g_free);
    return edit;
}

BootIniEdit *boot_ini_edit_new(GBytes *text, GError **errp)
{
    g_autoptr(BootIni) ini = NULL;

    if (!check_text(text, errp)) {
        return NULL;
    }
    ini = boot_ini_parse(text);
    return check_parsed(ini, errp) ? edit_new(text, g_steal_pointer(&ini))
                                   : NULL;
}

void boot_ini_edit_free(BootIniEdit *edit)
{
    if (edit) {
        g_bytes_unref(edit->text);
        boot_ini_free(edit->ini);
        g_ptr_array_unref(edit->changes);
        g_free(edit);
    }
}

GBytes *boot_ini_edit_text(const BootIniEdit *edit)
{
    return g_bytes_ref(edit->text);
}

const BootIni *boot_ini_edit_parsed(const BootIniEdit *edit)
{
    return edit->ini;
}

const GPtrArray *boot_ini_edit_changes(const BootIniEdit *edit)
{
    return edit->changes;
}

BootIniEdit *boot_draft_new(const BootIniEdit *edit)
{
    return edit_new(edit->text, boot_ini_parse(edit->text));
}

static bool check_size(const BootIniEdit *draft, GError **errp)
{
    gsize size = g_bytes_get_size(draft->text);

    if (draft->ini->at.more_entries) {
        boot_ini_set_error(errp, GUEST_ERROR_NO_SPACE, "there are %d entries "
                           "already, and there must not be more: remove one "
                           "first", LIMIT_BOOT_INI_ENTRIES);
    } else if (size > LIMIT_BOOT_INI_SIZE) {
        boot_ini_set_error(errp, GUEST_ERROR_NO_SPACE, "it would have %zu "
                           "bytes, more than the %d that are read: shorten "
                           "it in the source VM", size, LIMIT_BOOT_INI_SIZE);
    } else {
        return true;
    }
    return false;
}

bool boot_draft_commit(BootIniEdit *edit, BootIniEdit *draft, GError **errp)
{
    if (g_bytes_equal(edit->text, draft->text)) {
        return true;
    }
    if (!check_size(draft, errp)) {
        return false;
    }
    g_bytes_unref(edit->text);
    boot_ini_free(edit->ini);
    edit->text = g_bytes_ref(draft->text);
    edit->ini = boot_ini_parse(edit->text);
    g_ptr_array_extend_and_steal(edit->changes,
                                 g_steal_pointer(&draft->changes));
    draft->changes = g_ptr_array_new_with_free_func(g_free);
    return true;
}

void boot_draft_change(BootIniEdit *draft, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(draft->changes, boot_ini_printable(text));
}

const BootEntry *boot_draft_entry(const BootIniEdit *draft, unsigned index)
{
    return g_ptr_array_index(draft->ini->entries, index);
}

unsigned boot_draft_number(const BootIniEdit *draft, const BootEntry *entry)
{
    guint index;
    bool found = g_ptr_array_find(draft->ini->entries, entry, &index);

    g_assert(found);
    return index + 1;
}

static const BootEntry *find_started(const BootIniEdit *draft, GError **errp)
{
    const BootEntry *entry = boot_ini_started(draft->ini);

    if (!entry) {
        boot_ini_set_error(errp, GUEST_ERROR_NOT_FOUND, "no entry has the "
                           "path of the default, %s, which NTLDR starts "
                           "without switches: add an entry of that path, or "
                           "make another one the default first ('win-xenfix "
                           "boot-ini --add' or '--default')",
                           boot_ini_started_path(draft->ini));
    }
    return entry;
}

const BootEntry *boot_draft_find(const BootIniEdit *draft, unsigned number,
                                 GError **errp)
{
    guint n = draft->ini->entries->len;

    if (number == 0) {
        return find_started(draft, errp);
    }
    if (number > n) {
        boot_ini_set_error(errp, GUEST_ERROR_NOT_FOUND, n == 1 ?
                           "entry %u: there is only %u entry: 'win-xenfix "
                           "boot-ini' shows it" :
                           "entry %u: there are only %u entries: 'win-xenfix "
                           "boot-ini' shows them", number, n);
        return NULL;
    }
    return boot_draft_entry(draft, number - 1);
}

/* The place of [boot loader], which is added if there is none. */
static BootSpan need_loader(BootIniEdit *draft)
{
    if (draft->ini->at.loader.length == 0) {
        boot_draft_insert_before(draft, draft->ini->at.systems,
                                 "[boot loader]");
    }
    return draft->ini->at.loader;
}

static void add_key(BootIniEdit *draft, const char *key, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s=%s", key, value);

    boot_draft_insert_behind(draft, need_loader(draft), line);
    boot_draft_change(draft, "%s: %s, was not given", key, value);
}

void boot_draft_default_path(BootIniEdit *draft, const char *path)
{
    const BootIniPlaces *at = &draft->ini->at;
    g_autofree char *before = NULL;

    if (!at->has_default) {
        add_key(draft, "default", path);
        return;
    }
    before = g_strdup(draft->ini->default_path);
    boot_draft_replace(draft, at->default_path, path);
    boot_draft_change(draft, "default: %s, was %s", path,
                      before ? before : "empty");
}

static const BootEntry *first_of_path(const BootIniEdit *draft,
                                      const char *path)
{
    for (guint i = 0; i < draft->ini->entries->len; i++) {
        const BootEntry *entry = boot_draft_entry(draft, i);

        if (g_ascii_strcasecmp(entry->path, path) == 0) {
            return entry;
        }
    }
    return NULL;
}

bool boot_draft_move(BootIniEdit *draft, unsigned index)
{
    const BootEntry *entry = boot_draft_entry(draft, index);
    const BootEntry *first = first_of_path(draft, entry->path);
    unsigned to;

    if (first == entry) {
        return false;
    }
    to = boot_draft_number(draft, first);
    boot_draft_move_line(draft, entry->at.line, first->at.line);
    boot_draft_change(draft, "entry %u: is now entry %u, in front of the "
                      "other one with its path", index + 1, to);
    return true;
}

bool boot_draft_default(BootIniEdit *draft, unsigned number, GError **errp)
{
    const BootEntry *entry = boot_draft_find(draft, number, errp);
    g_autofree char *path = NULL;

    if (!entry) {
        return false;
    }
    if (entry == boot_ini_started(draft->ini)) {
        return true;
    }
    if (!boot_entry_is_path(entry->path)) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "entry %u: '%s' is no "
                           "path, so that NTLDR could not start it: choose "
                           "another one, or add one", number, entry->path);
        return false;
    }
    path = g_strdup(entry->path);
    boot_draft_move(draft, number - 1);
    if (g_ascii_strcasecmp(boot_ini_started_path(draft->ini), path) != 0) {
        boot_draft_default_path(draft, path);
    }
    return true;
}

bool boot_ini_edit_default(BootIniEdit *edit, unsigned entry, GError **errp)
{
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);

    return boot_draft_default(draft, entry, errp) &&
           boot_draft_commit(edit, draft, errp);
}

/* Those of the timeouts that are not @seconds. */
static GArray *other_timeouts(const BootIniEdit *draft, int seconds)
{
    const GArray *all = draft->ini->at.timeouts;
    GArray *others = g_array_new(FALSE, FALSE, sizeof(BootSpan));

    for (guint i = 0; i < all->len; i++) {
        BootSpan at = g_array_index(all, BootSpan, i);
        g_autofree char *value = boot_draft_copy(draft, at);
        int n;

        if (!boot_ini_timeout(value, &n) || n != seconds) {
            g_array_append_val(others, at);
        }
    }
    return others;
}

/*
 * All of them are set if there are several: which one counts for NTLDR is
 * documented nowhere.
 */
static void set_timeouts(BootIniEdit *draft, int seconds, const char *value)
{
    g_autoptr(GArray) others = other_timeouts(draft, seconds);
    const BootIni *ini = draft->ini;
    g_autofree char *before =
        !ini->has_timeout ? g_strdup("no number")
        : ini->timeout == seconds ? g_strdup("something else in another line")
        : g_strdup_printf("%d", ini->timeout);

    if (others->len > 0) {
        boot_draft_replace_all(draft, others, value);
        boot_draft_change(draft, "timeout: %s, was %s", value, before);
    }
}

bool boot_ini_edit_timeout(BootIniEdit *edit, int seconds, GError **errp)
{
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);
    g_autofree char *value = g_strdup_printf("%d", seconds);

    if (seconds < -1 || seconds > MAX_TIMEOUT) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "a timeout of %d: it "
                           "has to be 0 to %d seconds, or -1 for no end",
                           seconds, MAX_TIMEOUT);
        return false;
    }
    if (draft->ini->at.timeouts->len == 0) {
        add_key(draft, "timeout", value);
    } else {
        set_timeouts(draft, seconds, value);
    }
    return boot_draft_commit(edit, draft, errp);
}
