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

/*
 * Those of Hyper-V's interfaces with which QEMU starts without KVM, too; the
 * others it refuses there ("kernel doesn't allow setting HyperV VP_INDEX").
 */
#define HYPERV ",hv-relaxed,hv-vapic,hv-spinlocks=0x1fff,hv-time"
#define HYPERV_KVM \
    "; where KVM is there for sure, hv-vpindex,hv-synic,hv-stimer can be added"

#define CODE "OVMF_CODE.fd"
#define CODE_SECURE "OVMF_CODE.secboot.fd"

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

static bool has_secure_boot(const GuestConfig *config)
{
    return config_is_uefi(config) && config->secure_boot.value;
}

static void put_machine(const GuestConfig *config, Command *command)
{
    g_autofree char *what = g_strconcat("-machine ", config->machine.value,
                                        NULL);
    g_autofree char *value =
        g_strdup_printf("%s,accel=kvm:tcg,acpi=%s%s", config->machine.value,
                        config->acpi.value ? "on" : "off",
                        has_secure_boot(config) ? ",smm=on" : "");

    put_comment(command, what, config->machine.reason);
    put_comment(command, "accel", "KVM where the host has it");
    put_comment(command, "acpi", config->acpi.reason);
    put_comment(command, "apic (always there)", config->apic.reason);
    put_option(command, "-machine", value);
}

/* A file of the domain's in the current directory, to be freed. */
static char *own_file(const GuestConfig *config, const char *suffix)
{
    g_autofree char *name = double_commas(config->name);

    /* With "./" nothing in the name is taken for a protocol. */
    return g_strconcat("./", name, suffix, NULL);
}

static void put_uefi(const GuestConfig *config, Command *command)
{
    bool secure = has_secure_boot(config);
    g_autofree char *vars = own_file(config, "_VARS.fd");
    g_autofree char *code_value =
        g_strconcat("if=pflash,unit=0,format=raw,readonly=on,file=",
                    secure ? CODE_SECURE : CODE, NULL);
    g_autofree char *vars_value =
        g_strconcat("if=pflash,unit=1,format=raw,file=", vars, NULL);

    put_comment(command, "if=pflash", config->firmware.reason);
    put_comment(command, "if=pflash, the files",
                secure ? "OVMF's code and a copy of its variables without "
                "keys, in the current directory; distributions have them as "
                "OVMF_CODE.secboot.fd or OVMF_CODE_4M.secboot.fd, and "
                "OVMF_VARS.fd or OVMF_VARS_4M.fd" :
                "OVMF's code and a copy of its variables, in the current "
                "directory; distributions have them as OVMF_CODE.fd or "
                "OVMF_CODE_4M.fd, and OVMF_VARS.fd or OVMF_VARS_4M.fd");
    put_comment(command, "Secure Boot", config->secure_boot.reason);
    if (secure) {
        put_option(command, "-global",
                   "driver=cfi.pflash01,property=secure,value=on");
    }
    put_option(command, "-drive", code_value);
    put_option(command, "-drive", vars_value);
}

static void put_firmware(const GuestConfig *config, Command *command)
{
    if (config_is_uefi(config)) {
        put_uefi(config, command);
    } else {
        put_comment(command, "firmware (SeaBIOS, without an option)",
                    config->firmware.reason);
    }
}

static void put_tpm(const GuestConfig *config, Command *command)
{
    g_autofree char *socket = own_file(config, "-tpm.sock");
    g_autofree char *chardev = g_strconcat("socket,id=tpm0-socket,path=",
                                           socket, NULL);

    if (!config->tpm.value) {
        return;
    }
    put_comment(command, "TPM", config->tpm.reason);
    put_comment(command, "-chardev", "the socket of swtpm, which has to run "
                "before QEMU does: swtpm socket --tpm2 --tpmstate "
                "dir=DIRECTORY --ctrl type=unixio,path=SOCKET");
    put_option(command, "-chardev", chardev);
    put_option(command, "-tpmdev", "emulator,id=tpm0,chardev=tpm0-socket");
    put_option(command, "-device", "tpm-crb,tpmdev=tpm0");
}

static void put_cpu(const GuestConfig *config, Command *command)
{
    g_autofree char *value =
        g_strconcat(config->cpu.value, config->pae.value ? "" : ",pae=off",
                    config->viridian.value ? HYPERV : "", NULL);
    g_autofree char *hyperv =
        g_strconcat(config->viridian.reason,
                    config->viridian.value && config->viridian_timers
                    ? HYPERV_KVM : "", NULL);

    put_comment(command, "pae", config->pae.reason);
    put_comment(command, "-cpu", config->cpu.reason);
    put_comment(command, "hv-...", hyperv);
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
    /* On q35 "ide" is the AHCI controller: both are made of the same disks. */
    g_autofree char *value =
        g_strdup_printf("file=%s,format=%s,if=ide,index=0,media=disk", file,
                        config->disk_format);

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
    put_firmware(config, &command);
    put_cpu(config, &command);
    put_size(config, &command);
    put_clock(config, &command);
    put_disk(config, &command);
    put_nic(config, &command);
    put_tpm(config, &command);
    put_display(config, &command);
    g_string_append_printf(out, "%s\n%s\n", command.comments->str,
                           command.words->str);
    g_string_free(command.comments, true);
    g_string_free(command.words, true);
}
