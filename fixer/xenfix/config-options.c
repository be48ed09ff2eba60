/*
 * Configurations: what the user says, checked and completed
 *
 * Whatever passes here can be expressed in all three formats.  Names and
 * paths may have quotes, commas, blanks and letters of any language in them,
 * which the renderers quote; control characters and bytes that are no UTF-8
 * XML cannot hold at all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

#include "qapi/error.h"

/* More than any hypervisor gives a guest: 16 TiB. */
#define MEMORY_LIMIT_MIB (UINT64_C(16) << 20)

/*
 * Xen's limit for HVM guests, and that of QEMU's machine "pc" without an
 * emulated IOMMU.
 */
#define VCPUS_LIMIT_XEN 128
#define VCPUS_LIMIT_QEMU 255

/* Of a Linux network interface, without the NUL. */
#define INTERFACE_NAME_MAX 15

/* QEMU's names of formats, and who else knows them. */
static const struct {
    const char *name;
    bool xl, libvirt;
} disk_formats[] = {
    { "raw", true, true },
    { "qcow", true, true },
    { "qcow2", true, true },
    { "qed", true, true },
    { "vpc", true, true },
    { "vmdk", false, true },
    { "vdi", false, true },
    { "vhdx", false, false },
    { "parallels", false, false },
};

static const char *const virt_types[] = { "kvm", "qemu", "xen", NULL };

/* XML has no way to write U+FFFE and U+FFFF, nor most control characters. */
static bool is_expressible(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        return false;
    }
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (g_unichar_iscntrl(c) || c == 0xfffe || c == 0xffff) {
            return false;
        }
    }
    return true;
}

static bool check_expressible(const char *what, const char *text,
                              Error **errp)
{
    if (!*text) {
        error_setg(errp, "the %s is empty", what);
        return false;
    }
    if (!is_expressible(text)) {
        g_autofree char *shown = g_strescape(text, NULL);

        error_setg(errp, "the %s '%s' has control characters in it or is no "
                   "UTF-8, which a configuration cannot hold; rename it",
                   what, shown);
        return false;
    }
    return true;
}

/*
 * As xl and libvirt take it: a number would be taken for a domain's id, and
 * blanks around it are lost.
 */
static bool check_name(const char *name, Error **errp)
{
    if (!check_expressible("name of the domain", name, errp)) {
        return false;
    }
    if (strchr(name, '/') || strspn(name, G_CSET_DIGITS) == strlen(name) ||
        *name == ' ' || g_str_has_suffix(name, " ")) {
        error_setg(errp, "a domain cannot be named '%s': the name must not "
                   "be a number, have a '/' in it, or begin or end with a "
                   "blank", name);
        return false;
    }
    return true;
}

/* The name of the disk's file without its suffix, if that makes a name. */
static char *default_name(const GuestConfig *config)
{
    g_autofree char *base = g_path_get_basename(config->disk);
    const char *name = base;
    char *dot = strrchr(base, '.');

    if (dot) {
        *dot = '\0';
    }
    g_strcanon(base, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-", '-');
    name += strspn(name, "._-");
    if (config->disk_is_url ||
        strspn(name, G_CSET_DIGITS "._-") == strlen(name)) {
        return g_strdup("windows");
    }
    return g_strdup(name);
}

static bool take_name(GuestConfig *config, const ConfigOptions *options,
                      Error **errp)
{
    if (options->name && !check_name(options->name, errp)) {
        return false;
    }
    config->name = options->name ? g_strdup(options->name)
                                 : default_name(config);
    return true;
}

/* As QEMU tells "nbd://host" from a file: a ':' before the first '/'. */
static bool is_url(const char *disk)
{
    return disk[strcspn(disk, ":/")] == ':';
}

static char *absolute_path(const char *path)
{
    g_autofree char *directory = NULL;

    if (g_path_is_absolute(path)) {
        return g_strdup(path);
    }
    while (g_str_has_prefix(path, "./")) {
        path += 2;
    }
    directory = g_get_current_dir();
    return g_build_filename(directory, path, NULL);
}

static bool take_disk(GuestConfig *config, const ConfigOptions *options,
                      Error **errp)
{
    const char *disk = options->disk;

    if (!check_expressible("name of the disk", disk, errp)) {
        return false;
    }
    if (g_str_has_prefix(disk, "file:")) {
        disk += strlen("file:");
    }
    config->disk_is_url = is_url(disk);
    if (config->disk_is_url && options->format != CONFIG_FORMAT_QEMU) {
        error_setg(errp, "'%s' is no file: name the one that the hypervisor "
                   "is to open with --disk", disk);
        return false;
    }
    config->disk = config->disk_is_url ? g_strdup(disk)
                                       : absolute_path(disk);
    config->disk_is_device = g_str_has_prefix(config->disk, "/dev/");
    /* The directory that we are in may have any name. */
    return check_expressible("name of the disk", config->disk, errp);
}

static bool format_is_known(unsigned i, ConfigFormat format)
{
    return format == CONFIG_FORMAT_XL ? disk_formats[i].xl :
           format == CONFIG_FORMAT_LIBVIRT ? disk_formats[i].libvirt : true;
}

/* The hypervisor, not our QEMU, opens the disk, and writes to it. */
static bool take_disk_format(GuestConfig *config,
                             const ConfigOptions *options, Error **errp)
{
    static const char *const who[] = {
        [CONFIG_FORMAT_XL] = "xl",
        [CONFIG_FORMAT_LIBVIRT] = "libvirt",
        [CONFIG_FORMAT_QEMU] = "QEMU",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(disk_formats); i++) {
        if (g_str_equal(disk_formats[i].name, options->disk_format) &&
            format_is_known(i, options->format)) {
            config->disk_format = disk_formats[i].name;
            return true;
        }
    }
    error_setg(errp, "%s cannot run a guest from a disk of format '%s'; "
               "convert it to raw or qcow2, and say so with --disk and "
               "--disk-format", who[options->format], options->disk_format);
    return false;
}

static bool take_bridge(GuestConfig *config, const ConfigOptions *options,
                        Error **errp)
{
    const char *bridge = options->bridge;
    size_t length = bridge ? strlen(bridge) : 0;

    if (bridge && (!length || length > INTERFACE_NAME_MAX ||
                   strspn(bridge, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS
                          "._-") != length)) {
        error_setg(errp, "'%s' is no name of a bridge: it has up to %d "
                   "letters, digits, '.', '_' and '-'", bridge,
                   INTERFACE_NAME_MAX);
        return false;
    }
    config->bridge = bridge;
    return true;
}

static bool is_mac(const char *mac)
{
    for (int i = 0; i < 6; i++, mac += 3) {
        if (!g_ascii_isxdigit(mac[0]) || !g_ascii_isxdigit(mac[1]) ||
            mac[2] != (i < 5 ? ':' : '\0')) {
            return false;
        }
    }
    return true;
}

static bool take_mac(GuestConfig *config, const ConfigOptions *options,
                     Error **errp)
{
    const char *mac = options->mac;

    if (mac && !is_mac(mac)) {
        error_setg(errp, "'%s' is no MAC address such as 00:16:3e:12:34:56",
                   mac);
        return false;
    }
    /* The lowest bit of the first byte is that of group addresses. */
    if (mac && (g_ascii_xdigit_value(mac[1]) & 1)) {
        error_setg(errp, "'%s' is the address of a group, which a network "
                   "card cannot have", mac);
        return false;
    }
    if (mac && strspn(mac, "0:") == strlen(mac)) {
        error_setg(errp, "'%s' is no address of a network card", mac);
        return false;
    }
    config->mac = mac;
    return true;
}

static bool take_virt_type(GuestConfig *config, const ConfigOptions *options,
                           Error **errp)
{
    if (options->virt_type && options->format != CONFIG_FORMAT_LIBVIRT) {
        error_setg(errp, "--virt-type is for --libvirt only");
        return false;
    }
    config->virt_type = options->virt_type ?: "kvm";
    if (!g_strv_contains(virt_types, config->virt_type)) {
        error_setg(errp, "'%s' is no type of a libvirt domain that Windows "
                   "runs in; use kvm, qemu or xen", config->virt_type);
        return false;
    }
    return true;
}

static bool take_controller(GuestConfig *config, const ConfigOptions *options,
                            Error **errp)
{
    const char *controller = options->controller ?: "ide";

    config->ahci = g_str_equal(controller, "ahci");
    if (!config->ahci && !g_str_equal(controller, "ide")) {
        error_setg(errp, "'%s' is no controller that a guest is prepared for; "
                   "use ide or ahci", controller);
        return false;
    }
    if (config->ahci && options->format == CONFIG_FORMAT_LIBVIRT &&
        config_is_xen(config, options)) {
        error_setg(errp, "libvirt cannot give a Xen domain an AHCI "
                   "controller; use --xl, or prepare the guest for ide");
        return false;
    }
    return true;
}

static bool check_memory(const ConfigOptions *options, Error **errp)
{
    if (options->has_memory &&
        (!options->memory || options->memory > MEMORY_LIMIT_MIB)) {
        error_setg(errp, "no guest runs with %" PRIu64 " MiB of memory",
                   options->memory);
        return false;
    }
    return true;
}

static bool check_vcpus(const GuestConfig *config,
                        const ConfigOptions *options, Error **errp)
{
    unsigned limit = config_is_xen(config, options) ? VCPUS_LIMIT_XEN
                                                    : VCPUS_LIMIT_QEMU;

    if (options->has_vcpus && (!options->vcpus || options->vcpus > limit)) {
        error_setg(errp, "a guest has 1 to %u virtual processors, not %"
                   PRIu64, limit, options->vcpus);
        return false;
    }
    return true;
}

bool config_take_options(GuestConfig *config, const ConfigOptions *options,
                         Error **errp)
{
    return take_disk(config, options, errp) &&
           take_disk_format(config, options, errp) &&
           take_name(config, options, errp) &&
           take_bridge(config, options, errp) &&
           take_mac(config, options, errp) &&
           take_virt_type(config, options, errp) &&
           take_controller(config, options, errp) &&
           check_memory(options, errp) &&
           check_vcpus(config, options, errp);
}
