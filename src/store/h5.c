/* Opening, creating and committing HDF5 files. The bytes of a file depend on the calls alone: no object times, one
 * library version of the file format, links and attributes in the object headers (no heaps), space given to datasets
 * when they are created. Blocks start at multiples of 8 bytes, so that arrays can be used where they are mapped. */
#include "store/h5.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Nor is HDF5 to close files at exit: it crashes on those whose closing failed for lack of space, and we close ours. */
void h5_quiet(void)
{
    H5dont_atexit(); /* counts before the first other call */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

typedef struct failure {
    char *text;
    size_t size;
    int err;
} failure;

/* HDF5 has no field for errno, but its file driver writes "errno = 28, ..." into the message. */
static herr_t look(unsigned n, const H5E_error2_t *e, void *user)
{
    failure *f = user;
    const char *at = e->desc ? strstr(e->desc, "errno = ") : NULL;
    if (n == 0 && e->desc) snprintf(f->text, f->size, "%s", e->desc);
    if (at && !f->err && sscanf(at, "errno = %d", &f->err) == 1 && f->err > 0)
        snprintf(f->text, f->size, "%s", strerror(f->err));
    return 0;
}

int h5_failure(int otherwise, char *text, size_t size)
{
    failure f = {text, size, 0};
    snprintf(text, size, "HDF5 gives no reason");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, look, &f);
    H5Eclear2(H5E_DEFAULT);
    return f.err > 0 ? status_from_errno(f.err) : otherwise;
}

hid_t h5_access_list(void)
{
    hid_t p = H5Pcreate(H5P_FILE_ACCESS);
    if (p < 0) return p;
    if (H5Pset_libver_bounds(p, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 || H5Pset_alignment(p, 1, 8) < 0 ||
        H5Pset_fclose_degree(p, H5F_CLOSE_STRONG) < 0 || H5Pset_file_locking(p, 0, 1) < 0) {
        H5Pclose(p);
        return -1;
    }
    return p;
}

/* For groups, and the root by the list of the file: no times; links and attributes stay in the object header. */
static hid_t group_list(hid_t class)
{
    hid_t p = H5Pcreate(class);
    if (p < 0) return p;
    if (H5Pset_obj_track_times(p, 0) < 0 || H5Pset_link_phase_change(p, 128, 64) < 0 ||
        H5Pset_attr_phase_change(p, 128, 64) < 0) {
        H5Pclose(p);
        return -1;
    }
    return p;
}

static void free_file(h5_file **pf)
{
    mem_free(&(*pf)->path);
    mem_free(&(*pf)->temporary);
    mem_free(&(*pf)->sets);
    mem_free(pf);
}

int h5_create(h5_file **out, const char *path, const char *what)
{
    int rc = OK;
    hid_t access = -1, create = -1;
    h5_file *f = NULL;
    *out = NULL;
    h5_quiet();
    TRY(MEM_ALLOC(f, 1));
    f->id = -1;
    f->writing = 1;
    f->what = what;
    TRY(mem_string(&f->path, path));
    TRY(file_temporary(&f->temporary, path));
    access = h5_access_list();
    create = group_list(H5P_FILE_CREATE);
    if (access < 0 || create < 0) H5_FAIL(ERR_INTERNAL, f, "cannot prepare the file");
    f->id = H5Fcreate(f->temporary, H5F_ACC_EXCL, create, access);
    if (f->id < 0) H5_FAIL(ERR_IO, f, "cannot create the file");
    *out = f;
    f = NULL;
done:
    if (access >= 0) H5Pclose(access);
    if (create >= 0) H5Pclose(create);
    if (f) free_file(&f);
    return rc;
}

int h5_commit(h5_file **pf)
{
    int rc = OK;
    h5_file *f = *pf;
    h5_quiet();
    for (size_t i = 0; i < f->n_sets; i++) TRY(h5_set_finish(f, &f->sets[i]));
    if (H5Fflush(f->id, H5F_SCOPE_GLOBAL) < 0) H5_FAIL(ERR_IO, f, "cannot write");
    for (size_t i = 0; i < f->n_sets; i++) h5_set_close(&f->sets[i]);
    f->n_sets = 0;
    if (H5Fclose(f->id) < 0) H5_FAIL(ERR_IO, f, "cannot close");
    f->id = -1;
    TRY(file_commit_temporary(f->temporary, f->path, f->what));
done:
    h5_abandon(pf); /* frees; after a commit there is no temporary file left to remove */
    return rc;
}

/* On a full disk closing would fail and leave the file open in the library, so its space is given back first. */
void h5_abandon(h5_file **pf)
{
    h5_file *f = *pf;
    if (!f) return;
    h5_quiet();
    if (f->id >= 0 && truncate(f->temporary, 0) != 0) unlink(f->temporary);
    for (size_t i = 0; i < f->n_sets; i++) h5_set_close(&f->sets[i]);
    if (f->id >= 0) {
        H5Fclose(f->id);
        unlink(f->temporary);
    }
    free_file(pf);
}

int h5_open(h5_file **out, const char *path)
{
    int rc = OK;
    hid_t access = -1;
    h5_file *f = NULL;
    *out = NULL;
    h5_quiet();
    TRY(file_stat(path, NULL, NULL));
    TRY(MEM_ALLOC(f, 1));
    f->id = -1;
    TRY(mem_string(&f->path, path));
    access = h5_access_list();
    if (access < 0) H5_FAIL(ERR_INTERNAL, f, "cannot prepare the file");
    f->id = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (f->id < 0) H5_FAIL(ERR_CORRUPT, f, "not a whole HDF5 file");
    *out = f;
    f = NULL;
done:
    if (access >= 0) H5Pclose(access);
    if (f) free_file(&f);
    return rc;
}

void h5_close(h5_file **pf)
{
    h5_file *f = *pf;
    if (!f) return;
    h5_quiet();
    for (size_t i = 0; i < f->n_sets; i++) h5_set_close(&f->sets[i]);
    H5Fclose(f->id);
    free_file(pf);
}

int h5_group(h5_file *f, const char *path)
{
    int rc = OK;
    hid_t create, group = -1;
    h5_quiet();
    create = group_list(H5P_GROUP_CREATE);
    if (create >= 0) group = H5Gcreate2(f->id, path, H5P_DEFAULT, create, H5P_DEFAULT);
    if (group < 0) H5_FAIL(ERR_IO, f, "cannot make group %s", path);
done:
    if (group >= 0) H5Gclose(group);
    if (create >= 0) H5Pclose(create);
    return rc;
}

const char *h5_version(void) { return &H5_VERS_INFO[sizeof "HDF5 library version: " - 1]; }
