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

int given_codebook(const char *path, codebook *out)
{
    int rc = OK;
    file_mapping map = {0};
    *out = (codebook){0};
    rc = file_map(path, &map);
    if (rc != OK) FAIL(rc == ERR_MEMORY ? rc : ERR_CONFIG, "%s", status_message());
    if (is_pickle(&map))
        FAIL(ERR_CONFIG,
             "%s is a pickle, joblib or zip file, which tessera does not read; save the centroids from Python: "
             "numpy.save(\"codebook.npy\", joblib.load(\"%s\").cluster_centers_.astype(\"float32\"))",
             path, path);
    rc = codebook_load(path, out);
    if (rc != OK) FAIL(rc == ERR_MEMORY ? rc : ERR_CONFIG, "%s", status_message());
done:
    file_unmap(&map);
    return rc;
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
