/* The codebooks: frozen, there already, or trained from the sample on all ranks. */
#include "jobs/stage_train.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/note.h"
#include "jobs/sample_set.h"
#include "work/stop.h"

#include <stdlib.h>
#include <string.h>

static int stop_flag(void *user)
{
    (void)user;
    return stop_asked();
}

typedef struct reporting {
    const char *name;
    int64_t most; /* iterations */
} reporting;

static void report(void *user, int64_t iteration, double inertia, double changed)
{
    const reporting *r = user;
    LOG_JOB(LOG_INFO, "train %s %.1f%% iteration %lld of at most %lld, inertia %.6g, changed %.4f %%", r->name,
            r->most > 0 ? 100 * (double)iteration / (double)r->most : 100.0, (long long)iteration, (long long)r->most,
            inertia, 100 * changed);
}

/* state/train/NAME.hash says for which settings a result is finished. */
static const char *note_name(const char *name, char note[64])
{
    snprintf(note, 64, "state/train/%.32s.hash", name);
    return note;
}

static int is_finished(const job *j, const char *name, uint64_t hash)
{
    char note[64];
    return note_is(j, note_name(name, note), hash);
}

/* The result, and whether it is there. */
static int is_trained(const job *j, const char *name, const char *result, uint64_t hash)
{
    char *path = NULL;
    int there = is_finished(j, name, hash) && job_path(j, &path, "%s", result) == OK && file_exists(path);
    mem_free(&path);
    return there;
}

static int note_finished(const job *j, const char *name, uint64_t hash, int unread)
{
    char note[64];
    return note_hash(j, note_name(name, note), hash, unread ? "unread" : "", "trained");
}

int stage_forget_trained(const job *j, const char *name)
{
    int rc = OK;
    char *path = NULL, note[64];
    TRY(job_path(j, &path, "%s", note_name(name, note)));
    TRY(file_remove(path));
done:
    mem_free(&path);
    return rc;
}

int stage_trained_unread(const job *j, const char *name)
{
    char *path = NULL, note[64];
    uint8_t *bytes = NULL;
    size_t n;
    int unread = job_path(j, &path, "%s", note_name(name, note)) == OK && file_read(path, 64, &bytes, &n) == OK &&
                 strstr((char *)bytes, "unread");
    mem_free(&path);
    mem_free(&bytes);
    return unread;
}

/* The folder of checkpoints, emptied when it belongs to other settings. Rank 0. */
static int prepare_checkpoints(const job *j, const char *name, uint64_t hash, char **folder)
{
    int rc = OK;
    char started[64];
    TRY(job_path(j, folder, "state/train/%s", name));
    if (j->p.rank != 0) goto done;
    snprintf(started, sizeof started, "%s-started", name);
    if (!is_finished(j, started, hash)) {
        TRY(file_remove_tree(*folder));
        TRY(file_make_folder(*folder));
        TRY(note_finished(j, started, hash, 0));
    }
done:
    return rc;
}

/* All ranks stopped together; those who were asked say why. Collective. */
static int say_why_stopped(par *p, int status)
{
    if (status != ERR_STOPPED) return status;
    int rc = par_agree(p, stop_asked() ? status_set(ERR_STOPPED, __FILE__, __LINE__, "%s", stop_reason()) : OK);
    return rc == OK ? status : rc;
}

static int check_sample(const kmeans_data *data, const char *name)
{
    int rc = OK;
    if (!data->n_global) FAIL(ERR_REJECTS, "no row of the %s training sample could be used; see the rank logs", name);
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
    TRY(say_why_stopped(&j->p, pca_fit(&j->p, &data, n, stop_flag, NULL, mean, components, variances)));
    rc = projection_from_pca(&s->image_map, mean, components, n, data.d);
    if (rc == OK && j->p.rank == 0) {
        rc = stage_forget_trained(j, "projection");
        if (rc == OK) rc = job_path(j, &path, "state/projection.bin");
        if (rc == OK) rc = projection_save(s->image_map, path);
        if (rc == OK) rc = note_finished(j, "projection", t->pca_hash, stage_sample_unread(j, "image", t->image_hash));
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
    if (s->image_map && !sound) projection_hash(s->image_map, map);
    TRY(mem_string(&book->name, name));
    TRY(mem_string(&book->encoder, sound ? audio_encoder_name(&j->audio) : "patches"));
    book->layer = -1;
    TRY(sound ? audio_feature_text(&j->audio, &book->feature) : image_feature_text(&j->image, map, &book->feature));
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
    char *folder = NULL, *books = NULL;
    codebook book = {0};
    reporting shown = {name, j->train.iterations};
    TRY(par_agree(&j->p, prepare_checkpoints(j, name, book_hash, &folder)));
    TRY(sample_set_open(&set, s, name, sample_hash, strcmp(name, "image") ? NULL : s->image_map, &data));
    TRY(check_sample(&data, name));
    kmeans_options k = {.size = o->size,
                        .seed = o->seed,
                        .max_iterations = j->train.iterations,
                        .tolerance = j->train.tolerance,
                        .seed_vectors = j->train.seed_vectors,
                        .held_out = j->train.held_out};
    LOG_JOB(LOG_INFO, "train %s: %lld vectors of %lld values, %lld codes", name, (long long)data.n_global,
            (long long)data.d, (long long)o->size);
    TRY(say_why_stopped(&j->p, kmeans_fit(&j->p, &data, &k, folder, stop_flag, report, &shown, &book)));
    rc = describe_book(s, name, &book);
    if (rc == OK && j->p.rank == 0) {
        rc = stage_forget_trained(j, name);
        if (rc == OK) rc = job_path(j, &books, "codebooks");
        if (rc == OK) rc = file_make_folder(books);
        if (rc == OK) rc = codebook_save(&book, books);
        if (rc == OK) rc = note_finished(j, name, book_hash, stage_sample_unread(j, name, sample_hash));
    }
    TRY(par_agree(&j->p, rc));
    LOG_JOB(LOG_INFO, "train %s: %s after %lld iterations, %lld of %lld codes used, perplexity %.1f", name,
            book.quality.stop, (long long)book.quality.iterations, (long long)book.quality.codes_used,
            (long long)book.k, book.quality.perplexity);
    *out = book;
    book = (codebook){0};
done:
    codebook_free(&book);
    sample_set_close(&set);
    mem_free(&folder);
    mem_free(&books);
    return rc;
}

/* `projection`: of a given matrix, which the codebook depends on; "" else. */
static int hash_training(training *t, const char *projection)
{
    int rc = OK;
    const job *j = t->s->j;
    const char *index = corpus_index_hash(t->s->index);
    char units[64], *image = NULL;
    uint64_t table;
    TRY(settings_hash(j, SCOPE_TOKENS, "", index, &table));
    snprintf(units, sizeof units, "%016llx", (unsigned long long)table);
    TRY(mem_format(&image, "%s %s", index, projection));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "audio.", index, &t->audio_book_hash));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "image.", image, &t->image_book_hash));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "audio.", units, &t->audio_hash));
    TRY(settings_hash(j, SCOPE_CODEBOOK, "image.", units, &t->image_hash));
    t->pca_hash = t->image_book_hash;
done:
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
        flags[0] = sound && j->audio.keep != KEEP_VECTORS && !*j->audio.codebook.path &&
                   !is_trained(j, "audio", "codebooks/audio.h5", t->audio_book_hash);
        flags[1] = pictures && j->image.keep != KEEP_VECTORS && !*j->image.codebook.path &&
                   !is_trained(j, "image", "codebooks/image.h5", t->image_book_hash);
        flags[2] = pictures && components > 0 && !is_trained(j, "projection", "state/projection.bin", t->pca_hash);
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
