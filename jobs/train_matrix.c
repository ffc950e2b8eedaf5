/* Each rank takes a contiguous range of rows, so the vectors have the same numbers on any number of ranks. A finished
 * codebook is known by the hash of its settings and of the matrix (names, sizes and some rows); a training that goes on
 * is checked against all rows by k-means. */
#include "jobs/train_matrix.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/codebook_fit.h"
#include "jobs/given.h"
#include "jobs/output_folder.h"
#include "jobs/runs_log.h"
#include "jobs/settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { IDENTITY_ROWS = 64 };

typedef struct matrix_training {
    job *j;
    const char *name;
    matrix *m;
    kmeans_data data;
    codebook start; /* k = 0: seeds are chosen */
    uint64_t hash;  /* rank 0: of what the codebook depends on */
    char *result;   /* "codebooks/NAME.h5" */
} matrix_training;

static int check_name(const char *name)
{
    int rc = OK;
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (!*name || strlen(name) > FIT_NAME_LIMIT || strspn(name, allowed) != strlen(name))
        FAIL(ERR_CONFIG, "train.name: \"%s\" is not a name of at most %d letters, digits, - and _", name,
             FIT_NAME_LIMIT);
done:
    return rc;
}

/* A matrix that is damaged inside is a mistake of the one who gave it. */
static int read_rows(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    int rc = matrix_read(user, i, n, buffer, rows);
    return rc == ERR_CORRUPT ? status_set(ERR_CONFIG, status_file(), status_line(), "%s", status_message()) : rc;
}

/* Ranks of a node share its memory. Mapped rows leave a rank again where all of them would take more than half of it;
 * of rows that are read in pieces a quarter is kept. */
static void use_memory(const matrix_training *t)
{
    const par *p = &t->j->p;
    double node = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE),
           share = node / ((double)p->size / (double)(p->n_nodes > 0 ? p->n_nodes : 1)),
           rows = (double)t->data.n_local * (double)matrix_row_bytes(t->m), limit = (double)t->j->train.memory;
    if (rows > share / 2 || (limit > 0 && rows > limit)) matrix_forget_read(t->m);
    matrix_keep_pieces(t->m, (size_t)(limit > 0 && limit < share / 4 ? limit : share / 4));
}

static int open_data(matrix_training *t)
{
    int rc = OK;
    const job *j = t->j;
    const par *p = &j->p;
    TRY(check_name(t->name));
    TRY(mem_format(&t->result, "codebooks/%s.h5", t->name));
    TRY(given_matrix(j->train.data, &t->m));
    int64_t n = matrix_rows(t->m), limit = j->corpus.limit;
    if (limit > 0 && limit < n) n = limit;
    if (!n) FAIL(ERR_CONFIG, "%s has no rows", j->train.data);
    t->data = (kmeans_data){.n_global = n,
                            .first = n * p->rank / p->size,
                            .d = matrix_width(t->m),
                            .type = matrix_value_type(t->m) == MATRIX_F16 ? KMEANS_HALF : KMEANS_FLOAT,
                            .read = read_rows,
                            .user = t->m};
    t->data.n_local = n * (p->rank + 1) / p->size - t->data.first;
    t->data.in_place = matrix_in_place(t->m, t->data.first, t->data.first + t->data.n_local);
    use_memory(t);
done:
    return rc;
}

/* Rank 0 reads the first centroids; all get them. Collective. */
static int open_start(matrix_training *t)
{
    int rc = OK;
    job *j = t->j;
    const char *path = j->train.start;
    codebook *c = &t->start;
    size_t bytes = 0;
    char *centroids = NULL;
    if (!*path) goto done;
    if (j->p.rank == 0) {
        rc = given_codebook(path, c);
        if (rc == OK && (c->k != j->train.size || c->d != t->data.d))
            rc = status_set(ERR_CONFIG, __FILE__, __LINE__,
                            "%s has %lld centroids of %lld values; train.size is %lld, and the rows have %lld values",
                            path, (long long)c->k, (long long)c->d, (long long)j->train.size, (long long)t->data.d);
        if (rc == OK) {
            bytes = (size_t)(c->k * c->d) * sizeof *c->centroids;
            centroids = (char *)c->centroids;
        }
    }
    TRY(par_agree(&j->p, rc));
    TRY(par_share(&j->p, &centroids, &bytes));
    c->centroids = (float *)centroids;
    c->k = j->train.size;
    c->d = t->data.d;
done:
    return rc;
}

/* What the codebook depends on beside the keys. Rank 0. */
static int hash_training(matrix_training *t)
{
    int rc = OK;
    const job *j = t->j;
    char *more = NULL;
    uint64_t content, start = 0;
    const codebook *c = &t->start;
    TRY(matrix_identity(t->m, IDENTITY_ROWS, &content));
    if (c->k) start = hash64(c->centroids, (size_t)(c->k * c->d) * sizeof *c->centroids, 1);
    TRY(mem_format(&more, "tessera %s, matrix %016llx, rows %lld, start %016llx, feature %s", TESSERA_VERSION,
                   (unsigned long long)content, (long long)t->data.n_global, (unsigned long long)start,
                   j->feature ? j->feature : ""));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "train.", more, &t->hash));
done:
    mem_free(&more);
    return rc;
}

/* Rank 0: one life on the output folder, and no dataset in it. */
static int begin_root(job *j)
{
    int rc = OK;
    TRY(output_check(j));
    if (!j->overwrite && (output_has(j, "dataset.json") || output_has(j, "state/facts")))
        FAIL(ERR_CONFIG, "output.path %s holds a dataset; name another folder for the codebook of a matrix", j->out);
    TRY(output_take(j));
    TRY(file_remove_temporaries(j->out)); /* no other life is left */
    if (j->overwrite || output_has(j, "state/wipe")) TRY(output_wipe(j));
    TRY(runs_log_start(j));
done:
    return rc;
}

static int begin(job *j)
{
    int rc = OK;
    TRY(par_agree(&j->p, j->p.rank == 0 ? begin_root(j) : OK));
    par_broadcast(&j->p, &j->attempt, sizeof j->attempt);
    TRY(par_agree(&j->p, output_start_log(j)));
done:
    return rc;
}

static void end(job *j, int status)
{
    if (j->owner) runs_log_end(j, status);
    par_barrier(&j->p); /* nobody holds a file of the state any more */
    owner_release(&j->owner);
}

/* K-means counts vectors; people look for files and rows. The first row of all ranks that has such a value. Collective.
 */
static int blame_row(matrix_training *t, int status)
{
    int rc = OK, mine;
    int64_t row = -1;
    if (status != ERR_INVALID) return status;
    mine = matrix_find_not_finite(t->m, t->data.first, t->data.first + t->data.n_local, &row);
    if (mine == OK && row >= 0) mine = given_not_finite(t->m, row);
    TRY(par_agree(&t->j->p, mine));
    rc = status; /* something else */
done:
    return rc;
}

static int describe(const matrix_training *t, codebook *book)
{
    int rc = OK;
    TRY(mem_string(&book->name, t->name));
    TRY(mem_string(&book->feature, t->j->feature ? t->j->feature : ""));
    TRY(mem_string(&book->encoder, ""));
    book->layer = -1;
    book->metric = (kmeans_metric)t->j->train.metric;
    TRY(codebook_hash(book));
done:
    return rc;
}

static int train(matrix_training *t)
{
    int rc = OK;
    job *j = t->j;
    codebook book = {0};
    char checkpoints[FIT_NAME_LIMIT + 16];
    kmeans_options k = fit_options(j, j->train.size, j->train.seed);
    k.metric = (kmeans_metric)j->train.metric;
    k.start = t->start.k ? t->start.centroids : NULL;
    TRY(blame_row(t, fit_run(j, t->name, t->hash, &t->data, &k, &book)));
    rc = describe(t, &book);
    if (rc == OK && j->p.rank == 0) {
        snprintf(checkpoints, sizeof checkpoints, "state/train/%s", t->name);
        rc = fit_commit(j, t->hash, 0, &book);
        if (rc == OK) rc = output_remove(j, checkpoints);
    }
    TRY(par_agree(&j->p, rc));
    TRY(fit_report(&j->p, &book));
    LOG_JOB(LOG_INFO, "codebook: %s/%s and .npy: %lld codes of %lld values, %s, sha256 %s", j->out, t->result,
            (long long)book.k, (long long)book.d, kmeans_metric_names[book.metric], book.sha256);
done:
    codebook_free(&book);
    return rc;
}

static void print_plan(const matrix_training *t)
{
    const job *j = t->j;
    const kmeans_data *d = &t->data;
    printf("data           %s: %lld rows of %lld values, %s, %.1f MB\n", j->train.data, (long long)d->n_global,
           (long long)d->d, d->type == KMEANS_HALF ? "fp16" : "fp32",
           (double)d->n_global * (double)matrix_row_bytes(t->m) * 1e-6);
    printf("ranks          %d, %lld rows each or one more\n", j->p.size, (long long)(d->n_global / j->p.size));
    printf("codes          %lld, %s, from %s\n", (long long)j->train.size, kmeans_metric_names[j->train.metric],
           t->start.k ? j->train.start : "k-means++");
    printf("output         %s/%s, %s\n", j->out, t->result,
           fit_is_current(j, t->name, t->result, t->hash) ? "there already" : "to be trained");
}

static int run(matrix_training *t)
{
    int rc = OK;
    job *j = t->j;
    int64_t current = 0;
    TRY(par_agree(&j->p, open_data(t)));
    TRY(given_same_matrix(&j->p, t->m, j->train.data));
    TRY(open_start(t));
    TRY(par_agree(&j->p, j->p.rank == 0 ? hash_training(t) : OK));
    if (j->dry_run) {
        if (j->p.rank == 0) print_plan(t);
        goto done;
    }
    TRY(begin(j));
    current = j->p.rank == 0 && fit_is_current(j, t->name, t->result, t->hash);
    par_broadcast(&j->p, &current, sizeof current);
    if (current)
        LOG_JOB(LOG_INFO, "%s/%s is trained and current: nothing to do", j->out, t->result);
    else
        TRY(train(t));
done:
    return rc;
}

int train_matrix(job *j)
{
    matrix_training t = {.j = j, .name = j->train.name};
    int rc = run(&t);
    if (!j->dry_run) end(j, rc);
    matrix_close(&t.m);
    codebook_free(&t.start);
    mem_free(&t.result);
    return rc;
}
