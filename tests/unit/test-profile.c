/*
 * Unit test of profiles: what is accepted, and what is said of the rest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "profile.h"

#define HEAD \
    "[profile]\nname=mine\ndescription=a test\n"
#define GUEST \
    "[guest]\nmin-version=5.1\nmax-version=5.2\nmachines=x86\n"
#define HDC "{4D36E96A-E325-11CE-BFC1-08002BE10318}"

/* Files beside the profile: name, text, name, text ... */
static GBytes *lookup(const char *name, void *opaque, GError **errp)
{
    for (const char *const *file = opaque; *file; file += 2) {
        if (g_str_equal(*file, name)) {
            return g_bytes_new(file[1], strlen(file[1]));
        }
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND, "%s: not there",
                name);
    return NULL;
}

static const char *const beside[] = {
    "one.reg", "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\One]\n",
    "bad.reg", "REGEDIT4\n\n[HKEY_CLASSES_ROOT\\One]\n",
    "part.profile", "[profile]\nname=part\ndescription=p\n" GUEST
                    "[services]\ndisable=foo\nreason=why\n",
    "old.profile", "[profile]\nname=old\ndescription=o\n[guest]\n"
                   "min-version=4.0\nmax-version=5.0\nmachines=x86\n",
    "mine.profile", "[profile]\nname=mine\ndescription=other\n" GUEST,
    "loop.profile", "[profile]\nname=loop\ndescription=l\nincludes=loop\n"
                    GUEST,
    "both.profile", "[profile]\nname=both\ndescription=b\n"
                    "includes=part;old\n" GUEST "[fixes]\nnames=ntfs-heads\n",
    "agp.profile", "[profile]\nname=agp\ndescription=mine\n" GUEST,
    NULL
};

static Profile *parse(const char *text, GError **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    return profile_parse("test.profile", bytes, lookup, (void *)beside, errp);
}

static Profile *parse_good(const char *text)
{
    GError *err = NULL;
    Profile *profile = parse(text, &err);

    g_assert_no_error(err);
    g_assert_nonnull(profile);
    return profile;
}

static void test_errors(void)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        { "nonsense", "test.profile:1: this is no profile: *" },
        { HEAD GUEST "[more]\na=b\n",
          "test.profile:8: [more]: a profile has no such section" },
        { HEAD "colour=red\n" GUEST,
          "test.profile:4: [profile] colour: a profile has no such key" },
        { GUEST, "test.profile: [profile] name: the value is missing" },
        { HEAD, "test.profile: [guest] min-version: the value is missing" },
        { HEAD "[guest]\nmin-version=5\nmax-version=5.2\nmachines=x86\n",
          "test.profile:5: [guest] min-version: '5' is not of the form 5.1" },
        { HEAD "[guest]\nmin-version=5.0\nmax-version=5.2\nmachines=\n",
          "test.profile:7: [guest] machines: the list is missing or empty" },
        { HEAD GUEST "[registry]\nfiles=one.reg\n",
          "test.profile:8: [registry] reason: the value is missing" },
        { HEAD GUEST "[registry]\nfiles=../one.reg\nreason=r\n",
          "test.profile:9: [registry] files: '../one.reg' is not a plain file "
          "name" },
        { HEAD GUEST "[registry]\nfiles=two.reg\nreason=r\n",
          "two.reg: not there" },
        { HEAD GUEST "[registry]\nfiles=bad.reg\nreason=r\n",
          "bad.reg:3:2: key HKEY_CLASSES_ROOT\\One cannot be changed, *" },
        { HEAD GUEST "[files]\ndirectory=d\nnames=atapi-long.sys\n",
          "test.profile:10: [files] names: 'atapi-long.sys' is not a DOS (8.3) "
          "file name" },
        { HEAD GUEST "[services]\ndisable=a;;b\nreason=r\n",
          "test.profile:9: [services] disable: the list has an empty element" },
        { HEAD GUEST "[services]\ndisable=a\\\\b\nreason=r\n",
          "test.profile:9: [services] disable: 'a\\b' is no service's name" },
        { HEAD GUEST "[services]\ndisable=a,b\nreason=r\n",
          "test.profile:9: [services] disable: 'a,b' is no service's name" },
        { HEAD GUEST "[services]\ndisable=a; b\nreason=r\n",
          "test.profile:9: [services] disable: ' b' begins or ends in a "
          "blank" },
        { HEAD GUEST "[services]\ndisable=a\nreason=r\nreason=s\n",
          "test.profile:11: this section or key is there twice: *" },
        { HEAD GUEST "[fixes]\nnames=ntfs-heads\n[fixes]\n",
          "test.profile:10: this section or key is there twice: *" },
        { HEAD GUEST "[files]\ndirectory=system32\\drivers\n",
          "test.profile:9: [files] directory: a \\ in it has to be doubled" },
        { HEAD "[guest]\nmin-version=5.2\nmax-version=5.1\nmachines=x86\n",
          "test.profile:6: [guest] max-version: it is below min-version" },
        { HEAD "[guest]\nmin-version=5.1\nmax-version=5.1\nmachines=amd64\n",
          "test.profile:7: [guest] machines: 'amd64' is neither x86 nor "
          "x64" },
        { "", "test.profile: [profile] name: the value is missing" },
        { HEAD "includes=mine\n" GUEST,
          "test.profile: [profile] name: another profile that is included is "
          "named 'mine', too, *" },
        { HEAD GUEST "[services]\ndisable=a\n",
          "test.profile:8: [services] reason: the value is missing" },
        { HEAD GUEST "[instance PCI]\nservices=a\nclass=" HDC "\nreason=r\n",
          "test.profile:8: [instance PCI]: 'PCI' is not of the form "
          "PCI\\VEN_8086&DEV_7010" },
        { HEAD GUEST "[instance PCI\\A\\B]\nservices=a\nclass=" HDC
          "\nreason=r\n",
          "test.profile:8: [instance PCI\\A\\B]: 'PCI\\A\\B' is not of the "
          "form PCI\\VEN_8086&DEV_7010" },
        { HEAD GUEST "[instance PCI\\A]\nservices=a\nclass=hdc\nreason=r\n",
          "test.profile:10: [instance PCI\\A] class: 'hdc' is not of the form "
          HDC },
        { HEAD GUEST "[instance PCI\\A]\nservice=a\nclass=" HDC
          "\nreason=r\n",
          "test.profile:9: [instance PCI\\A] service: a profile has no such "
          "key" },
        { HEAD GUEST "[fixes]\nnames=ntfs-tails\n",
          "test.profile:9: [fixes] names: there is no fix 'ntfs-tails'" },
        { HEAD "includes=sub/part\n" GUEST,
          "test.profile:4: [profile] includes: 'sub/part' is not a plain file "
          "name" },
        { HEAD "includes=nowhere\n" GUEST,
          "test.profile:4: [profile] includes: there is no profile 'nowhere'; "
          "built in: *ide*" },
        { HEAD "includes=loop\n" GUEST,
          "loop.profile:4: [profile] includes: 'loop' leads deeper than 8 "
          "profiles: does one include itself?" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) err = NULL;
        g_autoptr(Profile) profile = parse(cases[i].text, &err);

        g_assert_null(profile);
        g_assert_nonnull(err);
        if (!g_pattern_match_simple(cases[i].message, err->message)) {
            g_test_message("is        %s", err->message);
            g_test_message("should be %s", cases[i].message);
            g_test_fail();
        }
    }
}

static void test_all_sections(void)
{
    g_autoptr(Profile) profile = parse_good(
        HEAD GUEST
        "[files]\ndirectory=system32\\\\drivers\nnames=a.sys\nsources=x\n"
        "reason=f\n"
        "[registry]\nfiles=one.reg\nreason=r\n"
        "[services]\ndisable=foo;bar baz\nreason=s\n"
        "[instance PCI\\VEN_1&DEV_2]\nservices=a;b\nclass=" HDC "\nreason=i\n"
        "[instance X\\Y]\nservices=c\nclass=" HDC "\nreason=j\n"
        "[fixes]\nnames=ntfs-heads\n");
    const ProfileInstance *instance;

    g_assert_cmpstr(profile->file, ==, "test.profile");
    g_assert_cmpstr(profile->directory, ==, "system32\\drivers");
    g_assert_cmpuint(profile->registry->len, ==, 1);
    g_assert_cmpuint(g_strv_length(profile->disabled), ==, 2);
    g_assert_cmpstr(profile->disabled[1], ==, "bar baz");
    g_assert_cmpstr(profile->disabled_reason, ==, "s");
    g_assert_cmpuint(profile->instances->len, ==, 2);
    instance = g_ptr_array_index(profile->instances, 0);
    g_assert_cmpstr(instance->device, ==, "PCI\\VEN_1&DEV_2");
    g_assert_cmpstr(instance->services[1], ==, "b");
    g_assert_cmpstr(instance->class_guid, ==, HDC);
    g_assert_cmpuint(profile->fixes, ==, PROFILE_FIX_NTFS_HEADS);
}

/* The names of @profile's parts, to be freed. */
static char *parts(const Profile *profile)
{
    g_autoptr(GPtrArray) parts = profile_parts(profile);
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < parts->len; i++) {
        const Profile *part = g_ptr_array_index(parts, i);

        g_string_append_printf(names, "%s%s", i ? " " : "", part->name);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void assert_parts(const Profile *profile, const char *expected)
{
    g_autofree char *names = parts(profile);

    g_assert_cmpstr(names, ==, expected);
}

/* Each part once, what is included first. */
static void test_parts(void)
{
    g_autoptr(Profile) profile =
        parse_good(HEAD "includes=both;part\n" GUEST);

    assert_parts(profile, "part old both mine");
}

/* The user's file counts, even if one of ours has the name. */
static void test_own_before_embedded(void)
{
    g_autoptr(Profile) profile = parse_good(HEAD "includes=agp\n" GUEST);
    const Profile *agp = g_ptr_array_index(profile->includes, 0);

    g_assert_cmpstr(agp->description, ==, "mine");
}

/* A profile of the user's can build upon ours. */
static void test_embedded_includes(void)
{
    g_autoptr(Profile) profile = parse_good(HEAD "includes=ide\n" GUEST);
    g_autofree char *names = parts(profile);

    g_assert_true(g_str_has_suffix(names, " ide mine"));
    g_assert_nonnull(strstr(names, "vmware-tools"));
}

static void test_leave_out(void)
{
    g_autoptr(Profile) profile = parse_good(HEAD "includes=both\n" GUEST);
    Profile *both = g_ptr_array_index(profile->includes, 0);
    g_autoptr(GError) err = NULL;

    g_assert_true(profile_leave_out(profile, "part", &err));
    assert_parts(profile, "old both mine");
    g_assert_true(profile_leave_out(profile, "ntfs-heads", &err));
    g_assert_cmpuint(both->fixes, ==, 0);
    g_assert_false(profile_leave_out(profile, "part", &err));
    g_assert_cmpstr(err->message, ==, "option without: profile 'mine' has no "
                    "part 'part'; those that can be left out: old, both");
    g_clear_error(&err);
    g_assert_true(profile_leave_out(profile, "both", &err));
    assert_parts(profile, "mine");
    g_assert_false(profile_leave_out(profile, "mine", &err));
    g_assert_cmpstr(err->message, ==, "option without: profile 'mine' has no "
                    "part 'mine'; those that can be left out: none");
}

static void test_fits(void)
{
    static const struct {
        unsigned major, minor;
        uint16_t machine;
        bool fits;
    } cases[] = {
        { 5, 0, PE_MACHINE_I386, false },
        { 5, 1, PE_MACHINE_I386, true },
        { 5, 2, PE_MACHINE_I386, true },
        { 5, 2, PE_MACHINE_AMD64, false },
        { 6, 0, PE_MACHINE_I386, false },
    };
    g_autoptr(Profile) profile = parse_good(HEAD GUEST);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Windows windows = {
            .version.part = { cases[i].major, cases[i].minor, 9999, 9 },
            .machine = cases[i].machine,
        };

        g_assert_true(profile_fits(profile, &windows) == cases[i].fits);
    }
}

/* Whatever is built in can be used. */
static void test_embedded(void)
{
    static const char *const names[] = {
        "ide", "cpu-drivers", "agp", "vmware-tools", "xen-drivers",
        "virtualbox", "parallels", "no-auto-reboot",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) err = NULL;
        g_autoptr(Profile) profile = profile_embedded(names[i], &err);

        g_assert_no_error(err);
        g_assert_cmpstr(profile->name, ==, names[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/profile/errors", test_errors);
    g_test_add_func("/profile/all-sections", test_all_sections);
    g_test_add_func("/profile/parts", test_parts);
    g_test_add_func("/profile/own-before-embedded", test_own_before_embedded);
    g_test_add_func("/profile/embedded-includes", test_embedded_includes);
    g_test_add_func("/profile/leave-out", test_leave_out);
    g_test_add_func("/profile/fits", test_fits);
    g_test_add_func("/profile/embedded", test_embedded);
    return g_test_run();
}
