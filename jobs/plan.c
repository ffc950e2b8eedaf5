/* What a job would do and make, from the index; an index that is not there is made in a temporary folder and removed.
 */
#include "core/picture.h"
#include "core/sound.h"
#include "jobs/sample_again.h"
#include "jobs/shard_work.h"
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "work/stop.h"

#include <stdlib.h>
#include <string.h>

static const double PROGRAM = 16e6; /* bytes: MPI, HDF5, BLAS and what they keep */

typedef struct estimate {
    double audio_tokens, image_tokens, sensor_tokens, text_tokens, bytes;
} estimate;

static void estimate_output(const stages *s, const corpus_totals *t, estimate *e)
{
    const job *j = s->j;
    const core_models *m = &j->models.core;
    int64_t rows, columns, d = audio_vector_width(&j->audio, &m->audio);
    image_grid(&j->image, &m->image, &rows, &columns);
    *e = (estimate){.text_tokens = (double)t->text_bytes};
    if (j->audio.use) e->audio_tokens = t->audio_seconds * audio_frame_hz(&m->audio);
    if (core_model_has_codes(&m->audio)) e->audio_tokens *= (double)d;
    if (j->image.use) e->image_tokens = (double)t->image_rows * (double)(rows * columns);
    if (j->sensor.use) e->sensor_tokens = sensor_vectors_of(&j->sensor, t);
    e->bytes = 2 * (e->audio_tokens + e->image_tokens + e->sensor_tokens) + 2 * e->text_tokens + 128 * (double)t->rows;
    if (j->audio.keep != KEEP_TOKENS) e->bytes += e->audio_tokens * 2 * (double)d;
    if (j->image.keep != KEEP_TOKENS)
        e->bytes += e->image_tokens * 2 * (double)image_vector_width(&j->image, &m->image);
    if (j->sensor.keep != KEEP_TOKENS)
        e->bytes += e->sensor_tokens * 2 * (double)(j->sensor.channels * j->sensor.frame);
}

static double largest_picture(const stages *s)
{
    double most = 0;
    corpus_row row;
    for (int64_t i = 0; i < corpus_index_rows(s->index); i++) {
        corpus_index_passed(s->index, i);
        if (corpus_index_row(s->index, i, &row) == OK && (double)row.image_width * (double)row.image_height > most)
            most = (double)row.image_width * (double)row.image_height;
    }
    return most;
}

/* The largest recording: as many values as fit, which may be twice in memory while it is brought to another rate. */
static double largest_recording(const stages *s)
{
    double most = 0, limit = 4 * (double)s->j->sensor.max_values;
    corpus_row row;
    for (int64_t i = 0; i < corpus_index_rows(s->index); i++)
        if (corpus_index_row(s->index, i, &row) == OK && (double)row.media[MEDIA_SENSOR].size > most)
            most = (double)row.media[MEDIA_SENSOR].size;
    return 2 * (most < limit ? most : limit);
}

/* Private memory of a rank: the program, read-ahead (of no more than there is), one window of sound with its features
 * or an encoder's batch, one picture at the limit of pixels that this corpus needs, one recording of sensors,
 * codebooks, and features that training computes again. */
static double estimate_memory(const stages *s)
{
    const job *j = s->j;
    const core_models *m = &j->models.core;
    double window = j->audio.window_s * CORE_RATE_HZ * 8 + j->audio.window_s * 100 * 257 * 4;
    double books = 0, picture = j->image.use ? 6 * largest_picture(s) : 0;
    if (m->audio.encoder) window = sound_bytes(&j->audio, &m->audio);
    if (m->image.encoder) picture += picture_bytes(&m->image);
    if (coded_is_there(j, corpus_index_totals(s->index), MEDIA_SENSOR))
        books += largest_recording(s) + (double)(j->sensor.codebook.size * j->sensor.channels * j->sensor.frame) * 8;
    if (j->audio.use && coded_stream_of(j, MEDIA_AUDIO).wants_book)
        books += (double)j->audio.codebook.size * (double)audio_vector_width(&j->audio, &m->audio) * 8;
    if (j->image.use) books += (double)(j->image.codebook.size * image_vector_width(&j->image, &m->image)) * 8;
    double again = j->train.recompute ? SAMPLE_AGAIN_BYTES : 0;
    double media = (double)corpus_index_totals(s->index)->media_bytes, ahead = (double)j->run.prefetch_bytes;
    return PROGRAM + (ahead < media ? ahead : media) + window + books + picture + again;
}

/* Rows that a rule leaves out, as far as the index tells. */
typedef struct rule_count {
    const char *rule;
    int64_t n;
} rule_count;

static void print_filtered(const stages *s)
{
    row_filter filter = job_filter(s->j);
    filter_hit hit;
    corpus_row row;
    rule_count counts[32] = {{0}};
    if (!row_filter_lists(&filter)) return;
    for (int64_t i = 0; i < corpus_index_rows(s->index); i++) {
        corpus_index_passed(s->index, i);
        if (corpus_index_row(s->index, i, &row) != OK || !row_filter_listed(&filter, &row, &hit)) continue;
        rule_count *c = counts;
        while (c->rule && strcmp(c->rule, hit.rule)) c++;
        *c = (rule_count){hit.rule, c->n + 1};
    }
    for (const rule_count *c = counts; c->rule; c++) printf("filtered       %lld by %s\n", (long long)c->n, c->rule);
}

static void print_plan(const stages *s, const corpus_totals *t)
{
    const job *j = s->j;
    estimate e;
    estimate_output(s, t, &e);
    printf("corpus         %s\n", j->corpus.path);
    printf("rows           %lld (%lld rejected by the index)\n", (long long)t->rows, (long long)t->rejected);
    print_filtered(s);
    printf("sound          %lld rows, %.2f hours\n", (long long)t->audio_rows, t->audio_seconds / 3600);
    printf("pictures       %lld, %.1f megapixels\n", (long long)t->image_rows, (double)t->pixels * 1e-6);
    if (t->sensor_rows) printf("sensors        %lld recordings\n", (long long)t->sensor_rows);
    printf("texts          %lld, %lld bytes\n", (long long)t->text_rows, (long long)t->text_bytes);
    printf("media          %.1f MB\n", (double)t->media_bytes * 1e-6);
    printf("tokens         about %.0f of sound, %.0f of pictures, %.0f of text", e.audio_tokens, e.image_tokens,
           e.text_tokens);
    if (t->sensor_rows) printf(", %.0f of sensors", e.sensor_tokens);
    printf("\n");
    printf("units          %lld\n", (long long)unit_table_units(s->units));
    printf("shards         %lld, about %.1f MB in all\n", (long long)unit_table_shards(s->units), e.bytes * 1e-6);
    printf("memory         about %.0f MB per rank", estimate_memory(s) * 1e-6);
    if (models_bytes(j)) printf(", and %.0f MB per node for the weights of encoders", (double)models_bytes(j) * 1e-6);
    printf("\n");
    printf("codebooks     ");
    for (int k = 0; k < N_MEDIA; k++) {
        coded_stream c = coded_stream_of(j, k);
        if (k == MEDIA_SENSOR && !t->sensor_rows) continue;
        printf("%s %s %s", k ? "," : "", c.name,
               *c.codebook->path ? c.codebook->path
               : !c.use          ? "none"
               : !c.wants_book   ? "none needed"
                                 : "trained");
    }
    printf("\n");
    printf("output         %s\n", j->out);
}

/* Rank 0 names a folder of its own in TMPDIR for the index and units; nothing is written to the output. */
static int make_temporary(job *j, char **folder)
{
    int rc = OK;
    size_t n = 0;
    const char *base = getenv("TMPDIR");
    *folder = NULL;
    if (j->p.rank == 0) {
        rc = mem_format(folder, "%s/tessera-plan-XXXXXX", base && *base ? base : "/tmp");
        if (rc == OK && !mkdtemp(*folder))
            rc = status_set(ERR_IO, __FILE__, __LINE__, "cannot make a folder in %s", base && *base ? base : "/tmp");
        if (rc == OK) n = strlen(*folder);
    }
    TRY(par_agree(&j->p, rc));
    TRY(par_share(&j->p, folder, &n));
done:
    return rc;
}

int verb_plan(job *j)
{
    int rc = OK;
    stages s = {.j = j};
    corpus_totals totals = {0};
    char *folder = NULL, *kept = j->out, *state = NULL;
    if (j->p.size > 1 && j->p.n_nodes > 1)
        FAIL(ERR_USAGE, "plan works on one node: its index lies in a temporary folder of that node");
    TRY(make_temporary(j, &folder));
    j->out = folder;
    if (j->p.rank == 0) {
        rc = settings_make(j, &s.settings);
        if (rc == OK) rc = job_path(j, &state, "state");
        if (rc == OK) rc = file_make_folder(state);
    }
    rc = par_agree(&j->p, rc);
    if (rc == OK) rc = stage_index(&s);
    if (rc == OK) rc = stage_units(&s);
    j->out = kept;
    row_filter filter = job_filter(j);
    if (rc == OK && j->p.rank == 0) rc = row_filter_totals(&filter, s.index, &totals); /* of what is left */
    rc = par_agree(&j->p, rc);
    if (rc == OK && j->p.rank == 0) print_plan(&s, &totals);
    unit_table_close(&s.units);
    corpus_index_close(&s.index);
    settings_free(&s.settings);
    par_barrier(&j->p);
    if (j->p.rank == 0 && file_remove_tree(folder) != OK) LOG_JOB(LOG_WARN, "%s", status_message());
done:
    mem_free(&state);
    mem_free(&folder);
    return rc;
}
