#include "core/prefetch.h"

#include "base/memory.h"
#include "base/status.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 256, RANGES = 64, ROWS_BETWEEN = 8 };

typedef struct slot {
    int64_t position, bytes;
    int status; /* a job error of the reading thread */
    media media[N_MEDIA];
} slot;

struct prefetch {
    const corpus_index *index;
    const char *root;
    int64_t max_bytes;
    int thread_runs, ending;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        int64_t next, end;
    } range[RANGES];
    size_t first_range, n_ranges;
    slot ring[SLOTS];
    size_t first, n;     /* filled slots */
    int64_t waiting;     /* bytes in them */
    int64_t reading;     /* position being read; -1: none */
    uint64_t generation; /* grows with each clear, so that a row read for an older one is dropped */
    /* Of the last row, where a coming one has the same file: in the reading thread, and of those that were taken. */
    media read_before[N_MEDIA], taken_before[N_MEDIA];
};

static int same_text(text_view a, text_view b) { return a.n == b.n && a.n && !memcmp(a.bytes, b.bytes, a.n); }

/* Whether the next row with such a medium, not far behind, has the same file. */
static int goes_on(const prefetch *p, int64_t position, media_kind k)
{
    corpus_row row, next;
    int64_t n = corpus_index_rows(p->index);
    if (corpus_index_row(p->index, position, &row) != OK) return 0;
    for (int64_t i = position + 1; i < n && i <= position + ROWS_BETWEEN; i++) {
        if (corpus_index_row(p->index, i, &next) != OK) return 0;
        if (corpus_row_media(&next, k).n) return same_text(corpus_row_media(&row, k), corpus_row_media(&next, k));
    }
    return 0;
}

/* What a row lacks changes nothing. */
static void keep(const prefetch *p, int64_t position, media before[N_MEDIA], const media m[N_MEDIA])
{
    for (int k = 0; k < N_MEDIA; k++) {
        if (!m[k].used) continue;
        if (goes_on(p, position, k))
            media_keep(&before[k], &m[k]);
        else
            media_close(&before[k]);
    }
}

static void close_all(media m[N_MEDIA])
{
    for (int k = 0; k < N_MEDIA; k++) media_close(&m[k]);
}

/* *bytes: what the row takes beside the one before. */
static int load(const prefetch *p, int64_t position, const media before[N_MEDIA], media out[N_MEDIA], int64_t *bytes)
{
    int rc = OK;
    corpus_row row;
    memset(out, 0, N_MEDIA * sizeof *out);
    *bytes = 0;
    TRY(corpus_index_row(p->index, position, &row));
    if (row.status != OK) goto done;
    for (int k = 0; k < N_MEDIA; k++) {
        TRY(media_open(p->root, &row, k, p->max_bytes / 2, &before[k], &out[k]));
        *bytes += media_new_bytes(&out[k], &before[k]);
    }
done:
    if (rc != OK) close_all(out);
    return rc;
}

/* Next announced position, or -1. Under the lock. */
static int64_t next_position(prefetch *p)
{
    while (p->n_ranges) {
        size_t r = p->first_range % RANGES;
        if (p->range[r].next < p->range[r].end) return p->range[r].next++;
        p->first_range++;
        p->n_ranges--;
    }
    return -1;
}

static void *read_ahead(void *user)
{
    prefetch *p = user;
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        if (p->n == SLOTS || p->waiting >= p->max_bytes || (p->reading = next_position(p)) < 0) {
            pthread_cond_wait(&p->changed, &p->lock);
            continue;
        }
        uint64_t generation = p->generation;
        slot s = {.position = p->reading};
        pthread_mutex_unlock(&p->lock);
        s.status = load(p, s.position, p->read_before, s.media, &s.bytes);
        keep(p, s.position, p->read_before, s.media);
        pthread_mutex_lock(&p->lock);
        p->reading = -1;
        if (generation == p->generation) {
            p->ring[(p->first + p->n++) % SLOTS] = s;
            p->waiting += s.bytes;
        } else {
            close_all(s.media);
        }
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int prefetch_create(prefetch **out, const corpus_index *index, const char *root, int thread, int64_t max_bytes)
{
    int rc = OK;
    prefetch *p = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    p->index = index;
    p->root = root;
    p->max_bytes = max_bytes;
    p->reading = -1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    *out = p;
    if (!thread) goto done;
    if (pthread_create(&p->thread, NULL, read_ahead, p) != 0) FAIL(ERR_MEMORY, "cannot start the reading thread");
    p->thread_runs = 1;
done:
    if (rc != OK) prefetch_free(out);
    return rc;
}

void prefetch_free(prefetch **pp)
{
    prefetch *p = *pp;
    if (!p) return;
    prefetch_clear(p);
    if (p->thread_runs) {
        pthread_mutex_lock(&p->lock);
        p->ending = 1;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    prefetch_clear(p);
    close_all(p->read_before);
    close_all(p->taken_before);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    mem_free(pp);
}

int prefetch_announce(prefetch *p, int64_t first, int64_t count)
{
    if (!p->thread_runs) return OK;
    pthread_mutex_lock(&p->lock);
    if (p->n_ranges < RANGES) { /* beyond that rows are simply read when they are taken */
        size_t r = (p->first_range + p->n_ranges++) % RANGES;
        p->range[r].next = first;
        p->range[r].end = first + count;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return OK;
}

void prefetch_clear(prefetch *p)
{
    pthread_mutex_lock(&p->lock);
    for (; p->n; p->n--) close_all(p->ring[p->first++ % SLOTS].media);
    p->n_ranges = 0;
    p->waiting = 0;
    p->generation++;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* Whether the row will come as the next one. Under the lock. */
static int is_next(const prefetch *p, int64_t position)
{
    if (p->n) return p->ring[p->first % SLOTS].position == position;
    if (p->reading >= 0) return p->reading == position;
    for (size_t i = 0; i < p->n_ranges; i++) {
        size_t r = (p->first_range + i) % RANGES;
        if (p->range[r].next < p->range[r].end) return p->range[r].next == position;
    }
    return 0;
}

/* The row is not the next one of the reading thread. */
static int take_now(prefetch *p, int64_t position, media out[N_MEDIA])
{
    int64_t bytes;
    int rc = load(p, position, p->taken_before, out, &bytes);
    if (rc == OK) keep(p, position, p->taken_before, out);
    return rc;
}

int prefetch_take(prefetch *p, int64_t position, media out[N_MEDIA])
{
    if (!p->thread_runs) return take_now(p, position, out);
    pthread_mutex_lock(&p->lock);
    if (!is_next(p, position)) {
        pthread_mutex_unlock(&p->lock);
        return take_now(p, position, out);
    }
    while (!p->n) pthread_cond_wait(&p->changed, &p->lock);
    slot s = p->ring[p->first++ % SLOTS];
    p->n--;
    p->waiting -= s.bytes;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (s.status != OK)
        return status_set(s.status, __FILE__, __LINE__, "cannot read the media of row %lld ahead", (long long)position);
    memcpy(out, s.media, sizeof s.media);
    keep(p, position, p->taken_before, out);
    return OK;
}
