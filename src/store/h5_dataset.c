/* Datasets. A contiguous one gets its space when it is created and nothing is filled in: what is not written stays
 * zero. A compressed one is written in whole chunks only, which are collected here, so that the order of its chunks in
 * the file and their bytes do not depend on how many rows a call brings. */
#include "base/fault.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5_parts.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 18, READ_CACHE_BYTES = 1 << 22 };

void h5_set_close(h5_set *s)
{
    H5Dclose(s->id);
    mem_free(&s->path);
    mem_free(&s->chunk);
}

/* Take a dataset handle over; on error it is closed. */
static int remember(h5_file *f, const char *path, hid_t id, h5_set **out)
{
    int rc = OK;
    h5_set s = {.id = id};
    hid_t type = H5Dget_type(id), space = H5Dget_space(id);
    hsize_t dims[3];
    *out = NULL;
    s.n_dims = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    if (type < 0 || s.n_dims < 1 || s.n_dims > 3 || H5Sget_simple_extent_dims(space, dims, NULL) < 0 ||
        !h5_type_find(type, &s.type))
        FAIL(ERR_CORRUPT, "%s: %s is not an array of numbers with 1 to 3 dimensions", f->path, path);
    s.row_bytes = h5_type_size(s.type);
    for (int i = 0; i < s.n_dims; i++) {
        if (dims[i] > INT64_MAX) FAIL(ERR_CORRUPT, "%s: %s is too large", f->path, path);
        s.dims[i] = (int64_t)dims[i];
        if (i) TRY(size_mul(s.row_bytes, (size_t)dims[i], &s.row_bytes));
    }
    TRY(mem_string(&s.path, path));
    TRY(MEM_GROW(f->sets, &f->capacity, f->n_sets + 1));
    f->sets[f->n_sets] = s;
    *out = &f->sets[f->n_sets++];
    s = (h5_set){.id = -1};
done:
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    mem_free(&s.path);
    if (s.id >= 0) H5Dclose(s.id);
    return rc;
}

static h5_set *find(const h5_file *f, const char *path)
{
    for (size_t i = 0; i < f->n_sets; i++)
        if (!strcmp(f->sets[i].path, path)) return &f->sets[i];
    return NULL;
}

/* The handle of a dataset, opened when it is first used. */
static int use(h5_file *f, const char *path, h5_set **out)
{
    int rc = OK;
    hid_t access = -1, id = -1;
    h5_quiet();
    *out = find(f, path);
    if (*out) return OK;
    if (!h5_has(f, path)) FAIL(ERR_MISSING, "%s: there is no %s", f->path, path);
    access = H5Pcreate(H5P_DATASET_ACCESS);
    if (access < 0 || H5Pset_chunk_cache(access, 521, READ_CACHE_BYTES, 1) < 0)
        H5_FAIL(ERR_INTERNAL, f, "cannot prepare %s", path);
    id = H5Dopen2(f->id, path, access);
    if (id < 0) H5_FAIL(ERR_CORRUPT, f, "cannot open %s", path);
    TRY(remember(f, path, id, out));
done:
    if (access >= 0) H5Pclose(access);
    return rc;
}

/* H5Lexists asks for one step of a path at a time. */
int h5_has(h5_file *f, const char *path)
{
    char part[256];
    size_t n = strlen(path);
    h5_quiet();
    if (n >= sizeof part) return 0;
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (strcmp(part, "/") && H5Lexists(f->id, part, H5P_DEFAULT) <= 0) return 0;
    }
    return 1;
}

static hid_t create_list(int n_dims, const hsize_t *chunk, int deflate)
{
    hid_t p = H5Pcreate(H5P_DATASET_CREATE);
    int bad = p < 0 || H5Pset_obj_track_times(p, 0) < 0 || H5Pset_attr_phase_change(p, 128, 64) < 0;
    if (!bad && deflate)
        bad = H5Pset_chunk(p, n_dims, chunk) < 0 || H5Pset_shuffle(p) < 0 || H5Pset_deflate(p, (unsigned)deflate) < 0 ||
              H5Pset_fill_time(p, H5D_FILL_TIME_ALLOC) < 0;
    else if (!bad)
        bad = H5Pset_layout(p, H5D_CONTIGUOUS) < 0 || H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY) < 0 ||
              H5Pset_fill_time(p, H5D_FILL_TIME_NEVER) < 0;
    if (bad && p >= 0) H5Pclose(p);
    return bad ? -1 : p;
}

int h5_dataset(h5_file *f, const char *path, h5_type type, int n_dims, const int64_t *dims, int deflate)
{
    int rc = OK;
    hid_t file_type = -1, space = -1, create = -1, access = -1, id = -1;
    hsize_t shape[3], chunk[3];
    size_t row = h5_type_size(type), total;
    h5_set *s;
    h5_quiet();
    if (n_dims < 1 || n_dims > 3) FAIL(ERR_INTERNAL, "%s: %s: %d dimensions", f->path, path, n_dims);
    for (int i = 0; i < n_dims; i++) {
        if (dims[i] < 0) FAIL(ERR_INTERNAL, "%s: %s: a size is negative", f->path, path);
        if (dims[i] == 0) deflate = 0;
        shape[i] = chunk[i] = (hsize_t)dims[i];
        if (i) TRY(size_mul(row, (size_t)dims[i], &row));
    }
    TRY(size_mul(row, (size_t)dims[0], &total));
    if (deflate && row > CHUNK_BYTES) FAIL(ERR_INTERNAL, "%s: %s: rows too large to compress", f->path, path);
    if (deflate && chunk[0] > CHUNK_BYTES / row) chunk[0] = CHUNK_BYTES / row;
    file_type = h5_type_open(type, 0);
    space = H5Screate_simple(n_dims, shape, NULL);
    create = create_list(n_dims, chunk, deflate);
    access = H5Pcreate(H5P_DATASET_ACCESS);
    if (file_type < 0 || space < 0 || create < 0 || access < 0 || H5Pset_chunk_cache(access, 1, 0, 0) < 0)
        H5_FAIL(ERR_INTERNAL, f, "cannot prepare %s", path);
    id = H5Dcreate2(f->id, path, file_type, space, H5P_DEFAULT, create, access);
    if (id < 0) H5_FAIL(ERR_IO, f, "cannot create %s", path);
    TRY(remember(f, path, id, &s));
    if (deflate) {
        s->chunk_rows = (int64_t)chunk[0];
        TRY(mem_alloc((void **)&s->chunk, chunk[0], row));
    }
done:
    if (file_type >= 0) H5Tclose(file_type);
    if (space >= 0) H5Sclose(space);
    if (create >= 0) H5Pclose(create);
    if (access >= 0) H5Pclose(access);
    return rc;
}

/* Read (into) or write (from) rows first .. first + n - 1 with memory of `type`. */
static int transfer(h5_file *f, const h5_set *s, h5_type type, int64_t first, int64_t n, void *into, const void *from)
{
    int rc = OK;
    herr_t e = -1;
    hsize_t start[3] = {(hsize_t)first, 0, 0}, count[3] = {(hsize_t)n, (hsize_t)s->dims[1], (hsize_t)s->dims[2]};
    hid_t space = H5Dget_space(s->id), memory = H5Screate_simple(s->n_dims, count, NULL), t = h5_type_open(type, 1);
    if (space >= 0 && memory >= 0 && t >= 0 &&
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
        e = into ? H5Dread(s->id, t, memory, space, H5P_DEFAULT, into)
                 : H5Dwrite(s->id, t, memory, space, H5P_DEFAULT, from);
    if (e < 0) H5_FAIL(into ? ERR_CORRUPT : ERR_IO, f, "cannot %s %s", into ? "read" : "write", s->path);
done:
    if (space >= 0) H5Sclose(space);
    if (memory >= 0) H5Sclose(memory);
    if (t >= 0) H5Tclose(t);
    return rc;
}

static int write_rows(h5_file *f, const h5_set *s, int64_t first, int64_t n, const void *values)
{
    int rc = OK, err = fault_point_at(f->what, "write");
    if (err) FAIL(status_from_errno(err), "%s: cannot write %s: %s", f->path, s->path, strerror(err));
    TRY(transfer(f, s, s->type, first, n, NULL, values));
done:
    return rc;
}

/* Write the chunk that is being filled; its first row is a multiple of chunk_rows. */
static int write_chunk(h5_file *f, h5_set *s)
{
    int64_t n = s->next % s->chunk_rows ? s->next % s->chunk_rows : s->chunk_rows;
    return write_rows(f, s, s->next - n, n, s->chunk);
}

int h5_set_finish(h5_file *f, h5_set *s) { return s->chunk_rows && s->next % s->chunk_rows ? write_chunk(f, s) : OK; }

static int write_through_chunks(h5_file *f, h5_set *s, int64_t n, const uint8_t *values)
{
    int rc = OK;
    while (n > 0) {
        int64_t at = s->next % s->chunk_rows, take = s->chunk_rows - at < n ? s->chunk_rows - at : n;
        size_t bytes = (size_t)take * s->row_bytes;
        memcpy(s->chunk + (size_t)at * s->row_bytes, values, bytes);
        values += bytes;
        s->next += take;
        n -= take;
        if (s->next % s->chunk_rows == 0) TRY(write_chunk(f, s));
    }
done:
    return rc;
}

int h5_write(h5_file *f, const char *path, int64_t first, int64_t n, const void *values)
{
    int rc = OK;
    h5_set *s;
    TRY(use(f, path, &s));
    if (first < s->next || n < 0 || first > s->dims[0] || n > s->dims[0] - first || (s->chunk_rows && first != s->next))
        FAIL(ERR_INTERNAL, "%s: %s: rows %lld + %lld after %lld of %lld", f->path, path, (long long)first, (long long)n,
             (long long)s->next, (long long)s->dims[0]);
    if (!n || !s->row_bytes) goto done;
    if (s->chunk_rows) return write_through_chunks(f, s, n, values);
    TRY(write_rows(f, s, first, n, values));
    s->next = first + n;
done:
    return rc;
}

int h5_put(h5_file *f, const char *path, h5_type type, int64_t n, const void *values)
{
    int rc = OK;
    TRY(h5_dataset(f, path, type, 1, &n, 0));
    TRY(h5_write(f, path, 0, n, values));
done:
    return rc;
}

int h5_shape(h5_file *f, const char *path, h5_type *type, int *n_dims, int64_t dims[3])
{
    int rc = OK;
    h5_set *s;
    TRY(use(f, path, &s));
    if (type) *type = s->type;
    if (n_dims) *n_dims = s->n_dims;
    if (dims) memcpy(dims, s->dims, sizeof s->dims);
done:
    return rc;
}

int h5_read(h5_file *f, const char *path, h5_type type, int64_t first, int64_t n, void *values)
{
    int rc = OK;
    h5_set *s;
    TRY(use(f, path, &s));
    if (first < 0 || n < 0 || first > s->dims[0] || n > s->dims[0] - first)
        FAIL(ERR_CORRUPT, "%s: %s has %lld rows, not %lld + %lld", f->path, path, (long long)s->dims[0],
             (long long)first, (long long)n);
    if (!n || !s->row_bytes) goto done;
    TRY(transfer(f, s, type, first, n, values, NULL));
done:
    return rc;
}

int h5_file_offset(h5_file *f, const char *path, int64_t *offset)
{
    int rc = OK;
    h5_set *s;
    hid_t create = -1;
    *offset = -1;
    TRY(use(f, path, &s));
    create = H5Dget_create_plist(s->id);
    if (create < 0) H5_FAIL(ERR_CORRUPT, f, "cannot look at %s", path);
    if (H5Pget_layout(create) == H5D_CONTIGUOUS && H5Pget_external_count(create) == 0) {
        haddr_t at = H5Dget_offset(s->id);
        if (at != HADDR_UNDEF && at <= INT64_MAX) *offset = (int64_t)at;
        H5Eclear2(H5E_DEFAULT);
    }
done:
    if (create >= 0) H5Pclose(create);
    return rc;
}
