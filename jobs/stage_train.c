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
    TRY(sample_set_open(&set, s, "image", t->image_hash, NULL, &data));
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
        if (rc == OK) rc = fit_note(j, "projection", t->pca_hash, stage_sample_unread(j, "image", t->image_hash));
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

static int describe_book(const stages *s, const char *name, codebook *book)
{
    int rc = OK;
    const job *j = s->j;
    char map[33] = "";
    int sound = !strcmp(name, "audio");
    const core_model *audio = &j->models.core.audio, *image = &j->models.core.image;
    if (s->image_map && !sound) projection_hash(s->image_map, map);
    TRY(mem_string(&book->name, name));
    TRY(mem_string(&book->encoder, sound ? audio_encoder_name(&j->audio, audio) : image_encoder_name(image)));
    book->layer = core_model_layer(sound ? audio : image);
    TRY(sound ? audio_feature_text(&j->audio, audio, &book->feature)
              : image_feature_text(&j->image, image, map, &book->feature));
    TRY(codebook_hash(book));
done:
    return rc;
}

static int train_book(training *t, const char *name, const codebook_options *o, uint64_t sample_hash,
                      uint64_t book_hash, codebook *out)
{
    int rc = OK;
    stages *s = t->s;
    job *j = s->j;
    sample_set *set = NULL;
    kmeans_data data;
    codebook book = {0};
    TRY(sample_set_open(&set, s, name, sample_hash, strcmp(name, "image") ? NULL : s->image_map, &data));
    TRY(check_sample(&data, name));
    kmeans_options k = fit_options(j, o->size, o->seed);
    TRY(fit_run(j, name, book_hash, &data, &k, &book));
    rc = describe_book(s, name, &book);
    if (rc == OK && j->p.rank == 0) rc = fit_commit(j, book_hash, stage_sample_unread(j, name, sample_hash), &book);
    TRY(par_agree(&j->p, rc));
    TRY(fit_report(&j->p, &book));
    *out = book;
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
    char units[64], *audio = NULL, *image = NULL;
    uint64_t table;
    TRY(stage_units_hash(t->s, &table));
    snprintf(units, sizeof units, "%016llx", (unsigned long long)table);
    TRY(audio_source(j, index, &audio));
    TRY(image_source(j, index, projection, &image));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "audio.", audio, &t->audio_book_hash));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "image.", image, &t->image_book_hash));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "audio.", units, &t->audio_hash));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "image.", units, &t->image_hash));
    t->pca_hash = t->image_book_hash;
done:
    mem_free(&audio);
    mem_free(&image);
    return rc;
}

/* What is to be done, the same on all ranks. Collective. */
static int plan(training *t)
{
    int rc = OK;
    stages *s = t->s;
    job *j = s->j;
    int64_t components, flags[3] = {0};
    const corpus_totals *totals = corpus_index_totals(s->index);
    par_broadcast(&j->p, s->settings.projection, sizeof s->settings.projection);
    TRY(image_pca_components(&j->image, &components)); /* the same on all ranks */
    TRY(par_agree(&j->p, hash_training(t, s->settings.projection)));
    int sound = j->audio.use && totals->audio_rows > 0, pictures = j->image.use && totals->image_rows > 0;
    if (j->p.rank == 0) {
        flags[0] = sound && stage_wants_audio_book(j) && !*j->audio.codebook.path &&
                   !fit_is_current(j, "audio", "codebooks/audio.h5", t->audio_book_hash);
        flags[1] = pictures && j->image.keep != KEEP_VECTORS && !*j->image.codebook.path &&
                   !fit_is_current(j, "image", "codebooks/image.h5", t->image_book_hash);
        flags[2] = pictures && components > 0 && !fit_is_current(j, "projection", "state/projection.bin", t->pca_hash);
    }
    par_broadcast(&j->p, flags, sizeof flags);
    t->train_audio = (int)flags[0];
    t->train_image = (int)flags[1];
    t->train_pca = (int)flags[2];
    t->sample_image = t->train_image || t->train_pca;
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
    if (t.train_audio || t.sample_image) TRY(stage_sample(&t));
    if (t.train_pca) TRY(train_pca(&t));
    TRY(par_agree(&j->p, stage_load_projection(s)));
    if (t.train_audio)
        TRY(train_book(&t, "audio", &j->audio.codebook, t.audio_hash, t.audio_book_hash, &s->audio_book));
    if (t.train_image)
        TRY(train_book(&t, "image", &j->image.codebook, t.image_hash, t.image_book_hash, &s->image_book));
    TRY(par_agree(&j->p, stage_load_models(s)));
done:
    mem_free(&path);
    return rc;
}
