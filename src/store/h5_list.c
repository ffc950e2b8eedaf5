/* What lies in a file that others wrote. */
#include "base/memory.h"
#include "base/status.h"
#include "store/h5_parts.h"

#include <stdio.h>
#include <string.h>

void h5_entry_free(h5_entry *e)
{
    mem_free(&e->path);
    *e = (h5_entry){0};
}

void h5_list_free(h5_entry **entries, size_t n)
{
    for (size_t i = 0; *entries && i < n; i++) h5_entry_free(&(*entries)[i]);
    mem_free(entries);
}

static int is_plain(hid_t type, h5_type t)
{
    hid_t ours = h5_type_open(t, 0);
    int equal = ours >= 0 && H5Tequal(type, ours) > 0;
    if (ours >= 0) H5Tclose(ours);
    return equal;
}

/* The same in the other byte order. Types that only have the size of one of ours may have any layout of bits, on which
 * the library's conversion has been seen to write beyond its buffers. */
static int is_swapped(hid_t type, h5_type t)
{
    hid_t ours = h5_type_open(t, 0);
    int equal = ours >= 0 && H5Tset_order(ours, H5T_ORDER_BE) >= 0 && H5Tequal(type, ours) > 0;
    if (ours >= 0) H5Tclose(ours);
    return equal;
}

static void describe_type(hid_t type, h5_entry *e)
{
    H5T_class_t class = H5Tget_class(type);
    size_t bits = 8 * H5Tget_size(type);
    e->is_float = class == H5T_FLOAT;
    int found = h5_type_find(type, &e->type);
    e->is_plain = found && is_plain(type, e->type);
    e->is_number = e->is_plain || (found && is_swapped(type, e->type));
    if (class != H5T_FLOAT && class != H5T_INTEGER) {
        snprintf(e->type_name, sizeof e->type_name, "%s", class == H5T_STRING ? "text" : "no numbers");
        return;
    }
    const char *name = class == H5T_FLOAT ? "float" : H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int";
    const char *remark = e->is_plain || bits == 8             ? ""
                         : H5Tget_order(type) == H5T_ORDER_BE ? "big-endian "
                                                              : "unusual ";
    snprintf(e->type_name, sizeof e->type_name, "%s%s%zu", remark, name, bits);
}

static int describe_shape(hid_t id, h5_entry *e)
{
    hsize_t dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(id), create = H5Dget_create_plist(id);
    int ok = space >= 0 && create >= 0;
    e->n_dims = ok ? H5Sget_simple_extent_ndims(space) : -1;
    if (e->n_dims > 3 || (e->n_dims > 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0)) e->n_dims = -1;
    for (int i = 0; i < e->n_dims; i++) {
        e->dims[i] = (int64_t)dims[i];
        if (dims[i] > INT64_MAX) ok = 0;
    }
    if (ok && e->n_dims > 0 && H5Pget_layout(create) == H5D_CHUNKED &&
        H5Pget_chunk(create, H5S_MAX_RANK, dims) == e->n_dims)
        e->chunk_rows = (int64_t)dims[0];
    if (space >= 0) H5Sclose(space);
    if (create >= 0) H5Pclose(create);
    return ok;
}

int h5_describe(h5_file *f, const char *path, h5_entry *out)
{
    int rc = OK;
    hid_t id = -1, type = -1;
    *out = (h5_entry){0};
    h5_quiet();
    if (!h5_has(f, path)) FAIL(ERR_MISSING, "%s: there is no %s", f->path, path);
    TRY(mem_string(&out->path, path));
    id = H5Dopen2(f->id, path, H5P_DEFAULT);
    if (id < 0) H5_FAIL(ERR_CORRUPT, f, "%s is no dataset that can be opened", path);
    type = H5Dget_type(id);
    if (type < 0 || !describe_shape(id, out)) H5_FAIL(ERR_CORRUPT, f, "cannot look at %s", path);
    describe_type(type, out);
done:
    if (type >= 0) H5Tclose(type);
    if (id >= 0) H5Dclose(id);
    if (rc != OK) h5_entry_free(out);
    return rc;
}

typedef struct listing {
    h5_file *f;
    h5_entry *entries;
    size_t n, capacity;
    int rc;
} listing;

static herr_t visit(hid_t root, const char *name, const H5L_info_t *link, void *user)
{
    int rc = OK, dataset;
    listing *l = user;
    char *path = NULL;
    if (link->type != H5L_TYPE_HARD) return 0;
    hid_t id = H5Oopen(root, name, H5P_DEFAULT);
    dataset = id >= 0 && H5Iget_type(id) == H5I_DATASET;
    if (id >= 0) H5Oclose(id);
    if (!dataset) goto done;
    TRY(mem_format(&path, "/%s", name));
    TRY(MEM_GROW(l->entries, &l->capacity, l->n + 1));
    TRY(h5_describe(l->f, path, &l->entries[l->n]));
    l->n++;
done:
    mem_free(&path);
    l->rc = rc;
    return rc == OK ? 0 : -1;
}

int h5_list(h5_file *f, h5_entry **out, size_t *n)
{
    int rc = OK;
    listing l = {.f = f};
    *out = NULL;
    *n = 0;
    h5_quiet();
    herr_t e = H5Lvisit(f->id, H5_INDEX_NAME, H5_ITER_INC, visit, &l);
    TRY(l.rc);
    if (e < 0) H5_FAIL(ERR_CORRUPT, f, "cannot look at its datasets");
    *out = l.entries;
    *n = l.n;
    l.entries = NULL;
done:
    h5_list_free(&l.entries, l.n);
    return rc;
}
