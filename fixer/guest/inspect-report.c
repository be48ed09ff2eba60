/*
 * Inspect: the report
 *
 * The members are those of WinXenfixInfo in QEMU's QAPI schema, where each is
 * documented; the client parses the text by that schema.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "inspect-internal.h"
#include "report-json.h"

static void add_version(JsonBuilder *json, const PeVersion *version)
{
    g_autofree char *text = pe_version_string(version);

    report_add_string(json, "version", text);
}

static void add_machine(JsonBuilder *json, uint16_t machine)
{
    g_autofree char *text = pe_machine_string(machine);

    report_add_string(json, "machine", text);
}

static void add_lines(JsonBuilder *json, const char *name,
                      const GPtrArray *lines)
{
    report_add_strings(json, name, (const char *const *)lines->pdata,
                       lines->len);
}

static void add_hal_type(JsonBuilder *json, const HalType *type)
{
    report_add_string(json, "device-id", type->device_id);
    report_add_string(json, "name", type->name);
    report_add_bool(json, "acpi", type->acpi);
    report_add_bool(json, "apic", type->apic);
    report_add_bool(json, "multiprocessor", type->multiprocessor);
}

static void add_hal(JsonBuilder *json, const Inspection *in)
{
    const Hal *hal = &in->hal;

    report_begin_object(json, "hal");
    report_add_string(json, "file", hal->path);
    add_machine(json, hal->machine);
    report_add_optional(json, "original-filename", hal->original_filename);
    if (hal->has_version) {
        add_version(json, &hal->version);
    }
    if (hal->type) {
        add_hal_type(json, hal->type);
    }
    report_add_optional(json, "registry-name", in->hal_registry.name);
    report_add_optional(json, "registry-id", in->hal_registry.device_id);
    report_add_bool(json, "consistent",
                    hal_is_consistent(hal, &in->hal_registry));
    json_builder_end_object(json);
}

static void add_kernel(JsonBuilder *json, const InstalledKernel *installed)
{
    const Kernel *kernel = &installed->kernel;

    json_builder_begin_object(json);
    report_add_string(json, "path", kernel->path);
    report_add_optional(json, "original-filename",
                        kernel->original_filename);
    if (kernel->has_version) {
        add_version(json, &kernel->version);
    } else {
        report_add_string(json, "version", "unknown");
    }
    add_machine(json, kernel->machine);
    report_add_bool(json, "multiprocessor", kernel->multiprocessor);
    report_add_bool(json, "pae", kernel->pae);
    report_add_bool(json, "used", installed->used);
    json_builder_end_object(json);
}

static void add_kernels(JsonBuilder *json, const Inspection *in)
{
    report_begin_array(json, "kernels");
    for (guint i = 0; i < in->kernels->len; i++) {
        add_kernel(json, g_ptr_array_index(in->kernels, i));
    }
    json_builder_end_array(json);
}

static void add_driver(JsonBuilder *json, const StorageDriver *driver)
{
    json_builder_begin_object(json);
    report_add_string(json, "name", driver->name);
    report_add_int(json, "start", driver->start);
    report_add_optional(json, "group", driver->group);
    report_add_optional(json, "path", driver->path);
    report_add_bool(json, "present", driver->present);
    if (driver->has_version) {
        add_version(json, &driver->version);
    }
    json_builder_end_object(json);
}

static void add_drivers(JsonBuilder *json, const Inspection *in)
{
    report_begin_array(json, "storage-drivers");
    for (guint i = 0; i < in->storage_drivers->len; i++) {
        add_driver(json, g_ptr_array_index(in->storage_drivers, i));
    }
    json_builder_end_array(json);
}

/* Why the entry does not start from the only disk of an IDE controller. */
static char *entry_problem(const Inspection *in, const BootEntry *entry,
                           const ArcPath *arc)
{
    g_autofree char *other = arc_path_other_disk(arc, in->disk);

    if (other) {
        return g_strdup_printf("it is on another disk, %s", other);
    }
    if (!arc_path_partition(arc, in->disk)) {
        return g_strdup_printf("this disk has no partition %u",
                               arc->partition);
    }
    return arc->kind == ARC_MULTI
           ? NULL
           : g_strdup_printf("it does not start from IDE: make it "
                             "multi(0)disk(0)rdisk(0)partition(%u)%s",
                             arc->partition, arc->directory);
}

static void add_entry(JsonBuilder *json, const Inspection *in,
                      const BootEntry *entry)
{
    g_auto(ArcPath) arc = { 0 };
    g_autofree char *problem = NULL;
    const Partition *partition;

    json_builder_begin_object(json);
    report_add_string(json, "path", entry->path);
    report_add_string(json, "title", entry->title);
    report_add_strings(json, "switches",
                       (const char *const *)entry->switches,
                       g_strv_length(entry->switches));
    report_add_bool(json, "default",
                    entry == boot_ini_started(in->survey.boot_ini));
    if (arc_path_parse(entry->path, &arc)) {
        partition = arc_path_partition(&arc, in->disk);
        if (partition) {
            report_add_int(json, "partition", partition->number);
        }
        problem = entry_problem(in, entry, &arc);
    }
    report_add_optional(json, "problem", problem);
    json_builder_end_object(json);
}

static void add_boot_ini(JsonBuilder *json, const Inspection *in)
{
    const BootIni *ini = in->survey.boot_ini;

    report_begin_object(json, "boot-ini");
    report_add_int(json, "partition", disk_active(in->disk)->number);
    if (ini->has_timeout) {
        report_add_int(json, "timeout", ini->timeout);
    }
    report_begin_array(json, "entries");
    for (guint i = 0; i < ini->entries->len; i++) {
        add_entry(json, in, g_ptr_array_index(ini->entries, i));
    }
    json_builder_end_array(json);
    add_lines(json, "warnings", ini->warnings);
    json_builder_end_object(json);
}

static void add_dirty_volumes(JsonBuilder *json, const Inspection *in)
{
    report_begin_array(json, "dirty-volumes");
    for (guint i = 0; i < in->dirty_volumes->len; i++) {
        const Partition *partition = g_ptr_array_index(in->dirty_volumes, i);

        json_builder_add_int_value(json, partition->number);
    }
    json_builder_end_array(json);
}

static void add_scheme(JsonBuilder *json, const Inspection *in)
{
    const Disk *disk = in->disk;

    report_add_int(json, "disk-signature", disk->signature);
    if (in->has_table) {
        report_add_string(json, "scheme",
                          disk->scheme == DISK_GPT ? "gpt" : "mbr");
    }
    if (in->has_table && disk->scheme == DISK_GPT) {
        g_autofree char *guid = guid_to_string(&disk->guid);

        report_add_string(json, "disk-guid", guid);
    }
}

/* That which starts Windows comes first. */
static void add_firmware(JsonBuilder *json, const Inspection *in)
{
    bool uefi_first = in->system_partition && !in->system_partition->active;
    const char *names[2];
    unsigned n = 0;

    if (in->uefi && uefi_first) {
        names[n++] = "uefi";
    }
    if (in->bios) {
        names[n++] = "bios";
    }
    if (in->uefi && !uefi_first) {
        names[n++] = "uefi";
    }
    report_add_strings(json, "firmware", names, n);
}

static void add_disk(JsonBuilder *json, const Inspection *in)
{
    report_add_partitions(json, in->disk, in->kinds);
    add_scheme(json, in);
    add_firmware(json, in);
    report_add_optional(json, "adapter-type", in->options->adapter_type);
    if (in->system_partition) {
        report_add_int(json, "system-partition",
                       in->system_partition->number);
    }
    report_add_bool(json, "hibernated", in->hibernated);
    add_dirty_volumes(json, in);
    if (in->survey.boot_ini) {
        add_boot_ini(json, in);
    }
}

static void add_windows(JsonBuilder *json, const Inspection *in)
{
    if (in->windows) {
        report_add_windows(json, in->windows, in->options->adapter_type);
    }
    report_add_places(json, "other-windows", in->others);
    if (in->has_hal) {
        add_hal(json, in);
    }
    add_kernels(json, in);
    add_drivers(json, in);
    add_lines(json, "vmware", in->vmware);
    add_lines(json, "hypervisor-drivers", in->hypervisor_drivers);
    report_add_bool(json, "real-time-is-universal",
                    in->real_time_is_universal);
}

char *inspect_report(const Inspection *in)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    add_disk(json, in);
    add_windows(json, in);
    add_lines(json, "warnings", in->warnings);
    report_add_strings(json, "sandbox", in->options->sandbox,
                       g_strv_length((char **)in->options->sandbox));
    json_builder_end_object(json);
    return report_to_text(json);
}
