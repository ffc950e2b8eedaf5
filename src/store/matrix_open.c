/* Opening: what the files are, and whether they are one matrix. Sizes in files are believed only as far as their bytes
 * go. */
#include "store/matrix.h"

#include "base/memory.h"
#include "base/status.h"
#include "store/matrix_parts.h"
#include "store/npy.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const int64_t most_rows = (int64_t)1 << 42, most_values = (int64_t)1 << 24; /* values: of a row */

#define HOW_TO "save it from Python with numpy.save(FILE, numpy.ascontiguousarray(x, dtype=\"float32\"))"

static int is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* FILE:/DATASET where FILE is there and FILE:/DATASET is not. */
static int split_path(const char *path, char **file, char **dataset)
{
    int rc = OK;
    if (!exists(path))
        for (const char *at = strstr(path, ":/"); at; at = strstr(at + 1, ":/")) {
            mem_free(file);
            TRY(mem_copy(file, path, (size_t)(at - path)));
            if (!exists(*file)) continue;
            TRY(mem_string(dataset, at + 1));
            goto done;
        }
    mem_free(file);
    TRY(mem_string(file, path));
done:
    return rc;
}

static int ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), e = strlen(ending);
    return n > e && !strcmp(name + n - e, ending);
}

static int is_h5_name(const char *name) { return ends_with(name, ".h5") || ends_with(name, ".hdf5"); }

/* A part that was looked at and is not in the matrix yet. */
typedef struct found {
    matrix_part part;
    int64_t d, chunk_rows;
    matrix_type type;
} found;

/* Shape and type of one more part. */
static int check_part(const matrix *m, const found *f)
{
    int rc = OK;
    const matrix_part *p = &f->part;
    if (f->d < 0 || f->d > most_values || p->n < 0 || p->n > most_rows - m->n)
        FAIL(ERR_LIMIT, "%s: a matrix of %lld x %lld values is too large", p->shown, (long long)p->n, (long long)f->d);
    if (p->n && !f->d) FAIL(ERR_FORMAT, "%s has rows without values", p->shown);
    if (!m->n || !p->n) goto done;
    if (f->d != m->d)
        FAIL(ERR_FORMAT, "%s has rows of %lld values, %s of %lld", p->shown, (long long)f->d, m->parts[0].shown,
             (long long)m->d);
    if (f->type != m->type)
        FAIL(ERR_FORMAT, "%s has fp%d values, %s has fp%d; a folder holds one type", p->shown,
             f->type == MATRIX_F16 ? 16 : 32, m->parts[0].shown, m->type == MATRIX_F16 ? 16 : 32);
done:
    return rc;
}

/* Rows of a chunked dataset that are read at a time: whole chunks, unless these are very large. */
static int64_t piece_rows(const matrix *m, int64_t chunk)
{
    int64_t rows = (int64_t)(MATRIX_PIECE_BYTES / m->row_bytes), most = (int64_t)(MATRIX_PIECE_LIMIT / m->row_bytes);
    if (chunk > 0 && chunk < rows) rows = rows / chunk * chunk;
    if (chunk >= rows) rows = chunk < most ? chunk : most;
    return rows > 0 ? rows : 1;
}

/* The part is moved into the matrix; one without rows is left out. */
static int add_part(matrix *m, found *f)
{
    int rc = OK;
    TRY(check_part(m, f));
    if (!m->n) {
        m->d = f->d;
        m->type = f->type;
        m->row_bytes = (size_t)f->d * (f->type == MATRIX_F16 ? sizeof(uint16_t) : sizeof(float));
    }
    if (!f->part.n) goto done;
    f->part.piece_rows = piece_rows(m, f->chunk_rows);
    f->part.first = m->n;
    TRY(MEM_GROW(m->parts, &m->capacity, m->n_parts + 1));
    m->parts[m->n_parts++] = f->part;
    m->n += f->part.n;
    f->part = (matrix_part){0};
done:
    return rc;
}

static int look_at_npy(found *f, int in_folder)
{
    int rc = OK;
    matrix_part *p = &f->part;
    npy_array a;
    char why[256];
    rc = npy_parse(p->map.bytes, p->map.n, &a);
    if (rc != OK) {
        snprintf(why, sizeof why, "%s", status_message());
        FAIL(rc, "%s: %s%s", p->shown, why, rc == ERR_UNSUPPORTED ? "; " HOW_TO : "");
    }
    if (a.n_dims != 2) FAIL(ERR_FORMAT, "%s is no matrix: an array of %d dimensions", p->shown, a.n_dims);
    p->n = a.dims[0];
    f->d = a.dims[1];
    f->type = strcmp(a.type, "<f2") ? MATRIX_F32 : MATRIX_F16;
    p->values = a.data;
    if (strcmp(a.type, "<f2") && strcmp(a.type, "<f4") && (p->n || !in_folder))
        FAIL(ERR_UNSUPPORTED, "%s: values of type %s; fp16 (<f2) or fp32 (<f4) are read: " HOW_TO, p->shown, a.type);
done:
    return rc;
}

/* The one dataset of two dimensions with floating-point values. */
static int choose_dataset(h5_file *f, const char *path, char **dataset)
{
    int rc = OK, used = 0;
    h5_entry *entries = NULL;
    size_t n = 0, n_matrices = 0;
    char names[320] = "";
    TRY(h5_list(f, &entries, &n));
    for (size_t i = 0; i < n; i++) n_matrices += entries[i].n_dims == 2 && entries[i].is_float;
    for (size_t i = 0; i < n; i++) {
        const h5_entry *e = &entries[i];
        int fits = e->n_dims == 2 && e->is_float;
        if (fits && n_matrices == 1) TRY(mem_string(dataset, e->path));
        if ((fits || !n_matrices) && used < (int)sizeof names)
            used += snprintf(names + used, sizeof names - (size_t)used, "%s%s (%s)", used ? ", " : "", e->path,
                             e->type_name);
    }
    if (!n) FAIL(ERR_FORMAT, "%s holds no dataset", path);
    if (!n_matrices)
        FAIL(ERR_FORMAT, "%s has no dataset of two dimensions with floating-point values; it has %s", path, names);
    if (n_matrices > 1) FAIL(ERR_FORMAT, "%s has several matrices: %s; name one, as in %s:/NAME", path, names, path);
done:
    h5_list_free(&entries, n);
    return rc;
}

/* A dataset that lies whole and as we read it in its file is mapped. */
static int map_dataset(h5_file *h, matrix_part *p, size_t row_bytes)
{
    int rc = OK;
    int64_t offset;
    TRY(h5_file_offset(h, p->dataset, &offset));
    if (offset < 0 || (uint64_t)offset > p->map.n || (size_t)p->n > (p->map.n - (size_t)offset) / row_bytes) goto done;
    p->values = p->map.bytes + offset;
done:
    if (!p->values) file_unmap(&p->map);
    return rc;
}

static int look_at_h5(found *f, int in_folder)
{
    int rc = OK;
    matrix_part *p = &f->part;
    h5_file *h = NULL;
    h5_entry e = {0};
    TRY(h5_open(&h, p->path));
    if (!p->dataset) TRY(choose_dataset(h, p->path, &p->dataset));
    mem_free(&p->shown);
    TRY(mem_format(&p->shown, "%s:%s", p->path, p->dataset));
    TRY(h5_describe(h, p->dataset, &e));
    if (e.n_dims != 2) FAIL(ERR_FORMAT, "%s is no matrix: a dataset of %d dimensions", p->shown, e.n_dims);
    p->n = e.dims[0];
    f->d = e.dims[1];
    f->type = e.is_plain && e.type == H5_F16 ? MATRIX_F16 : MATRIX_F32;
    f->chunk_rows = e.chunk_rows;
    if ((!e.is_plain || (e.type != H5_F16 && e.type != H5_F32)) && (p->n || !in_folder))
        FAIL(ERR_UNSUPPORTED,
             "%s: values of type %s; float16 or float32 (little-endian) are read: write it anew with "
             "x.astype(\"float32\")",
             p->shown, e.type_name);
    if (p->n > 0 && f->d > 0 && f->d <= most_values) TRY(map_dataset(h, p, (size_t)f->d * h5_type_size(e.type)));
done:
    h5_entry_free(&e);
    h5_close(&h);
    return rc;
}

static int open_file(matrix *m, const char *path, const char *name, const char *dataset, int in_folder)
{
    int rc = OK;
    found f = {0};
    matrix_part *p = &f.part;
    TRY(mem_string(&p->path, path));
    TRY(mem_string(&p->name, name));
    TRY(mem_string(&p->shown, path));
    if (dataset && !ends_with(path, ".npy")) TRY(mem_string(&p->dataset, dataset));
    TRY(file_map(path, &p->map));
    p->bytes = (int64_t)p->map.n;
    if (ends_with(path, ".npy") || (p->map.n > 6 && !memcmp(p->map.bytes, "\x93NUMPY", 6)))
        TRY(look_at_npy(&f, in_folder));
    else if (is_h5_name(path) || (p->map.n > 8 && !memcmp(p->map.bytes, "\x89HDF\r\n\x1a\n", 8)))
        TRY(look_at_h5(&f, in_folder));
    else
        FAIL(ERR_FORMAT, "%s is neither a .npy nor an HDF5 file", path);
    TRY(add_part(m, &f));
done:
    matrix_part_free(p);
    return rc;
}

static int open_folder(matrix *m, const char *folder, const char *dataset)
{
    int rc = OK, seen = 0;
    file_list names = {0};
    char *path = NULL;
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.names[i];
        if (*name == '.' || (!ends_with(name, ".npy") && !is_h5_name(name))) continue;
        mem_free(&path);
        TRY(file_join(&path, folder, name));
        TRY(open_file(m, path, name, dataset, 1));
        seen = 1;
    }
    if (!seen) FAIL(ERR_FORMAT, "%s holds no .npy, .h5 or .hdf5 file", folder);
done:
    file_list_free(&names);
    mem_free(&path);
    return rc;
}

int matrix_open(matrix **out, const char *path)
{
    int rc = OK;
    matrix *m = NULL;
    char *file = NULL, *dataset = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(m, 1));
    TRY(split_path(path, &file, &dataset));
    if (is_folder(file))
        TRY(open_folder(m, file, dataset));
    else
        TRY(open_file(m, file, "", dataset, 0));
    *out = m;
    m = NULL;
done:
    mem_free(&file);
    mem_free(&dataset);
    matrix_close(&m);
    return rc;
}
