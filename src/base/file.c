#include "base/file.h"

#include "base/memory.h"
#include "base/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int status_of_path(int err) { return err == ENOENT || err == ENOTDIR ? ERR_MISSING : status_from_errno(err); }

int file_read(const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    int rc = OK;
    struct stat st;
    *bytes = NULL;
    *n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) FAIL(status_of_path(errno), "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) FAIL(ERR_IO, "%s is a folder", path);
    if ((uint64_t)st.st_size > limit)
        FAIL(ERR_LIMIT, "%s: %lld bytes, more than the limit of %zu", path, (long long)st.st_size, limit);
    TRY(mem_alloc((void **)bytes, (size_t)st.st_size + 1, 1));
    while (*n < (size_t)st.st_size) {
        ssize_t got = read(fd, *bytes + *n, (size_t)st.st_size - *n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) FAIL(ERR_IO, "%s: %s", path, strerror(errno));
        if (got == 0) break;
        *n += (size_t)got;
    }
done:
    if (fd >= 0) close(fd);
    if (rc != OK) mem_free(bytes);
    return rc;
}

int file_map(const char *path, file_mapping *out)
{
    int rc = OK;
    struct stat st;
    *out = (file_mapping){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) FAIL(status_of_path(errno), "%s: %s", path, strerror(errno));
    if (st.st_size == 0) goto done;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) FAIL(ERR_IO, "%s: cannot map: %s", path, strerror(errno));
    out->bytes = p;
    out->n = (size_t)st.st_size;
done:
    if (fd >= 0) close(fd);
    return rc;
}

void file_unmap(file_mapping *m)
{
    if (m->bytes) munmap((void *)m->bytes, m->n);
    *m = (file_mapping){0};
}

void file_map_release(const file_mapping *m, size_t start, size_t end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    start = start / page * page;
    end = (end < m->n ? end : m->n) / page * page;
    if (m->bytes && start < end) madvise((void *)(m->bytes + start), end - start, MADV_DONTNEED);
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int file_list_folder(const char *path, file_list *out)
{
    int rc = OK;
    size_t capacity = 0;
    *out = (file_list){0};
    DIR *folder = opendir(path);
    if (!folder) FAIL(status_of_path(errno), "%s: %s", path, strerror(errno));
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(folder);
        if (!e && errno) FAIL(ERR_IO, "%s: %s", path, strerror(errno));
        if (!e) break;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        TRY(MEM_GROW(out->names, &capacity, out->n + 1));
        TRY(mem_string(&out->names[out->n], e->d_name));
        out->n++;
    }
    if (out->n) qsort(out->names, out->n, sizeof *out->names, by_bytes);
done:
    if (folder) closedir(folder);
    if (rc != OK) file_list_free(out);
    return rc;
}

void file_list_free(file_list *l)
{
    for (size_t i = 0; i < l->n; i++) mem_free(&l->names[i]);
    mem_free(&l->names);
    l->n = 0;
}

int file_stat(const char *path, int64_t *size, int64_t *mtime_ns)
{
    int rc = OK;
    struct stat st;
    if (stat(path, &st) != 0) FAIL(status_of_path(errno), "%s: %s", path, strerror(errno));
    if (size) *size = st.st_size;
    if (mtime_ns) *mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
done:
    return rc;
}

int file_exists(const char *path) { return access(path, F_OK) == 0; }

int file_make_folder(const char *path)
{
    int rc = OK;
    char *copy = NULL;
    TRY(mem_string(&copy, path));
    for (char *p = copy + 1;; p++) {
        if (*p && *p != '/') continue;
        char kept = *p;
        *p = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            int err = errno;
            FAIL(status_from_errno(err), "cannot make folder %s: %s", copy, strerror(err));
        }
        *p = kept;
        if (!kept) break;
    }
done:
    mem_free(&copy);
    return rc;
}

int file_remove(const char *path)
{
    int rc = OK;
    if (unlink(path) != 0 && errno != ENOENT) FAIL(ERR_IO, "cannot remove %s: %s", path, strerror(errno));
done:
    return rc;
}

int file_remove_tree(const char *path)
{
    int rc = OK;
    file_list names = {0};
    char *child = NULL;
    struct stat st;
    if (lstat(path, &st) != 0) return OK;
    if (!S_ISDIR(st.st_mode)) return file_remove(path);
    TRY(file_list_folder(path, &names));
    for (size_t i = 0; i < names.n; i++) {
        mem_free(&child);
        TRY(file_join(&child, path, names.names[i]));
        TRY(file_remove_tree(child));
    }
    if (rmdir(path) != 0 && errno != ENOENT) FAIL(ERR_IO, "cannot remove %s: %s", path, strerror(errno));
done:
    mem_free(&child);
    file_list_free(&names);
    return rc;
}

static int is_folder(const char *path, const struct dirent *e)
{
    struct stat st;
    if (e->d_type != DT_UNKNOWN) return e->d_type == DT_DIR;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int file_remove_temporaries(const char *folder)
{
    int rc = OK;
    char *path = NULL;
    DIR *d = opendir(folder);
    if (!d) FAIL(status_of_path(errno), "%s: %s", folder, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        mem_free(&path);
        TRY(file_join(&path, folder, e->d_name));
        if (is_folder(path, e))
            TRY(file_remove_temporaries(path));
        else if (file_is_temporary(e->d_name))
            TRY(file_remove(path));
    }
done:
    if (d) closedir(d);
    mem_free(&path);
    return rc;
}

int file_join(char **out, const char *folder, const char *name) { return mem_format(out, "%s/%s", folder, name); }

int file_sync_folder_of(const char *path)
{
    int rc = OK, fd = -1;
    char *copy = NULL;
    TRY(mem_string(&copy, path));
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* some file systems cannot fsync a folder: EINVAL is no failure */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        FAIL(status_from_errno(errno), "cannot sync the folder of %s: %s", path, strerror(errno));
done:
    if (fd >= 0) close(fd);
    mem_free(&copy);
    return rc;
}
