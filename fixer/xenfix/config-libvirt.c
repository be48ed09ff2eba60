/*
 * Configurations: for libvirt, as its "Domain XML format" has it
 *
 * A feature that is not named is off, so there is nothing to be written for
 * one; its reason stands there all the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

/* An element's distance from the margin, by its depth. */
#define INDENT 2

typedef struct Writer {
    const GuestConfig *config;
    GString *out;
    int depth;
} Writer;

static void put_indent(Writer *w)
{
    g_string_append_printf(w->out, "%*s", w->depth * INDENT, "");
}

/* A comment must not have "--" in it. */
static void put_comment(Writer *w, const char *text)
{
    g_autofree char *first = g_strdup_printf("%*s<!-- ", w->depth * INDENT,
                                             "");
    g_autofree char *other = g_strdup_printf("%*s     ", w->depth * INDENT,
                                             "");
    g_auto(GStrv) parts = g_strsplit(text, "-", -1);
    GString *safe = g_string_new(parts[0]);

    for (char **part = parts + 1; parts[0] && *part; part++) {
        bool twice = safe->len && safe->str[safe->len - 1] == '-';

        g_string_append(safe, twice ? " -" : "-");
        g_string_append(safe, *part);
    }
    g_string_append(safe, " -->");
    config_wrap(w->out, first, other, safe->str);
    g_string_append_c(w->out, '\n');
    g_string_free(safe, true);
}

/*
 * A line, made of markup with %s for text that is escaped.  (What must not be
 * escaped is not to be had this way, and that is the point.)
 */
static void G_GNUC_PRINTF(2, 3) put_line(Writer *w, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_markup_vprintf_escaped(format, args);
    va_end(args);
    put_indent(w);
    g_string_append(w->out, line);
    g_string_append_c(w->out, '\n');
}

static bool is_type(const Writer *w, const char *type)
{
    return g_str_equal(w->config->virt_type, type);
}

static void put_head(Writer *w)
{
    const GPtrArray *warnings = w->config->warnings;

    put_comment(w, w->config->guest);
    for (guint i = 0; i < warnings->len; i++) {
        g_autofree char *text =
            g_strdup_printf("WARNING: %s",
                            (char *)g_ptr_array_index(warnings, i));

        put_comment(w, text);
    }
}

static void put_firmware_feature(Writer *w, const char *name, bool enabled)
{
    put_line(w, "<feature enabled='%s' name='%s'/>", enabled ? "yes" : "no",
             name);
}

/* What the descriptors of firmware on the host are searched for. */
static void put_firmware(Writer *w)
{
    const ConfigFlag *secure_boot = &w->config->secure_boot;

    if (!config_is_uefi(w->config) || is_type(w, "xen")) {
        return;
    }
    put_comment(w, secure_boot->reason);
    put_line(w, "<firmware>");
    w->depth++;
    put_firmware_feature(w, "secure-boot", secure_boot->value);
    if (secure_boot->value) {
        put_firmware_feature(w, "enrolled-keys", false);
    }
    w->depth--;
    put_line(w, "</firmware>");
}

static void put_os(Writer *w)
{
    put_comment(w, w->config->machine.reason);
    put_comment(w, w->config->firmware.reason);
    put_line(w, config_is_uefi(w->config) ? "<os firmware='efi'>" : "<os>");
    w->depth++;
    put_line(w, "<type arch='x86_64' machine='%s'>hvm</type>",
             is_type(w, "xen") ? "xenfv" : w->config->machine.value);
    put_firmware(w);
    put_line(w, "<boot dev='hd'/>");
    w->depth--;
    put_line(w, "</os>");
}

static void put_feature(Writer *w, const char *name, const ConfigFlag *flag)
{
    g_autofree char *text = g_strdup_printf("%s %s: %s", name,
                                            flag->value ? "on" : "off",
                                            flag->reason);

    put_comment(w, text);
    if (flag->value) {
        put_line(w, "<%s/>", name);
    }
}

static bool has_hyperv(const Writer *w)
{
    return w->config->viridian.value && is_type(w, "kvm");
}

/* Xen has one name for them, KVM one for each; TCG has none of them. */
static void put_viridian(Writer *w)
{
    const ConfigFlag *flag = &w->config->viridian;

    if (is_type(w, "xen")) {
        put_feature(w, "viridian", flag);
        return;
    }
    put_comment(w, flag->reason);
    if (!has_hyperv(w)) {
        return;
    }
    put_line(w, "<hyperv>");
    w->depth++;
    put_line(w, "<relaxed state='on'/>");
    put_line(w, "<vapic state='on'/>");
    put_line(w, "<spinlocks state='on' retries='8191'/>");
    if (w->config->viridian_timers) {
        put_line(w, "<vpindex state='on'/>");
        put_line(w, "<synic state='on'/>");
        put_line(w, "<stimer state='on'/>");
    }
    w->depth--;
    put_line(w, "</hyperv>");
}

static void put_features(Writer *w)
{
    put_line(w, "<features>");
    w->depth++;
    put_feature(w, "acpi", &w->config->acpi);
    put_feature(w, "apic", &w->config->apic);
    put_feature(w, "pae", &w->config->pae);
    put_viridian(w);
    if (config_is_uefi(w->config) && w->config->secure_boot.value) {
        put_comment(w, "for Secure Boot, see above");
        put_line(w, "<smm state='on'/>");
    }
    w->depth--;
    put_line(w, "</features>");
}

/* Of one socket, since editions of Windows are licensed by the socket. */
static void put_topology(Writer *w)
{
    if (w->config->vcpus.value > 1) {
        put_line(w, "<topology sockets='1' cores='%" PRIu64 "' threads='1'/>",
                 w->config->vcpus.value);
    }
}

/* Xen has its own idea of processors, where the feature PAE is all. */
static void put_cpu(Writer *w)
{
    const ConfigWord *cpu = &w->config->cpu;

    if (is_type(w, "xen")) {
        return;
    }
    put_comment(w, cpu->reason);
    if (g_str_equal(cpu->value, "max")) {
        put_line(w, "<cpu mode='maximum'>");
    } else {
        put_line(w, "<cpu mode='custom' match='exact' check='none'>");
    }
    w->depth++;
    if (!g_str_equal(cpu->value, "max")) {
        put_line(w, "<model fallback='forbid'>%s</model>", cpu->value);
    }
    put_topology(w);
    if (!w->config->pae.value) {
        put_line(w, "<feature policy='disable' name='pae'/>");
    }
    w->depth--;
    put_line(w, "</cpu>");
}

static void put_disk(Writer *w)
{
    const GuestConfig *config = w->config;
    bool device = config->disk_is_device;

    put_comment(w, config->disk_bus.reason);
    put_line(w, "<disk type='%s' device='disk'>", device ? "block" : "file");
    w->depth++;
    put_line(w, "<driver name='qemu' type='%s'/>", config->disk_format);
    put_line(w, "<source %s='%s'/>", device ? "dev" : "file", config->disk);
    put_line(w, "<target dev='%s' bus='%s'/>", config->ahci ? "sda" : "hda",
             config->ahci ? "sata" : config->disk_bus.value);
    w->depth--;
    put_line(w, "</disk>");
}

static void put_nic(Writer *w)
{
    const GuestConfig *config = w->config;

    put_comment(w, config->nic.reason);
    put_line(w, "<interface type='%s'>",
             config->bridge ? "bridge" : "network");
    w->depth++;
    if (config->mac) {
        put_line(w, "<mac address='%s'/>", config->mac);
    }
    if (config->bridge) {
        put_line(w, "<source bridge='%s'/>", config->bridge);
    } else {
        put_line(w, "<source network='default'/>");
    }
    put_line(w, "<model type='%s'/>", config->nic.value);
    w->depth--;
    put_line(w, "</interface>");
}

static void put_display(Writer *w)
{
    bool cirrus = g_str_equal(w->config->vga.value, "cirrus");

    put_comment(w, w->config->usb_tablet.reason);
    put_line(w, "<input type='tablet' bus='usb'/>");
    put_comment(w, "for viewers on this host only");
    put_line(w, "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>");
    put_comment(w, w->config->vga.reason);
    put_line(w, "<video>");
    w->depth++;
    put_line(w, "<model type='%s'/>", cirrus ? "cirrus" : "vga");
    w->depth--;
    put_line(w, "</video>");
}

static void put_tpm(Writer *w)
{
    if (!w->config->windows_11) {
        return;
    }
    put_comment(w, w->config->tpm.reason);
    if (w->config->tpm.value) {
        put_line(w, "<tpm model='tpm-crb'>");
        w->depth++;
        put_line(w, "<backend type='emulator' version='2.0'/>");
        w->depth--;
        put_line(w, "</tpm>");
    }
}

static void put_devices(Writer *w)
{
    put_line(w, "<devices>");
    w->depth++;
    put_disk(w);
    put_nic(w);
    put_tpm(w);
    put_display(w);
    w->depth--;
    put_line(w, "</devices>");
}

static void put_clock(Writer *w)
{
    const char *offset = w->config->localtime.value ? "localtime" : "utc";

    put_comment(w, w->config->localtime.reason);
    if (!has_hyperv(w)) {
        put_line(w, "<clock offset='%s'/>", offset);
        return;
    }
    put_line(w, "<clock offset='%s'>", offset);
    w->depth++;
    put_comment(w, "one of Hyper-V's interfaces, too");
    put_line(w, "<timer name='hypervclock' present='yes'/>");
    w->depth--;
    put_line(w, "</clock>");
}

void config_render_libvirt(const GuestConfig *config, GString *out)
{
    Writer w = { .config = config, .out = out };

    put_head(&w);
    put_line(&w, "<domain type='%s'>", config->virt_type);
    w.depth++;
    put_line(&w, "<name>%s</name>", config->name);
    put_comment(&w, config->memory.reason);
    put_line(&w, "<memory unit='MiB'>%" PRIu64 "</memory>",
             config->memory.value);
    put_comment(&w, config->vcpus.reason);
    put_line(&w, "<vcpu>%" PRIu64 "</vcpu>", config->vcpus.value);
    put_os(&w);
    put_features(&w);
    put_cpu(&w);
    put_clock(&w);
    put_devices(&w);
    w.depth--;
    put_line(&w, "</domain>");
}
