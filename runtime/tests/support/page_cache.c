/* Preloaded into a program, it makes SIGKILL do to one file what a loss of power does: what the
 * program wrote and did not sync is gone. The page cache would outlive the program, so it is played
 * here, in the program's own memory. The disk behind it is slow, as disks under load are.
 *
 * TIDEMILL_UNSYNCED_FILE is the end of the file's path. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SYNC_MICROSECONDS 50000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *held;
static size_t held_bytes;

static int is_the_file(int fd) {
    char link[64], path[4096];
    const char *end = getenv("TIDEMILL_UNSYNCED_FILE");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    if (!end || length < (ssize_t)strlen(end)) return 0;
    return memcmp(path + length - strlen(end), end, strlen(end)) == 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!is_the_file(fd)) return syscall(SYS_write, fd, bytes, count);
    pthread_mutex_lock(&lock);
    char *more = realloc(held, held_bytes + count);
    if (more) {
        held = more;
        memcpy(held + held_bytes, bytes, count);
        held_bytes += count;
    } else {
        errno = ENOSPC;
    }
    pthread_mutex_unlock(&lock);
    return more ? (ssize_t)count : -1;
}

int fdatasync(int fd) {
    if (is_the_file(fd)) {
        usleep(SYNC_MICROSECONDS);
        pthread_mutex_lock(&lock);
        size_t done = 0;
        while (done < held_bytes) {
            ssize_t count = syscall(SYS_write, fd, held + done, held_bytes - done);
            if (count < 0) break;
            done += count;
        }
        int failed = done < held_bytes;
        held_bytes = 0;
        pthread_mutex_unlock(&lock);
        if (failed) return -1;
    }
    return syscall(SYS_fdatasync, fd);
}
