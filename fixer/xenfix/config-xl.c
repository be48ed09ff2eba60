/*
 * Configurations: for xl, as xl.cfg(5) of Xen 4.17 has it
 *
 * A string is in double quotes, in which a backslash takes away the meaning of
 * a quote or of another backslash.  Within the string of a disk, target= takes
 * all that follows: so it comes last, and needs no quoting of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

static void put_comment(GString *out, const char *text)
{
    config_wrap(out, "# ", "# ", text);
    g_string_append_c(out, '\n');
}

static void put_string(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

static void put_word(GString *out, const char *key, const char *value,
                     const char *reason)
{
    put_comment(out, reason);
    g_string_append_printf(out, "%s = ", key);
    put_string(out, value);
    g_string_append(out, "\n\n");
}

static void put_number(GString *out, const char *key, uint64_t value,
                       const char *reason)
{
    put_comment(out, reason);
    g_string_append_printf(out, "%s = %" PRIu64 "\n\n", key, value);
}

static void put_flag(GString *out, const char *key, const ConfigFlag *flag)
{
    put_number(out, key, flag->value, flag->reason);
}

static void put_head(const GuestConfig *config, GString *out)
{
    put_comment(out, config->guest);
    for (guint i = 0; i < config->warnings->len; i++) {
        g_string_append(out, "#\n");
        config_wrap(out, "# WARNING: ", "# ",
                    g_ptr_array_index(config->warnings, i));
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

/* The names of two formats differ from QEMU's. */
static const char *disk_format(const GuestConfig *config)
{
    return g_str_equal(config->disk_format, "vpc") ? "vhd"
                                                   : config->disk_format;
}

static void put_disk(const GuestConfig *config, GString *out)
{
    g_autofree char *disk =
        g_strdup_printf("format=%s, vdev=hda, access=rw, target=%s",
                        disk_format(config), config->disk);

    put_word(out, "hdtype", config->disk_bus.value, config->disk_bus.reason);
    g_string_append(out, "disk = [ ");
    put_string(out, disk);
    g_string_append(out, " ]\n\n");
}

static void put_nic(const GuestConfig *config, GString *out)
{
    GString *nic = g_string_new("type=ioemu, model=");

    g_string_append(nic, config->nic.value);
    if (config->mac) {
        g_string_append_printf(nic, ", mac=%s", config->mac);
    }
    if (config->bridge) {
        g_string_append_printf(nic, ", bridge=%s", config->bridge);
    }
    put_comment(out, config->nic.reason);
    g_string_append(out, "vif = [ ");
    put_string(out, nic->str);
    g_string_append(out, " ]\n\n");
    g_string_free(nic, true);
}

static void put_processors(const GuestConfig *config, GString *out)
{
    put_number(out, "memory", config->memory.value, config->memory.reason);
    put_number(out, "vcpus", config->vcpus.value, config->vcpus.reason);
    put_flag(out, "acpi", &config->acpi);
    put_flag(out, "apic", &config->apic);
    put_flag(out, "pae", &config->pae);
    if (!config->pae.value) {
        g_string_append(out, "# NX goes with PAE\nnx = 0\n\n");
    }
    put_flag(out, "viridian", &config->viridian);
}

/* xl.cfg(5) has no word for one; where Windows has no need of it, no matter. */
static void put_tpm(const GuestConfig *config, GString *out)
{
    if (config->windows_11) {
        g_autofree char *text = g_strconcat("TPM: ", config->tpm.reason, NULL);

        put_comment(out, text);
        g_string_append_c(out, '\n');
    }
}

static void put_display(const GuestConfig *config, GString *out)
{
    bool cirrus = g_str_equal(config->vga.value, "cirrus");

    put_word(out, "vga", cirrus ? "cirrus" : "stdvga", config->vga.reason);
    put_flag(out, "usb", &config->usb_tablet);
    if (config->usb_tablet.value) {
        g_string_append(out, "usbdevice = \"tablet\"\n\n");
    }
    g_string_append(out, "# for viewers on this host only\n"
                    "vnc = 1\nvnclisten = \"127.0.0.1\"\n");
}

void config_render_xl(const GuestConfig *config, GString *out)
{
    put_head(config, out);
    g_string_append(out, "name = ");
    put_string(out, config->name);
    g_string_append(out, "\n\n");
    put_word(out, "type", "hvm",
             config->ahci ?
             "Windows needs a whole machine; Xen's has the chipset i440FX, "
             "and beside it the controller that hdtype names" :
             "Windows needs a whole machine; Xen's has the chipset i440FX "
             "with an IDE controller (PIIX3), for which the guest is "
             "prepared");
    put_word(out, "firmware", config_is_uefi(config) ? "ovmf" : "bios",
             config->firmware.reason);
    put_tpm(config, out);
    put_processors(config, out);
    put_flag(out, "localtime", &config->localtime);
    put_disk(config, out);
    g_string_append(out, "boot = \"c\"\n\n");
    put_flag(out, "xen_platform_pci", &config->xen_platform);
    put_nic(config, out);
    put_display(config, out);
}
