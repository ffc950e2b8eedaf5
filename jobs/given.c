#include "jobs/given.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <libgen.h>
#include <string.h>

/* Pickles of protocol 2 and later begin with 0x80; .npz and PyTorch files are zip archives of pickles or arrays; joblib
 * compresses with zlib or gzip. Unpickling runs whatever program the file holds, so it is not done here. */
static int is_pickle(const file_mapping *m)
{
    static const struct {
        size_t n;
        const char *bytes;
    } starts[] = {{1, "\x80"},     {2, "PK"},       {2, "\x1f\x8b"}, {2, "\x78\x01"},
                  {2, "\x78\x5e"}, {2, "\x78\x9c"}, {2, "\x78\xda"}};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (m->n >= starts[i].n && !memcmp(m->bytes, starts[i].bytes, starts[i].n)) return 1;
    return 0;
}

/* A path that leads to a pickle, as the beginning of a file, is answered with what to do. */
static int refuse_pickle(const char *path, const char *array)
{
    int rc = OK;
    file_mapping map = {0};
    if (file_map(path, &map) == OK && is_pickle(&map))
        FAIL(ERR_CONFIG,
             "%s is a pickle, joblib or zip file, which tessera does not read; save the array from Python: "
             "numpy.save(FILE, %s.astype(\"float32\"))",
             path, array);
done:
    file_unmap(&map);
    return rc;
}

/* What the user gave is at fault, not a file of ours. */
static int blame_config(int status)
{
    if (status == OK || status == ERR_MEMORY) return status;
    return status_set(ERR_CONFIG, status_file(), status_line(), "%s", status_message());
}

int given_codebook(const char *path, codebook *out)
{
    int rc = OK;
    char *load = NULL;
    *out = (codebook){0};
    TRY(mem_format(&load, "joblib.load(\"%s\").cluster_centers_", path));
    TRY(refuse_pickle(path, load));
    TRY(blame_config(codebook_is_ours(path) ? codebook_load(path, out) : codebook_load_matrix(path, out)));
done:
    mem_free(&load);
    return rc;
}

int given_matrix(const char *path, matrix **out)
{
    int rc = OK;
    *out = NULL;
    TRY(refuse_pickle(path, "x"));
    TRY(blame_config(matrix_open(out, path)));
done:
    return rc;
}

int given_same_matrix(par *p, matrix *m, const char *path)
{
    int rc = OK;
    uint64_t mine = 0;
    rc = matrix_identity(m, 0, &mine);
    uint64_t first = mine;
    par_broadcast(p, &first, sizeof first);
    if (rc == OK && mine != first) FAIL(ERR_CONFIG, "%s differs between ranks", path);
done:
    return par_agree(p, rc);
}

int given_not_finite(const matrix *m, int64_t i)
{
    const char *name;
    int64_t row;
    matrix_where(m, i, &name, &row);
    return status_set(ERR_CONFIG, __FILE__, __LINE__, "%s: row %lld has a value that is not finite", name,
                      (long long)row);
}

int given_make_folder_of(const char *path)
{
    int rc = OK;
    char *copy = NULL;
    TRY(mem_string(&copy, path));
    TRY(file_make_folder(dirname(copy)));
done:
    mem_free(&copy);
    return rc;
}

int given_ends_with(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name), e = strlen(ending);
    return n > e && !strcmp(name + n - e, ending);
}
