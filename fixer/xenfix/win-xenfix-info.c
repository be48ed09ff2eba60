/*
 * win-xenfix info: what a disk holds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-image.h"
#include "win-xenfix-print.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-output-visitor.h"
#include "qemu/cutils.h"

/* On a GPT, too; see WinXenprepPartition. */
#define PARTITION_TYPE_ESP 0xef

static void print_size(const char *label, uint64_t size)
{
    g_autofree char *text = size_to_str(size);

    printf("%s: %s (%" PRIu64 " bytes)\n", label, text, size);
}

static void print_partition(const WinXenprepPartition *partition,
                            GString *words)
{
    g_autofree char *label = g_strdup_printf("partition %" PRId64,
                                             partition->number);
    g_autofree char *size = size_to_str(partition->size);

    if (partition->filesystem) {
        xenfix_word(words, "%s", partition->filesystem);
    } else if (partition->type == PARTITION_TYPE_ESP) {
        xenfix_word(words, "EFI system partition");
    } else if (partition->type_guid) {
        xenfix_word(words, "type %s", partition->type_guid);
    } else {
        xenfix_word(words, "type 0x%02" PRIx64, partition->type);
    }
    if (partition->active) {
        xenfix_word(words, "active");
    }
    xenfix_word(words, "%s from offset %" PRIu64, size, partition->start);
    xenfix_print_words(label, words);
}

/* A program's file: its path, what it was called, its version. */
static void print_file(const char *label, const char *path,
                       const char *original, const char *version,
                       const char *machine, GString *words)
{
    xenfix_word(words, "%s", path);
    if (original) {
        xenfix_word(words, "from %s", original);
    }
    if (version) {
        xenfix_word(words, "version %s", version);
    }
    xenfix_word_if(words, machine);
    xenfix_print_words(label, words);
}

static void print_hal(const WinXenfixHal *hal, GString *words)
{
    if (!hal->name) {
        xenfix_word(words, "not known");
    }
    xenfix_word_if(words, hal->name);
    xenfix_word_if(words, hal->device_id);
    if (hal->has_acpi && hal->acpi) {
        xenfix_word(words, "needs ACPI");
    }
    if (hal->has_apic && hal->apic) {
        xenfix_word(words, "needs an APIC");
    }
    if (hal->has_multiprocessor) {
        xenfix_word(words, "%sprocessor", hal->multiprocessor ? "multi"
                                                              : "uni");
    }
    xenfix_print_words("HAL", words);
    print_file("    file", hal->file, hal->original_filename, hal->version,
               hal->machine, words);
    xenfix_word_if(words, hal->registry_name);
    xenfix_word_if(words, hal->registry_id);
    xenfix_word(words, "%s the file", hal->consistent ? "agrees with"
                                                      : "disagrees with");
    xenfix_print_words("    registry", words);
}

static void print_kernel(const WinXenfixKernel *kernel, GString *words)
{
    print_file("kernel", kernel->path, kernel->original_filename,
               kernel->version, kernel->machine, words);
    xenfix_word(words, "%sprocessor", kernel->multiprocessor ? "multi"
                                                             : "uni");
    if (kernel->pae) {
        xenfix_word(words, "PAE");
    }
    if (kernel->used) {
        xenfix_word(words, "started by default");
    }
    xenfix_print_words("    kind", words);
}

static const char *start_name(int64_t start)
{
    static const char *const names[] = {
        "boot", "system", "automatic", "on demand", "disabled",
    };

    return start >= 0 && start < G_N_ELEMENTS(names) ? names[start]
                                                     : "unknown start";
}

static void print_driver(const WinXenfixDriver *driver, GString *words)
{
    xenfix_word(words, "%s", driver->name);
    xenfix_word(words, "%s", start_name(driver->start));
    if (driver->group) {
        xenfix_word(words, "group %s", driver->group);
    }
    xenfix_word_if(words, driver->path);
    if (driver->version) {
        xenfix_word(words, "version %s", driver->version);
    }
    if (!driver->present) {
        xenfix_word(words, "file is missing");
    }
    xenfix_print_words("storage driver", words);
}

static void print_firmware(const WinXenfixInfo *info, GString *words)
{
    for (WinXenfixFirmwareList *list = info->firmware; list;
         list = list->next) {
        xenfix_word(words, "%s", list->value == WIN_XENFIX_FIRMWARE_UEFI
                                 ? "UEFI" : "BIOS");
    }
    if (!info->firmware) {
        xenfix_word(words, "none");
    }
    xenfix_print_words("firmware that finds something to start", words);
}

/* Windows gives a disk one of the two. */
static void print_identity(const WinXenfixInfo *info)
{
    if (info->has_scheme) {
        printf("partition table: %s\n",
               info->scheme == WIN_XENFIX_SCHEME_GPT ? "GPT" : "MBR");
    }
    if (info->disk_guid) {
        printf("disk GUID: %s\n", info->disk_guid);
    }
    if (info->disk_signature || !info->disk_guid) {
        printf("disk signature: 0x%08" PRIx64 "\n", info->disk_signature);
    }
}

static void print_disk(const WinXenfixInfo *info, GString *words)
{
    print_identity(info);
    if (info->adapter_type) {
        printf("adapter type: %s\n", info->adapter_type);
    }
    for (WinXenprepPartitionList *partition = info->partitions; partition;
         partition = partition->next) {
        print_partition(partition->value, words);
    }
    print_firmware(info, words);
    if (info->has_system_partition) {
        printf("system partition: %" PRId64 "\n", info->system_partition);
    }
    xenfix_print_number_list("dirty volumes", info->dirty_volumes);
}

static void print_installation(const WinXenfixInfo *info, GString *words)
{
    xenfix_print_windows(info->windows, words);
    /* The conclusion is about devices, not about what was prepared. */
    printf("    would it boot on IDE as it is: 'win-xenfix check' tells\n");
    printf("    hibernated: %s\n", info->hibernated ? "yes" : "no");
    printf("    clock of the machine: %s\n",
           info->real_time_is_universal ? "UTC" : "local time");
    if (info->hal) {
        print_hal(info->hal, words);
    }
    for (WinXenfixKernelList *kernel = info->kernels; kernel;
         kernel = kernel->next) {
        print_kernel(kernel->value, words);
    }
    for (WinXenfixDriverList *driver = info->storage_drivers; driver;
         driver = driver->next) {
        print_driver(driver->value, words);
    }
    xenfix_print_string_list("VMware", info->vmware);
    xenfix_print_string_list("other hypervisors", info->hypervisor_drivers);
}

static void print_info(const WinXenfixInfo *info)
{
    g_autoptr(GString) words = g_string_new(NULL);

    print_disk(info, words);
    if (info->windows) {
        print_installation(info, words);
    } else {
        printf("Windows: none\n");
    }
    for (WinXenprepPlaceList *place = info->other_windows; place;
         place = place->next) {
        printf("other Windows: partition %" PRId64 ", %s\n",
               place->value->partition, place->value->system_root);
    }
    if (info->boot_ini) {
        xenfix_print_boot_ini(info->boot_ini, words);
    }
    xenfix_print_strings("warning", info->warnings);
    xenfix_print_string_list("read in a jail of", info->sandbox);
}

static void print_info_json(WinXenfixInfo *info)
{
    QObject *obj;
    Visitor *v = qobject_output_visitor_new(&obj);

    visit_type_WinXenfixInfo(v, NULL, &info, &error_abort);
    xenfix_print_visited(v, &obj);
}

static void print(const XenfixOptions *options, BlockBackend *image,
                  WinXenfixInfo *info)
{
    if (options->quiet) {
        return;
    }
    if (options->json) {
        print_info_json(info);
        return;
    }
    printf("image: %s\nfile format: %s\n", options->image,
           bdrv_get_format_name(blk_bs(image)));
    print_size("virtual size", blk_getlength(image));
    print_info(info);
}

static XenfixStatus run(const XenfixOptions *options)
{
    g_auto(XenprepReport) report = { 0 };
    Error *err = NULL;
    BlockBackend *image = xenfix_image_open(options, &err);
    bool ok = image && xenfix_image_ask(image, XENPREP_VERB_INSPECT, options,
                                        &report, &err);

    if (ok) {
        print(options, image, report.inspect);
    } else {
        error_report_err(err);
    }
    blk_unref(image);
    return ok ? XENFIX_YES : XENFIX_ERROR;
}

const XenfixCommand xenfix_command_info = {
    .name = "info",
    .summary = "Tell what a disk holds: Windows, HAL, drivers, boot.ini",
    .run = run,
};
