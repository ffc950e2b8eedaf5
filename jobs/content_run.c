#include "jobs/content_run.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

enum { MERGE_WIDTH = 512 };

struct content_run {
    char *folder, *path, *piece_stem;
    id_entry *entries;
    size_t n, capacity, most;
    int64_t n_pieces;
};

int content_run_open(content_run **out, const char *folder, const char *stem, int64_t number, size_t most)
{
    int rc = OK;
    content_run *r = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    r->most = most;
    TRY(mem_string(&r->folder, folder));
    TRY(run_path_make(&r->path, folder, stem, number));
    TRY(mem_format(&r->piece_stem, "%s-%lld-piece", stem, (long long)number));
    *out = r;
    r = NULL;
done:
    content_run_free(&r);
    return rc;
}

void content_run_free(content_run **pr)
{
    content_run *r = *pr;
    if (!r) return;
    mem_free(&r->folder);
    mem_free(&r->path);
    mem_free(&r->piece_stem);
    mem_free(&r->entries);
    mem_free(pr);
}

static int to_file(void *user, const uint8_t *entry, size_t n) { return run_add(user, entry, n); }

static int write_sorted(content_run *r, const char *path)
{
    int rc = OK;
    run_writer *w = NULL;
    if (r->n) qsort(r->entries, r->n, sizeof *r->entries, id_entry_compare);
    TRY(run_open(&w, path, RUN_IDS));
    for (size_t i = 0; i < r->n; i++) TRY(run_add(w, &r->entries[i], sizeof *r->entries));
    TRY(run_commit(&w));
    r->n = 0;
done:
    run_abandon(&w);
    return rc;
}

static int write_piece(content_run *r)
{
    int rc = OK;
    char *path = NULL;
    TRY(run_path_make(&path, r->folder, r->piece_stem, r->n_pieces));
    TRY(write_sorted(r, path));
    r->n_pieces++;
done:
    mem_free(&path);
    return rc;
}

int content_run_add(content_run *r, hash128 content, int64_t position)
{
    int rc = OK;
    if (r->n == r->most) TRY(write_piece(r));
    TRY(MEM_GROW(r->entries, &r->capacity, r->n + 1));
    r->entries[r->n++] = (id_entry){content.high, content.low, position};
done:
    return rc;
}

static int merge_pieces(content_run *r)
{
    int rc = OK;
    run_writer *w = NULL;
    char *path = NULL;
    run_merge_job job = {.folder = r->folder,
                         .stem = r->piece_stem,
                         .kind = RUN_IDS,
                         .n_runs = r->n_pieces,
                         .width = MERGE_WIDTH,
                         .sink = to_file};
    TRY(run_open(&w, r->path, RUN_IDS));
    job.sink_user = w;
    TRY(run_merge(&job));
    TRY(run_commit(&w));
    for (int64_t i = 0; i < r->n_pieces; i += RUNS_PER_FOLDER) { /* whole folders of them */
        mem_free(&path);
        TRY(run_path(&path, r->folder, r->piece_stem, i));
        *strrchr(path, '/') = 0;
        TRY(file_remove_tree(path));
    }
done:
    run_abandon(&w);
    mem_free(&path);
    return rc;
}

int content_run_commit(content_run *r)
{
    int rc = OK;
    if (!r->n_pieces) return write_sorted(r, r->path);
    if (r->n) TRY(write_piece(r));
    TRY(merge_pieces(r));
done:
    return rc;
}
