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
#define SERVICE HEAD GUEST "[boot-service a]\n"
        { SERVICE "start=5\nmissing=warn\nreason=r\n",
          "test.profile:9: [boot-service a] start: 5 is no value of Start" },
        { SERVICE "start=0;x\nmissing=warn\nreason=r\n",
          "test.profile:9: [boot-service a] start: 'x' is no number below "
          "2^32" },
        { SERVICE "missing=warn\nreason=r\n",
          "test.profile:8: [boot-service a] start: the list is missing or "
          "empty" },
        { SERVICE "start=0\nmissing=never\nreason=r\n",
          "test.profile:10: [boot-service a] missing: 'never' is not ignore, "
          "warn or create" },
        { SERVICE "start=0\nstart-override=0\nmissing=warn\nreason=r\n",
          "test.profile:10: [boot-service a] start-override: '0' is not "
          "delete" },
        { SERVICE "start=0\nmissing=create\nreason=r\n",
          "test.profile:8: [boot-service a] group: the value is missing" },
        { SERVICE "start=0\nmissing=create\ngroup=g\nerror-control=4\n"
          "reason=r\n",
          "test.profile:12: [boot-service a] error-control: 4 is no value of "
          "ErrorControl" },
        { SERVICE "start=0\nmissing=warn\ngroup=g\nreason=r\n",
          "test.profile:11: [boot-service a] group: it is for missing=create "
          "only" },
        { HEAD GUEST "[boot-service a\\b]\nstart=0\nmissing=warn\nreason=r\n",
          "test.profile:8: [boot-service a\\b]: 'a\\b' is no service's name" },
        { HEAD GUEST "[class-filters hdc]\ntitle=t\nreason=r\n",
          "test.profile:8: [class-filters hdc]: 'hdc' is not of the form "
          HDC },
        { HEAD GUEST "[class-filters " HDC "]\nreason=r\n",
          "test.profile:8: [class-filters " HDC "] title: the value is "
          "missing" },
        { HEAD GUEST "[class-filters " HDC "]\ntitle=t\nknown=a,b\n"
          "reason=r\n",
          "test.profile:10: [class-filters " HDC "] known: 'a,b' is no "
          "service's name" },
        { HEAD GUEST "[device-filters]\ndevices=PCI\nreason=r\n",
          "test.profile:9: [device-filters] devices: 'PCI' is not of the form "
          "PCI\\VEN_8086&DEV_7010" },
        { HEAD GUEST "[critical-device a\\b]\nservices=s\nclass=" HDC
          "\nreason=r\n",
          "test.profile:8: [critical-device a\\b]: 'a\\b' is not of the form "
          "pci#ven_8086&dev_7010" },
        { HEAD GUEST "[critical-device a]\nservices=s\nclass=hdc\n"
          "reason=r\n",
          "test.profile:10: [critical-device a] class: 'hdc' is not of the "
          "form " HDC },
        { HEAD GUEST "[number Value]\nwrong=3\nright=1\nreason=r\n",
          "test.profile:8: [number Value]: 'Value' is not of the form "
          "KEY\\VALUE" },
        { HEAD GUEST "[number A\\B]\nwrong=3;1\nright=1\nreason=r\n",
          "test.profile:10: [number A\\B] right: 1 is wrong, too" },
        { HEAD GUEST "[number A\\B]\nwrong=0x100000000\nright=1\n"
          "reason=r\n",
          "test.profile:9: [number A\\B] wrong: '0x100000000' is no number "
          "below 2^32" },
        { HEAD GUEST "[known-device a]\n",
          "test.profile:8: [known-device a] ids: the list is missing or "
          "empty" },
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

static void test_boot_sections(void)
{
    g_autoptr(Profile) profile = parse_good(
        HEAD GUEST
        "[boot-service pci]\nstart=0\nstart-override=delete\n"
        "missing=create\ngroup=Boot Bus Extender\nerror-control=3\nreason=p\n"
        "[boot-service volsnap]\nstart=0;1;3\nmissing=ignore\nreason=v\n"
        "[class-filters " HDC "]\ntitle=all\nknown=iastorf\nreason=f\n"
        "[device-filters]\ndevices=ACPI\\\\PNP0A03;A\\\\B\nreason=d\n"
        "[critical-device *pnp0a03]\nservices=pci\nclass=" HDC "\nreason=c\n"
        "[number A\\B\\Value]\nwrong=3;0x10\nright=1\nreason=n\n"
        "[known-device IDE controller]\nids=PCI\\\\A;PCI\\\\B\n");
    const ProfileBootService *pci, *volsnap;
    const ProfileClassFilters *filters;
    const ProfileCriticalDevice *device;
    const ProfileNumber *number;
    const ProfileKnownDevice *known;

    g_assert_cmpuint(profile->boot_services->len, ==, 2);
    pci = g_ptr_array_index(profile->boot_services, 0);
    volsnap = g_ptr_array_index(profile->boot_services, 1);
    g_assert_cmpstr(pci->name, ==, "pci");
    g_assert_true(pci->drop_override);
    g_assert_cmpint(pci->missing, ==, PROFILE_MISSING_CREATE);
    g_assert_cmpstr(pci->group, ==, "Boot Bus Extender");
    g_assert_cmpuint(pci->error_control, ==, 3);
    g_assert_false(volsnap->drop_override);
    g_assert_cmpint(volsnap->missing, ==, PROFILE_MISSING_IGNORE);
    g_assert_cmpuint(volsnap->start->len, ==, 3);
    g_assert_cmpuint(g_array_index(volsnap->start, uint32_t, 2), ==, 3);
    filters = g_ptr_array_index(profile->class_filters, 0);
    g_assert_cmpstr(filters->class_guid, ==, HDC);
    g_assert_cmpstr(filters->title, ==, "all");
    g_assert_cmpstr(filters->known[0], ==, "iastorf");
    g_assert_cmpstr(profile->filtered_devices[0], ==, "ACPI\\PNP0A03");
    g_assert_cmpstr(profile->filtered_reason, ==, "d");
    device = g_ptr_array_index(profile->critical_devices, 0);
    g_assert_cmpstr(device->id, ==, "*pnp0a03");
    g_assert_cmpstr(device->services[0], ==, "pci");
    number = g_ptr_array_index(profile->numbers, 0);
    g_assert_cmpstr(number->key, ==, "A\\B");
    g_assert_cmpstr(number->value, ==, "Value");
    g_assert_cmpuint(g_array_index(number->wrong, uint32_t, 1), ==, 16);
    g_assert_cmpuint(number->right, ==, 1);
    known = g_ptr_array_index(profile->known_devices, 0);
    g_assert_cmpstr(known->title, ==, "IDE controller");
    g_assert_cmpstr(known->ids[1], ==, "PCI\\B");
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

/* Which parts of a built-in profile a Windows gets. */
static char *fitting(const char *name, unsigned major, unsigned minor,
                     uint16_t machine)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Profile) profile = profile_embedded(name, &err);
    g_autoptr(GPtrArray) parts = profile_parts(profile);
    g_autoptr(GString) names = g_string_new(NULL);
    Windows windows = {
        .version.part = { major, minor, 9999, 9 },
        .machine = machine,
    };

    for (guint i = 0; i < parts->len; i++) {
        const Profile *part = g_ptr_array_index(parts, i);

        if (profile_fits(part, &windows)) {
            g_string_append_printf(names, " %s", part->name);
        }
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

/* A machine type that is none of ours, as PE files have it: ARM64. */
#define ARM64 0xaa64

static void test_versions(void)
{
#define ALL " vmware-tools xen-drivers virtualbox parallels"
#define OLD " cpu-drivers agp" ALL " ide-2000 ide"
#define VISTA ALL " boot-vista ide-vista boot-filters san-policy ide"
#define EIGHT ALL " boot-8 ide-8 boot-filters san-policy ide"
    static const struct {
        const char *profile;
        unsigned major, minor;
        uint16_t machine;
        const char *parts;
    } cases[] = {
        { "ide", 4, 0, PE_MACHINE_I386, "" },
        { "ide", 5, 0, PE_MACHINE_I386, OLD },
        { "ide", 5, 2, PE_MACHINE_AMD64, OLD },
        { "ide", 6, 0, PE_MACHINE_I386, VISTA },
        { "ide", 6, 1, PE_MACHINE_AMD64, VISTA },
        { "ide", 6, 2, PE_MACHINE_I386, EIGHT },
        { "ide", 6, 3, PE_MACHINE_AMD64, EIGHT },
        { "ide", 10, 0, PE_MACHINE_AMD64, EIGHT },
        { "ide", 10, 0, ARM64, "" },
        { "ahci", 5, 2, PE_MACHINE_I386, ALL },
        { "ahci", 6, 1, PE_MACHINE_I386,
          ALL " boot-vista ahci-vista boot-filters san-policy ahci" },
        { "ahci", 10, 0, PE_MACHINE_AMD64,
          ALL " boot-8 ahci-8 boot-filters san-policy ahci" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *parts = fitting(cases[i].profile, cases[i].major,
                                         cases[i].minor, cases[i].machine);

        g_assert_cmpstr(parts, ==, cases[i].parts);
    }
}

static void test_refused(void)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Profile) profile = profile_embedded("ide", &err);
    Partition partition = { .number = 2 };
    Windows windows = {
        .place = { &partition, (char *)"\\Windows" },
        .name = "Windows 11",
        .version.part = { 10, 0, 26100, 1 },
        .machine = ARM64,
    };

    g_assert_false(profile_check_guest(profile, &windows, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_test_message("%s", err->message);
    g_assert_nonnull(strstr(err->message, "cannot be prepared: profile 'ide' "
                            "is for versions 5.0 to 10.0 of x86, x64"));
    g_clear_error(&err);
    windows.machine = PE_MACHINE_AMD64;
    g_assert_true(profile_check_guest(profile, &windows, &err));
}

/* Whatever is built in can be used. */
static void test_embedded(void)
{
    static const char *const names[] = {
        "ide", "cpu-drivers", "agp", "vmware-tools", "xen-drivers",
        "virtualbox", "parallels", "no-auto-reboot", "ahci", "ahci-8",
        "ahci-vista", "boot-8", "boot-filters", "boot-vista", "ide-2000",
        "ide-8", "ide-vista", "san-policy",
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
    g_test_add_func("/profile/boot-sections", test_boot_sections);
    g_test_add_func("/profile/versions", test_versions);
    g_test_add_func("/profile/refused", test_refused);
    g_test_add_func("/profile/parts", test_parts);
    g_test_add_func("/profile/own-before-embedded", test_own_before_embedded);
    g_test_add_func("/profile/embedded-includes", test_embedded_includes);
    g_test_add_func("/profile/leave-out", test_leave_out);
    g_test_add_func("/profile/fits", test_fits);
    g_test_add_func("/profile/embedded", test_embedded);
    return g_test_run();
}
