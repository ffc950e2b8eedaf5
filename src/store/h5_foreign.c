/* Files that others wrote and that nobody vouches for. They are read from memory, where the library sees the same bytes
 * however they came there, and nothing in them may lead to another file. */
#include "base/memory.h"
#include "base/status.h"
#include "store/h5_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- a file in memory ---- */

/* The library is to use the bytes where they lie: it asks these for copies, which are the bytes themselves. */
typedef struct file_bytes {
    const void *bytes;
    size_t n;
} file_bytes;

static void *no_copy(size_t n, H5FD_file_image_op_t op, void *user)
{
    (void)op;
    const file_bytes *b = user;
    return n == b->n ? (void *)(uintptr_t)b->bytes : NULL;
}

static void *no_move(void *to, const void *from, size_t n, H5FD_file_image_op_t op, void *user)
{
    (void)n;
    (void)op;
    (void)user;
    return to == from ? to : NULL;
}

static void *no_growth(void *bytes, size_t n, H5FD_file_image_op_t op, void *user)
{
    (void)bytes;
    (void)n;
    (void)op;
    (void)user;
    return NULL;
}

static herr_t no_freeing(void *bytes, H5FD_file_image_op_t op, void *user)
{
    (void)bytes;
    (void)op;
    (void)user;
    return 0;
}

static void *same_user(void *user) { return user; }

static herr_t keep_user(void *user)
{
    (void)user;
    return 0;
}

int h5_open_bytes(h5_file **out, const void *bytes, size_t n)
{
    int rc = OK;
    file_bytes image = {bytes, n}; /* only asked for while the file is opened */
    H5FD_file_image_callbacks_t calls = {no_copy, no_move, no_growth, no_freeing, same_user, keep_user, &image};
    hid_t access = -1;
    h5_file *f = NULL;
    *out = NULL;
    h5_quiet();
    if (!n) FAIL(ERR_CORRUPT, "the file: no bytes");
    TRY(MEM_ALLOC(f, 1));
    f->id = -1;
    TRY(mem_string(&f->path, "the file"));
    access = h5_access_list();
    if (access < 0 || H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST) < 0 ||
        H5Pset_fapl_core(access, 1 << 16, 0) < 0 || H5Pset_file_image_callbacks(access, &calls) < 0 ||
        H5Pset_file_image(access, (void *)(uintptr_t)bytes, n) < 0)
        H5_FAIL(ERR_INTERNAL, f, "cannot prepare the file");
    f->id = H5Fopen("in memory", H5F_ACC_RDONLY, access);
    if (f->id < 0) H5_FAIL(ERR_CORRUPT, f, "not a whole HDF5 file");
    *out = f;
    f = NULL;
done:
    if (access >= 0) H5Pclose(access);
    if (f) {
        mem_free(&f->path);
        mem_free(&f);
    }
    return rc;
}

/* ---- what a dataset leads to ---- */

/* Soft and external links are not followed: each step of the path must be a hard link. */
static int check_links(h5_file *f, const char *path)
{
    int rc = OK;
    char part[256];
    size_t n = strlen(path);
    H5L_info_t link;
    if (n >= sizeof part) FAIL(ERR_MISSING, "%s: a name of %zu bytes is too long", f->path, n);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (H5Lexists(f->id, part, H5P_DEFAULT) <= 0 || H5Lget_info(f->id, part, &link, H5P_DEFAULT) < 0)
            FAIL(ERR_MISSING, "%s: there is no %s", f->path, path);
        if (link.type != H5L_TYPE_HARD) FAIL(ERR_UNSUPPORTED, "%s: %s is a link to elsewhere", f->path, part);
    }
done:
    H5Eclear2(H5E_DEFAULT);
    return rc;
}

static int check_chunks(h5_file *f, const char *path, hid_t id, hid_t create, size_t limit)
{
    int rc = OK;
    hsize_t dims[H5S_MAX_RANK];
    hid_t type = H5Dget_type(id);
    size_t bytes = type >= 0 ? H5Tget_size(type) : 0;
    int n = H5Pget_chunk(create, H5S_MAX_RANK, dims);
    if (!bytes || n < 1) FAIL(ERR_CORRUPT, "%s: cannot look at %s", f->path, path);
    for (int i = 0; i < n; i++)
        if (size_mul(bytes, dims[i], &bytes) != OK) bytes = SIZE_MAX;
    if (bytes > limit) FAIL(ERR_LIMIT, "%s: the chunks of %s have more than %zu bytes each", f->path, path, limit);
done:
    if (type >= 0) H5Tclose(type);
    return rc;
}

int h5_check_foreign(h5_file *f, const char *path, size_t chunk_limit)
{
    int rc = OK;
    hid_t id = -1, create = -1;
    h5_quiet();
    if (*path != '/') FAIL(ERR_MISSING, "%s: the name of a dataset begins with /, not \"%.80s\"", f->path, path);
    TRY(check_links(f, path));
    id = H5Oopen(f->id, path, H5P_DEFAULT);
    if (id < 0 || H5Iget_type(id) != H5I_DATASET) FAIL(ERR_MISSING, "%s: %s is no dataset", f->path, path);
    create = H5Dget_create_plist(id);
    if (create < 0) FAIL(ERR_CORRUPT, "%s: cannot look at %s", f->path, path);
    H5D_layout_t layout = H5Pget_layout(create);
    if (layout == H5D_VIRTUAL || H5Pget_external_count(create) != 0)
        FAIL(ERR_UNSUPPORTED, "%s: the values of %s lie in other files", f->path, path);
    if (layout == H5D_CHUNKED) TRY(check_chunks(f, path, id, create, chunk_limit));
done:
    H5Eclear2(H5E_DEFAULT);
    if (create >= 0) H5Pclose(create);
    if (id >= 0) H5Oclose(id);
    return rc;
}
