/*
 * Check: the machine that a guest is to boot on, as data
 *
 * Machines are compiled in as a GResource; each is a GKeyFile, the groups of
 * which stand in the order of the boot path.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
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
        g_free(machine->spoilers);
        g_free(machine->spoilers_remedy);
        g_ptr_array_unref(machine->path);
        g_free(machine);
    }
}

/* The machines' names, for a message. */
static char *machine_names(void)
{
    g_auto(GStrv) files =
        g_resources_enumerate_children(RESOURCE_PATH,
                                       G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_autoptr(GString) names = g_string_new(NULL);

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

static PathStep *parse_step(GKeyFile *file, const char *group,
                            const char *name, PathKind kind)
{
    PathStep *step = g_new0(PathStep, 1);

    step->kind = kind;
    step->name = g_strdup(name);
    step->title = g_key_file_get_string(file, group, "title", NULL);
    step->services = g_key_file_get_string_list(file, group, "services",
                                                NULL, NULL);
    step->instances = g_key_file_get_string_list(file, group, "instances",
                                                 NULL, NULL);
    step->parent = g_key_file_get_string(file, group, "parent", NULL);
    step->suffix = g_key_file_get_string(file, group, "suffix", NULL);
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
    bool device = step->services && step->instances && step->ids;

    return step->title &&
           (step->kind == PATH_DEVICE ? device : step->class_guid != NULL) &&
           (step->kind != PATH_FILTER || step->service);
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

CheckMachine *check_machine_find(const char *name, GError **errp)
{
    g_autoptr(GBytes) text = find_text(name, errp);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;
    CheckMachine *machine;

    if (!text || !g_key_file_load_from_bytes(file, text, G_KEY_FILE_NONE,
                                             errp)) {
        return NULL;
    }
    machine = g_new0(CheckMachine, 1);
    machine->name = g_strdup(name);
    machine->spoilers = g_key_file_get_string(file, "machine", "spoilers",
                                              NULL);
    machine->spoilers_remedy = g_key_file_get_string(file, "machine",
                                                     "spoilers-remedy", NULL);
    machine->path = g_ptr_array_new_with_free_func(step_free);
    groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++) {
        parse_group(machine, file, *group);
    }
    return machine;
}
