/*
 * boot.ini, edited: entries and their switches
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-edit-internal.h"
#include "guest-limits.h"

static bool has_exactly(const BootEntry *entry, const char *text)
{
    for (char **p = entry->switches; *p; p++) {
        if (g_ascii_strcasecmp(*p, text) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether both have that path and, in whatever order, those switches. */
static bool is_same(const BootEntry *a, const BootEntry *b)
{
    if (g_ascii_strcasecmp(a->path, b->path) != 0 ||
        g_strv_length(a->switches) != g_strv_length(b->switches)) {
        return false;
    }
    for (char **p = a->switches; *p; p++) {
        if (!has_exactly(b, *p)) {
            return false;
        }
    }
    return true;
}

static bool is_there(const BootIniEdit *draft, const BootEntry *wanted)
{
    for (guint i = 0; i < draft->ini->entries->len; i++) {
        if (is_same(wanted, boot_draft_entry(draft, i))) {
            return true;
        }
    }
    return false;
}

bool boot_ini_edit_add(BootIniEdit *edit, const char *line, const Disk *disk,
                       GError **errp)
{
    g_autofree char *text = g_strstrip(g_strdup(line));
    g_autoptr(BootEntry) entry = boot_ini_check_line(text, disk, errp);
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);
    guint n = draft->ini->entries->len;

    if (!entry) {
        return false;
    }
    if (is_there(draft, entry)) {
        return true;
    }
    boot_draft_insert_behind(draft, boot_draft_entry(draft, n - 1)->at.line,
                             text);
    boot_draft_change(draft, "entry %u added: %s", n + 1, text);
    return boot_draft_commit(edit, draft, errp);
}

static bool check_removable(const BootIniEdit *draft, const BootEntry *entry,
                            GError **errp)
{
    unsigned number = boot_draft_number(draft, entry);

    if (draft->ini->entries->len == 1) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "entry %u: it is the "
                           "only one, and cannot be removed: add another one "
                           "first", number);
    } else if (entry == boot_ini_started(draft->ini)) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "entry %u: it is the "
                           "one that is started, and cannot be removed: make "
                           "another one the default first", number);
    } else {
        return true;
    }
    return false;
}

bool boot_ini_edit_remove(BootIniEdit *edit, unsigned number, GError **errp)
{
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);
    const BootEntry *entry = boot_draft_find(draft, number, errp);
    g_autofree char *text = NULL;

    if (!entry || !check_removable(draft, entry, errp)) {
        return false;
    }
    text = boot_draft_copy(draft, entry->at.content);
    boot_draft_remove_line(draft, entry->at.line);
    boot_draft_change(draft, "entry %u removed: %s", number, text);
    return boot_draft_commit(edit, draft, errp);
}

static bool check_editable(const BootEntry *entry, unsigned number,
                           GError **errp)
{
    if (entry->at.title_is_open) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "entry %u: the title's "
                           "second quotation mark is missing, so that it "
                           "cannot have switches: add it in the source VM",
                           number);
    } else if (entry->at.more_switches) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "entry %u: it has more "
                           "than %d switches: take some away in the source "
                           "VM", number, LIMIT_BOOT_INI_SWITCHES);
    } else {
        return true;
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * What goes with a switch: it, and the blanks in front of it unless another
 * one follows without any.
 */
static BootSpan with_blanks(const BootIniEdit *draft, BootSpan content,
                            BootSpan at)
{
    const char *data = g_bytes_get_data(draft->text, NULL);
    size_t end = at.start + at.length;

    if (end == content.start + content.length || is_blank(data[end])) {
        while (is_blank(data[at.start - 1])) {
            at.start--;
        }
        at.length = end - at.start;
    }
    return at;
}

/* Those of the entry's switches that have that name, by their places. */
static GArray *places_of(const BootEntry *entry, const char *name)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(BootSpan));

    for (guint i = 0; entry->switches[i]; i++) {
        if (boot_switch_is(entry->switches[i], name,
                           boot_switch_name_length(name))) {
            g_array_append_val(places, g_array_index(entry->at.switches,
                                                     BootSpan, i));
        }
    }
    return places;
}

/* Takes away those at @places, but not the first @keep of them. */
static void take_away(BootIniEdit *draft, unsigned number,
                      const GArray *places, guint keep)
{
    for (guint i = places->len; i > keep; i--) {
        BootSpan at = g_array_index(places, BootSpan, i - 1);
        g_autofree char *text = boot_draft_copy(draft, at);
        BootSpan content = boot_draft_entry(draft, number - 1)->at.content;

        boot_draft_replace(draft, with_blanks(draft, content, at), "");
        boot_draft_change(draft, "entry %u: %s removed", number, text);
    }
}

static void add_switch(BootIniEdit *draft, unsigned number, const char *text)
{
    BootSpan content = boot_draft_entry(draft, number - 1)->at.content;
    BootSpan end = { .start = content.start + content.length };
    g_autofree char *more = g_strconcat(" ", text, NULL);

    boot_draft_replace(draft, end, more);
    boot_draft_change(draft, "entry %u: %s added", number, text);
}

static void set_switch(BootIniEdit *draft, unsigned number, const char *text,
                       const GArray *places)
{
    BootSpan first;
    g_autofree char *before = NULL;

    if (places->len == 0) {
        add_switch(draft, number, text);
        return;
    }
    take_away(draft, number, places, 1);
    first = g_array_index(places, BootSpan, 0);
    before = boot_draft_copy(draft, first);
    if (g_ascii_strcasecmp(before, text) != 0) {
        boot_draft_replace(draft, first, text);
        boot_draft_change(draft, "entry %u: %s, was %s", number, text, before);
    }
}

/*
 * A title without quotation marks ends at the first switch; without that it
 * would take in what has no "/" behind it.
 */
static bool check_title_stays(const BootEntry *entry, const char *before,
                              unsigned number, GError **errp)
{
    if (strcmp(entry->title, before) != 0) {
        boot_ini_set_error(errp, GUEST_ERROR_REFUSED, "entry %u: its title "
                           "has no quotation marks, and would take in what "
                           "is behind the switch: add them in the source VM",
                           number);
        return false;
    }
    return true;
}

bool boot_draft_switch(BootIniEdit *draft, unsigned number, const char *text,
                       GError **errp)
{
    const BootEntry *entry = boot_draft_entry(draft, number - 1);
    const char *name = *text == '-' ? text + 2 : text + 1;
    g_autofree char *title = NULL;
    g_autoptr(GArray) places = NULL;

    if (!check_editable(entry, number, errp)) {
        return false;
    }
    title = g_strdup(entry->title);
    places = places_of(entry, name);
    if (*text == '-') {
        take_away(draft, number, places, 0);
    } else {
        set_switch(draft, number, text, places);
    }
    entry = boot_draft_entry(draft, number - 1);
    return check_editable(entry, number, errp) &&
           check_title_stays(entry, title, number, errp);
}

bool boot_ini_edit_switch(BootIniEdit *edit, unsigned number,
                          const char *text, GError **errp)
{
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);
    const BootEntry *entry;

    if (*text == '-' ? !boot_ini_check_name(text + 1, errp)
                     : !boot_ini_check_switch(text, errp)) {
        return false;
    }
    entry = boot_draft_find(draft, number, errp);
    return entry &&
           boot_draft_switch(draft, boot_draft_number(draft, entry), text,
                             errp) &&
           boot_draft_commit(edit, draft, errp);
}
