/* A disk that forgets: what was written to the database but not fsynced is lost when the power goes.

   Preloaded into a sender (LD_PRELOAD), it lets every write through and remembers which bytes of the database and its
   log were written; only an fsync copies them to a second pair of files, which is what a power cut would leave.

       cc -shared -fPIC -O2 -o forgetful.so bench/forgetful.c -ldl
       FORGETFUL_FROM=news FORGETFUL_TO=disk LD_PRELOAD=./forgetful.so COMMAND
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 2, RANGES = 1 << 16 };
static const char *const name[FILES] = {"subscribers.db", "subscribers.db-wal"};
static struct { off_t from; size_t length; } written[FILES][RANGES];
static int count[FILES];

/* Which of the files *fd* is; -1: another one. */
static int which(int fd) {
    char link[64], path[PATH_MAX], wanted[PATH_MAX];
    const char *folder = getenv("FORGETFUL_FROM");
    if (!folder) return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return -1;
    path[n] = 0;
    for (int i = 0; i < FILES; i++) {
        snprintf(wanted, sizeof wanted, "%s/%s", folder, name[i]);
        if (!strcmp(path, wanted)) return i;
    }
    return -1;
}

static void note(int fd, off_t from, ssize_t length) {
    int i = length > 0 ? which(fd) : -1;
    if (i < 0) return;
    if (count[i] == RANGES) abort();
    written[i][count[i]].from = from;
    written[i][count[i]++].length = length;
}

/* What of file *i* was written is now on the disk. */
static void keep(int fd, int i) {
    static char buffer[1 << 20];
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", getenv("FORGETFUL_TO"), name[i]);
    ssize_t (*real_pwrite)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    int disk = open(path, O_WRONLY | O_CREAT, 0600);
    if (disk < 0) abort();
    for (int k = 0; k < count[i]; k++) {
        off_t at = written[i][k].from;
        size_t left = written[i][k].length;
        while (left) {
            ssize_t n = pread(fd, buffer, left < sizeof buffer ? left : sizeof buffer, at);
            if (n <= 0) break; /* cut off since */
            if (real_pwrite(disk, buffer, n, at) != n) abort();
            at += n;
            left -= n;
        }
    }
    struct stat now;
    if (!fstat(fd, &now) && ftruncate(disk, now.st_size)) abort();
    close(disk);
    count[i] = 0;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t from) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    ssize_t n = real(fd, data, length, from);
    note(fd, from, n);
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t from) { return pwrite(fd, data, length, from); }

ssize_t write(int fd, const void *data, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    off_t from = lseek(fd, 0, SEEK_CUR);
    ssize_t n = real(fd, data, length);
    if (from >= 0) note(fd, from, n);
    return n;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    int i = which(fd);
    if (i >= 0) keep(fd, i);
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    int i = which(fd);
    if (i >= 0) keep(fd, i);
    return real(fd);
}
