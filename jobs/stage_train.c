/* The codebooks: frozen, there already, or trained from the sample on all ranks. */
#include "jobs/stage_train.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/codebook_fit.h"
#include "jobs/sample_set.h"

#include <stdlib.h>
#include <string.h>

static int check_sample(const kmeans_data *data, const char *name)
{
    int rc = OK;
    if (!data->n_global)
        FAIL(ERR_REJECTS, "no row of the %s training sample could be used, or filters leave none; see the rank logs",
             name);
done:
    return rc;
}

static int train_pca(training *t)
{
    int rc = OK;
    stages *s = t->s;
    job *j = s->j;
    sample_set *set = NULL;
    kmeans_data data;
    double *mean = NULL, *variances = NULL;
    float *components = NULL;
    char *path = NULL;
    int64_t n;
    TRY(image_pca_components(&j->image, &n));
    TRY(sample_set_open(&set, s, MEDIA_IMAGE, t->hash[MEDIA_IMAGE], NULL, &data));
    TRY(check_sample(&data, "image"));
    rc = MEM_ALLOC(mean, (size_t)data.d);
    if (rc == OK) rc = MEM_ALLOC(variances, (size_t)n);
    if (rc == OK) rc = MEM_ALLOC(components, (size_t)(n * data.d));
    TRY(par_agree(&j->p, rc));
    LOG_JOB(LOG_INFO, "train: %lld principal components of %lld vectors of %lld values", (long long)n,
            (long long)data.n_global, (long long)data.d);
    TRY(fit_say_why_stopped(&j->p, pca_fit(&j->p, &data, n, fit_stop_flag, NULL, mean, components, variances)));
    rc = projection_from_pca(&s->image_map, mean, components, n, data.d);
    if (rc == OK && j->p.rank == 0) {
        rc = fit_forget(j, "projection");
        if (rc == OK) rc = job_path(j, &path, "state/projection.bin");
        if (rc == OK) rc = projection_save(s->image_map, path);
        if (rc == OK)
            rc = fit_note(j, "projection", t->book_hash[MEDIA_IMAGE],
                          stage_sample_unread(j, "image", t->hash[MEDIA_IMAGE]));
    }
    TRY(par_agree(&j->p, rc));
done:
    sample_set_close(&set);
    mem_free(&mean);
    mem_free(&variances);
    mem_free(&components);
    mem_free(&path);
    return rc;
}

/* What normalised the sample belongs to the codebook. */
static int keep_moments(const stages *s, codebook *book)
{
    int rc = OK;
    size_t n = (size_t)s->j->sensor.channels;
    TRY(MEM_ALLOC(book->channel_mean, n));
    TRY(MEM_ALLOC(book->channel_deviation, n));
    memcpy(book->channel_mean, s->moments, n * sizeof *s->moments);
    memcpy(book->channel_deviation, s->moments + n, n * sizeof *s->moments);
    book->n_channels = (int64_t)n;
done:
    return rc;
}

static int describe_book(const stages *s, media_kind kind, codebook *book)
{
    int rc = OK;
    coded_stream c = coded_stream_of(s->j, kind);
    TRY(mem_string(&book->name, c.name));
    TRY(mem_string(&book->encoder, c.encoder));
    book->layer = core_model_layer(c.model);
    TRY(coded_feature_text(s->j, kind, s->image_map, &book->feature));
    if (kind == MEDIA_SENSOR && s->moments) TRY(keep_moments(s, book));
    TRY(codebook_hash(book));
done:
    return rc;
}

static int is_unread(const training *t, media_kind kind)
{
    const job *j = t->s->j;
    return stage_sample_unread(j, stream_name(core_stream(kind)), t->hash[kind]) ||
           (kind == MEDIA_SENSOR && t->measure && stage_sample_unread(j, measured_name, t->measured_hash));
}

static int train_book(training *t, media_kind kind)
{
    int rc = OK;
    stages *s = t->s;
    job *j = s->j;
    coded_stream c = coded_stream_of(j, kind);
    sample_set *set = NULL;
    kmeans_data data;
    codebook book = {0};
    TRY(sample_set_open(&set, s, kind, t->hash[kind], kind == MEDIA_IMAGE ? s->image_map : NULL, &data));
    TRY(check_sample(&data, c.name));
    kmeans_options k = fit_options(j, c.codebook->size, c.codebook->seed);
    TRY(fit_run(j, c.name, t->book_hash[kind], &data, &k, &book));
    rc = describe_book(s, kind, &book);
    if (rc == OK && j->p.rank == 0) rc = fit_commit(j, t->book_hash[kind], is_unread(t, kind), &book);
    TRY(par_agree(&j->p, rc));
    TRY(fit_report(&j->p, &book));
    s->book[kind] = book;
    book = (codebook){0};
done:
    codebook_free(&book);
    sample_set_close(&set);
    return rc;
}

/* Where the vectors of a codebook come from, beside its keys. An encoder's depend on the windows too. */
static int audio_source(const job *j, const char *index, char **text)
{
    int rc = OK;
    char *model = NULL;
    const core_model *m = &j->models.core.audio;
    if (!m->encoder) return mem_string(text, index);
    TRY(core_model_text(m, &model));
    TRY(mem_format(text, "%s %s window=%lld", index, model, (long long)audio_window_frames(&j->audio, m)));
done:
    mem_free(&model);
    return rc;
}

static int image_source(const job *j, const char *index, const char *projection, char **text)
{
    int rc = OK;
    char *model = NULL;
    TRY(core_model_text(&j->models.core.image, &model));
    TRY(mem_format(text, "%s %s%s", index, projection, j->models.core.image.encoder ? model : ""));
done:
    mem_free(&model);
    return rc;
}

/* `projection`: of a given matrix, which the codebook depends on; "" else. */
static int hash_training(training *t, const char *projection)
{
    int rc = OK;
    const job *j = t->s->j;
    const char *index = corpus_index_hash(t->s->index);
    char units[64], prefix[16], *source = NULL;
    uint64_t table;
    TRY(stage_units_hash(t->s, &table));
    snprintf(units, sizeof units, "%016llx", (unsigned long long)table);
    for (int k = 0; k < N_MEDIA; k++) {
        snprintf(prefix, sizeof prefix, "%s.", stream_name(core_stream(k)));
        mem_free(&source);
        TRY(k == MEDIA_AUDIO   ? audio_source(j, index, &source)
            : k == MEDIA_IMAGE ? image_source(j, index, projection, &source)
                               : mem_string(&source, index));
        TRY(settings_hash(j, SCOPE_CODEBOOK, prefix, source, &t->book_hash[k]));
        TRY(settings_hash(j, SCOPE_CODEBOOK, prefix, units, &t->hash[k]));
    }
    t->measured_hash = t->hash[MEDIA_SENSOR];
done:
    mem_free(&source);
    return rc;
}

/* What is to be done, the same on all ranks. Collective. */
static int plan(training *t)
{
    int rc = OK;
    stages *s = t->s;
    job *j = s->j;
    int64_t components, flags[N_MEDIA + 1] = {0};
    char book[64];
    const corpus_totals *totals = corpus_index_totals(s->index);
    par_broadcast(&j->p, s->settings.projection, sizeof s->settings.projection);
    TRY(image_pca_components(&j->image, &components)); /* the same on all ranks */
    TRY(par_agree(&j->p, hash_training(t, s->settings.projection)));
    for (int k = 0; k < N_MEDIA && j->p.rank == 0; k++) {
        coded_stream c = coded_stream_of(j, k);
        snprintf(book, sizeof book, "codebooks/%s.h5", c.name);
        flags[k] = coded_is_there(j, totals, k) && c.wants_book && !*c.codebook->path &&
                   !fit_is_current(j, c.name, book, t->book_hash[k]);
    }
    if (j->p.rank == 0)
        flags[N_MEDIA] = coded_is_there(j, totals, MEDIA_IMAGE) && components > 0 &&
                         !fit_is_current(j, "projection", "state/projection.bin", t->book_hash[MEDIA_IMAGE]);
    par_broadcast(&j->p, flags, sizeof flags);
    t->train_pca = (int)flags[N_MEDIA];
    for (int k = 0; k < N_MEDIA; k++) {
        t->train[k] = (int)flags[k];
        t->sample[k] = t->train[k] || (k == MEDIA_IMAGE && t->train_pca);
    }
    t->measure = t->train[MEDIA_SENSOR] && j->sensor.normalize == SENSOR_NORMALIZE_SAMPLE;
done:
    return rc;
}

/* Too many rejects in the index: say so before hours of training. */
static int check_index_rejects(const stages *s)
{
    int rc = OK;
    const corpus_totals *t = corpus_index_totals(s->index);
    if ((double)t->rejected > s->j->run.max_reject_rate * (double)t->rows)
        FAIL(ERR_REJECTS, "%lld of %lld rows are rejected by the index, more than run.max_reject_rate (%g)",
             (long long)t->rejected, (long long)t->rows, s->j->run.max_reject_rate);
done:
    return rc;
}

int stage_codebooks(stages *s)
{
    int rc = OK;
    job *j = s->j;
    training t = {.s = s};
    char *path = NULL;
    if (s->repack) return OK;
    TRY(check_index_rejects(s));
    TRY(plan(&t));
    if (j->p.rank == 0) {
        rc = job_path(j, &path, "state/train");
        if (rc == OK) rc = file_make_folder(path);
    }
    TRY(par_agree(&j->p, rc));
    TRY(models_load(j));
    if (t.measure) TRY(stage_measure(&t));
    if (t.sample[MEDIA_AUDIO] || t.sample[MEDIA_IMAGE] || t.sample[MEDIA_SENSOR]) TRY(stage_sample(&t, 0));
    if (t.train_pca) TRY(train_pca(&t));
    TRY(par_agree(&j->p, stage_load_projection(s)));
    for (int k = 0; k < N_MEDIA; k++)
        if (t.train[k]) TRY(train_book(&t, k));
    TRY(par_agree(&j->p, stage_load_models(s)));
done:
    mem_free(&path);
    return rc;
}
