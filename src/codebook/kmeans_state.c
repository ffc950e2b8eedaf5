#include "codebook/kmeans_job.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* The file: text that identifies settings and vectors (its length first), the numbers below, their check, then current,
 * previous, history and their check. A check is the XXH3 of all parts so far, each seeded with the hash of the one
 * before. */
static const char file_name[] = "checkpoint.bin";
enum { NUMBERS = 3, MAX_TEXT = 4096 };

int kmeans_state_create(kmeans_state *s, int64_t k, int64_t d)
{
    int rc = OK;
    size_t size;
    *s = (kmeans_state){0};
    TRY(size_mul((size_t)k, (size_t)d, &size));
    TRY(MEM_ALLOC(s->current, size));
    TRY(MEM_ALLOC(s->previous, size));
done:
    return rc;
}

void kmeans_state_free(kmeans_state *s)
{
    mem_free(&s->current);
    mem_free(&s->previous);
    mem_free(&s->history);
    *s = (kmeans_state){0};
}

int kmeans_state_reserve(kmeans_state *s)
{
    return MEM_GROW(s->history, &s->history_capacity, (size_t)s->iteration + 1);
}

static int identity_of(const kmeans_job *j, char **text)
{
    const kmeans_options *o = j->o;
    size_t n_start = o->start ? (size_t)(o->size * j->data->d) * sizeof *o->start : 0;
    return mem_format(text,
                      "tessera k-means 2: size %lld x %lld, metric %s, seed %lld, iterations %lld, tolerance %a, "
                      "%lld seedings, seed vectors %lld, held out %a, start %016llx, vectors %lld (%016llx)",
                      (long long)o->size, (long long)j->data->d, kmeans_metric_names[o->metric], (long long)o->seed,
                      (long long)o->max_iterations, o->tolerance, (long long)kmeans_seedings(o),
                      (long long)o->seed_vectors, o->held_out,
                      (unsigned long long)(n_start ? hash64(o->start, n_start, 0) : 0), (long long)j->data->n_global,
                      (unsigned long long)j->fingerprint);
}

static int add_part(file_writer *w, const void *bytes, size_t n, uint64_t *hash)
{
    *hash = hash64(bytes, n, *hash);
    return file_writer_add(w, bytes, n);
}

static int add_check(file_writer *w, uint64_t *hash)
{
    uint64_t check = *hash;
    return add_part(w, &check, sizeof check, hash);
}

int kmeans_state_save(const kmeans_job *j, const char *folder, const kmeans_state *s)
{
    int rc = OK;
    char *path = NULL, *identity = NULL;
    file_writer *w = NULL;
    uint64_t hash = 0, n_text;
    int64_t numbers[NUMBERS] = {s->seeding, s->n_seeds, s->iteration};
    size_t n_matrix = (size_t)(j->o->size * j->data->d) * sizeof(float);
    TRY(file_make_folder(folder));
    TRY(file_join(&path, folder, file_name));
    TRY(identity_of(j, &identity));
    n_text = strlen(identity);
    TRY(file_writer_open(&w, path, "checkpoint"));
    TRY(add_part(w, &n_text, sizeof n_text, &hash));
    TRY(add_part(w, identity, n_text, &hash));
    TRY(add_part(w, numbers, sizeof numbers, &hash));
    TRY(add_part(w, &s->best, sizeof s->best, &hash));
    TRY(add_check(w, &hash));
    TRY(add_part(w, s->current, n_matrix, &hash));
    TRY(add_part(w, s->previous, n_matrix, &hash));
    TRY(add_part(w, s->history, (size_t)s->iteration * sizeof *s->history, &hash));
    TRY(add_check(w, &hash));
    TRY(file_writer_commit(&w));
done:
    file_writer_abandon(&w);
    mem_free(&path);
    mem_free(&identity);
    return rc;
}

/* Bytes that are left to read, and the hash of those read. */
typedef struct reader {
    const char *at;
    size_t left;
    uint64_t hash;
} reader;

static int take(reader *r, void *out, size_t n)
{
    int rc = OK;
    if (n > r->left) FAIL(ERR_CORRUPT, "the checkpoint of k-means is too short");
    r->hash = hash64(r->at, n, r->hash);
    if (n) memcpy(out, r->at, n);
    r->at += n;
    r->left -= n;
done:
    return rc;
}

static int take_check(reader *r)
{
    int rc = OK;
    uint64_t want = r->hash, found = 0;
    TRY(take(r, &found, sizeof found));
    if (found != want) FAIL(ERR_CORRUPT, "the checkpoint of k-means is damaged");
done:
    return rc;
}

static int parse_numbers(const kmeans_job *j, reader *r, kmeans_state *s)
{
    int rc = OK;
    char *identity = NULL, *found = NULL;
    uint64_t n_text = 0;
    int64_t numbers[NUMBERS];
    TRY(identity_of(j, &identity));
    TRY(take(r, &n_text, sizeof n_text));
    if (n_text > MAX_TEXT) FAIL(ERR_CORRUPT, "the checkpoint of k-means is damaged");
    TRY(mem_alloc((void **)&found, (size_t)n_text + 1, 1));
    TRY(take(r, found, (size_t)n_text));
    TRY(take(r, numbers, sizeof numbers));
    TRY(take(r, &s->best, sizeof s->best));
    TRY(take_check(r));
    if (strcmp(found, identity) != 0)
        FAIL(ERR_MISMATCH, "the checkpoint belongs to another training (%s), not to this one (%s)", found, identity);
    s->seeding = numbers[0];
    s->n_seeds = numbers[1];
    s->iteration = numbers[2];
done:
    mem_free(&identity);
    mem_free(&found);
    return rc;
}

static int parse(const kmeans_job *j, const char *bytes, size_t n, kmeans_state *s)
{
    int rc = OK;
    size_t n_matrix = (size_t)(j->o->size * j->data->d) * sizeof(float);
    reader r = {.at = bytes, .left = n};
    TRY(parse_numbers(j, &r, s));
    TRY(take(&r, s->current, n_matrix));
    TRY(take(&r, s->previous, n_matrix));
    if (r.left != (size_t)s->iteration * sizeof *s->history + sizeof(uint64_t))
        FAIL(ERR_CORRUPT, "the checkpoint of k-means has a wrong length");
    TRY(MEM_GROW(s->history, &s->history_capacity, (size_t)s->iteration));
    TRY(take(&r, s->history, (size_t)s->iteration * sizeof *s->history));
    TRY(take_check(&r));
done:
    return rc;
}

int kmeans_state_load(kmeans_job *j, const char *folder, kmeans_state *s)
{
    int rc = OK;
    char *path = NULL, *bytes = NULL;
    size_t n = 0;
    if (j->p->rank == 0) {
        rc = file_join(&path, folder, file_name);
        if (rc == OK && file_exists(path)) rc = file_read(path, SIZE_MAX / 2, (uint8_t **)&bytes, &n);
    }
    TRY(par_agree(j->p, rc));
    TRY(par_share(j->p, &bytes, &n));
    if (n) rc = parse(j, bytes, n, s);
    TRY(par_agree(j->p, rc));
done:
    mem_free(&path);
    mem_free(&bytes);
    return rc;
}
