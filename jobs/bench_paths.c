#include "jobs/bench_paths.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int add_folder(bench_paths *b, const char *folder)
{
    int rc = OK;
    file_list names = {0};
    char *path = NULL;
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++) {
        mem_free(&path);
        TRY(file_join(&path, folder, names.names[i]));
        TRY(bench_paths_add(b, path));
    }
done:
    mem_free(&path);
    file_list_free(&names);
    return rc;
}

int bench_paths_add(bench_paths *b, const char *path)
{
    int rc = OK;
    struct stat st;
    if (stat(path, &st) != 0) FAIL(ERR_CONFIG, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) return add_folder(b, path);
    if (!S_ISREG(st.st_mode)) goto done;
    TRY(MEM_GROW(b->paths, &b->capacity, b->n + 1));
    TRY(mem_string(&b->paths[b->n], path));
    b->n++;
done:
    return rc;
}

void bench_paths_free(bench_paths *b)
{
    for (size_t i = 0; i < b->n; i++) mem_free(&b->paths[i]);
    mem_free(&b->paths);
    b->n = b->capacity = 0;
}
