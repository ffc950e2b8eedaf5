#include "corpus/folder_listing.h"

#include "base/memory.h"
#include "base/status.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_folder(DIR *folder, const struct dirent *e)
{
    struct stat st;
    if (e->d_type == DT_DIR) return 1;
    if (e->d_type != DT_UNKNOWN && e->d_type != DT_LNK) return 0;
    /* a link that leads nowhere counts as a file: its row says what is missing */
    return fstatat(dirfd(folder), e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static void note_other(folder_listing *l, const char *other)
{
    if (!l->n_other++) snprintf(l->other, sizeof l->other, "%s", other);
}

static int read_names(const char *path, folder_listing *l)
{
    int rc = OK;
    size_t text_n = 0, text_capacity = 0, capacity = 0;
    DIR *folder = opendir(path);
    if (!folder || fstat(dirfd(folder), &l->here) != 0)
        FAIL(ERR_CONFIG, "cannot read the folder %s: %s", path, strerror(errno));
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(folder);
        if (!e && errno) FAIL(ERR_CONFIG, "cannot read the folder %s: %s", path, strerror(errno));
        if (!e) break;
        folder_name one = {.at = text_n, .n = (uint32_t)strlen(e->d_name), .first = SIZE_MAX, .next = SIZE_MAX};
        size_t stem_n;
        if (e->d_name[0] == '.') {
            l->n_hidden += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
            continue;
        }
        one.is_folder = is_folder(folder, e);
        one.type = media_type_of(e->d_name, one.n, &stem_n);
        one.stem_n = (uint32_t)stem_n;
        if (!one.is_folder && one.type == TYPE_OTHER) {
            note_other(l, e->d_name);
            continue;
        }
        TRY(MEM_GROW(l->text, &text_capacity, text_n + one.n + 1));
        memcpy(l->text + text_n, e->d_name, one.n + 1);
        text_n += one.n + 1;
        TRY(MEM_GROW(l->names, &capacity, l->n + 1));
        l->names[l->n++] = one;
    }
done:
    if (folder) closedir(folder);
    return rc;
}

/* Byte i of a name as it continues in paths: a folder's name is followed by a slash. */
static int byte_at(const folder_listing *l, const folder_name *x, size_t i)
{
    if (i < x->n) return (unsigned char)l->text[x->at + i];
    return i == x->n && x->is_folder ? '/' : -1;
}

static int by_path(const void *a, const void *b, void *user)
{
    const folder_listing *l = user;
    const folder_name *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int c = memcmp(l->text + x->at, l->text + y->at, n);
    for (size_t i = n; !c; i++) {
        int p = byte_at(l, x, i), q = byte_at(l, y, i);
        if (p < 0 && q < 0) break;
        c = p - q;
    }
    return c;
}

static int by_stem(const void *a, const void *b, void *user)
{
    const folder_listing *l = user;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const folder_name *x = &l->names[i], *y = &l->names[j];
    int c = memcmp(l->text + x->at, l->text + y->at, x->stem_n < y->stem_n ? x->stem_n : y->stem_n);
    if (c) return c;
    if (x->stem_n != y->stem_n) return x->stem_n < y->stem_n ? -1 : 1;
    return (i > j) - (i < j);
}

static int same_stem(const folder_listing *l, size_t i, size_t j)
{
    const folder_name *x = &l->names[i], *y = &l->names[j];
    return x->stem_n == y->stem_n && !memcmp(l->text + x->at, l->text + y->at, x->stem_n);
}

/* Chain the files with the same stem. They need not be neighbours: "a.png" < "a.x.png" < "a.y". */
static int chain_stems(folder_listing *l)
{
    int rc = OK;
    size_t *files = NULL, n = 0;
    TRY(MEM_ALLOC(files, l->n));
    for (size_t i = 0; i < l->n; i++)
        if (!l->names[i].is_folder) files[n++] = i;
    qsort_r(files, n, sizeof *files, by_stem, l);
    for (size_t i = 0; i < n; i++) {
        int joins = i > 0 && same_stem(l, files[i - 1], files[i]);
        l->names[files[i]].first = joins ? l->names[files[i - 1]].first : files[i];
        if (joins) l->names[files[i - 1]].next = files[i];
    }
done:
    mem_free(&files);
    return rc;
}

int folder_list(const char *path, folder_listing *out)
{
    int rc = OK;
    *out = (folder_listing){0};
    TRY(read_names(path, out));
    if (!out->n) goto done;
    qsort_r(out->names, out->n, sizeof *out->names, by_path, out);
    TRY(chain_stems(out));
done:
    if (rc != OK) folder_listing_free(out);
    return rc;
}

void folder_listing_free(folder_listing *l)
{
    mem_free(&l->text);
    mem_free(&l->names);
    *l = (folder_listing){0};
}

int folder_has_file(const folder_listing *l, const char *file, size_t n)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const folder_name *x = &l->names[middle];
        size_t shared = x->n < n ? x->n : n;
        int c = memcmp(l->text + x->at, file, shared);
        for (size_t i = shared; !c; i++) {
            int p = byte_at(l, x, i), q = i < n ? (unsigned char)file[i] : -1;
            if (p < 0 && q < 0) return 1;
            c = p - q;
        }
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}
