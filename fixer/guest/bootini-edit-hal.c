/*
 * boot.ini, edited: an entry that starts the same Windows with another HAL
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-edit-internal.h"
#include "guest-limits.h"

/* Between what the entry was called and what is new in it. */
#define SEPARATOR " - "

/* The files of an entry that NTLDR starts instead of the usual ones. */
typedef struct BootFiles {
    const char *name;
    const char *file;
} BootFiles;

#define N_FILES 2

static bool has_file(const BootEntry *entry, const BootFiles *wanted)
{
    g_autofree char *file = boot_entry_switch(entry, wanted->name);

    return !file || !wanted->file ? !file && !wanted->file
           : g_ascii_strcasecmp(file, wanted->file) == 0;
}

/* Of what NTLDR would take of several there is no telling. */
static unsigned count_switches(const BootEntry *entry, const char *name)
{
    unsigned n = 0;

    for (char **p = entry->switches; *p; p++) {
        n += boot_switch_is(*p, name, strlen(name));
    }
    return n;
}

static bool has_files(const BootEntry *entry, const BootFiles *files)
{
    for (unsigned i = 0; i < N_FILES; i++) {
        if (!has_file(entry, &files[i]) ||
            count_switches(entry, files[i].name) > 1) {
            return false;
        }
    }
    return true;
}

/* The entry of that path with those files; NULL if there is none. */
static const BootEntry *find_with_files(const BootIniEdit *draft,
                                        const char *path,
                                        const BootFiles *files)
{
    for (guint i = 0; i < draft->ini->entries->len; i++) {
        const BootEntry *entry = boot_draft_entry(draft, i);

        if (g_ascii_strcasecmp(entry->path, path) == 0 &&
            has_files(entry, files)) {
            return entry;
        }
    }
    return NULL;
}

/* Whether another entry of that path has a title that begins like that. */
static bool is_called(const BootIniEdit *draft, const BootEntry *entry,
                      size_t length)
{
    for (guint i = 0; i < draft->ini->entries->len; i++) {
        const BootEntry *other = boot_draft_entry(draft, i);

        if (other != entry &&
            g_ascii_strcasecmp(other->path, entry->path) == 0 &&
            strncmp(other->title, entry->title, length) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * An entry with other files may have its title from here, by the one that it
 * is a copy of: then what is behind the last separator speaks of the files.
 */
static size_t plain_length(const BootIniEdit *draft, const BootEntry *entry)
{
    const char *end = g_strrstr(entry->title, SEPARATOR);
    size_t length = end ? (size_t)(end - entry->title) : 0;

    return length > 0 && is_called(draft, entry, length) &&
           (boot_entry_has(entry, "HAL") || boot_entry_has(entry, "KERNEL"))
           ? length : strlen(entry->title);
}

/*
 * Shortens @text to @size bytes at a blank, as no character of any OEM code
 * page has a blank as its second byte; it may be that nothing is left.
 */
static void shorten(char *text, size_t size)
{
    if (strlen(text) > size) {
        while (size > 0 && text[size] != ' ') {
            size--;
        }
        text[size] = '\0';
    }
    g_strchomp(text);
}

static char *new_title(const BootIniEdit *draft, const BootEntry *entry,
                       const char *title)
{
    g_autofree char *old = g_strndup(entry->title,
                                     plain_length(draft, entry));
    size_t more = strlen(SEPARATOR) + strlen(title);

    /* A title without quotation marks might have one inside. */
    g_strdelimit(old, "\"", '\'');
    shorten(old, LIMIT_BOOT_INI_TITLE > more ? LIMIT_BOOT_INI_TITLE - more
                                             : 0);
    return *old ? g_strconcat(old, SEPARATOR, title, NULL) : g_strdup(title);
}

static void set_title(BootIniEdit *draft, unsigned number, const char *title)
{
    const BootEntryPlaces *at = &boot_draft_entry(draft, number - 1)->at;
    const char *quote = at->title_has_quotes ? "" : "\"";
    g_autofree char *text = g_strconcat(quote, title, quote, NULL);

    boot_draft_replace(draft, at->title, text);
}

static bool set_files(BootIniEdit *draft, unsigned number,
                      const BootFiles *files, GError **errp)
{
    for (unsigned i = 0; i < N_FILES; i++) {
        const BootFiles *f = &files[i];
        g_autofree char *text =
            f->file ? g_strdup_printf("/%s=%s", f->name, f->file)
                    : g_strdup_printf("-/%s", f->name);

        if (!boot_draft_switch(draft, number, text, errp)) {
            return false;
        }
    }
    return true;
}

static bool add_copy(BootIniEdit *draft, const BootEntry *entry,
                     const BootFiles *files, const char *title,
                     GError **errp)
{
    unsigned number = boot_draft_number(draft, entry);
    g_autofree char *line = boot_draft_copy_line(draft, entry->at.line);
    g_autofree char *all_title = new_title(draft, entry, title);
    g_autofree char *content = NULL;

    boot_draft_insert_before(draft, entry->at.line, line);
    set_title(draft, number, all_title);
    if (!set_files(draft, number, files, errp)) {
        return false;
    }
    content = boot_draft_copy(draft,
                              boot_draft_entry(draft, number - 1)->at.content);
    /* How it came to be is of no interest. */
    g_ptr_array_set_size(draft->changes, 0);
    boot_draft_change(draft, "entry %u added: %s", number, content);
    return true;
}

static bool check_files(const BootFiles *files, GError **errp)
{
    for (unsigned i = 0; i < N_FILES; i++) {
        g_autofree char *text = g_strdup_printf("/%s=%s", files[i].name,
                                                files[i].file);

        if (files[i].file && !boot_ini_check_switch(text, errp)) {
            return false;
        }
    }
    return true;
}

static bool check_title(const char *title, GError **errp)
{
    if (!*title || strlen(title) > LIMIT_BOOT_INI_TITLE ||
        !boot_ini_is_printable(title) || strchr(title, '"')) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "'%s' cannot be a part "
                           "of a title: give up to %d ASCII characters, and "
                           "no quotation marks", title, LIMIT_BOOT_INI_TITLE);
        return false;
    }
    return true;
}

static bool add_or_choose(BootIniEdit *draft, const BootFiles *files,
                          const char *title, GError **errp)
{
    const BootEntry *started = boot_draft_find(draft, 0, errp);
    const BootEntry *same;

    if (!started) {
        return false;
    }
    same = find_with_files(draft, started->path, files);
    if (same) {
        return boot_draft_default(draft, boot_draft_number(draft, same), errp);
    }
    return check_title(title, errp) &&
           add_copy(draft, started, files, title, errp);
}

bool boot_ini_edit_add_hal(BootIniEdit *edit, const char *hal,
                           const char *kernel, const char *title,
                           GError **errp)
{
    g_autoptr(BootIniEdit) draft = boot_draft_new(edit);
    const BootFiles files[N_FILES] = {
        { "HAL", hal },
        { "KERNEL", kernel },
    };

    return check_files(files, errp) &&
           add_or_choose(draft, files, title, errp) &&
           boot_draft_commit(edit, draft, errp);
}
