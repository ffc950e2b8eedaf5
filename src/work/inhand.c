#include "work/inhand.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct inhand {
    char *path;
    volatile int64_t *row; /* in the mapping: row + 1, 0 for none */
};

int inhand_open(inhand **out, const char *folder, int64_t attempt, int rank)
{
    int rc = OK, fd = -1;
    inhand *h = NULL;
    *out = NULL;
    TRY(file_make_folder(folder));
    TRY(MEM_ALLOC(h, 1));
    TRY(mem_format(&h->path, "%s/life-%lld-rank-%d", folder, (long long)attempt, rank));
    fd = open(h->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) FAIL(status_from_errno(errno), "cannot create %s: %s", h->path, strerror(errno));
    /* reserve the block now: a later write into a hole on a full disk would be a SIGBUS */
    int64_t none = 0;
    if (write(fd, &none, sizeof none) != sizeof none)
        FAIL(status_from_errno(errno), "cannot write %s: %s", h->path, strerror(errno));
    void *p = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) FAIL(ERR_IO, "cannot map %s: %s", h->path, strerror(errno));
    h->row = p;
    *out = h;
    h = NULL;
done:
    if (fd >= 0) close(fd);
    inhand_close(&h);
    return rc;
}

void inhand_close(inhand **ph)
{
    inhand *h = *ph;
    if (!h) return;
    if (h->row) munmap((void *)h->row, sizeof *h->row);
    if (h->path) unlink(h->path);
    mem_free(&h->path);
    mem_free(ph);
}

void inhand_note(inhand *h, int64_t row)
{
    if (h) *h->row = row + 1;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int inhand_collect(const char *folder, int64_t **rows, size_t *n)
{
    int rc = OK;
    file_list names = {0};
    size_t capacity = 0;
    char *path = NULL;
    uint8_t *bytes = NULL;
    *rows = NULL;
    *n = 0;
    if (!file_exists(folder)) return OK;
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++) {
        size_t size;
        int64_t row;
        mem_free(&path);
        mem_free(&bytes);
        TRY(file_join(&path, folder, names.names[i]));
        TRY(file_read(path, 4096, &bytes, &size));
        if (size >= sizeof row) {
            memcpy(&row, bytes, sizeof row);
            TRY(MEM_GROW(*rows, &capacity, *n + 1));
            if (row > 0) (*rows)[(*n)++] = row - 1;
        }
        TRY(file_remove(path));
    }
    if (*n) qsort(*rows, *n, sizeof **rows, ascending);
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!kept || (*rows)[kept - 1] != (*rows)[i]) (*rows)[kept++] = (*rows)[i];
    *n = kept;
done:
    mem_free(&path);
    mem_free(&bytes);
    file_list_free(&names);
    if (rc != OK) mem_free(rows);
    return rc;
}
