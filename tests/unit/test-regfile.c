/*
 * .reg files: what is taken, as what, and what is refused where
 *
 * Results are compared as text: "[path]", "[-path]", "name=type:bytes" in
 * hexadecimal, "name=-".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "regfile.h"
#include "regfile-cases.h"
#include "util.h"

static RegFile *parse(const char *data, gsize size, GError **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);

    return regfile_parse("f.reg", bytes, errp);
}

static void dump_value(GString *out, const RegValue *value)
{
    gsize size;
    const guint8 *data;

    g_string_append_printf(out, "%s=", value->name);
    if (value->remove) {
        g_string_append(out, "-\n");
        return;
    }
    data = g_bytes_get_data(value->data, &size);
    g_string_append_printf(out, "%x:", value->type);
    for (gsize i = 0; i < size; i++) {
        g_string_append_printf(out, "%02x", data[i]);
    }
    g_string_append_c(out, '\n');
}

static char *dump(const RegFile *file)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < file->keys->len; i++) {
        const RegKey *key = g_ptr_array_index(file->keys, i);

        g_string_append_printf(out, "[%s%s]\n", key->remove ? "-" : "",
                               key->path);
        for (guint j = 0; j < key->values->len; j++) {
            dump_value(out, g_ptr_array_index(key->values, j));
        }
    }
    return g_string_free(out, FALSE);
}

static void assert_parses(const char *data, gsize size, const char *expected)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(RegFile) file = parse(data, size, &err);
    g_autofree char *text = NULL;

    g_assert_no_error(err);
    text = dump(file);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_refused(const char *data, gsize size, const char *message)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(RegFile) file = parse(data, size, &err);
    g_autofree char *full = g_strconcat("f.reg", message, NULL);

    g_assert_null(file);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_cmpstr(err->message, ==, full);
}

static char *with_line_ends(const char *text, const char *line_end)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    return g_strjoinv(line_end, lines);
}

static char *to_utf16le(const char *text, gsize *size)
{
    g_autofree char *utf16 = g_convert(text, -1, "UTF-16LE", "UTF-8", NULL,
                                       size, NULL);
    char *with_mark = g_malloc(*size + 2);

    memcpy(with_mark, "\xff\xfe", 2);
    memcpy(with_mark + 2, utf16, *size);
    *size += 2;
    return with_mark;
}

static void check(gconstpointer data)
{
    const Case *c = data;
    gsize size = strlen(c->text);

    if (c->dump) {
        assert_parses(c->text, size, c->dump);
    } else {
        assert_refused(c->text, size, c->error);
    }
}

/* Every case means the same with other line ends and in UTF-16. */
static void test_encodings(void)
{
    static const char *const line_ends[] = { "\n", "\r\n", "\r" };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(line_ends); j++) {
            g_autofree char *text = with_line_ends(cases[i].text,
                                                   line_ends[j]);
            Case variant = cases[i];
            gsize size;
            g_autofree char *utf16 = to_utf16le(text, &size);

            variant.text = text;
            check(&variant);
            if (variant.dump) {
                assert_parses(utf16, size, variant.dump);
            } else {
                assert_refused(utf16, size, variant.error);
            }
        }
    }
}

/* @text with something in front of its line of that number, from 1. */
static char *insert_before_line(const char *text, unsigned line,
                                const char *insert)
{
    const char *at = text;

    for (unsigned i = 1; i < line; i++) {
        at = strchr(at, '\n') + 1;
    }
    return g_strdup_printf("%.*s%s%s", (int)(at - text), text, insert, at);
}

static void assert_refused_at(const char *text, unsigned line,
                              unsigned column)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(RegFile) file = parse(text, strlen(text), &err);
    g_autofree char *place = g_strdup_printf("f.reg:%u:%u: ", line, column);

    g_assert_null(file);
    g_assert_true(g_str_has_prefix(err->message, place));
}

/* What is refused moves with its text: its place is no matter of chance. */
static void test_places(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned line, column;
        g_autofree char *lower = NULL;
        g_autofree char *right = NULL;

        if (cases[i].dump) {
            continue;
        }
        g_assert_cmpint(sscanf(cases[i].error, ":%u:%u", &line, &column), ==,
                        2);
        right = insert_before_line(cases[i].text, line, " \t");
        assert_refused_at(right, line, column + 2);
        if (line > 2) {
            lower = insert_before_line(cases[i].text, 2, ";\xc3\xa9\n\n");
            assert_refused_at(lower, line + 2, column);
        }
    }
}

/* REGEDIT4 writes strings in 8 bits; those of Windows-1252 here. */
static void test_regedit4_strings(void)
{
    static const char text[] =
        H4 K "\"a\"=hex(2):41,80,00\n\"b\"=hex(2):41\n"
        "\"c\"=hex(7):41,00,42,00,00\n\"d\"=hex(1):e9\n\"e\"=hex(7):\n"
        "\"f\"=hex:41,00\n\"g\"=hex(0):41\n\"h\"=\"x\"\n";

    assert_parses(text, strlen(text),
                  "[HKEY_LOCAL_MACHINE\\K]\na=2:4100ac200000\nb=2:41000000\n"
                  "c=7:41000000420000000000\nd=1:e9000000\ne=7:\n"
                  "f=3:4100\ng=0:41\nh=1:78000000\n");
}

/* In UTF-16, nothing says how wide the strings of REGEDIT4 are. */
static void test_regedit4_utf16(void)
{
    gsize size;
    g_autofree char *plain = to_utf16le(H4 K "\"a\"=\"b\"\n\"c\"=hex:01\n",
                                        &size);
    g_autofree char *strings = NULL;

    assert_parses(plain, size,
                  "[HKEY_LOCAL_MACHINE\\K]\na=1:62000000\nc=3:01\n");
    strings = to_utf16le(H4 K "\"a\"=hex(2):41,00\n", &size);
    assert_refused(strings, size,
                   ":4:12: 8-bit or UTF-16?  The file is UTF-16 but begins "
                   "with REGEDIT4; begin it with Windows Registry Editor "
                   "Version 5.00");
}

static void test_8bit(void)
{
    static const char utf8[] = "\xef\xbb\xbf" H5 K "\"a\"=\"\xc3\xa9\"\n";
    static const char bad[] = "\xef\xbb\xbf" H5 K "\"a\"=\"\xe9\"\n";
    static const char ansi[] = H5 K "\"a\"=\"\xe9\x80\"\n";
    static const char nul[] = H5 K "\"a\"=\"\0\"\n";

    assert_parses(utf8, sizeof(utf8) - 1,
                  "[HKEY_LOCAL_MACHINE\\K]\na=1:e9000000\n");
    assert_refused(bad, sizeof(bad) - 1,
                   ":4:6: not valid UTF-8, which its byte order mark "
                   "promises");
    assert_parses(ansi, sizeof(ansi) - 1,
                  "[HKEY_LOCAL_MACHINE\\K]\na=1:e900ac200000\n");
    assert_refused(nul, sizeof(nul) - 1, ":4:6: NUL character in the text");
    assert_refused("", 0, ":1:1: not a .reg file: the first line must be "
                   "\"Windows Registry Editor Version 5.00\" or "
                   "\"REGEDIT4\"");
}

static void test_utf16(void)
{
    /* H5, then a lone surrogate / a NUL / half a character */
    gsize size;
    g_autofree char *text = to_utf16le(H5 ";xy\n", &size);
    char *x = text + 2 + 2 * strlen(H5 ";");

    x[0] = 0x34;
    x[1] = (char)0xd8;
    assert_refused(text, size, ":3:2: not valid UTF-16");
    x[1] = x[0] = 0;
    assert_refused(text, size, ":3:2: NUL character in the text");
    x[0] = 'x';
    assert_refused(text, size - 1, ":3:4: odd number of bytes in UTF-16 text: "
                   "the file is cut");
    assert_refused("\xfe\xff\0R", 4, ":1:1: UTF-16 of the wrong byte order: "
                   "save the file as UTF-16LE, as regedit does");
}

static char *repeat(const char *before, const char *text, unsigned times,
                    const char *after)
{
    GString *out = g_string_new(before);

    for (unsigned i = 0; i < times; i++) {
        g_string_append(out, text);
    }
    g_string_append(out, after);
    return g_string_free(out, FALSE);
}

static void check_limit(const char *before, const char *unit,
                        const char *after, unsigned most, const char *error)
{
    g_autofree char *fits = repeat(before, unit, most, after);
    g_autofree char *exceeds = repeat(before, unit, most + 1, after);
    g_autoptr(GError) err = NULL;
    g_autoptr(RegFile) file = parse(fits, strlen(fits), &err);

    g_assert_no_error(err);
    assert_refused(exceeds, strlen(exceeds), error);
}

static void test_limits(void)
{
    check_limit(H5 "[HKEY_LOCAL_MACHINE\\", "k", "]\n", 255,
                ":3:21: a key's name is longer than 255 characters");
    /* outside the first plane, a character is two units */
    check_limit(H5 "[HKEY_LOCAL_MACHINE\\", "\xf0\x9d\x84\x9e", "]\n", 127,
                ":3:21: a key's name is longer than 255 characters");
    check_limit(H5 "[-HKEY_LOCAL_MACHINE\\a\\\\\xc3\xa9\\", "k", "\\]\n", 255,
                ":3:27: a key's name is longer than 255 characters");
    check_limit(H5 "[HKEY_LOCAL_MACHINE", "\\k", "]\n", 512,
                ":3:1045: more than 512 keys deep");
    check_limit(H5 K "\"", "n", "\"=-\n", 16383,
                ":4:1: the value's name is longer than 16383 characters");
    check_limit(H5 K "@=\"", "s", "\"\n", 1024 * 1024 / 2 - 1,
                ":4:3: the string is longer than 1048576 bytes");
    check_limit(H5 K "@=hex:", "1,", "\n", 1024 * 1024,
                ":4:2097159: the value is longer than 1048576 bytes");
    check_limit(H5 ";", "c", "", 16 * 1024 * 1024 - strlen(H5 ";"),
                ": 16777217 bytes are too many for a .reg file, which may "
                "have 16777216");
}

static void test_lines(void)
{
    static const char text[] =
        H5 K "\n\"a\"=hex:01,\\\n 02\n \"b\"=-\n [-" ROOT "\\K]\n";
    g_autoptr(RegFile) file = parse(text, strlen(text), NULL);
    const RegKey *first = g_ptr_array_index(file->keys, 0);
    const RegKey *second = g_ptr_array_index(file->keys, 1);
    const RegValue *a = g_ptr_array_index(first->values, 0);
    const RegValue *b = g_ptr_array_index(first->values, 1);

    g_assert_cmpstr(file->name, ==, "f.reg");
    g_assert_cmpuint(first->line, ==, 3);
    g_assert_cmpuint(first->column, ==, 2);
    g_assert_cmpuint(a->line, ==, 5);
    g_assert_cmpuint(a->column, ==, 1);
    g_assert_cmpuint(b->line, ==, 7);
    g_assert_cmpuint(b->column, ==, 2);
    g_assert_cmpuint(second->line, ==, 8);
    g_assert_cmpuint(second->column, ==, 4);
}

/* Whatever is cut or changed, the result is a file or an error. */
static void test_damage(void)
{
    static const char text[] =
        H5 "[-HKLM\\a]\n" K "\"a\\\\\"=\"b\"\n@=hex(2):41,\\ ;c\n 42\n"
        "\"\xc3\xa9\"=dword:1\n\"d\"=-";
    static const char bytes[] = "\0\t\n\r \"#-,;=@[\\]\x7f\x80\xc3\xff";
    gsize size;
    g_autofree char *utf16 = to_utf16le(text, &size);

    for (gsize cut = 0; cut < size; cut++) {
        g_autoptr(RegFile) a = parse(text, MIN(cut, strlen(text)), NULL);
        g_autoptr(RegFile) b = parse(utf16, cut, NULL);
    }
    for (gsize at = 0; at < size; at++) {
        for (gsize i = 0; i < sizeof(bytes) - 1; i++) {
            g_autofree char *narrow = g_strdup(text);
            char old = utf16[at];
            g_autoptr(RegFile) a = NULL;
            g_autoptr(RegFile) b = NULL;

            narrow[at / 2] = bytes[i];
            utf16[at] = bytes[i];
            a = parse(narrow, strlen(text), NULL);
            b = parse(utf16, size, NULL);
            utf16[at] = old;
        }
    }
}

/* The profile's text, read from the source tree. */
static char *dump_file(const char *path)
{
    g_autoptr(GBytes) bytes = read_file(path);
    g_autoptr(GError) err = NULL;
    g_autoptr(RegFile) file = regfile_parse(path, bytes, &err);

    g_assert_no_error(err);
    return dump(file);
}

#define MERGEIDE XENPREP_SOURCE "/fixer/profiles/mergeide.reg"
#define SYSTEM "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\"

static void test_mergeide(void)
{
    g_autofree char *text = dump_file(MERGEIDE);
    g_auto(GStrv) keys = g_strsplit(text, "[", -1);

    /* 31 devices, three services; nothing stands before the first */
    g_assert_cmpuint(g_strv_length(keys) - 1, ==, 31 + 3);
    /* "{4D36E96A-E325-11CE-BFC1-08002BE10318}" and "intelide" */
    g_assert_nonnull(strstr(text, SYSTEM "Control\\CriticalDeviceDatabase\\"
        "pci#ven_8086&dev_7010]\nClassGUID=1:"
        "7b00340044003300360045003900360041002d0045003300320035002d00"
        "31003100430045002d0042004600430031002d0030003800300030003200"
        "4200450031003000330031003800" "7d000000\n"
        "Service=1:69006e00740065006c0069006400650000" "00\n"));
    /* Group "System Bus Extender", ImagePath System32\DRIVERS\pciide.sys */
    g_assert_nonnull(strstr(text, SYSTEM "Services\\PCIIde]\n"
        "ErrorControl=4:01000000\n"
        "Group=1:530079007300740065006d0020004200750073002000450078007400"
        "65006e006400650072000000\n"
        "Start=4:00000000\nTag=4:03000000\nType=4:01000000\n"
        "ImagePath=2:530079007300740065006d00330032005c0044005200490056004500"
        "520053005c007000630069006900640065002e007300790073000000\n"));
}

/* The texts that people publish, which name a control set. */
static void test_mergeide_published(gconstpointer name)
{
    g_autofree char *path = shared_data(name);
    g_autofree char *ours = NULL;
    g_autofree char *theirs = NULL;
    g_auto(GStrv) parts = NULL;
    g_autofree char *current = NULL;

    if (!path) {
        return;
    }
    ours = dump_file(MERGEIDE);
    theirs = dump_file(path);
    parts = g_strsplit(theirs, "\\ControlSet001\\", -1);
    current = g_strjoinv("\\CurrentControlSet\\", parts);
    g_assert_cmpstr(ours, ==, current);
}

/* The text of the seed's step 2, as its reader saves it. */
static char *article_text(const char *path)
{
    g_autoptr(GBytes) bytes = read_file(path);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *article = g_strndup(data, size);
    char *start = strstr(article, "Windows Registry Editor");
    char *end;

    g_assert_nonnull(start);
    end = strstr(start, "```");
    g_assert_nonnull(end);
    return g_strndup(start, end - start);
}

/* Notepad ends lines with CRLF and saves in any of three ways. */
static void test_article(void)
{
    g_autofree char *path = shared_data("../seed-article.txt");
    g_autofree char *text = NULL;
    g_autofree char *notepad = NULL;
    g_autofree char *utf8 = NULL;
    g_autofree char *utf16 = NULL;
    g_autofree char *ours = NULL;
    gsize size;

    if (!path) {
        return;
    }
    text = article_text(path);
    notepad = with_line_ends(text, "\r\n");
    utf8 = g_strconcat("\xef\xbb\xbf", notepad, NULL);
    utf16 = to_utf16le(notepad, &size);
    ours = dump_file(MERGEIDE);
    assert_parses(text, strlen(text), ours);
    assert_parses(notepad, strlen(notepad), ours);
    assert_parses(utf8, strlen(utf8), ours);
    assert_parses(utf16, size, ours);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/regfile/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check);
    }
    g_test_add_func("/regfile/encodings", test_encodings);
    g_test_add_func("/regfile/places", test_places);
    g_test_add_func("/regfile/regedit4-strings", test_regedit4_strings);
    g_test_add_func("/regfile/regedit4-utf16", test_regedit4_utf16);
    g_test_add_func("/regfile/8bit", test_8bit);
    g_test_add_func("/regfile/utf16", test_utf16);
    g_test_add_func("/regfile/limits", test_limits);
    g_test_add_func("/regfile/lines", test_lines);
    g_test_add_func("/regfile/damage", test_damage);
    g_test_add_func("/regfile/mergeide", test_mergeide);
    g_test_add_data_func("/regfile/mergeide-published/lf",
                         "reg/jakobadam-mergeide.reg",
                         test_mergeide_published);
    g_test_add_data_func("/regfile/mergeide-published/crlf",
                         "reg/petersondrew-MergeIDE.reg",
                         test_mergeide_published);
    g_test_add_func("/regfile/article", test_article);
    return g_test_run();
}
