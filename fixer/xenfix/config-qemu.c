/*
 * Configurations: a command that starts QEMU
 *
 * A shell takes no comments within a command of several lines.  So they come
 * first, one for each option, and the command follows.  Words are quoted for
 * the shell, and before that, where they are parts of an option's value, by
 * doubling their commas.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "config-internal.h"

typedef struct Command {
    GString *comments;
    GString *words;
} Command;

/* Without quotes where none are needed: people will read it. */
static char *quote_word(const char *word)
{
    if (strspn(word, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS
               "_@%+=:,./-") == strlen(word)) {
        return g_strdup(word);
    }
    return g_shell_quote(word);
}

static char *double_commas(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    return g_strjoinv(",,", parts);
}

static void put_comment(Command *command, const char *what,
                        const char *reason)
{
    g_autofree char *text = g_strdup_printf("%s: %s", what, reason);

    config_wrap(command->comments, "# ", "#     ", text);
    g_string_append_c(command->comments, '\n');
}

/* An option on a line of its own; @value may be NULL. */
static void put_option(Command *command, const char *option,
                       const char *value)
{
    g_autofree char *quoted = value ? quote_word(value) : NULL;

    g_string_append_printf(command->words, " \\\n    %s%s%s", option,
                           quoted ? " " : "", quoted ?: "");
}

static void put_head(const GuestConfig *config, Command *command)
{
    config_wrap(command->comments, "# ", "# ", config->guest);
    g_string_append(command->comments, "\n#\n");
    for (guint i = 0; i < config->warnings->len; i++) {
        config_wrap(command->comments, "# WARNING: ", "# ",
                    g_ptr_array_index(config->warnings, i));
        g_string_append(command->comments, "\n#\n");
    }
}

static void put_name(const GuestConfig *config, Command *command)
{
    g_autofree char *name = double_commas(config->name);
    g_autofree char *value = g_strconcat("guest=", name, NULL);

    put_option(command, "-name", value);
}

static void put_machine(const GuestConfig *config, Command *command)
{
    g_autofree char *value =
        g_strdup_printf("%s,accel=kvm:tcg,acpi=%s", config->machine.value,
                        config->acpi.value ? "on" : "off");

    put_comment(command, "-machine pc", config->machine.reason);
    put_comment(command, "accel", "KVM where the host has it");
    put_comment(command, "acpi", config->acpi.reason);
    put_comment(command, "apic (always there)", config->apic.reason);
    put_comment(command, "firmware (SeaBIOS, without an option)",
                config->firmware.reason);
    put_option(command, "-machine", value);
}

static void put_cpu(const GuestConfig *config, Command *command)
{
    g_autofree char *value =
        g_strconcat(config->cpu.value, config->pae.value ? "" : ",pae=off",
                    config->viridian.value ?
                    ",hv-relaxed,hv-vapic,hv-spinlocks=0x1fff" : "", NULL);

    put_comment(command, "pae", config->pae.reason);
    put_comment(command, "-cpu", config->cpu.reason);
    put_comment(command, "hv-...", config->viridian.reason);
    put_option(command, "-cpu", value);
}

/* Of one socket, since editions of Windows are licensed by the socket. */
static void put_size(const GuestConfig *config, Command *command)
{
    g_autofree char *memory = g_strdup_printf("%" PRIu64,
                                              config->memory.value);
    g_autofree char *vcpus =
        g_strdup_printf("%" PRIu64 ",sockets=1,cores=%" PRIu64 ",threads=1",
                        config->vcpus.value, config->vcpus.value);

    put_comment(command, "-m", config->memory.reason);
    put_option(command, "-m", memory);
    put_comment(command, "-smp", config->vcpus.reason);
    put_option(command, "-smp", vcpus);
}

static void put_clock(const GuestConfig *config, Command *command)
{
    put_comment(command, "-rtc", config->localtime.reason);
    put_option(command, "-rtc",
               config->localtime.value ? "base=localtime" : "base=utc");
}

static void put_disk(const GuestConfig *config, Command *command)
{
    g_autofree char *file = double_commas(config->disk);
    g_autofree char *value =
        g_strdup_printf("file=%s,format=%s,if=%s,index=0,media=disk", file,
                        config->disk_format, config->disk_bus.value);

    put_comment(command, "-drive", config->disk_bus.reason);
    put_option(command, "-drive", value);
    put_option(command, "-boot", "order=c");
}

static void put_nic(const GuestConfig *config, Command *command)
{
    g_autofree char *backend =
        config->bridge ? g_strconcat("bridge,id=net0,br=", config->bridge,
                                     NULL)
                       : g_strdup("user,id=net0");
    g_autofree char *device =
        g_strconcat(config->nic.value, ",netdev=net0",
                    config->mac ? ",mac=" : "", config->mac ?: "", NULL);

    put_comment(command, "network card", config->nic.reason);
    put_option(command, "-netdev", backend);
    put_option(command, "-device", device);
}

static void put_display(const GuestConfig *config, Command *command)
{
    put_comment(command, "-vga", config->vga.reason);
    put_option(command, "-vga", config->vga.value);
    put_comment(command, "usb-tablet", config->usb_tablet.reason);
    put_option(command, "-usb", NULL);
    put_option(command, "-device", "usb-tablet");
}

void config_render_qemu(const GuestConfig *config, GString *out)
{
    Command command = {
        .comments = g_string_new(NULL),
        .words = g_string_new("qemu-system-x86_64"),
    };

    put_head(config, &command);
    put_name(config, &command);
    put_machine(config, &command);
    put_cpu(config, &command);
    put_size(config, &command);
    put_clock(config, &command);
    put_disk(config, &command);
    put_nic(config, &command);
    put_display(config, &command);
    g_string_append_printf(out, "%s\n%s\n", command.comments->str,
                           command.words->str);
    g_string_free(command.comments, true);
    g_string_free(command.words, true);
}
