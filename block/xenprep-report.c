/*
 * What the helper says: its report, and its error messages
 *
 * Much of it comes from the guest in the end (names of files, text in
 * version resources), and people will read it on a terminal.  So nothing
 * passes that could move a cursor, end a line, or turn the direction of
 * writing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-input-visitor.h"
#include "win-xenprep-compat.h"
#include "xenprep-report.h"

static bool is_plain(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    /* What these look like, and how wide they are, is up to the terminal. */
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
        return false;
    default:
        return true;
    }
}

char *xenprep_text_clean(const char *text, size_t length)
{
    g_autofree char *valid = g_utf8_make_valid(text, length);
    GString *clean = g_string_sized_new(length);

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (is_plain(c)) {
            g_string_append_unichar(clean, c);
        } else {
            g_string_append_c(clean, g_unichar_isspace(c) ? ' ' : '?');
        }
    }
    return g_strstrip(g_string_free(clean, false));
}

static QObject *clean_object(QObject *obj);

static void clean_dict(QDict *dict)
{
    for (const QDictEntry *entry = qdict_first(dict); entry;
         entry = qdict_next(dict, entry)) {
        const char *key = qdict_entry_key(entry);
        QObject *clean = clean_object(qdict_entry_value(entry));

        if (clean) {
            /* The key exists, so this exchanges the entry's value. */
            qdict_put_obj(dict, key, clean);
        }
    }
}

static void clean_list(QList *list)
{
    QListEntry *entry;

    QLIST_FOREACH_ENTRY(list, entry) {
        QObject *clean = clean_object(qlist_entry_obj(entry));

        if (clean) {
            qobject_unref(entry->value);
            entry->value = clean;
        }
    }
}

/*
 * Cleans what is in a container, where it is.  Of a string it returns a
 * clean copy, to be put in its place.  The parser limits the depth.
 */
static QObject *clean_object(QObject *obj)
{
    const char *text;
    g_autofree char *clean = NULL;

    switch (qobject_type(obj)) {
    case QTYPE_QDICT:
        clean_dict(qobject_to(QDict, obj));
        return NULL;
    case QTYPE_QLIST:
        clean_list(qobject_to(QList, obj));
        return NULL;
    case QTYPE_QSTRING:
        text = qstring_get_str(qobject_to(QString, obj));
        clean = xenprep_text_clean(text, strlen(text));
        return QOBJECT(qstring_from_str(clean));
    default:
        return NULL;
    }
}

QObject *xenprep_report_clean(QObject *obj)
{
    QObject *clean = clean_object(obj);

    if (clean) {
        qobject_unref(obj);
        return clean;
    }
    return obj;
}

static bool visit(Visitor *v, XenprepVerb verb, XenprepReport *report,
                  Error **errp)
{
    switch (verb) {
    case XENPREP_VERB_PREPARE:
        return visit_type_ImageInfoSpecificWinXenprep(v, NULL,
                                                      &report->prepare, errp);
    case XENPREP_VERB_INSPECT:
        return visit_type_WinXenfixInfo(v, NULL, &report->inspect, errp);
    case XENPREP_VERB_CHECK:
        return visit_type_WinXenfixCheck(v, NULL, &report->check, errp);
    }
    g_assert_not_reached();
}

/* Hands on an error of QEMU's parsers, which quotes what it has parsed. */
static void set_clean_error(Error **errp, const char *what, Error *err)
{
    const char *text = error_get_pretty(err);
    g_autofree char *clean = xenprep_text_clean(text, strlen(text));

    error_setg(errp, "%s: %s", what, clean);
    error_free(err);
}

bool xenprep_report_parse(XenprepVerb verb, const char *json, size_t length,
                          XenprepReport *report, Error **errp)
{
    g_autofree char *text = g_strndup(json, length);
    Error *err = NULL;
    Visitor *v;
    QObject *obj;
    bool ok;

    if (memchr(json, '\0', length)) {
        error_setg(errp, "its report is no JSON: there is a NUL in it");
        return false;
    }
    obj = qobject_from_json(text, &err);
    if (!obj) {
        set_clean_error(errp, "its report is no JSON", err);
        return false;
    }
    obj = xenprep_report_clean(obj);
    v = qobject_input_visitor_new(obj);
    ok = visit(v, verb, report, &err);
    if (!ok) {
        set_clean_error(errp, "its report does not fit the schema", err);
    }
    visit_free(v);
    qobject_unref(obj);
    return ok;
}

void xenprep_report_clear(XenprepReport *report)
{
    qapi_free_ImageInfoSpecificWinXenprep(report->prepare);
    qapi_free_WinXenfixInfo(report->inspect);
    qapi_free_WinXenfixCheck(report->check);
    *report = (XenprepReport) { 0 };
}
