/*
 * The only program of the kernel that judges a volume: ntfs3's view of it
 *
 * The kernel (user-mode Linux, see judge.py) has the volume as /dev/ubda and
 * a folder of the host as its root.  This program mounts the volume
 * read-write, lists all files in /files, with a sum of what is in them, writes
 * some of its own, and does it again after a second mount: then /again has
 * them all.  What it has to say goes into the kernel's log, so that it stands
 * between what ntfs3 says.
 *
 * It avoids system calls, which are slow in user-mode Linux.  A volume that is
 * nearly full gets no files; it says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define VOLUME "/volume"

/* What is written; judge.py knows it too.  Many names split an index. */
#define WRITTEN_FOLDER VOLUME "/Written by ntfs3"
#define WRITTEN_FILES 40
#define WRITTEN_STEP 733

/* What the files take with clusters of 64 KiB, and then some. */
#define ROOM_NEEDED (4 << 20)

static char block[1 << 16];

/* A line for judge.py, in the kernel's log. */
static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    char line[PATH_MAX + 128];
    int log = open("/dev/kmsg", O_WRONLY);
    int length = snprintf(line, sizeof(line), "<5>judge: ");
    va_list args;

    va_start(args, format);
    length += vsnprintf(line + length, sizeof(line) - length, format, args);
    va_end(args);
    if (length >= (int)sizeof(line)) {
        length = sizeof(line) - 1;
    }
    if (log >= 0) {
        if (write(log, line, length) != length) {
            _exit(1);           /* the kernel panics, and judge.py sees it */
        }
        close(log);
    }
}

/* Says what went wrong with @path; the rest goes on. */
static void complain(const char *what, const char *path)
{
    say("error: %s %s: %s", what, path, strerror(errno));
}

/* As zlib's crc32(). */
static uint32_t crc32(uint32_t crc, const char *bytes, size_t size)
{
    static uint32_t table[256];

    for (uint32_t i = 0; !table[255] && i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++) {
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
        }
    }
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
    }
    return ~crc;
}

/* A line: size, sum, path. */
static void list_file(FILE *list, const char *path)
{
    int in = open(path, O_RDONLY);
    uint64_t size = 0;
    uint32_t crc = 0;
    ssize_t got;

    if (in < 0) {
        complain("open", path);
        return;
    }
    while ((got = read(in, block, sizeof(block))) > 0) {
        crc = crc32(crc, block, got);
        size += got;
    }
    if (got < 0) {
        complain("read", path);
    } else {
        fprintf(list, "%llu %08x %s\n", (unsigned long long)size, crc,
                path + strlen(VOLUME "/"));
    }
    close(in);
}

static void list_folder(FILE *list, const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char inside[PATH_MAX];

    errno = dir ? 0 : errno;
    while (dir && (entry = readdir(dir))) {
        snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_REG) {
            list_file(list, inside);
        } else if (entry->d_type != DT_DIR) {
            say("error: %s is of type %d", inside, entry->d_type);
        } else if (strcmp(entry->d_name, ".") &&
                   strcmp(entry->d_name, "..")) {
            list_folder(list, inside);
        }
        errno = 0;
    }
    if (errno) {
        complain("list", path);
    }
    if (dir) {
        closedir(dir);
    }
}

/* All files of the volume, with their sums, into the host's file @name. */
static void list_volume(const char *name)
{
    FILE *list = fopen(name, "w");

    if (!list) {
        complain("make", name);
        return;
    }
    list_folder(list, VOLUME);
    if (fclose(list)) {
        complain("write", name);
    }
}

/* A file of @size bytes, each the low byte of @size. */
static void write_file(const char *path, size_t size)
{
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

    memset(block, size & 0xff, size);
    if (out < 0 || write(out, block, size) != (ssize_t)size || close(out)) {
        complain("write", path);
    }
}

static bool has_room(void)
{
    struct statvfs st;

    if (statvfs(VOLUME, &st)) {
        complain("statvfs", VOLUME);
        return false;
    }
    return (uint64_t)st.f_bavail * st.f_bsize >= ROOM_NEEDED;
}

/* Small ones, which lie in their records, up to several clusters. */
static void write_files(void)
{
    char path[PATH_MAX];

    if (!has_room()) {
        say("full");
        return;
    }
    if (mkdir(WRITTEN_FOLDER, 0755)) {
        complain("make", WRITTEN_FOLDER);
        return;
    }
    for (unsigned i = 0; i < WRITTEN_FILES; i++) {
        snprintf(path, sizeof(path), WRITTEN_FOLDER "/file number %02u.txt",
                 i);
        write_file(path, i * WRITTEN_STEP);
    }
}

static bool mount_volume(void)
{
    if (mount("/dev/ubda", VOLUME, "ntfs3", 0, NULL)) {
        complain("mount", "/dev/ubda");
        return false;
    }
    return true;
}

static void unmount_volume(void)
{
    if (umount(VOLUME)) {
        complain("unmount", VOLUME);
    }
}

int main(void)
{
    /* Not the host, which would be turned off in the end. */
    if (getpid() != 1) {
        fprintf(stderr, "judge-init: only as the first process\n");
        return 2;
    }
    if (mount("none", "/dev", "devtmpfs", 0, NULL)) {
        return 1;
    }
    if (mount_volume()) {
        list_volume("/files");
        write_files();
        unmount_volume();
        if (mount_volume()) {
            list_volume("/again");
            unmount_volume();
        }
    }
    say("done");
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
