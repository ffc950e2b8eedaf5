/* Attributes: scalars on a group, a dataset or the root. Texts have a fixed length and are padded with zero bytes; an
 * empty text is one zero byte, as HDF5 has no texts of length 0. */
#include "base/memory.h"
#include "base/status.h"
#include "store/h5_parts.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 20 };

static int put(h5_file *f, const char *object, const char *name, hid_t file_type, hid_t memory_type, const void *value)
{
    int rc = OK;
    hid_t space = H5Screate(H5S_SCALAR), create = H5Pcreate(H5P_ATTRIBUTE_CREATE), id = -1;
    if (space < 0 || create < 0 || file_type < 0 || H5Pset_char_encoding(create, H5T_CSET_UTF8) < 0)
        H5_FAIL(ERR_INTERNAL, f, "cannot prepare attribute %s", name);
    id = H5Acreate_by_name(f->id, object, name, file_type, space, create, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0 || H5Awrite(id, memory_type, value) < 0) H5_FAIL(ERR_IO, f, "cannot write %s of %s", name, object);
done:
    if (id >= 0) H5Aclose(id);
    if (create >= 0) H5Pclose(create);
    if (space >= 0) H5Sclose(space);
    return rc;
}

static hid_t text_type(size_t n)
{
    hid_t t = H5Tcopy(H5T_C_S1);
    if (t < 0) return t;
    if (H5Tset_size(t, n ? n : 1) < 0 || H5Tset_strpad(t, H5T_STR_NULLPAD) < 0 || H5Tset_cset(t, H5T_CSET_UTF8) < 0) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

int h5_put_text(h5_file *f, const char *object, const char *name, const char *text)
{
    int rc = OK;
    h5_quiet();
    hid_t type = text_type(strlen(text));
    TRY(put(f, object, name, type, type, text));
done:
    if (type >= 0) H5Tclose(type);
    return rc;
}

int h5_put_int(h5_file *f, const char *object, const char *name, int64_t value)
{
    h5_quiet();
    return put(f, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

int h5_put_real(h5_file *f, const char *object, const char *name, double value)
{
    h5_quiet();
    return put(f, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* Open an attribute of the wanted class that holds one value. */
static int open_attribute(h5_file *f, const char *object, const char *name, H5T_class_t class, hid_t *id, hid_t *type)
{
    int rc = OK;
    hid_t space = -1;
    *id = *type = -1;
    h5_quiet();
    if (strcmp(object, "/") && !h5_has(f, object)) FAIL(ERR_MISSING, "%s: there is no %s", f->path, object);
    if (H5Aexists_by_name(f->id, object, name, H5P_DEFAULT) <= 0)
        FAIL(ERR_MISSING, "%s: %s has no attribute %s", f->path, object, name);
    *id = H5Aopen_by_name(f->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (*id >= 0) *type = H5Aget_type(*id);
    if (*id >= 0) space = H5Aget_space(*id);
    if (*type < 0 || space < 0) H5_FAIL(ERR_CORRUPT, f, "cannot read attribute %s of %s", name, object);
    if (H5Tget_class(*type) != class || H5Sget_simple_extent_npoints(space) != 1 ||
        (class == H5T_STRING && H5Tis_variable_str(*type)))
        FAIL(ERR_CORRUPT, "%s: attribute %s of %s has another type", f->path, name, object);
done:
    if (space >= 0) H5Sclose(space);
    return rc;
}

static void close_attribute(hid_t id, hid_t type)
{
    if (type >= 0) H5Tclose(type);
    if (id >= 0) H5Aclose(id);
}

static int get_number(h5_file *f, const char *object, const char *name, H5T_class_t class, hid_t memory_type,
                      void *value)
{
    int rc = OK;
    hid_t id, type;
    TRY(open_attribute(f, object, name, class, &id, &type));
    if (H5Aread(id, memory_type, value) < 0) H5_FAIL(ERR_CORRUPT, f, "cannot read attribute %s of %s", name, object);
done:
    close_attribute(id, type);
    return rc;
}

int h5_get_int(h5_file *f, const char *object, const char *name, int64_t *value)
{
    return get_number(f, object, name, H5T_INTEGER, H5T_NATIVE_INT64, value);
}

int h5_get_real(h5_file *f, const char *object, const char *name, double *value)
{
    return get_number(f, object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, value);
}

int h5_get_text(h5_file *f, const char *object, const char *name, char **text)
{
    int rc = OK;
    hid_t id = -1, type = -1;
    *text = NULL;
    TRY(open_attribute(f, object, name, H5T_STRING, &id, &type));
    size_t n = H5Tget_size(type);
    if (n > TEXT_LIMIT) FAIL(ERR_CORRUPT, "%s: attribute %s of %s is too long", f->path, name, object);
    TRY(mem_alloc((void **)text, n + 1, 1));
    if (H5Aread(id, type, *text) < 0) H5_FAIL(ERR_CORRUPT, f, "cannot read attribute %s of %s", name, object);
done:
    close_attribute(id, type);
    if (rc != OK) mem_free(text);
    return rc;
}
