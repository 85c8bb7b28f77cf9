/* Preloaded into the processes of a test (LD_PRELOAD): what happens to a system call on a file.
 *
 * FAULTS names a file of rules, one a line; without the file nothing happens. FAULT is one rule by
 * itself, for a process that may not read files.
 *
 *     ACTION COUNT PROCESS OPERATION PATTERN
 *
 *     before  SIGKILL to this process before the COUNT-th such call
 *     after   … when it was made
 *     within  … when half of the bytes of the COUNT-th write were written
 *     full    every such call fails with "no space left on device"; of large writes a part fits
 *
 * PROCESS is a word of the process's command line, or "*". PATTERN is a shell's, "*" matches "/",
 * and is compared with the absolute path; of a rename, with the new one. A kill happens once: whoever
 * removes the file of rules does it. Calls are counted in each process, from when the rules came.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_BYTES 2048
#define FIT_BYTES_MIN 512 /* Smaller writes fail in whole. */

enum moment { BEFORE, AFTER };
enum verdict { PASS, HALF, FULL };

static char command[4096];
static size_t command_bytes;
static char counted_text[TEXT_BYTES];
static int counted;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t raw_read(const char *path, char *text, size_t size) {
    int file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t bytes = syscall(SYS_read, file, text, size);
    syscall(SYS_close, file);
    return bytes;
}

__attribute__((constructor)) static void start(void) {
    ssize_t bytes = raw_read("/proc/self/cmdline", command, sizeof command - 1);
    command_bytes = bytes < 0 ? 0 : bytes;
}

static int is_process(const char *word) {
    if (strcmp(word, "*") == 0) return 1;
    for (char *at = command; at < command + command_bytes; at += strlen(at) + 1)
        if (strcmp(at, word) == 0) return 1;
    return 0;
}

static int read_rules(char *text) {
    const char *rule = getenv("FAULT"), *file = getenv("FAULTS");
    if (rule != NULL) return snprintf(text, TEXT_BYTES, "%s", rule);
    ssize_t bytes = file == NULL ? -1 : raw_read(file, text, TEXT_BYTES - 1);
    if (bytes <= 0) return 0;
    text[bytes] = 0;
    return bytes;
}

static int is_its_turn(const char *text, int count) {
    static volatile int lock;
    while (__sync_lock_test_and_set(&lock, 1)) usleep(1);
    if (strcmp(text, counted_text) != 0) {
        strcpy(counted_text, text);
        counted = 0;
    }
    int is_turn = ++counted == count;
    __sync_lock_release(&lock);
    return is_turn;
}

static void die(void) {
    if (getenv("FAULT") == NULL && syscall(SYS_unlinkat, AT_FDCWD, getenv("FAULTS"), 0) != 0) return;
    syscall(SYS_kill, getpid(), SIGKILL);
}

static enum verdict meet(enum moment moment, const char *operation, const char *path) {
    char text[TEXT_BYTES], rules[TEXT_BYTES], *rest;
    int saved = errno;
    enum verdict verdict = PASS;
    if (!read_rules(text)) {
        errno = saved;
        return PASS;
    }
    strcpy(rules, text);
    for (char *line = strtok_r(rules, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char action[16], process[64], wanted[16], pattern[1024];
        int count;
        if (sscanf(line, "%15s %d %63s %15s %1023s", action, &count, process, wanted, pattern) != 5)
            abort();
        int is_after = strcmp(action, "after") == 0;
        if (is_after != (moment == AFTER) || strcmp(wanted, operation) != 0) continue;
        if (fnmatch(pattern, path, 0) != 0 || !is_process(process)) continue;
        if (strcmp(action, "full") == 0) {
            verdict = FULL;
        } else if (is_its_turn(text, count)) {
            if (strcmp(action, "within") == 0) verdict = HALF;
            else die();
        }
    }
    errno = saved;
    return verdict;
}

static void absolute(int directory, const char *path, char *found) {
    char link[64];
    *found = 0;
    if (path != NULL && *path != '/') {
        snprintf(link, sizeof link, directory == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", directory);
        ssize_t bytes = syscall(SYS_readlinkat, AT_FDCWD, link, found, PATH_MAX - 2);
        if (bytes < 0) return;
        found[bytes] = '/';
        found[bytes + 1] = 0;
    }
    if (path != NULL) strncat(found, path, PATH_MAX - 1 - strlen(found));
}

static void path_of(int file, char *found) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t bytes = syscall(SYS_readlinkat, AT_FDCWD, link, found, PATH_MAX - 1);
    found[bytes < 0 ? 0 : bytes] = 0;
}

/* A call that is made, or fails, in whole. */
#define WHOLE(operation, path, call)                            \
    do {                                                        \
        if (meet(BEFORE, operation, path) == FULL) {            \
            errno = ENOSPC;                                     \
            return -1;                                          \
        }                                                       \
        __auto_type result = (call);                            \
        if (result >= 0) meet(AFTER, operation, path);          \
        return result;                                          \
    } while (0)

/* A call that writes `size` bytes; `part` writes half of them. */
#define WRITE(file, size, call, part)                           \
    do {                                                        \
        char path[PATH_MAX];                                    \
        path_of(file, path);                                    \
        enum verdict verdict = meet(BEFORE, "write", path);     \
        if (verdict == FULL && (size) < FIT_BYTES_MIN) {        \
            errno = ENOSPC;                                     \
            return -1;                                          \
        }                                                       \
        ssize_t result = verdict == PASS ? (call) : (part);     \
        if (verdict == HALF) die();                             \
        if (result >= 0) meet(AFTER, "write", path);            \
        return result;                                          \
    } while (0)

static int open_at(int directory, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    int is_new = (flags & O_TMPFILE) == O_TMPFILE;
    if (!is_new && (flags & O_CREAT)) {
        int saved = errno;
        is_new = syscall(SYS_faccessat, directory, name, F_OK) != 0;
        errno = saved;
    }
    absolute(directory, name, path);
    WHOLE(is_new ? "create" : "open", path, (int)syscall(SYS_openat, directory, name, flags, mode));
}

static mode_t mode_of(int flags, va_list more) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define OPEN(name)                                              \
    int name(const char *path, int flags, ...) {                \
        va_list more;                                           \
        va_start(more, flags);                                  \
        mode_t mode = mode_of(flags, more);                     \
        va_end(more);                                           \
        return open_at(AT_FDCWD, path, flags, mode);            \
    }
#define OPEN_AT(name)                                           \
    int name(int directory, const char *path, int flags, ...) { \
        va_list more;                                           \
        va_start(more, flags);                                  \
        mode_t mode = mode_of(flags, more);                     \
        va_end(more);                                           \
        return open_at(directory, path, flags, mode);           \
    }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

ssize_t write(int file, const void *bytes, size_t size) {
    WRITE(file, size, syscall(SYS_write, file, bytes, size), syscall(SYS_write, file, bytes, size / 2));
}

#define PWRITE(name)                                                                  \
    ssize_t name(int file, const void *bytes, size_t size, off_t at) {                \
        WRITE(file, size, REAL(name)(file, bytes, size, at),                          \
              REAL(name)(file, bytes, size / 2, at));                                 \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define ON_FILE(operation, name, parameters, ...)               \
    int name parameters {                                       \
        char path[PATH_MAX];                                    \
        path_of(file, path);                                    \
        WHOLE(operation, path, REAL(name)(__VA_ARGS__));        \
    }
ON_FILE("sync", fsync, (int file), file)
ON_FILE("sync", fdatasync, (int file), file)

#define ON_NAME(operation, name, parameters, directory, target, ...) \
    int name parameters {                                       \
        char path[PATH_MAX];                                    \
        absolute(directory, target, path);                      \
        WHOLE(operation, path, REAL(name)(__VA_ARGS__));        \
    }
ON_NAME("rename", rename, (const char *from, const char *to), AT_FDCWD, to, from, to)
ON_NAME("rename", renameat, (int a, const char *from, int b, const char *to), b, to, a, from, b, to)
ON_NAME("unlink", unlink, (const char *name), AT_FDCWD, name, name)
ON_NAME("unlink", unlinkat, (int at, const char *name, int flags), at, name, at, name, flags)
ON_NAME("mkdir", mkdir, (const char *name, mode_t mode), AT_FDCWD, name, name, mode)
ON_NAME("mkdir", mkdirat, (int at, const char *name, mode_t mode), at, name, at, name, mode)
