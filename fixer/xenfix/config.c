/*
 * Configurations: from the report about a guest to a text
 *
 * The settings are made once (config-platform.c, config-hal.c,
 * config-machine.c), each with its reason; the renderers only know how xl,
 * libvirt and QEMU say it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

#include "qapi/error.h"

/* Columns of a line of a comment. */
#define LINE_WIDTH 78

static void config_clear(GuestConfig *config)
{
    g_free(config->guest);
    g_ptr_array_unref(config->warnings);
    g_free(config->name);
    g_free(config->disk);
    g_free(config->acpi.reason);
    g_free(config->apic.reason);
    g_free(config->pae.reason);
    g_free(config->vcpus.reason);
    g_free(config->memory.reason);
    g_free(config->viridian.reason);
    g_free(config->localtime.reason);
    g_free(config->xen_platform.reason);
    g_free(config->usb_tablet.reason);
    g_free(config->machine.reason);
    g_free(config->firmware.reason);
    g_free(config->secure_boot.reason);
    g_free(config->tpm.reason);
    g_free(config->disk_bus.reason);
    g_free(config->cpu.reason);
    g_free(config->nic.reason);
    g_free(config->vga.reason);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuestConfig, config_clear)

void config_set_flag(ConfigFlag *flag, bool value, const char *reason)
{
    flag->value = value;
    flag->reason = g_strdup(reason);
}

void config_set_word(ConfigWord *word, const char *value, const char *reason)
{
    word->value = value;
    word->reason = g_strdup(reason);
}

void config_warn(GuestConfig *config, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(config->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

void config_wrap(GString *out, const char *first, const char *other,
                 const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n", -1);
    const char *prefix = first;
    glong column = 0;

    for (char **word = words; *word; word++) {
        glong length = g_utf8_strlen(*word, -1);

        if (!length) {
            continue;
        }
        if (column && column + 1 + length > LINE_WIDTH) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        if (!column) {
            g_string_append(out, prefix);
            column = g_utf8_strlen(prefix, -1);
            prefix = other;
        } else {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, *word);
        column += length;
    }
}

void config_version(const WinXenfixInfo *info, ConfigVersion *version)
{
    const WinXenprepWindows *windows = info->windows;

    /* One that is not to be read leaves the oldest, which needs least. */
    *version = (ConfigVersion) {
        .x64 = g_str_equal(windows->machine, "x64"),
        .workstation = g_str_equal(windows->product_type, "WinNT"),
    };
    sscanf(windows->version, "%u.%u.%u", &version->major, &version->minor,
           &version->build);
}

bool config_version_before(const ConfigVersion *version, unsigned major,
                           unsigned minor)
{
    return version->major < major ||
           (version->major == major && version->minor < minor);
}

/* Servers of its time have the same builds, and ask for less. */
bool config_is_windows_11(const ConfigVersion *version)
{
    return version->workstation && version->major == 10 &&
           version->build >= 22000;
}

bool config_is_xen(const GuestConfig *config, const ConfigOptions *options)
{
    return options->format == CONFIG_FORMAT_XL ||
           (options->format == CONFIG_FORMAT_LIBVIRT &&
            g_str_equal(config->virt_type, "xen"));
}

bool config_is_uefi(const GuestConfig *config)
{
    return g_str_equal(config->firmware.value, "uefi");
}

/* "Windows XP SP3 (5.1.2600.5512, x86) in \WINDOWS of partition 1, ..." */
static char *describe(const WinXenfixInfo *info)
{
    const WinXenprepWindows *windows = info->windows;
    GString *text = g_string_new(windows->name);

    if (windows->service_pack) {
        g_string_append_printf(text, " SP%" PRId64, windows->service_pack);
    }
    if (windows->edition) {
        g_string_append_printf(text, " %s", windows->edition);
    }
    if (windows->release) {
        g_string_append_printf(text, " %s", windows->release);
    }
    g_string_append_printf(text, " (%s, %s) in %s of partition %" PRId64,
                           windows->version, windows->machine,
                           windows->system_root, windows->partition);
    if (info->hal) {
        g_string_append_printf(text, "; HAL: %s (%s)",
                               info->hal->name ?: "unknown",
                               info->hal->original_filename ?:
                               info->hal->file);
    }
    return g_string_free(text, false);
}

static void render(const GuestConfig *config, ConfigFormat format,
                   GString *out)
{
    switch (format) {
    case CONFIG_FORMAT_XL:
        config_render_xl(config, out);
        break;
    case CONFIG_FORMAT_LIBVIRT:
        config_render_libvirt(config, out);
        break;
    case CONFIG_FORMAT_QEMU:
        config_render_qemu(config, out);
        break;
    default:
        g_assert_not_reached();
    }
}

char *xenfix_config_text(const WinXenfixInfo *info,
                         const ConfigOptions *options, Error **errp)
{
    g_auto(GuestConfig) config = {
        .warnings = g_ptr_array_new_with_free_func(g_free),
    };
    GString *out;

    if (!info->windows) {
        error_setg(errp, "'%s' holds no Windows that a configuration could "
                   "fit; 'win-xenfix info' tells what is on it",
                   options->disk);
        return NULL;
    }
    if (!config_take_options(&config, options, errp) ||
        !config_fit_platform(&config, info, options, errp)) {
        return NULL;
    }
    config.guest = describe(info);
    config_fit_hal(&config, info, options);
    config_fit_machine(&config, info, options);
    out = g_string_new(NULL);
    render(&config, options->format, out);
    return g_string_free(out, false);
}
