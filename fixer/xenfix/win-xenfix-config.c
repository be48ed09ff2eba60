/*
 * win-xenfix config: how the domain of a guest must be configured
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-image.h"
#include "win-xenfix-options.h"

#include "qapi/error.h"

static bool set_config_format(XenfixOptions *options, ConfigFormat format,
                              Error **errp)
{
    if (options->has_config_format && options->config.format != format) {
        error_setg(errp, "--xl, --libvirt and --qemu are mutually "
                   "exclusive");
        return false;
    }
    options->has_config_format = true;
    options->config.format = format;
    return true;
}

static bool set_xl(XenfixOptions *options, const char *value, Error **errp)
{
    return set_config_format(options, CONFIG_FORMAT_XL, errp);
}

static bool set_libvirt(XenfixOptions *options, const char *value,
                        Error **errp)
{
    return set_config_format(options, CONFIG_FORMAT_LIBVIRT, errp);
}

static bool set_qemu(XenfixOptions *options, const char *value, Error **errp)
{
    return set_config_format(options, CONFIG_FORMAT_QEMU, errp);
}

static bool set_name(XenfixOptions *options, const char *value, Error **errp)
{
    options->config.name = value;
    return true;
}

static bool set_memory(XenfixOptions *options, const char *value,
                       Error **errp)
{
    options->config.has_memory = true;
    return xenfix_options_number("memory", value, &options->config.memory,
                                 errp);
}

static bool set_vcpus(XenfixOptions *options, const char *value,
                      Error **errp)
{
    options->config.has_vcpus = true;
    return xenfix_options_number("vcpus", value, &options->config.vcpus,
                                 errp);
}

static bool set_controller(XenfixOptions *options, const char *value,
                           Error **errp)
{
    options->config.controller = value;
    return true;
}

static bool set_disk(XenfixOptions *options, const char *value, Error **errp)
{
    options->config.disk = value;
    return true;
}

static bool set_disk_format(XenfixOptions *options, const char *value,
                            Error **errp)
{
    options->config.disk_format = value;
    return true;
}

static bool set_bridge(XenfixOptions *options, const char *value,
                       Error **errp)
{
    options->config.bridge = value;
    return true;
}

static bool set_mac(XenfixOptions *options, const char *value, Error **errp)
{
    options->config.mac = value;
    return true;
}

static bool set_virt_type(XenfixOptions *options, const char *value,
                          Error **errp)
{
    options->config.virt_type = value;
    return true;
}

static const XenfixOption config_options[] = {
    { "xl", 0, NULL, "print a file for 'xl create'", set_xl },
    { "libvirt", 0, NULL, "print XML for 'virsh define'", set_libvirt },
    { "qemu", 0, NULL, "print a command that starts QEMU", set_qemu },
    {
        "name", 0, "NAME", "the domain's name (default: the disk's, without "
        "its suffix)", set_name
    },
    {
        "memory", 0, "MIB", "memory in MiB (default: what suits the version "
        "of Windows)", set_memory
    },
    {
        "vcpus", 0, "COUNT", "virtual processors (default: what suits the "
        "version of Windows)", set_vcpus
    },
    {
        "controller", 0, "NAME", "the controller that the guest is prepared "
        "for: ide (default), or ahci (Windows Vista and later)",
        set_controller
    },
    {
        "disk", 0, "FILE", "the disk as the hypervisor is to open it "
        "(default: IMAGE)", set_disk
    },
    {
        "disk-format", 0, "FMT", "the format of that (default: IMAGE's)",
        set_disk_format
    },
    {
        "bridge", 0, "NAME", "the host's bridge that the network card is "
        "connected to", set_bridge
    },
    { "mac", 0, "ADDRESS", "MAC address of the network card", set_mac },
    {
        "virt-type", 0, "TYPE", "type of libvirt's domain: kvm (default), "
        "qemu or xen", set_virt_type
    },
    { NULL }
};

/* What the user did not say of the disk is so of the image. */
static bool complete_options(ConfigOptions *config,
                             const XenfixOptions *options,
                             BlockBackend *image, Error **errp)
{
    *config = options->config;
    if (!config->disk) {
        if (options->image_opts) {
            error_setg(errp, "--image-opts needs --disk: the name under "
                       "which the hypervisor finds the disk");
            return false;
        }
        config->disk = options->image;
    }
    if (!config->disk_format) {
        config->disk_format = bdrv_get_format_name(blk_bs(image));
    }
    return true;
}

/* The configuration, to be freed; NULL and @errp on failure. */
static char *make_text(const XenfixOptions *options, BlockBackend *image,
                       Error **errp)
{
    g_auto(XenprepReport) report = { 0 };
    ConfigOptions config;

    if (!complete_options(&config, options, image, errp) ||
        !xenfix_image_ask(image, XENPREP_VERB_INSPECT, options, &report,
                          errp)) {
        return NULL;
    }
    return xenfix_config_text(report.inspect, &config, errp);
}

static XenfixStatus run(const XenfixOptions *options)
{
    g_autofree char *text = NULL;
    Error *err = NULL;
    BlockBackend *image = NULL;

    if (!options->has_config_format) {
        error_setg(&err, "what is the configuration for? Say --xl, "
                   "--libvirt or --qemu");
    } else {
        image = xenfix_image_open(options, &err);
    }
    if (image) {
        text = make_text(options, image, &err);
    }
    if (text && !options->quiet) {
        fputs(text, stdout);
    }
    if (!text) {
        error_report_err(err);
    }
    blk_unref(image);
    return text ? XENFIX_YES : XENFIX_ERROR;
}

const XenfixCommand xenfix_command_config = {
    .name = "config",
    .tells_nothing = true,
    .summary = "Print a domain's configuration that fits the Windows on a "
        "disk",
    .details =
        "Each setting has a comment that tells the reason for it.\n"
        "\n"
        "Exit status: 0 done; 3 error\n",
    .options = config_options,
    .run = run,
};
