/* https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html: magic, version, length of the header, the
 * header as a Python dictionary padded with blanks, then the values. Versions 2 and 3 (longer headers) are read too. */
#include "store/npy.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { HEADER_LIMIT = NPY_START_LIMIT - NPY_HEAD, ALIGNMENT = 64, MAX_DIMS = 4 };

/* Reads the dictionary; `end` lies behind its last byte. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t')) c->at++;
}

/* Whether `word` stands next; takes it. */
static int take(cursor *c, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n)) return 0;
    c->at += n;
    return 1;
}

/* A quoted text of fewer than `size` bytes. */
static int take_quoted(cursor *c, char *out, size_t size)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return 0;
    char quote = *c->at++;
    size_t n = 0;
    while (c->at < c->end && *c->at != quote) {
        if (n + 1 >= size) return 0;
        out[n++] = *c->at++;
    }
    out[n] = 0;
    if (c->at == c->end) return 0;
    c->at++;
    return 1;
}

static int take_number(cursor *c, int64_t *out)
{
    int64_t v = 0;
    skip_blanks(c);
    const char *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *c->at - '0', &v)) return 0;
        c->at++;
    }
    *out = v;
    return c->at > start;
}

static int take_shape(cursor *c, npy_array *a)
{
    int rc = OK;
    if (!take(c, "(")) FAIL(ERR_FORMAT, "npy: no shape");
    a->n_dims = 0;
    while (!take(c, ")")) {
        int64_t n;
        if (!take_number(c, &n)) FAIL(ERR_FORMAT, "npy: damaged shape");
        if (a->n_dims == MAX_DIMS) FAIL(ERR_UNSUPPORTED, "npy: more than %d dimensions", MAX_DIMS);
        a->dims[a->n_dims++] = n;
        if (!take(c, ",") && !(c->at < c->end && *c->at == ')')) FAIL(ERR_FORMAT, "npy: damaged shape");
    }
done:
    return rc;
}

/* Bytes of one element of a type that we know, else 0: numbers of the machine's byte order (little-endian), no objects,
 * texts or records. */
size_t npy_type_size(const char *type)
{
    static const char *const known[] = {"|b1", "|i1", "|u1", "<i1", "<u1", "<i2", "<u2",
                                        "<f2", "<i4", "<u4", "<f4", "<i8", "<u8", "<f8"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(type, known[i])) return (size_t)(type[2] - '0');
    return 0;
}

static int parse_header(cursor c, npy_array *out)
{
    int rc = OK, seen = 0;
    char key[16], type[64];
    if (!take(&c, "{")) FAIL(ERR_FORMAT, "npy: no header");
    while (!take(&c, "}")) {
        if (!take_quoted(&c, key, sizeof key) || !take(&c, ":")) FAIL(ERR_FORMAT, "npy: damaged header");
        if (!strcmp(key, "descr")) {
            if (!take_quoted(&c, type, sizeof type)) FAIL(ERR_UNSUPPORTED, "npy: an array of records");
            if (!npy_type_size(type)) FAIL(ERR_UNSUPPORTED, "npy: values of type %s", type);
            snprintf(out->type, sizeof out->type, "%.7s", type);
            seen |= 1;
        } else if (!strcmp(key, "fortran_order")) {
            if (take(&c, "True")) FAIL(ERR_UNSUPPORTED, "npy: Fortran order");
            if (!take(&c, "False")) FAIL(ERR_FORMAT, "npy: damaged header");
            seen |= 2;
        } else if (!strcmp(key, "shape")) {
            TRY(take_shape(&c, out));
            seen |= 4;
        } else {
            FAIL(ERR_FORMAT, "npy: unknown key %s", key);
        }
        take(&c, ",");
    }
    if (seen != 7) FAIL(ERR_FORMAT, "npy: the header is not complete");
done:
    return rc;
}

/* Bytes of the dictionary; those before it. */
static size_t header_length(const uint8_t head[NPY_HEAD], size_t *start)
{
    size_t length = (size_t)head[8] | (size_t)head[9] << 8;
    *start = head[6] == 1 ? 10 : 12;
    if (*start == 12) length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
    return length;
}

size_t npy_start_bytes(const uint8_t head[NPY_HEAD])
{
    size_t start, length = header_length(head, &start);
    return length > HEADER_LIMIT ? NPY_START_LIMIT : start + length;
}

int npy_parse_start(const uint8_t *bytes, size_t n, uint64_t total, npy_array *out, size_t *start)
{
    int rc = OK;
    size_t length, size;
    memset(out, 0, sizeof *out);
    if (n < NPY_HEAD || memcmp(bytes, "\x93NUMPY", 6)) FAIL(ERR_FORMAT, "not an npy file");
    if (bytes[6] < 1 || bytes[6] > 3) FAIL(ERR_UNSUPPORTED, "npy: format version %d", bytes[6]);
    length = header_length(bytes, start);
    if (length > HEADER_LIMIT || length > n - *start) FAIL(ERR_FORMAT, "npy: the header is cut off");
    TRY(parse_header((cursor){(const char *)bytes + *start, (const char *)bytes + *start + length}, out));
    *start += length;
    size = npy_type_size(out->type);
    for (int i = 0; i < out->n_dims; i++)
        if (size_mul(size, (size_t)out->dims[i], &size) != OK) FAIL(ERR_FORMAT, "npy: the array is too large");
    if (size > total - *start)
        FAIL(ERR_FORMAT, "npy: %llu of %zu bytes are there", (unsigned long long)(total - *start), size);
done:
    if (rc != OK) memset(out, 0, sizeof *out);
    return rc;
}

int npy_parse(const uint8_t *bytes, size_t n, npy_array *out)
{
    int rc = OK;
    size_t start = 0;
    TRY(npy_parse_start(bytes, n, n, out, &start));
    out->data = bytes + start;
done:
    return rc;
}

int npy_header(const char *type, int n_dims, const int64_t *dims, char **bytes, size_t *n)
{
    int rc = OK, used = 0;
    char text[256], shape[128] = "";
    *bytes = NULL;
    *n = 0;
    if (!npy_type_size(type) || n_dims < 0 || n_dims > MAX_DIMS)
        FAIL(ERR_INTERNAL, "npy: type %s, %d dimensions", type, n_dims);
    for (int i = 0; i < n_dims; i++)
        used += snprintf(shape + used, sizeof shape - (size_t)used, i ? ", %lld" : "%lld", (long long)dims[i]);
    int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }", type, shape,
                          n_dims == 1 ? "," : "");
    size_t total = (10 + (size_t)length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    TRY(mem_alloc((void **)bytes, total + 1, 1));
    memset(*bytes, ' ', total);
    memcpy(*bytes, "\x93NUMPY\x01", 8);
    (*bytes)[8] = (char)((total - 10) & 0xFF);
    (*bytes)[9] = (char)((total - 10) >> 8);
    memcpy(*bytes + 10, text, (size_t)length);
    (*bytes)[total - 1] = '\n';
    *n = total;
done:
    return rc;
}

int npy_write(const char *path, const char *type, int n_dims, const int64_t *dims, const void *data, const char *what)
{
    int rc = OK;
    file_writer *w = NULL;
    char *header = NULL;
    size_t n, size;
    TRY(npy_header(type, n_dims, dims, &header, &n));
    size = npy_type_size(type);
    for (int i = 0; i < n_dims; i++) TRY(size_mul(size, (size_t)dims[i], &size));
    TRY(file_writer_open(&w, path, what));
    TRY(file_writer_add(w, header, n));
    TRY(file_writer_add(w, data, size));
    TRY(file_writer_commit(&w));
done:
    file_writer_abandon(&w);
    mem_free(&header);
    return rc;
}
