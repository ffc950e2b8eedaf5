#include "jobs/sample_again.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/sampler.h"

#include <string.h>

enum { SLOTS = 4096, AHEAD = 32, ATTEMPTS = 3 };

typedef struct slot {
    const sample_row *row; /* NULL: free */
    uint16_t *values;
    size_t bytes;
} slot;

struct sample_again {
    sampler sampler;
    const char *name;
    media_kind kind;
    slot slots[SLOTS];  /* row number r of this rank: in slot r mod SLOTS */
    size_t bytes, most; /* of all slots; allowed */
    slot *latest;
    /* reading ahead, within a part */
    const sample_row *computed;        /* latest that was */
    const sample_row *expected, *told; /* rows from expected to before told are announced */
};

int sample_again_open(sample_again **out, stages *s, media_kind kind)
{
    int rc = OK, wanted[N_MEDIA] = {0};
    sample_again *x = NULL;
    *out = NULL;
    TRY(par_agree(&s->j->p, MEM_ALLOC(x, 1)));
    int64_t memory = s->j->train.memory;
    x->most = memory > 0 && memory < SAMPLE_AGAIN_BYTES ? (size_t)memory : SAMPLE_AGAIN_BYTES;
    x->name = stream_name(core_stream(kind));
    x->kind = kind;
    wanted[kind] = 1;
    TRY(sampler_open(&x->sampler, s, wanted, 0));
    *out = x;
    x = NULL;
done:
    sample_again_close(&x);
    return rc;
}

static void drop(sample_again *x, slot *s)
{
    x->bytes -= s->bytes;
    mem_free(&s->values);
    *s = (slot){0};
}

void sample_again_close(sample_again **px)
{
    sample_again *x = *px;
    if (!x) return;
    for (int i = 0; i < SLOTS; i++) drop(x, &x->slots[i]);
    sampler_close(&x->sampler);
    mem_free(px);
}

/* Passes ask in ascending order: when the row is the next one, or follows on the latest, its media and those of the
 * rows behind it are read ahead. A single row in between leaves that alone. */
static void look_ahead(sample_again *x, const sample_view *part, const sample_row *row)
{
    const sample_row *end = part->rows + part->n_rows;
    prefetch *p = x->sampler.work.prefetch;
    int follows = x->computed == row - 1;
    x->computed = row;
    if (x->expected != row) {
        if (!follows) return;
        prefetch_clear(p);
        x->told = row;
    }
    for (; x->told < end && x->told < row + AHEAD; x->told++)
        if (x->told->n > 0) prefetch_announce(p, x->told->position, 1);
    for (row++; row < end && row->n < 0;) row++;
    x->expected = row;
}

static int try_row(sample_again *x, const sample_row *row, sample_part *part)
{
    sampler_row r;
    sampler_begin(&x->sampler, row->position, &r);
    int rc = sampler_vectors(&x->sampler, &r, x->kind, part);
    if (rc == OK) rc = sampler_finish(&x->sampler);
    sampler_end(&x->sampler, &r);
    if (status_is_item(rc)) {
        LOG_RANK(LOG_WARN, "a row of the %s training sample: %s", x->name, status_message());
        return OK; /* it gives no vector: seen below */
    }
    return rc;
}

/* What could not be read is tried again: the state of a file system passes. */
static int compute(sample_again *x, const sample_view *view, const sample_row *row, slot *s)
{
    int rc = OK;
    sample_part part = {.d = view->d};
    size_t n = (size_t)row->n * (size_t)view->d, bytes = n * sizeof *part.values;
    if (x->bytes + bytes > x->most)
        for (int i = 0; i < SLOTS; i++) drop(x, &x->slots[i]);
    drop(x, s);
    TRY(MEM_ALLOC(part.values, n));
    part.capacity = n;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        rc = try_row(x, row, &part);
        if (!status_is_environment(rc)) break;
        LOG_RANK(LOG_WARN, "a row of the %s training sample cannot be read: %s", x->name, status_message());
    }
    TRY(rc);
    if ((int64_t)part.n != row->n || part.d != view->d || part.rows[0].checksum != row->checksum)
        TRY(sampler_say_changed(&x->sampler, x->name, row->position));
    *s = (slot){row, part.values, bytes};
    x->bytes += bytes;
    part.values = NULL;
done:
    sample_part_free(&part);
    return rc;
}

int sample_again_vector(sample_again *x, const sample_view *part, int64_t base, int64_t i, const uint16_t **vector)
{
    int rc = OK;
    slot *s = x->latest;
    const sample_row *row = s ? s->row : NULL;
    if (!row || row < part->rows || row >= part->rows + part->n_rows || i < row->first || i >= row->first + row->n) {
        row = sample_view_row_of(part, i);
        if (!row) FAIL(ERR_INTERNAL, "vector %lld of %lld of a part", (long long)i, (long long)part->n);
        s = &x->slots[(base + (row - part->rows)) % SLOTS];
        if (s->row != row) {
            x->latest = NULL;
            look_ahead(x, part, row);
            TRY(compute(x, part, row, s));
        }
        x->latest = s;
    }
    *vector = s->values + (i - row->first) * part->d;
done:
    return rc;
}
