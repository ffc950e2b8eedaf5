#include "corpus/run_merge.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/row_codec.h"

#include <string.h>

enum { TICK_EVERY = 1024 };

typedef struct merge_heap {
    run_reader *readers;
    size_t n_readers, n; /* opened; in the heap */
    run_reader **heap;   /* (n) smallest entry at 0 */
    int (*compare)(const void *a, const void *b);
} merge_heap;

int run_path(char **path, const char *folder, const char *stem, int64_t i)
{
    return mem_format(path, "%s/%s-%05lld/%06lld.run", folder, stem, (long long)(i / RUNS_PER_FOLDER), (long long)i);
}

int run_path_make(char **path, const char *folder, const char *stem, int64_t i)
{
    int rc = OK;
    char *parent = NULL;
    TRY(run_path(path, folder, stem, i));
    TRY(mem_copy(&parent, *path, (size_t)(strrchr(*path, '/') - *path)));
    if (file_exists(parent)) goto done;
    TRY(file_make_folder(parent));
    TRY(file_sync_folder_of(parent));
done:
    mem_free(&parent);
    if (rc != OK) mem_free(path);
    return rc;
}

static void sift_down(merge_heap *h, size_t i)
{
    for (;;) {
        size_t least = 2 * i + 1;
        if (least >= h->n) return;
        if (least + 1 < h->n && h->compare(h->heap[least + 1]->entry, h->heap[least]->entry) < 0) least++;
        if (h->compare(h->heap[i]->entry, h->heap[least]->entry) <= 0) return;
        run_reader *swap = h->heap[i];
        h->heap[i] = h->heap[least];
        h->heap[least] = swap;
        i = least;
    }
}

static void heap_close(merge_heap *h)
{
    for (size_t i = 0; i < h->n_readers; i++) run_reader_close(&h->readers[i]);
    mem_free(&h->readers);
    mem_free(&h->heap);
}

static int heap_open(merge_heap *h, const run_merge_job *job, const char *stem, int64_t first, int64_t n)
{
    int rc = OK;
    char *path = NULL;
    *h = (merge_heap){.compare = job->kind == RUN_ROWS ? row_entry_compare : id_entry_compare};
    TRY(MEM_ALLOC(h->readers, (size_t)n));
    TRY(MEM_ALLOC(h->heap, (size_t)n));
    for (; h->n_readers < (size_t)n; h->n_readers++) {
        run_reader *r = &h->readers[h->n_readers];
        mem_free(&path);
        TRY(run_path(&path, job->folder, stem, first + (int64_t)h->n_readers));
        TRY(run_reader_open(r, path, job->kind));
        if (r->entry) h->heap[h->n++] = r;
    }
    for (size_t i = h->n / 2; i-- > 0;) sift_down(h, i);
done:
    mem_free(&path);
    return rc;
}

static int merge(const run_merge_job *job, const char *stem, int64_t first, int64_t n,
                 int (*sink)(void *user, const uint8_t *entry, size_t n), void *user)
{
    int rc = OK;
    merge_heap h;
    TRY(heap_open(&h, job, stem, first, n));
    for (int64_t i = 0; h.n; i++) {
        run_reader *r = h.heap[0];
        if (job->tick && i % TICK_EVERY == 0) TRY(job->tick(job->tick_user));
        TRY(sink(user, r->entry, r->entry_n));
        TRY(run_reader_next(r));
        if (!r->entry) h.heap[0] = h.heap[--h.n];
        sift_down(&h, 0);
    }
done:
    heap_close(&h);
    return rc;
}

static int to_file(void *user, const uint8_t *entry, size_t n) { return run_add(user, entry, n); }

/* Merge `n` runs from `first` on into one committed file. */
static int merge_to_file(const run_merge_job *job, const char *stem, int64_t first, int64_t n, const char *path)
{
    int rc = OK;
    run_writer *w = NULL;
    if (file_exists(path)) return OK;
    TRY(run_open(&w, path, job->kind));
    TRY(merge(job, stem, first, n, to_file, w));
    TRY(run_commit(&w));
done:
    run_abandon(&w);
    return rc;
}

int run_merge(const run_merge_job *job)
{
    int rc = OK;
    char *stem = NULL, *next = NULL, *path = NULL;
    int64_t n = job->n_runs;
    TRY(mem_string(&stem, job->stem));
    for (int round = 1; n > job->width; round++) {
        int64_t n_next = 0;
        TRY(mem_format(&next, "%s-w%lld-r%d", job->stem, (long long)job->width, round));
        for (int64_t first = 0; first < n; first += job->width, n_next++) {
            mem_free(&path);
            TRY(run_path_make(&path, job->folder, next, n_next));
            TRY(merge_to_file(job, stem, first, n - first < job->width ? n - first : job->width, path));
        }
        mem_free(&stem);
        stem = next;
        next = NULL;
        n = n_next;
    }
    TRY(merge(job, stem, 0, n, job->sink, job->sink_user));
done:
    mem_free(&stem);
    mem_free(&next);
    mem_free(&path);
    return rc;
}
