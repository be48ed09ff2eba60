/*
 * Unit test of what profiles do to the registry of Windows Vista and later
 *
 * Services and filters, and what their files are to them: the name of a file
 * says what is the matter with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-fixture.h"
#include "hive-internal.h"
#include "profile-apply.h"
#include "registry.h"

#define HDC "{4D36E96A-E325-11CE-BFC1-08002BE10318}"
#define DISK "{4D36E967-E325-11CE-BFC1-08002BE10318}"
#define WHERE "HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\"

#define SERVICE SET1 "Services\\"
#define DRIVER(name, start) SERVICE name "]\n\"Type\"=dword:1\n" \
                            "\"Start\"=dword:" start "\n"
#define OVERRIDE(name, values) SERVICE name "\\StartOverride]\n" values

typedef struct Case {
    /* Sections of a profile. */
    const char *profile;
    const char *before;
    /* NULL: nothing changes. */
    const char *after;
    const char *changes;
    const char *warnings;
} Case;

static bool file_state(DriverFiles *files, const char *path,
                       DriverFileState *state, GError **errp)
{
    static const struct {
        const char *prefix;
        DriverFileState state;
    } states[] = {
        { "gone", DRIVER_FILE_MISSING },
        { "empty", DRIVER_FILE_EMPTY },
        { "bad", DRIVER_FILE_UNFIT },
        { "odd", DRIVER_FILE_UNKNOWN },
        { "", DRIVER_FILE_FITS },
    };
    const char *name = strrchr(path, '\\') + 1;
    unsigned i = 0;

    g_assert_true(g_str_has_prefix(path, "\\Windows\\"));
    if (g_str_has_prefix(name, "fire")) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "disk on fire");
        return false;
    }
    while (!g_str_has_prefix(name, states[i].prefix)) {
        i++;
    }
    *state = states[i].state;
    return true;
}

static GBytes *no_file(const char *name, void *opaque, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND, "%s", name);
    return NULL;
}

static Profile *parse(const char *sections)
{
    g_autofree char *text =
        g_strconcat("[profile]\nname=test\ndescription=d\n[guest]\n"
                    "min-version=6.0\nmax-version=10.0\nmachines=x64\n",
                    sections, NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(GError) err = NULL;
    Profile *profile = profile_parse("test.profile", bytes, no_file, NULL,
                                     &err);

    g_assert_no_error(err);
    return profile;
}

typedef struct Options {
    unsigned sets;
    bool strict;
} Options;

static bool apply(Hive *hive, const char *sections, const Options *options,
                  GPtrArray *changes, GPtrArray *warnings, GError **errp)
{
    g_autoptr(Profile) profile = parse(sections);
    g_autoptr(GArray) sets = fixture_sets(options->sets);
    DriverFiles files = { file_state };
    Windows windows = {
        .place.system_root = (char *)"\\Windows",
        .version.part = { 10, 0, 19041, 1 },
        .machine = PE_MACHINE_AMD64,
        .control_sets = sets,
    };
    ProfileTarget target = {
        .system = hive,
        .windows = &windows,
        .files = &files,
        .strict_filters = options->strict,
        .changes = changes,
        .warnings = warnings,
    };

    return profile_apply(profile, &target, errp);
}

static void check(const Case *c, const Options *options)
{
    g_autoptr(Hive) hive = fixture_hive(c->before);
    g_autoptr(Hive) again = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) more = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;
    bool changed;

    apply(hive, c->profile, options, changes, warnings, &err);
    g_assert_no_error(err);
    registry_settle(hive, REGISTRY_SYSTEM, changes, &changed, &err);
    g_assert_no_error(err);
    fixture_assert_changes(changes, c->changes);
    fixture_assert_warnings(warnings, c->warnings ? c->warnings : "");
    g_assert_true(changed == (changes->len > 0));
    again = fixture_reopen(hive);
    fixture_assert(again, c->after ? c->after : c->before);
    /* What changes nothing does not touch the hive. */
    if (!changed) {
        g_autoptr(GBytes) bytes = hive_save(hive, &err);

        g_assert_true(bytes == hive->original);
    }
    /* A second time there is nothing left to do. */
    apply(again, c->profile, options, more, warnings, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(more->len, ==, 0);
}

static void check_all(const Case *cases, gsize count)
{
    static const Options options = { .sets = 1 };

    for (gsize i = 0; i < count; i++) {
        g_test_message("case %zu", i);
        check(&cases[i], &options);
    }
}

/* ---------------------------------------------------------- [boot-service] */

#define BOOT(name) "[boot-service " name "]\nstart=0;3\nmissing=ignore\n" \
                   "reason=because\n"
#define WANTED(name) "[boot-service " name "]\nstart=0\n" \
                     "start-override=delete\nmissing=warn\nreason=because\n"
#define MADE(name) "[boot-service " name "]\nstart=0;1\n" \
                   "start-override=delete\nmissing=create\ngroup=My Group\n" \
                   "error-control=3\nreason=because\n"

static const Case starts[] = {
    /* Whatever is allowed stays; another number becomes the first of them. */
    { BOOT("fits"), DRIVER("fits", "0"), NULL, "" },
    { BOOT("fits"), DRIVER("fits", "3"), NULL, "" },
    { BOOT("fits"), DRIVER("fits", "1"), DRIVER("fits", "0"),
      "ControlSet001\\Services\\fits [Start] Start was 1: because\n" },
    { BOOT("FITS"), DRIVER("Fits", "4"), DRIVER("Fits", "0"),
      "ControlSet001\\Services\\Fits [Start] Start was 4: because\n" },
    /* No number, or none at all. */
    { BOOT("fits"), SERVICE "fits]\n\"Type\"=dword:1\n\"Start\"=hex:00\n",
      DRIVER("fits", "0"),
      "ControlSet001\\Services\\fits [Start] there was no Start: because\n" },
    { BOOT("fits"), SERVICE "fits]\n\"Type\"=dword:1\n", DRIVER("fits", "0"),
      "ControlSet001\\Services\\fits [Start] there was no Start: because\n" },
    /* Other services, and others in other sets, are left. */
    { BOOT("fits"), DRIVER("fitsx", "1") SET2 "Services\\fits]\n"
      "\"Type\"=dword:1\n\"Start\"=dword:1\n", NULL, "" },
    /* The boot loader would stop without the file. */
    { BOOT("gone"), DRIVER("gone", "1"), NULL, "" },
    { WANTED("gone"), DRIVER("gone", "1"), NULL, "",
      WHERE "Services\\gone: left as it is (Start was 1), since its driver "
      "\\Windows\\system32\\drivers\\gone.sys is missing\n" },
    { WANTED("empty"), DRIVER("empty", "1"), NULL, "",
      WHERE "Services\\empty: left as it is (Start was 1), since its driver "
      "\\Windows\\system32\\drivers\\empty.sys is empty\n" },
    { WANTED("bad"), DRIVER("bad", "1"), NULL, "",
      WHERE "Services\\bad: left as it is (Start was 1), since its driver "
      "\\Windows\\system32\\drivers\\bad.sys does not fit the guest\n" },
    { WANTED("odd"), DRIVER("odd", "1"), DRIVER("odd", "0"),
      "ControlSet001\\Services\\odd [Start] Start was 1: because\n" },
    /* The file is where ImagePath says; on another volume it is believed. */
    { WANTED("fits"),
      DRIVER("fits", "1") "\"ImagePath\"=\"\\\\SystemRoot\\\\x\\\\gone.sys\"\n",
      NULL, "",
      WHERE "Services\\fits: left as it is (Start was 1), since its driver "
      "\\Windows\\x\\gone.sys is missing\n" },
    { WANTED("gone"),
      DRIVER("gone", "1") "\"ImagePath\"=\"\\\\??\\\\D:\\\\gone.sys\"\n",
      DRIVER("gone", "0") "\"ImagePath\"=\"\\\\??\\\\D:\\\\gone.sys\"\n",
      "ControlSet001\\Services\\gone [Start] Start was 1: because\n" },
};

static void test_starts(void)
{
    check_all(starts, G_N_ELEMENTS(starts));
}

#define DELETED(what) "delete ControlSet001\\Services\\fits\\" \
                      "StartOverride [] " what ": because\n"
#define COUNTS "StartOverride had 3, which counts more than Start"

static const Case overrides[] = {
    { WANTED("fits"), DRIVER("fits", "0") OVERRIDE("fits", "\"0\"=dword:3\n"),
      DRIVER("fits", "0"), DELETED(COUNTS) },
    /* Any of its values, and whatever is no number. */
    { WANTED("fits"), DRIVER("fits", "0")
      OVERRIDE("fits", "\"0\"=dword:0\n\"1\"=dword:3\n"),
      DRIVER("fits", "0"), DELETED(COUNTS) },
    { WANTED("fits"), DRIVER("fits", "0") OVERRIDE("fits", "\"0\"=\"0\"\n"),
      DRIVER("fits", "0"),
      DELETED("StartOverride had a value that is no number") },
    /* What Start may be is no reason for StartOverride. */
    { MADE("fits"), DRIVER("fits", "1") OVERRIDE("fits", "\"0\"=dword:1\n"),
      DRIVER("fits", "1"),
      DELETED("StartOverride had 1, which counts more than Start") },
    /* 0, or nothing, does no harm. */
    { WANTED("fits"), DRIVER("fits", "0") OVERRIDE("fits", "\"0\"=dword:0\n"),
      NULL, "" },
    { WANTED("fits"), DRIVER("fits", "0") OVERRIDE("fits", ""), NULL, "" },
    /* Before Windows 8 it means nothing: the section does not ask for it. */
    { BOOT("fits"), DRIVER("fits", "0") OVERRIDE("fits", "\"0\"=dword:3\n"),
      NULL, "" },
    { WANTED("fits"), DRIVER("fits", "3") OVERRIDE("fits", "\"0\"=dword:3\n"),
      DRIVER("fits", "0"),
      "ControlSet001\\Services\\fits [Start] Start was 3: because\n"
      DELETED(COUNTS) },
    { WANTED("gone"), DRIVER("gone", "0") OVERRIDE("gone", "\"0\"=dword:3\n"),
      NULL, "",
      WHERE "Services\\gone: left as it is (" COUNTS "), since its driver "
      "\\Windows\\system32\\drivers\\gone.sys is missing\n" },
};

static void test_overrides(void)
{
    check_all(overrides, G_N_ELEMENTS(overrides));
}

/* system32\drivers\fits.sys in UTF-16LE */
#define IMAGE "hex(2):73,00,79,00,73,00,74,00,65,00,6d,00,33,00,32,00,5c," \
    "00,64,00,72,00,69,00,76,00,65,00,72,00,73,00,5c,00,66,00,69,00,74,00," \
    "73,00,2e,00,73,00,79,00,73,00,00,00"
#define KEY_MADE DRIVER("fits", "0") "\"ErrorControl\"=dword:3\n" \
                 "\"Group\"=\"My Group\"\n\"ImagePath\"=" IMAGE "\n"

static const Case missing[] = {
    { BOOT("fits"), SERVICE "other]\n", NULL, "" },
    { WANTED("fits"), SERVICE "other]\n", NULL, "",
      WHERE "Services\\fits: there is no such service, and Windows may not "
      "start without it; restore the hive in the source VM\n" },
    { MADE("fits"), SERVICE "other]\n", SERVICE "other]\n" KEY_MADE,
      "create ControlSet001\\Services\\fits [Type, Start, ErrorControl, Group, "
      "ImagePath] there was no such service: because\n" },
    /* Parameters are no service; what else the key has stays. */
    { MADE("fits"), SERVICE "fits]\n\"Group\"=\"Other\"\n\"x\"=\"y\"\n"
      SERVICE "fits\\Parameters]\n",
      DRIVER("fits", "0") "\"ErrorControl\"=dword:3\n\"Group\"=\"Other\"\n"
      "\"x\"=\"y\"\n\"ImagePath\"=" IMAGE "\n" SERVICE "fits\\Parameters]\n",
      "ControlSet001\\Services\\fits [Type, Start, ErrorControl, ImagePath] "
      "there was no such service: because\n" },
    /* What Windows has noted of one that was there once. */
    { MADE("fits"), OVERRIDE("fits", "\"0\"=dword:3\n"), KEY_MADE,
      "ControlSet001\\Services\\fits [Type, Start, ErrorControl, Group, "
      "ImagePath] there was no such service: because\n" DELETED(COUNTS) },
    { MADE("gone"), SERVICE "other]\n", NULL, "",
      WHERE "Services\\gone: there is no such service, and it cannot be made, "
      "since its driver \\Windows\\system32\\drivers\\gone.sys is missing\n" },
    { MADE("odd"), SERVICE "other]\n", NULL, "",
      WHERE "Services\\odd: there is no such service, and it cannot be made, "
      "since its driver \\Windows\\system32\\drivers\\odd.sys cannot be "
      "read\n" },
};

static void test_missing(void)
{
    check_all(missing, G_N_ELEMENTS(missing));
}

static void test_sets(void)
{
    static const Case both = {
        WANTED("fits"),
        DRIVER("fits", "3") SET2 "Services\\fits]\n\"Type\"=dword:1\n"
        "\"Start\"=dword:2\n",
        DRIVER("fits", "0") SET2 "Services\\fits]\n\"Type\"=dword:1\n"
        "\"Start\"=dword:0\n",
        "ControlSet001\\Services\\fits [Start] Start was 3: because\n"
        "ControlSet002\\Services\\fits [Start] Start was 2: because\n",
    };
    static const Options options = { .sets = 2 };

    check(&both, &options);
}

/* A disk that cannot be read is no disk without the file. */
static void test_disk_fails(void)
{
    static const Options options = { .sets = 1 };
    g_autoptr(Hive) hive = fixture_hive(DRIVER("fire", "3"));
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;

    g_assert_false(apply(hive, WANTED("fire"), &options, changes, warnings,
                         &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_IO);
}

/* ---------------------------------------- [class-filters], [device-filters] */

#define CLASS "[class-filters " HDC "]\ntitle=all controllers\n" \
              "known=Known;Windows' own\nreason=because\n"
#define DEVICES "[device-filters]\ndevices=ACPI\\\\PNP0A03;PCI\\\\VEN_8086&" \
                "DEV_7010\nreason=because\n"
#define CLASS_KEY SET1 "Control\\Class\\" HDC "]\n"
#define ENUM_KEY(path) SET1 "Enum\\" path "]\n"
#define UPPER(bytes) "\"UpperFilters\"=hex(7):" bytes "00,00\n"
#define LOWER(bytes) "\"LowerFilters\"=hex(7):" bytes "00,00\n"
/* Names of one letter, in UTF-16LE. */
#define A "61,00,00,00,"
#define B "62,00,00,00,"
#define KNOWN "4b,00,4e,00,4f,00,57,00,4e,00,00,00,"
#define NOTED(name, what) WHERE "Control\\Class\\" HDC ": " name \
    " is a filter of all controllers " what "\n"
#define FOREIGN "that is not known as Windows' own; if Windows stops with " \
                "0x7B, strict-filters=on takes it off"
#define LATE "that does not start with the boot loader; if Windows stops " \
             "with 0x7B, strict-filters=on takes it off"
#define TAKEN(list, why) "ControlSet001\\Control\\Class\\" HDC " [" list \
                         "] a taken off the filters: " why "\n"
/* The service a, whose file is called otherwise. */
#define FILE_OF_A(file) DRIVER("a", "0") "\"ImagePath\"=\"System32\\\\" file \
                        ".sys\"\n"

static const Case class_filters[] = {
    /* Dangling: no service, disabled, no file, an empty one. */
    { CLASS, CLASS_KEY UPPER(A), CLASS_KEY,
      TAKEN("UpperFilters", "there is no such service: because") },
    { CLASS, DRIVER("a", "4") CLASS_KEY UPPER(A B) DRIVER("b", "0"),
      DRIVER("a", "4") CLASS_KEY UPPER(B) DRIVER("b", "0"),
      TAKEN("UpperFilters", "its service is disabled: because"),
      NOTED("b", FOREIGN) },
    { CLASS, FILE_OF_A("gone") CLASS_KEY LOWER(A),
      FILE_OF_A("gone") CLASS_KEY,
      TAKEN("LowerFilters", "its driver \\Windows\\System32\\gone.sys is "
            "missing: because") },
    { CLASS, FILE_OF_A("empty") CLASS_KEY LOWER(A),
      FILE_OF_A("empty") CLASS_KEY,
      TAKEN("LowerFilters", "its driver \\Windows\\System32\\empty.sys is "
            "empty: because") },
    /* In both lists at once. */
    { CLASS, CLASS_KEY UPPER(A KNOWN) LOWER(A) DRIVER("known", "0"),
      CLASS_KEY UPPER(KNOWN) DRIVER("known", "0"),
      TAKEN("UpperFilters, LowerFilters", "there is no such service: "
            "because") },
    /* Sound, late, or not to be told: it stays, and the user is told. */
    { CLASS, DRIVER("a", "0") CLASS_KEY UPPER(A), NULL, "",
      NOTED("a", FOREIGN) },
    { CLASS, DRIVER("a", "3") CLASS_KEY UPPER(A), NULL, "",
      NOTED("a", LATE) },
    { CLASS, DRIVER("a", "0") OVERRIDE("a", "\"0\"=dword:3\n") CLASS_KEY
      UPPER(A), NULL, "", NOTED("a", LATE) },
    { CLASS, FILE_OF_A("bad") CLASS_KEY UPPER(A), NULL, "",
      NOTED("a", FOREIGN) },
    { CLASS, DRIVER("a", "0") "\"ImagePath\"=\"\\\\??\\\\D:\\\\a.sys\"\n"
      CLASS_KEY UPPER(A), NULL, "",
      NOTED("a", "that cannot be looked at; if Windows stops with 0x7B, take "
            "it off in the source VM") },
    /* Windows' own come first, whatever is wrong with them. */
    { CLASS, DRIVER("known", "0") CLASS_KEY UPPER(KNOWN), NULL, "" },
    { CLASS, CLASS_KEY UPPER(KNOWN), NULL, "",
      NOTED("KNOWN", "and stays one, since it is Windows' own, but there is "
            "no such service; mend it in the source VM") },
    { CLASS, DRIVER("known", "0") OVERRIDE("known", "\"0\"=dword:3\n")
      CLASS_KEY UPPER(KNOWN), NULL, "",
      NOTED("KNOWN", "and stays one, since it is Windows' own, but does not "
            "start with the boot loader; if Windows stops with 0x7B, sc "
            "config NAME start= boot in the source VM") },
    /* Behind an empty name Windows does not look; other classes. */
    { CLASS, CLASS_KEY UPPER("00,00," A), NULL, "" },
    { CLASS, SET1 "Control\\Class\\" DISK "]\n" UPPER(A), NULL, "" },
    { CLASS, SET1 "Control\\Class\\" HDC "\\0000]\n" UPPER(A), NULL, "" },
};

static void test_class_filters(void)
{
    check_all(class_filters, G_N_ELEMENTS(class_filters));
}

static const Case strict_filters[] = {
    { CLASS, DRIVER("a", "0") CLASS_KEY UPPER(A) LOWER(KNOWN)
      DRIVER("known", "0"),
      DRIVER("a", "0") CLASS_KEY LOWER(KNOWN) DRIVER("known", "0"),
      TAKEN("UpperFilters", "it is not known as Windows' own, and "
            "strict-filters is on") },
    { CLASS, DRIVER("a", "3") CLASS_KEY UPPER(A), DRIVER("a", "3") CLASS_KEY,
      TAKEN("UpperFilters", "it is not known as Windows' own, and "
            "strict-filters is on") },
    /* Single devices' filters are Windows' business, as long as they start. */
    { DEVICES, DRIVER("a", "3") ENUM_KEY("ACPI\\PNP0A03\\0") UPPER(A), NULL,
      "" },
};

static void test_strict(void)
{
    static const Options options = { .sets = 1, .strict = true };

    for (gsize i = 0; i < G_N_ELEMENTS(strict_filters); i++) {
        check(&strict_filters[i], &options);
    }
}

static const Case device_filters[] = {
    { DEVICES, ENUM_KEY("ACPI\\PNP0A03\\2&daba3ff&1") UPPER(A) LOWER(A),
      ENUM_KEY("ACPI\\PNP0A03\\2&daba3ff&1"),
      "ControlSet001\\Enum\\ACPI\\PNP0A03\\2&daba3ff&1 [UpperFilters, "
      "LowerFilters] a taken off the filters: there is no such service: "
      "because\n" },
    { DEVICES, ENUM_KEY("PCI\\VEN_8086&DEV_7010&SUBSYS_11001AF4\\3") LOWER(A),
      ENUM_KEY("PCI\\VEN_8086&DEV_7010&SUBSYS_11001AF4\\3"),
      "ControlSet001\\Enum\\PCI\\VEN_8086&DEV_7010&SUBSYS_11001AF4\\3 "
      "[LowerFilters] a taken off the filters: there is no such service: "
      "because\n" },
    { DEVICES, DRIVER("a", "3") ENUM_KEY("ACPI\\PNP0A03\\0") UPPER(A), NULL,
      "" },
    /* Other devices. */
    { DEVICES, ENUM_KEY("ACPI\\PNP0A031\\0") UPPER(A)
      ENUM_KEY("XACPI\\PNP0A03\\0") UPPER(A)
      ENUM_KEY("PCI\\VEN_8086&DEV_70100\\0") UPPER(A), NULL, "" },
};

static void test_device_filters(void)
{
    check_all(device_filters, G_N_ELEMENTS(device_filters));
}

/* How many of @count filters without a service are taken off. */
static guint filters_taken(unsigned count, GPtrArray *warnings)
{
    static const Options options = { .sets = 1 };
    g_autoptr(GString) body = g_string_new(CLASS_KEY
                                           "\"UpperFilters\"=hex(7):");
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = NULL;

    for (unsigned i = 0; i < count; i++) {
        g_string_append_printf(body, "%02x,%02x,00,00,", i & 0xff,
                               0x4e + (i >> 8));
    }
    g_string_append(body, "00,00\n");
    hive = fixture_hive(body->str);
    apply(hive, CLASS, &options, changes, warnings, &err);
    g_assert_no_error(err);
    return changes->len;
}

static void test_many_filters(void)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    g_assert_cmpuint(filters_taken(LIMIT_FILTERS, warnings), ==,
                     LIMIT_FILTERS);
    g_assert_cmpuint(warnings->len, ==, 0);
    g_assert_cmpuint(filters_taken(LIMIT_FILTERS + 1, warnings), ==, 0);
    fixture_assert_warnings(warnings, WHERE "Control\\Class\\" HDC ": more than "
                            "64 filters are on one list, which is left as it "
                            "is\n");
}

/* ------------------------------------------------------ [critical-device] */

#define CRITICAL "[critical-device gendisk]\nservices=disk;other\nclass=" DISK \
                 "\nreason=because\n"
#define DATABASE SET1 "Control\\CriticalDeviceDatabase\\"
#define ENTRY(service) DATABASE "GenDisk]\n\"ClassGUID\"=\"" DISK "\"\n" \
                       "\"Service\"=\"" service "\"\n"
#define HAS_DISK DRIVER("disk", "0")
#define AT "ControlSet001\\Control\\CriticalDeviceDatabase\\gendisk"

static const Case critical[] = {
    { CRITICAL, HAS_DISK ENTRY("disk"), NULL, "" },
    { CRITICAL, HAS_DISK ENTRY("DISK"), NULL, "" },
    { CRITICAL, HAS_DISK DRIVER("other", "0") ENTRY("other"), NULL, "" },
    /* A GUID is the same in small letters. */
    { CRITICAL, HAS_DISK DATABASE "GenDisk]\n"
      "\"ClassGUID\"=\"{4d36e967-e325-11ce-bfc1-08002be10318}\"\n"
      "\"Service\"=\"disk\"\n\"DriverPackageId\"=\"x\"\n", NULL, "" },
    { CRITICAL, HAS_DISK, HAS_DISK ENTRY("disk"),
      "create " AT " [Service, ClassGUID] it was unknown: because\n" },
    { CRITICAL, HAS_DISK ENTRY("vmdisk") UPPER(A) "\"x\"=\"y\"\n",
      HAS_DISK ENTRY("disk") "\"x\"=\"y\"\n",
      AT " [Service, UpperFilters] its driver was vmdisk: because\n" },
    { CRITICAL, HAS_DISK ENTRY("other"), HAS_DISK ENTRY("disk"),
      AT " [Service] its driver other is not there: because\n" },
    /* With the right service filters are no other product's. */
    { CRITICAL, HAS_DISK DATABASE "GenDisk]\n\"Service\"=\"disk\"\n" UPPER(A),
      HAS_DISK ENTRY("disk") UPPER(A),
      AT " [ClassGUID] its class was another one: because\n" },
    { CRITICAL, ENTRY("vmdisk"), NULL, "",
      WHERE "Control\\CriticalDeviceDatabase\\gendisk: its driver was vmdisk, "
      "and the guest has none of disk, other\n" },
};

static void test_critical(void)
{
    check_all(critical, G_N_ELEMENTS(critical));
}

/* ------------------------------------------------ [number], [known-device] */

#define NUMBER "[number Services\\partmgr\\Parameters\\SanPolicy]\n" \
               "wrong=3;4\nright=1\nreason=because\n"
#define POLICY(value) SERVICE "partmgr\\Parameters]\n\"SanPolicy\"=" value "\n"
#define CHANGED(old) "ControlSet001\\Services\\partmgr\\Parameters " \
                     "[SanPolicy] SanPolicy was " old ": because\n"

static const Case numbers[] = {
    { NUMBER, POLICY("dword:3"), POLICY("dword:1"), CHANGED("3") },
    { NUMBER, POLICY("dword:4"), POLICY("dword:1"), CHANGED("4") },
    { NUMBER, POLICY("dword:2"), NULL, "" },
    { NUMBER, POLICY("dword:0"), NULL, "" },
    { NUMBER, POLICY("\"3\""), NULL, "" },
    { NUMBER, SERVICE "partmgr\\Parameters]\n", NULL, "" },
    { NUMBER, SERVICE "partmgr]\n\"SanPolicy\"=dword:3\n", NULL, "" },
};

static void test_numbers(void)
{
    check_all(numbers, G_N_ELEMENTS(numbers));
}

#define DEVICE "[known-device IDE controller]\nids=PCI\\\\A;*B\n"
#define IDS "[HKEY_LOCAL_MACHINE\\SYSTEM\\DriverDatabase\\DeviceIds\\"
#define UNKNOWN "HKEY_LOCAL_MACHINE\\SYSTEM\\DriverDatabase\\DeviceIds: the " \
    "guest has no driver package for the IDE controller (PCI\\A, *B), and " \
    "may stop with 0x7B; add its package in the source VM\n"

static const Case devices[] = {
    { DEVICE, IDS "PCI\\A]\n\"mshdc.inf\"=hex:01,ff,00,00\n", NULL, "" },
    { DEVICE, IDS "*b]\n\"oem1.inf\"=hex:01,ff,00,00\n", NULL, "" },
    /* An id that no package has, and one of another bus. */
    { DEVICE, IDS "PCI\\A]\n", NULL, "", UNKNOWN },
    { DEVICE, IDS "A]\n\"a.inf\"=hex:01\n" IDS "PCI\\*B]\n"
      "\"a.inf\"=hex:01\n", NULL, "", UNKNOWN },
};

static void test_devices(void)
{
    check_all(devices, G_N_ELEMENTS(devices));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/profile-apply/starts", test_starts);
    g_test_add_func("/profile-apply/overrides", test_overrides);
    g_test_add_func("/profile-apply/missing", test_missing);
    g_test_add_func("/profile-apply/sets", test_sets);
    g_test_add_func("/profile-apply/disk-fails", test_disk_fails);
    g_test_add_func("/profile-apply/class-filters", test_class_filters);
    g_test_add_func("/profile-apply/strict", test_strict);
    g_test_add_func("/profile-apply/device-filters", test_device_filters);
    g_test_add_func("/profile-apply/many-filters", test_many_filters);
    g_test_add_func("/profile-apply/critical", test_critical);
    g_test_add_func("/profile-apply/numbers", test_numbers);
    g_test_add_func("/profile-apply/devices", test_devices);
    return g_test_run();
}
