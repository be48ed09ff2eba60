/*
 * How win-xenfix shows a report: JSON, or lines for people
 *
 * All strings of a report are clean (xenprep-report.h): what a guest has in
 * its files cannot move the cursor of a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-print.h"

#include "qapi/visitor.h"

static void print_json(QObject *obj)
{
    GString *text = qobject_to_json_pretty(obj, true);

    printf("%s\n", text->str);
    g_string_free(text, true);
    qobject_unref(obj);
}

void xenfix_print_visited(Visitor *v, QObject **obj)
{
    visit_complete(v, obj);
    visit_free(v);
    print_json(*obj);
}

void xenfix_word(GString *words, const char *fmt, ...)
{
    va_list ap;

    if (words->len) {
        g_string_append(words, ", ");
    }
    va_start(ap, fmt);
    g_string_append_vprintf(words, fmt, ap);
    va_end(ap);
}

void xenfix_word_if(GString *words, const char *word)
{
    if (word) {
        xenfix_word(words, "%s", word);
    }
}

void xenfix_print_words(const char *label, GString *words)
{
    printf("%s: %s\n", label, words->str);
    g_string_truncate(words, 0);
}

void xenfix_print_strings(const char *label, const strList *strings)
{
    for (; strings; strings = strings->next) {
        printf("%s: %s\n", label, strings->value);
    }
}

void xenfix_print_string_list(const char *label, const strList *strings)
{
    g_autoptr(GString) words = g_string_new(NULL);

    for (; strings; strings = strings->next) {
        xenfix_word(words, "%s", strings->value);
    }
    if (words->len) {
        xenfix_print_words(label, words);
    }
}

void xenfix_print_number_list(const char *label, const intList *numbers)
{
    g_autoptr(GString) words = g_string_new(NULL);

    for (; numbers; numbers = numbers->next) {
        xenfix_word(words, "%" PRId64, numbers->value);
    }
    if (words->len) {
        xenfix_print_words(label, words);
    }
}

static void print_controllers(const WinXenprepControllerList *list,
                              GString *words)
{
    for (; list; list = list->next) {
        xenfix_word(words, "%s", list->value->bus);
        xenfix_word_if(words, list->value->device);
        if (list->value->service) {
            xenfix_word(words, "service %s", list->value->service);
        }
        xenfix_print_words("    disk seen on", words);
    }
}

/* What it says of itself; of those before Vista the version tells all. */
static void print_release(const WinXenprepWindows *windows, GString *words)
{
    if (!windows->edition && !windows->release) {
        return;
    }
    xenfix_word_if(words, windows->edition);
    xenfix_word_if(words, windows->release);
    if (windows->has_build) {
        xenfix_word(words, "build %" PRId64, windows->build);
    }
    xenfix_print_words("    edition", words);
}

void xenfix_print_windows(const WinXenprepWindows *windows, GString *words)
{
    xenfix_word(words, "%s", windows->name);
    xenfix_word(words, "version %s", windows->version);
    if (windows->service_pack) {
        xenfix_word(words, "service pack %" PRId64, windows->service_pack);
    }
    xenfix_word(words, "%s", windows->product_type);
    xenfix_word(words, "%s", windows->machine);
    xenfix_print_words("Windows", words);
    if (windows->product_name) {
        printf("    product name: %s\n", windows->product_name);
    }
    print_release(windows, words);
    printf("    place: partition %" PRId64 ", %s\n", windows->partition,
           windows->system_root);
    xenfix_print_number_list("    control sets", windows->control_sets);
    print_controllers(windows->controllers, words);
    printf("    conclusion: %s\n", windows->conclusion);
}

static void print_boot_entry(unsigned number, const WinXenfixBootEntry *entry,
                             GString *words)
{
    g_autofree char *label = g_strdup_printf("    entry %u", number);

    g_string_append_printf(words, "%s=\"%s\"", entry->path, entry->title);
    for (strList *option = entry->switches; option; option = option->next) {
        g_string_append_printf(words, " %s", option->value);
    }
    if (entry->q_default) {
        xenfix_word(words, "default");
    }
    if (entry->has_partition) {
        xenfix_word(words, "partition %" PRId64, entry->partition);
    }
    xenfix_print_words(label, words);
    if (entry->problem) {
        printf("        problem: %s\n", entry->problem);
    }
}

void xenfix_print_boot_ini(const WinXenfixBootIni *ini, GString *words)
{
    unsigned number = 0;

    xenfix_word(words, "partition %" PRId64, ini->partition);
    if (ini->has_timeout) {
        xenfix_word(words, "timeout %" PRId64 " s", ini->timeout);
    }
    xenfix_print_words("boot.ini", words);
    for (WinXenfixBootEntryList *entry = ini->entries; entry;
         entry = entry->next) {
        print_boot_entry(++number, entry->value, words);
    }
    xenfix_print_strings("    warning", ini->warnings);
}
