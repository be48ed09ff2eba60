/*
 * Check: the machine that a guest is to boot on, as data
 *
 * Machines are compiled in as a GResource; each is a GKeyFile, the groups of
 * which stand in the order of the boot path.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "check-machine.h"
#include "error.h"

#define RESOURCE_PATH "/win-xenprep/machines/"
#define SUFFIX ".machine"

static const struct {
    const char *prefix;
    PathKind kind;
} kinds[] = {
    { "device ", PATH_DEVICE },
    { "filter ", PATH_FILTER },
    { "class ", PATH_CLASS },
    { "service ", PATH_SERVICE },
};

static void step_free(void *opaque)
{
    PathStep *step = opaque;

    g_free(step->name);
    g_free(step->title);
    g_strfreev(step->services);
    g_strfreev(step->instances);
    g_free(step->parent);
    g_free(step->suffix);
    g_strfreev(step->mends);
    g_strfreev(step->ids);
    g_free(step->class_guid);
    g_free(step->service);
    g_free(step);
}

void check_machine_free(CheckMachine *machine)
{
    if (machine) {
        g_free(machine->name);
        g_free(machine->profile);
        g_free(machine->other_firmware);
        g_free(machine->spoilers);
        g_free(machine->spoilers_remedy);
        g_ptr_array_unref(machine->path);
        g_free(machine);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The machines' names, for a message. */
static char *machine_names(void)
{
    g_auto(GStrv) files =
        g_resources_enumerate_children(RESOURCE_PATH,
                                       G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_autoptr(GString) names = g_string_new(NULL);

    if (files) {
        qsort(files, g_strv_length(files), sizeof(*files), compare_names);
    }
    for (char **file = files; file && *file; file++) {
        g_string_append_printf(names, "%s%.*s", names->len ? ", " : "",
                               (int)(strlen(*file) - strlen(SUFFIX)), *file);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static GBytes *find_text(const char *name, GError **errp)
{
    g_autofree char *path = g_strconcat(RESOURCE_PATH, name, SUFFIX, NULL);
    GBytes *text = strchr(name, '/')
        ? NULL : g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                         NULL);

    if (!text) {
        g_autofree char *names = machine_names();

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "machine=%s: there is no such machine, only %s", name,
                    names);
    }
    return text;
}

/* MAJOR.MINOR; @otherwise, a major number, if there is no such key. */
static PeVersion parse_version(GKeyFile *file, const char *group,
                               const char *key, uint16_t otherwise)
{
    g_autofree char *text = g_key_file_get_string(file, group, key, NULL);
    PeVersion version = { { otherwise } };

    if (text) {
        g_auto(GStrv) parts = g_strsplit(text, ".", 2);

        g_assert(parts[0] && parts[1]);
        version.part[0] = g_ascii_strtoull(parts[0], NULL, 10);
        version.part[1] = g_ascii_strtoull(parts[1], NULL, 10);
    }
    return version;
}

/* The name of the step's link: more than one group may be that. */
static char *parse_link(GKeyFile *file, const char *group, const char *name)
{
    char *link = g_key_file_get_string(file, group, "link", NULL);

    return link ? link : g_strdup(name);
}

static PathStep *parse_step(GKeyFile *file, const char *group,
                            const char *name, PathKind kind)
{
    PathStep *step = g_new0(PathStep, 1);

    step->kind = kind;
    step->name = parse_link(file, group, name);
    step->min_version = parse_version(file, group, "min-version", 0);
    step->max_version = parse_version(file, group, "max-version",
                                      G_MAXUINT16);
    step->title = g_key_file_get_string(file, group, "title", NULL);
    step->services = g_key_file_get_string_list(file, group, "services",
                                                NULL, NULL);
    step->instances = g_key_file_get_string_list(file, group, "instances",
                                                 NULL, NULL);
    step->parent = g_key_file_get_string(file, group, "parent", NULL);
    step->suffix = g_key_file_get_string(file, group, "suffix", NULL);
    step->any_slot = g_key_file_get_boolean(file, group, "any-slot", NULL);
    step->basic_disks = g_key_file_get_boolean(file, group, "basic-disks",
                                               NULL);
    step->mends = g_key_file_get_string_list(file, group, "mends", NULL,
                                             NULL);
    step->ids = g_key_file_get_string_list(file, group, "ids", NULL, NULL);
    step->class_guid = g_key_file_get_string(file, group, "class", NULL);
    step->service = g_key_file_get_string(file, group, "service", NULL);
    step->acpi_hal = g_key_file_get_boolean(file, group, "acpi-hal", NULL);
    return step;
}

/* What has no title, or lacks what its kind must have, is a bug of ours. */
static bool is_complete(const PathStep *step)
{
    switch (step->kind) {
    case PATH_DEVICE:
        return step->title && step->services && step->instances && step->ids;
    case PATH_FILTER:
        return step->title && step->class_guid && step->service;
    case PATH_CLASS:
        return step->title && step->class_guid;
    case PATH_SERVICE:
        return step->title && step->service;
    }
    g_assert_not_reached();
}

static void parse_group(CheckMachine *machine, GKeyFile *file,
                        const char *group)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(group, kinds[i].prefix)) {
            PathStep *step = parse_step(file, group,
                                        group + strlen(kinds[i].prefix),
                                        kinds[i].kind);

            g_assert(is_complete(step));
            g_ptr_array_add(machine->path, step);
        }
    }
}

static GKeyFile *open_file(const char *name, GError **errp)
{
    g_autoptr(GBytes) text = find_text(name, errp);
    g_autoptr(GKeyFile) file = g_key_file_new();

    return text && g_key_file_load_from_bytes(file, text, G_KEY_FILE_NONE,
                                              errp)
           ? g_steal_pointer(&file) : NULL;
}

static char *machine_string(GKeyFile *file, const char *key)
{
    return g_key_file_get_string(file, "machine", key, NULL);
}

static CheckMachine *parse_machine(const char *name, GKeyFile *file)
{
    CheckMachine *machine = g_new0(CheckMachine, 1);
    g_autofree char *firmware = machine_string(file, "firmware");

    machine->name = g_strdup(name);
    machine->firmware = g_strcmp0(firmware, "uefi") == 0 ? FIRMWARE_UEFI
                                                         : FIRMWARE_BIOS;
    machine->min_version = parse_version(file, "machine", "min-version", 0);
    machine->profile = machine_string(file, "profile");
    machine->other_firmware = machine_string(file, "other-firmware");
    machine->spoilers = machine_string(file, "spoilers");
    machine->spoilers_remedy = machine_string(file, "spoilers-remedy");
    machine->path = g_ptr_array_new_with_free_func(step_free);
    g_assert(machine->profile && machine->other_firmware);
    return machine;
}

/* The path is that of the file, or of the machine that it is said to share. */
static void parse_path(CheckMachine *machine, GKeyFile *file)
{
    g_autofree char *shared = machine_string(file, "path");
    g_autoptr(GKeyFile) other = shared ? open_file(shared, NULL) : NULL;
    GKeyFile *source = other ? other : file;
    g_auto(GStrv) groups = g_key_file_get_groups(source, NULL);

    for (char **group = groups; *group; group++) {
        parse_group(machine, source, *group);
    }
    g_assert(machine->path->len > 0);
}

CheckMachine *check_machine_find(const char *name, GError **errp)
{
    g_autoptr(GKeyFile) file = open_file(name, errp);
    CheckMachine *machine;

    if (!file) {
        return NULL;
    }
    machine = parse_machine(name, file);
    parse_path(machine, file);
    return machine;
}

bool path_step_is_for(const PathStep *step, const PeVersion *version)
{
    const PeVersion *min = &step->min_version, *max = &step->max_version;

    return pe_version_at_least(version, min->part[0], min->part[1]) &&
           !pe_version_at_least(version, max->part[0], max->part[1] + 1);
}

bool check_machine_is_for(const CheckMachine *machine,
                          const PeVersion *version)
{
    const PeVersion *min = &machine->min_version;

    return pe_version_at_least(version, min->part[0], min->part[1]);
}

bool path_step_mends(const PathStep *step, const char *what)
{
    return step->mends &&
           g_strv_contains((const char *const *)step->mends, what);
}
