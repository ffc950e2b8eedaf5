#include "shards/shard_builder.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

static const int64_t zero;

static void use_column(shard_builder *b, shard_column *c, const char *path, h5_type type, int64_t width, int deflate)
{
    snprintf(c->path, sizeof c->path, "%s", path);
    c->type = type;
    c->width = width;
    c->deflate = deflate;
    b->columns[b->n_columns++] = c;
}

static void use_stream_column(shard_builder *b, shard_column *c, stream_kind s, const char *name, h5_type type,
                              int64_t width, int deflate)
{
    char path[SHARD_PATH];
    shard_stream_path(s, name, path);
    use_column(b, c, path, type, width, deflate);
}

static void use_texts(shard_builder *b)
{
    char path[SHARD_PATH];
    int deflate = b->options->deflate;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        text_layout layout = shard_text_layout((example_text)t);
        if (layout == TEXT_ABSENT) continue;
        shard_text_path((example_text)t, "", path);
        use_column(b, &b->text[t], path, layout == TEXT_CODED ? H5_U16 : H5_U8, 0, layout == TEXT_CODED ? 0 : deflate);
        if (layout == TEXT_CODED) continue;
        shard_text_path((example_text)t, "_offsets", path);
        use_column(b, &b->text_offsets[t], path, H5_I64, 0, 0);
    }
    use_column(b, &b->order, "/examples/order", H5_I64, 0, 0);
    use_column(b, &b->row, "/examples/row", H5_I64, 0, 0);
    use_column(b, &b->starts_group, "/examples/starts_group", H5_U8, 0, 0);
    use_column(b, &b->checksum, "/examples/checksum", H5_U64, 0, 0);
}

static void use_stream(shard_builder *b, stream_kind s)
{
    const shard_stream_options *o = &b->options->stream[s];
    shard_stream_columns *c = &b->stream[s];
    int deflate = b->options->deflate;
    use_stream_column(b, &c->ids, s, "ids", shard_id_type(o->vocab_size), 0, deflate);
    use_stream_column(b, &c->offsets, s, "offsets", H5_I64, 0, 0);
    if (o->reduced) use_stream_column(b, &c->durations, s, "durations", H5_U16, 0, deflate);
    if (shard_stream_has_grid(s)) use_stream_column(b, &c->grid, s, "grid", H5_I32, 2, 0);
    if (o->vectors) use_stream_column(b, &c->vectors, s, "vectors", H5_F16, o->width, 0);
    if (o->vectors) use_stream_column(b, &c->vector_offsets, s, "vector_offsets", H5_I64, 0, 0);
    if (shard_stream_has_media(s)) use_stream_column(b, &c->xxh3, s, "xxh3", H5_U64, 0, 0);
    if (shard_stream_has_seconds(s)) use_stream_column(b, &c->seconds, s, "seconds", H5_F64, 0, 0);
}

/* Each list of offsets begins with a zero. */
static int begin_pass(shard_builder *b)
{
    int rc = OK;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++)
        if (shard_text_layout((example_text)t) == TEXT_FLAT) TRY(shard_column_add(&b->text_offsets[t], &zero, 1));
    for (int s = 0; s < N_STREAMS; s++) {
        if (!b->options->stream[s].used) continue;
        TRY(shard_column_add(&b->stream[s].offsets, &zero, 1));
        if (b->options->stream[s].vectors) TRY(shard_column_add(&b->stream[s].vector_offsets, &zero, 1));
    }
    memset(&b->counts, 0, sizeof b->counts);
done:
    return rc;
}

int shard_builder_open(shard_builder *b, const shard_options *o)
{
    int rc = OK;
    memset(b, 0, sizeof *b);
    b->options = o;
    for (int s = 0; s < N_STREAMS; s++)
        if (o->stream[s].used && o->stream[s].vectors && o->stream[s].width < 1)
            FAIL(ERR_INTERNAL, "vectors of %s have no width", stream_name((stream_kind)s));
    use_texts(b);
    for (int s = 0; s < N_STREAMS; s++)
        if (o->stream[s].used) use_stream(b, (stream_kind)s);
    TRY(begin_pass(b));
done:
    return rc;
}

void shard_builder_free(shard_builder *b)
{
    for (int i = 0; i < b->n_columns; i++) shard_column_free(b->columns[i]);
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) string_table_free(&b->table[t]);
    b->n_columns = 0;
}

/* ---- between the passes ---- */

static int put_root(const shard_builder *b, h5_file *f)
{
    int rc = OK;
    TRY(h5_put_text(f, "/", "format", shard_format_name));
    TRY(h5_put_int(f, "/", "format_version", SHARD_FORMAT_VERSION));
    TRY(h5_put_int(f, "/", "n_examples", b->counts.examples));
    TRY(h5_put_text(f, "/", "config_sha256", b->options->config_sha256));
    TRY(h5_put_text(f, "/", "created_by", "tessera " TESSERA_VERSION));
done:
    return rc;
}

static int put_group(const shard_builder *b, h5_file *f, stream_kind s)
{
    int rc = OK;
    const shard_stream_options *o = &b->options->stream[s];
    char path[SHARD_PATH];
    snprintf(path, sizeof path, "/%s", stream_name(s));
    TRY(h5_group(f, path));
    TRY(h5_put_int(f, path, "n_ids", b->counts.ids[s]));
    TRY(h5_put_int(f, path, "vocab_size", o->vocab_size));
    TRY(h5_put_real(f, path, "rate_hz", o->rate_hz));
    TRY(h5_put_text(f, path, "encoder", o->encoder));
    TRY(h5_put_int(f, path, "layer", o->layer));
    TRY(h5_put_text(f, path, "codebook_sha256", o->codebook_sha256));
    TRY(h5_put_text(f, path, "weights_sha256", o->weights_sha256));
    TRY(h5_put_text(f, path, "precision", o->precision));
done:
    return rc;
}

static int put_tables(const shard_builder *b, h5_file *f)
{
    int rc = OK;
    char path[SHARD_PATH];
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        const string_table *s = &b->table[t];
        if (shard_text_layout((example_text)t) != TEXT_CODED) continue;
        shard_text_path((example_text)t, "_table", path);
        TRY(h5_put(f, path, H5_U8, (int64_t)s->n_bytes, s->bytes));
        shard_text_path((example_text)t, "_table_offsets", path);
        TRY(h5_put(f, path, H5_I64, (int64_t)s->n + 1, s->n ? s->offsets : &zero));
    }
done:
    return rc;
}

int shard_builder_create(shard_builder *b, h5_file *f)
{
    int rc = OK;
    TRY(put_root(b, f));
    TRY(h5_group(f, "/examples"));
    for (int s = 0; s < N_STREAMS; s++)
        if (b->options->stream[s].used) TRY(put_group(b, f, (stream_kind)s));
    TRY(put_tables(b, f));
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++)
        if (b->table[t].n > 65535) b->text[t].type = H5_U32;
    for (int s = 0; s < N_STREAMS; s++)
        if (b->stream[s].durations.max > 65535) b->stream[s].durations.type = H5_U32;
    for (int i = 0; i < b->n_columns; i++) TRY(shard_column_create(b->columns[i], f));
    TRY(begin_pass(b));
done:
    return rc;
}

int shard_builder_finish(shard_builder *b)
{
    int rc = OK;
    for (int i = 0; i < b->n_columns; i++) TRY(shard_column_finish(b->columns[i]));
done:
    return rc;
}

/* ---- examples ---- */

/* Checksums are made in the second pass; the first only counts. */
static void begin_sum(shard_builder *b, const example *e, int starts_group)
{
    if (!b->checksum.file) return;
    b->row_sum = EXAMPLE_SUM_START;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        if (shard_text_layout((example_text)t) == TEXT_ABSENT) continue;
        uint64_t chain = example_sum_u8(EXAMPLE_SUM_START, (const uint8_t *)e->text[t].bytes, e->text[t].n);
        example_sum_text(&b->row_sum, (int64_t)e->text[t].n, chain);
    }
    example_sum_row(&b->row_sum, e->order, e->row, starts_group);
}

static void end_stream_sum(shard_builder *b, stream_kind s, int64_t n_ids, int64_t n_vectors)
{
    const shard_stream_columns *c = &b->stream[s];
    const shard_stream_options *o = &b->options->stream[s];
    const stream_sum sum = {.reduced = o->reduced,
                            .vectors_kept = o->vectors,
                            .n_ids = n_ids,
                            .n_vectors = n_vectors,
                            .ids = c->row_ids_sum,
                            .durations = c->row_durations_sum,
                            .vectors = c->row_vectors_sum,
                            .grid = {c->row_grid[0], c->row_grid[1]},
                            .xxh3 = c->row_xxh3,
                            .seconds = c->row_seconds};
    if (b->checksum.file) example_sum_stream(&b->row_sum, s, &sum);
}

static int add_ids(shard_stream_columns *c, const uint32_t *ids, size_t n)
{
    if (c->ids.file) c->row_ids_sum = example_sum_u32(c->row_ids_sum, ids, n);
    return shard_column_add_ids(&c->ids, ids, n);
}

static int add_duration(shard_stream_columns *c, uint32_t duration)
{
    if (c->durations.file) c->row_durations_sum = example_sum_u32(c->row_durations_sum, &duration, 1);
    return shard_column_add_ids(&c->durations, &duration, 1);
}

static int add_vectors(shard_stream_columns *c, const example_stream *part)
{
    if (c->vectors.file)
        c->row_vectors_sum = example_sum_u16(c->row_vectors_sum, part->vectors, part->n_vectors * (size_t)part->width);
    return shard_column_add(&c->vectors, part->vectors, (int64_t)part->n_vectors);
}

int shard_builder_begin(shard_builder *b, const example *e, int starts_group)
{
    int rc = OK;
    const uint8_t starts = starts_group != 0;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        text_layout layout = shard_text_layout((example_text)t);
        uint32_t code;
        if (layout == TEXT_FLAT) {
            TRY(shard_column_add(&b->text[t], e->text[t].bytes, (int64_t)e->text[t].n));
            TRY(shard_column_add(&b->text_offsets[t], &b->text[t].n, 1));
        } else if (layout == TEXT_CODED) {
            TRY(string_table_code(&b->table[t], e->text[t].bytes, e->text[t].n, &code));
            TRY(shard_column_add_ids(&b->text[t], &code, 1));
        }
    }
    TRY(shard_column_add(&b->order, &e->order, 1));
    TRY(shard_column_add(&b->row, &e->row, 1));
    TRY(shard_column_add(&b->starts_group, &starts, 1));
    begin_sum(b, e, starts);
    for (int s = 0; s < N_STREAMS; s++) {
        shard_stream_columns *c = &b->stream[s];
        c->row_ids = c->ids.n;
        c->row_vectors = c->vectors.n;
        c->row_grid[0] = c->row_grid[1] = 0;
        c->row_xxh3 = 0;
        c->row_seconds = 0;
        c->row_ids_sum = c->row_durations_sum = c->row_vectors_sum = EXAMPLE_SUM_START;
    }
done:
    return rc;
}

static int check_stream(const shard_builder *b, stream_kind s, const example_stream *part)
{
    int rc = OK;
    const shard_stream_options *o = &b->options->stream[s];
    if (!o->used) FAIL(ERR_INTERNAL, "the shard has no stream %s", stream_name(s));
    if (part->n_durations != (o->reduced ? part->n_ids : 0))
        FAIL(ERR_INTERNAL, "%s: %zu durations for %zu ids", stream_name(s), part->n_durations, part->n_ids);
    if (part->n_vectors && (!o->vectors || part->width != o->width))
        FAIL(ERR_INTERNAL, "%s: vectors of width %lld", stream_name(s), (long long)part->width);
    for (size_t i = 0; i < part->n_ids; i++)
        if (part->ids[i] >= o->vocab_size)
            FAIL(ERR_INTERNAL, "%s: id %u of %lld", stream_name(s), part->ids[i], (long long)o->vocab_size);
    for (size_t i = 0; i < part->n_durations; i++)
        if (!part->durations[i]) FAIL(ERR_INTERNAL, "%s: a duration is zero", stream_name(s));
done:
    return rc;
}

static int end_run(shard_stream_columns *c)
{
    int rc = OK;
    if (c->run.duration) {
        TRY(add_ids(c, &c->run.id, 1));
        TRY(add_duration(c, c->run.duration));
    }
    c->run.duration = 0;
done:
    return rc;
}

/* Ids and durations go out in pairs, so that the order in which their chunks fill does not depend on the pieces. */
static int add_runs(shard_stream_columns *c, const example_stream *part)
{
    int rc = OK;
    for (size_t i = 0; i < part->n_ids; i++) {
        uint32_t more = part->durations[i];
        if (c->run.duration && c->run.id == part->ids[i] && c->run.duration <= UINT32_MAX - more) {
            c->run.duration += more;
            continue;
        }
        TRY(end_run(c));
        c->run = (shard_run){part->ids[i], more};
    }
done:
    return rc;
}

int shard_builder_stream(shard_builder *b, stream_kind s, const example_stream *part)
{
    int rc = OK;
    shard_stream_columns *c = &b->stream[s];
    TRY(check_stream(b, s, part));
    if (part->n_durations)
        TRY(add_runs(c, part));
    else
        TRY(add_ids(c, part->ids, part->n_ids));
    if (part->n_vectors) TRY(add_vectors(c, part));
    c->row_grid[0] = part->rows;
    c->row_grid[1] = part->columns;
    c->row_xxh3 = part->xxh3;
    c->row_seconds += part->seconds;
done:
    return rc;
}

static int end_stream(shard_builder *b, stream_kind s)
{
    int rc = OK;
    shard_stream_columns *c = &b->stream[s];
    TRY(end_run(c));
    int64_t n_ids = c->ids.n - c->row_ids, n_vectors = c->vectors.n - c->row_vectors;
    int64_t cells = (int64_t)c->row_grid[0] * c->row_grid[1];
    if (shard_stream_has_grid(s) && cells != (n_ids ? n_ids : n_vectors))
        FAIL(ERR_INTERNAL, "%s: %lld ids on a grid of %d x %d", stream_name(s), (long long)n_ids, c->row_grid[0],
             c->row_grid[1]);
    TRY(shard_column_add(&c->offsets, &c->ids.n, 1));
    if (shard_stream_has_grid(s)) TRY(shard_column_add(&c->grid, c->row_grid, 1));
    if (b->options->stream[s].vectors) TRY(shard_column_add(&c->vector_offsets, &c->vectors.n, 1));
    if (shard_stream_has_media(s)) TRY(shard_column_add(&c->xxh3, &c->row_xxh3, 1));
    if (shard_stream_has_seconds(s)) TRY(shard_column_add(&c->seconds, &c->row_seconds, 1));
    end_stream_sum(b, s, n_ids, n_vectors);
    b->counts.ids[s] += n_ids;
    b->counts.streams[s] += n_ids || n_vectors;
    if (shard_stream_has_seconds(s)) b->counts.seconds += c->row_seconds;
done:
    return rc;
}

int shard_builder_end(shard_builder *b)
{
    int rc = OK;
    for (int s = 0; s < N_STREAMS; s++)
        if (b->options->stream[s].used) TRY(end_stream(b, (stream_kind)s));
    TRY(shard_column_add(&b->checksum, &b->row_sum, 1));
    b->counts.examples++;
done:
    return rc;
}
