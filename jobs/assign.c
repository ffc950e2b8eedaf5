/* Nearest centroids of the rows of a matrix: labels and squared distances as .npy files.
 *
 * Each rank takes a contiguous range of rows. Rank 0 makes both files at full size under temporary names; every rank
 * writes its own bytes in place, flushes them to disk and closes; after an agreement that all did, rank 0 commits. No
 * two ranks write the same byte, and the codes of a row depend on that row alone, so the files do not depend on ranks.
 */
#include "jobs/verbs.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "codebook/unit_length.h"
#include "jobs/given.h"
#include "store/npy.h"
#include "tensor/half.h"
#include "work/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ROWS = 1024, MAX_VALUES = 1 << 22 }; /* of a block */
enum { DISTANCES, LABELS, N_OUTPUTS };          /* in the order of their commits */

typedef struct output {
    const char *what, *type;
    int64_t value_bytes, start; /* start: of the values in the file */
    char *path, *temporary;     /* temporary: the same name on all ranks, NULL once committed */
    int fd;
} output;

typedef struct assignment {
    job *j;
    const char *data_path;
    codebook book;
    assigner *assigner;
    matrix *data; /* (n, d) */
    int64_t n, d, first, end;
    int64_t rows; /* per block; follows from d */
    void *read;   /* (rows, d) as they are read */
    float *block; /* (rows, d) */
    uint32_t *labels;
    double *distances;
    output outputs[N_OUTPUTS];
} assignment;

static int open_data(assignment *a)
{
    int rc = OK;
    TRY(given_matrix(a->data_path, &a->data));
    matrix_forget_read(a->data);
    a->n = matrix_rows(a->data);
    a->d = matrix_width(a->data);
    if (a->d != a->book.d)
        FAIL(ERR_CONFIG, "%s has rows of %lld values, the codebook has %lld", a->data_path, (long long)a->d,
             (long long)a->book.d);
done:
    return rc;
}

/* What this rank needs before the first collective. */
static int prepare(assignment *a)
{
    int rc = OK;
    const job *j = a->j;
    if (j->n_args != 1) FAIL(ERR_USAGE, "tessera assign needs a codebook and one matrix");
    if (!j->to || !*j->to) FAIL(ERR_USAGE, "tessera assign needs --to: the files are TO.labels.npy, TO.distances.npy");
    a->data_path = j->args[0];
    TRY(given_codebook(j->target, &a->book));
    TRY(open_data(a));
    TRY(assigner_create(&a->assigner, a->book.centroids, a->book.k, a->book.d));
    a->rows = MAX_VALUES / a->d < MAX_ROWS ? MAX_VALUES / a->d : MAX_ROWS;
    if (a->rows < 1) a->rows = 1;
    TRY(mem_alloc(&a->read, (size_t)a->rows, matrix_row_bytes(a->data)));
    TRY(MEM_ALLOC(a->block, (size_t)(a->rows * a->d)));
    TRY(MEM_ALLOC(a->labels, (size_t)a->rows));
    TRY(MEM_ALLOC(a->distances, (size_t)a->rows));
    int64_t share = a->n / j->p.size, more = a->n % j->p.size, rank = j->p.rank;
    a->first = share * rank + (rank < more ? rank : more);
    a->end = a->first + share + (rank < more);
done:
    return rc;
}

/* All ranks must see the inputs of rank 0. Collective. */
static int check_same(assignment *a)
{
    int rc = OK;
    char first[sizeof a->book.sha256];
    memcpy(first, a->book.sha256, sizeof first);
    par_broadcast(&a->j->p, first, sizeof first);
    if (memcmp(first, a->book.sha256, sizeof first)) FAIL(ERR_CONFIG, "%s differs between ranks", a->j->target);
done:
    rc = par_agree(&a->j->p, rc);
    return rc == OK ? given_same_matrix(&a->j->p, a->data, a->data_path) : rc;
}

static int write_at(const output *o, const void *values, size_t n, int64_t offset)
{
    int rc = OK, err = fault_point_at(o->what, "write");
    const char *bytes = values;
    while (n && !err) {
        ssize_t put = pwrite(o->fd, bytes, n, offset);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            err = errno;
            break;
        }
        bytes += put;
        n -= (size_t)put;
        offset += put;
    }
    if (err) FAIL(status_from_errno(err), "cannot write %s: %s", o->path, strerror(err));
done:
    return rc;
}

/* A file at its full size under a temporary name. Rank 0. */
static int create_output(const assignment *a, output *o)
{
    int rc = OK;
    char *header = NULL;
    size_t n;
    TRY(npy_header(o->type, 1, &a->n, &header, &n));
    TRY(given_make_folder_of(o->path));
    TRY(file_temporary(&o->temporary, o->path));
    o->fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (o->fd < 0) FAIL(status_from_errno(errno), "cannot create %s: %s", o->path, strerror(errno));
    TRY(write_at(o, header, n, 0));
    if (ftruncate(o->fd, o->start + a->n * o->value_bytes) != 0)
        FAIL(status_from_errno(errno), "cannot make %s: %s", o->path, strerror(errno));
done:
    mem_free(&header);
    return rc;
}

static int name_output(const assignment *a, output *o)
{
    int rc = OK;
    char *header = NULL;
    size_t n;
    TRY(mem_format(&o->path, "%s.%s.npy", a->j->to, o->what));
    TRY(npy_header(o->type, 1, &a->n, &header, &n));
    o->start = (int64_t)n;
done:
    mem_free(&header);
    return rc;
}

/* Collective. */
static int make_outputs(assignment *a)
{
    int rc = OK, opened = OK;
    par *p = &a->j->p;
    for (int i = 0; i < N_OUTPUTS && rc == OK; i++) rc = name_output(a, &a->outputs[i]);
    for (int i = 0; i < N_OUTPUTS && rc == OK && p->rank == 0; i++) rc = create_output(a, &a->outputs[i]);
    TRY(par_agree(p, rc));
    for (int i = 0; i < N_OUTPUTS; i++) {
        output *o = &a->outputs[i];
        size_t n = o->temporary ? strlen(o->temporary) : 0;
        TRY(par_share(p, &o->temporary, &n));
        if (p->rank == 0) continue;
        o->fd = open(o->temporary, O_WRONLY | O_CLOEXEC);
        if (o->fd < 0 && opened == OK)
            opened = status_set(status_from_errno(errno), __FILE__, __LINE__, "cannot open %s: %s", o->temporary,
                                strerror(errno));
    }
    TRY(par_agree(p, opened));
done:
    return rc;
}

/* Rows i .. i+n-1 as fp32, of length 1 where the codebook is so. */
static int read_block(assignment *a, int64_t i, int64_t n)
{
    int rc = OK;
    const void *rows;
    size_t values = (size_t)(n * a->d);
    matrix_type type = matrix_value_type(a->data);
    rc = matrix_read(a->data, i, n, a->read, &rows);
    if (rc == ERR_CORRUPT) FAIL(ERR_CONFIG, "%s", status_message());
    TRY(rc);
    if (!matrix_is_finite(type, rows, values)) {
        int64_t bad;
        TRY(matrix_find_not_finite(a->data, i, i + n, &bad));
        TRY(given_not_finite(a->data, bad));
    }
    if (type == MATRIX_F16)
        half_to_floats(rows, values, a->block);
    else
        memcpy(a->block, rows, values * sizeof *a->block);
    for (int64_t r = 0; a->book.metric == KMEANS_COSINE && r < n; r++)
        unit_length(a->block + r * a->d, a->d, a->block + r * a->d);
done:
    return rc;
}

static int assign_rows(assignment *a)
{
    int rc = OK;
    for (int64_t i = a->first; i < a->end; i += a->rows) {
        int64_t n = a->end - i < a->rows ? a->end - i : a->rows;
        const void *values[N_OUTPUTS] = {a->distances, a->labels};
        if (stop_asked()) FAIL(ERR_STOPPED, "%s", stop_reason());
        TRY(read_block(a, i, n));
        TRY(assigner_run(a->assigner, a->block, n, a->labels, a->distances));
        for (int o = 0; o < N_OUTPUTS; o++) {
            const output *out = &a->outputs[o];
            TRY(write_at(out, values[o], (size_t)(n * out->value_bytes), out->start + i * out->value_bytes));
        }
    }
    for (int o = 0; o < N_OUTPUTS; o++) {
        output *out = &a->outputs[o];
        int fd = out->fd, flushed = fsync(fd) == 0, err = errno;
        out->fd = -1;
        if (close(fd) != 0 || !flushed)
            FAIL(status_from_errno(flushed ? errno : err), "cannot flush %s: %s", out->path,
                 strerror(flushed ? errno : err));
    }
done:
    return rc;
}

/* Labels last, and older ones go first: where labels are, the distances are theirs. Rank 0. */
static int commit(assignment *a)
{
    int rc = OK;
    TRY(file_remove(a->outputs[LABELS].path));
    for (int i = 0; i < N_OUTPUTS; i++) {
        output *o = &a->outputs[i];
        TRY(file_commit_temporary(o->temporary, o->path, o->what));
        mem_free(&o->temporary);
    }
done:
    return rc;
}

static int run(assignment *a)
{
    int rc = OK;
    job *j = a->j;
    TRY(par_agree(&j->p, prepare(a)));
    TRY(check_same(a));
    if (j->dry_run) {
        LOG_JOB(LOG_INFO, "assign: %lld rows, %lld codes of %lld values; nothing written: --dry-run", (long long)a->n,
                (long long)a->book.k, (long long)a->d);
        goto done;
    }
    TRY(make_outputs(a));
    TRY(par_agree(&j->p, assign_rows(a)));
    TRY(par_agree(&j->p, j->p.rank == 0 ? commit(a) : OK));
    LOG_JOB(LOG_INFO, "assign: %s.labels.npy and %s.distances.npy: %lld rows, %lld codes of %lld values", j->to, j->to,
            (long long)a->n, (long long)a->book.k, (long long)a->d);
done:
    return rc;
}

/* Every way here from the writing of files went through an agreement, so nobody writes them any more. */
static void clean_up(assignment *a)
{
    for (int i = 0; i < N_OUTPUTS; i++) {
        output *o = &a->outputs[i];
        if (o->fd >= 0) close(o->fd);
        if (o->temporary && a->j->p.rank == 0) unlink(o->temporary);
        mem_free(&o->temporary);
        mem_free(&o->path);
    }
    mem_free(&a->read);
    mem_free(&a->block);
    mem_free(&a->labels);
    mem_free(&a->distances);
    assigner_free(&a->assigner);
    codebook_free(&a->book);
    matrix_close(&a->data);
}

int verb_assign(job *j)
{
    assignment a = {.j = j,
                    .outputs = {[DISTANCES] = {"distances", "<f8", sizeof(double), 0, NULL, NULL, -1},
                                [LABELS] = {"labels", "<u4", sizeof(uint32_t), 0, NULL, NULL, -1}}};
    int rc = run(&a);
    clean_up(&a);
    return rc;
}
