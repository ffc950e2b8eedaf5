/* Ids, durations and vectors are read in blocks; the position in them is turned into an example on the way. */
#include "base/memory.h"
#include "base/status.h"
#include "shards/shard_checker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 1 << 16 };

typedef struct stream_check {
    shard_checker *c;
    stream_kind s;
    char group[SHARD_PATH];
    int64_t vocab_size, n_ids, n_vectors;
    int reduced, vectors, is_bytes;
    shard_array offsets, vector_offsets;
    int64_t *frames; /* (examples) durations summed; NULL when not reduced or damaged */
    uint32_t *block, *durations;
} stream_check;

/* ---- attributes ---- */

static int check_text(stream_check *k, const char *name, const char *wanted)
{
    int rc = OK, ok;
    char *text = NULL;
    TRY(shard_checker_settle(k->c, h5_get_text(k->c->file, k->group, name, &text), &ok));
    if (!ok) goto done;
    if (wanted && *wanted && strcmp(text, wanted))
        shard_checker_fault(k->c, -1, "%s: attribute %s is \"%s\", not \"%s\"", k->group, name, text, wanted);
    if (!strcmp(name, "encoder")) k->is_bytes = k->s == STREAM_TEXT && !strcmp(text, "bytes");
done:
    mem_free(&text);
    return rc;
}

static int check_int(stream_check *k, const char *name, const int64_t *wanted, int64_t *value)
{
    int rc = OK, ok;
    *value = -1;
    TRY(shard_checker_settle(k->c, h5_get_int(k->c->file, k->group, name, value), &ok));
    if (ok && wanted && *value != *wanted)
        shard_checker_fault(k->c, -1, "%s: attribute %s is %lld, not %lld", k->group, name, (long long)*value,
                            (long long)*wanted);
done:
    return rc;
}

static int check_attributes(stream_check *k)
{
    int rc = OK, ok;
    const shard_stream_options *o = k->c->expected ? &k->c->expected->stream[k->s] : NULL;
    int64_t layer;
    double rate_hz;
    TRY(check_int(k, "vocab_size", o ? &o->vocab_size : NULL, &k->vocab_size));
    TRY(check_int(k, "layer", o ? &o->layer : NULL, &layer));
    TRY(check_text(k, "encoder", o ? o->encoder : NULL));
    TRY(check_text(k, "codebook_sha256", o ? o->codebook_sha256 : NULL));
    TRY(check_text(k, "weights_sha256", o ? o->weights_sha256 : NULL));
    TRY(check_text(k, "precision", o ? o->precision : NULL));
    TRY(shard_checker_settle(k->c, h5_get_real(k->c->file, k->group, "rate_hz", &rate_hz), &ok));
    if (ok && o && rate_hz != o->rate_hz)
        shard_checker_fault(k->c, -1, "%s: attribute rate_hz is %g, not %g", k->group, rate_hz, o->rate_hz);
done:
    return rc;
}

/* ---- which datasets there are ---- */

static int has(const stream_check *k, const char *name)
{
    char path[SHARD_PATH];
    shard_stream_path(k->s, name, path);
    return h5_has(k->c->file, path);
}

/* Shape of a dataset; *ok 0 after a fault. */
static int check_shape(stream_check *k, const char *name, int n_dims, h5_type *type, int64_t dims[3], int *ok)
{
    int rc = OK, n;
    char path[SHARD_PATH];
    shard_stream_path(k->s, name, path);
    TRY(shard_checker_settle(k->c, h5_shape(k->c->file, path, type, &n, dims), ok));
    if (*ok && n != n_dims) {
        shard_checker_fault(k->c, -1, "%s has %d dimensions", path, n);
        *ok = 0;
    }
done:
    return rc;
}

static void check_kinds(stream_check *k)
{
    const shard_stream_options *o = k->c->expected ? &k->c->expected->stream[k->s] : NULL;
    k->reduced = has(k, "durations");
    k->vectors = has(k, "vectors");
    if (o && !o->reduced != !k->reduced)
        shard_checker_fault(k->c, -1, "%s has %s durations", k->group, k->reduced ? "unexpected" : "no");
    if (o && !o->vectors != !k->vectors)
        shard_checker_fault(k->c, -1, "%s has %s vectors", k->group, k->vectors ? "unexpected" : "no");
}

/* ---- ids and durations ---- */

/* A walk over the positions of a stream. */
typedef struct walk {
    const int64_t *offsets; /* NULL: not known */
    int64_t at, told;       /* the example in hand; the last one with a fault */
} walk;

static int64_t example_at(walk *w, int64_t position)
{
    if (!w->offsets) return -1;
    while (w->offsets[w->at + 1] <= position) w->at++;
    return w->at;
}

/* One fault per example. */
static int is_news(walk *w, int64_t e)
{
    int news = e < 0 || w->told != e;
    w->told = e;
    return news;
}

static void check_ids(stream_check *k, walk *w, int64_t first, int64_t n, uint32_t *before)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t e = example_at(w, first + i);
        uint32_t id = k->block[i];
        if (id >= k->vocab_size && is_news(w, e))
            shard_checker_fault(k->c, e, "%s/ids: %u at %lld, the codebook has %lld", k->group, id,
                                (long long)(first + i), (long long)k->vocab_size);
        if (k->reduced && w->offsets && first + i > w->offsets[e] && id == *before && is_news(w, e))
            shard_checker_fault(k->c, e, "%s/ids: %u at %lld is a run of its own", k->group, id,
                                (long long)(first + i));
        *before = id;
    }
}

static void check_durations(stream_check *k, walk *w, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t e = example_at(w, first + i);
        if (!k->durations[i] && is_news(w, e))
            shard_checker_fault(k->c, e, "%s/durations: zero at %lld", k->group, (long long)(first + i));
        if (e >= 0) k->frames[e] += k->durations[i];
    }
}

/* Ids of the bytes tokenizer are the bytes of the text. */
static void check_bytes(stream_check *k, walk *w, int64_t first, int64_t n)
{
    const int64_t *text_offsets = k->c->text_offsets.values;
    const uint8_t *text = k->c->text.values;
    if (!k->is_bytes || !text_offsets || !w->offsets) return;
    for (int64_t i = 0; i < n; i++) {
        int64_t e = example_at(w, first + i), at = first + i - w->offsets[e];
        int same = text_offsets[e + 1] - text_offsets[e] == w->offsets[e + 1] - w->offsets[e] &&
                   text[text_offsets[e] + at] == k->block[i];
        if (!same && is_news(w, e)) shard_checker_fault(k->c, e, "%s/ids differ from the text", k->group);
    }
}

static int scan_ids(stream_check *k)
{
    int rc = OK, ok;
    walk ids = {k->offsets.values, 0, -1}, durations = ids, bytes = ids;
    uint32_t before = 0;
    char path[SHARD_PATH], durations_path[SHARD_PATH];
    shard_stream_path(k->s, "ids", path);
    shard_stream_path(k->s, "durations", durations_path);
    for (int64_t at = 0; at < k->n_ids; at += BLOCK) {
        int64_t n = k->n_ids - at < BLOCK ? k->n_ids - at : BLOCK;
        TRY(shard_checker_settle(k->c, h5_read(k->c->file, path, H5_U32, at, n, k->block), &ok));
        if (!ok) break;
        check_ids(k, &ids, at, n, &before);
        check_bytes(k, &bytes, at, n);
        if (!k->reduced) continue;
        TRY(shard_checker_settle(k->c, h5_read(k->c->file, durations_path, H5_U32, at, n, k->durations), &ok));
        if (!ok) break;
        check_durations(k, &durations, at, n);
    }
done:
    return rc;
}

static int check_id_data(stream_check *k)
{
    int rc = OK, ok;
    h5_type type;
    int64_t dims[3], n_ids;
    char path[SHARD_PATH];
    TRY(check_shape(k, "ids", 1, &type, dims, &ok));
    if (!ok) goto done;
    k->n_ids = dims[0];
    TRY(check_int(k, "n_ids", &k->n_ids, &n_ids));
    if (type != shard_id_type(k->vocab_size))
        shard_checker_fault(k->c, -1, "%s/ids are of another type than %lld codes need", k->group,
                            (long long)k->vocab_size);
    shard_stream_path(k->s, "offsets", path);
    TRY(shard_checker_offsets(k->c, path, k->n_ids, &k->offsets));
    if (k->reduced) {
        TRY(check_shape(k, "durations", 1, NULL, dims, &ok));
        if (ok && dims[0] != k->n_ids) shard_checker_fault(k->c, -1, "%s: as many durations as ids must be", k->group);
        k->reduced = ok && dims[0] == k->n_ids;
    }
    TRY(MEM_ALLOC(k->block, BLOCK));
    TRY(MEM_ALLOC(k->durations, BLOCK));
    if (k->reduced && k->offsets.values) TRY(MEM_ALLOC(k->frames, (size_t)k->c->n));
    TRY(scan_ids(k));
done:
    return rc;
}

/* ---- vectors, grids, media ---- */

static int check_vectors(stream_check *k)
{
    int rc = OK, ok;
    h5_type type;
    int64_t dims[3];
    char path[SHARD_PATH];
    const shard_stream_options *o = k->c->expected ? &k->c->expected->stream[k->s] : NULL;
    TRY(check_shape(k, "vectors", 2, &type, dims, &ok));
    if (!ok) goto done;
    k->n_vectors = dims[0];
    if (type != H5_F16) shard_checker_fault(k->c, -1, "%s/vectors are of another type than fp16", k->group);
    if (o && o->vectors && dims[1] != o->width)
        shard_checker_fault(k->c, -1, "%s/vectors have %lld values, not %lld", k->group, (long long)dims[1],
                            (long long)o->width);
    shard_stream_path(k->s, "vector_offsets", path);
    TRY(shard_checker_offsets(k->c, path, k->n_vectors, &k->vector_offsets));
done:
    return rc;
}

static int64_t range_of(const shard_array *offsets, int64_t i)
{
    const int64_t *o = offsets->values;
    return o ? o[i + 1] - o[i] : 0;
}

/* An example has as many vectors as frames. */
static void compare_vectors(stream_check *k)
{
    if (!k->vectors || !k->n_ids || !k->offsets.values || !k->vector_offsets.values) return;
    for (int64_t i = 0; i < k->c->n; i++) {
        int64_t frames = k->frames ? k->frames[i] : range_of(&k->offsets, i), n = range_of(&k->vector_offsets, i);
        if (frames != n)
            shard_checker_fault(k->c, i, "%s: %lld vectors for %lld frames", k->group, (long long)n, (long long)frames);
    }
}

static int check_grid(stream_check *k)
{
    int rc = OK, ok;
    shard_array grid = {0};
    char path[SHARD_PATH];
    shard_stream_path(k->s, "grid", path);
    TRY(shard_checker_settle(k->c, shard_array_open(&grid, k->c->file, &k->c->map, path, H5_I32, 2, k->c->n), &ok));
    if (!ok || !k->offsets.values || (k->vectors && !k->vector_offsets.values)) goto done;
    for (int64_t i = 0; i < k->c->n; i++) {
        const int32_t *g = (const int32_t *)grid.values + 2 * i;
        int64_t n = range_of(&k->offsets, i) ? range_of(&k->offsets, i) : range_of(&k->vector_offsets, i);
        if (g[0] < 0 || g[1] < 0 || (int64_t)g[0] * g[1] != n)
            shard_checker_fault(k->c, i, "%s: a grid of %d x %d for %lld ids", k->group, g[0], g[1], (long long)n);
    }
done:
    shard_array_close(&grid);
    return rc;
}

static int check_seconds(stream_check *k)
{
    int rc = OK, ok;
    shard_array seconds = {0};
    char path[SHARD_PATH];
    shard_stream_path(k->s, "seconds", path);
    TRY(shard_checker_settle(k->c, shard_array_open(&seconds, k->c->file, &k->c->map, path, H5_F64, 0, k->c->n), &ok));
    for (int64_t i = 0; ok && i < k->c->n; i++) {
        double x = ((const double *)seconds.values)[i];
        if (!isfinite(x) || x < 0) shard_checker_fault(k->c, i, "%s: %g", path, x);
        k->c->counts->seconds += x;
    }
done:
    shard_array_close(&seconds);
    return rc;
}

static int check_media(stream_check *k)
{
    int rc = OK, ok;
    shard_array hashes = {0};
    char path[SHARD_PATH];
    shard_stream_path(k->s, "xxh3", path);
    TRY(shard_checker_settle(k->c, shard_array_open(&hashes, k->c->file, &k->c->map, path, H5_U64, 0, k->c->n), &ok));
done:
    shard_array_close(&hashes);
    return rc;
}

static void count(stream_check *k)
{
    k->c->counts->ids[k->s] = k->n_ids;
    for (int64_t i = 0; i < k->c->n; i++)
        k->c->counts->streams[k->s] += range_of(&k->offsets, i) || range_of(&k->vector_offsets, i);
}

static int check_parts(stream_check *k)
{
    int rc = OK;
    TRY(check_attributes(k));
    check_kinds(k);
    TRY(check_id_data(k));
    if (k->vectors) TRY(check_vectors(k));
    compare_vectors(k);
    if (shard_stream_has_grid(k->s)) TRY(check_grid(k));
    if (shard_stream_has_media(k->s)) TRY(check_media(k));
    if (shard_stream_has_seconds(k->s)) TRY(check_seconds(k));
    count(k);
done:
    return rc;
}

int shard_check_stream(shard_checker *c, stream_kind s)
{
    int rc = OK;
    stream_check k = {.c = c, .s = s};
    snprintf(k.group, sizeof k.group, "/%s", stream_name(s));
    int there = h5_has(c->file, k.group);
    if (c->expected && !c->expected->stream[s].used != !there)
        shard_checker_fault(c, -1, "%s is %s", k.group, there ? "there, but not expected" : "missing");
    if (there) rc = check_parts(&k);
    shard_array_close(&k.offsets);
    shard_array_close(&k.vector_offsets);
    mem_free(&k.frames);
    mem_free(&k.block);
    mem_free(&k.durations);
    return rc;
}
