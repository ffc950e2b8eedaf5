/* The models that tokenizing needs, and what follows from them. */
#include "jobs/stages.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/codebook_fit.h"

#include <stdio.h>
#include <string.h>

int stage_load_projection(stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *path = NULL;
    int64_t components;
    if (s->image_map || !j->image.use || !*j->image.projection) goto done;
    TRY(image_pca_components(&j->image, &components));
    if (!components) {
        TRY(projection_load(&s->image_map, j->image.projection,
                            (j->image.grey ? 1 : 3) * j->image.patch * j->image.patch));
    } else if (corpus_index_totals(s->index)->image_rows > 0) {
        TRY(job_path(j, &path, "state/projection.bin"));
        TRY(projection_read(&s->image_map, path));
    }
done:
    mem_free(&path);
    return rc;
}

/* A frozen codebook must come from the same features. One without a description (.npy) is taken at its word. */
static int check_frozen(const char *path, const char *feature, const codebook *book)
{
    int rc = OK;
    if (*book->feature && strcmp(book->feature, feature))
        FAIL(ERR_CONFIG, "codebook %s was trained on other features: \"%s\", the config has \"%s\"", path,
             book->feature, feature);
    if (book->metric == KMEANS_COSINE)
        FAIL(ERR_CONFIG, "codebook %s compares by cosine; tokens are made with the metrics l2 and inner", path);
done:
    return rc;
}

static int load_frozen(stages *s, const char *name, const char *path, char *feature, codebook *out)
{
    int rc = OK;
    char *folder = NULL;
    if (codebook_load(path, out) != OK) FAIL(ERR_CONFIG, "codebook %s: %s", path, status_message());
    TRY(check_frozen(path, feature, out));
    mem_free(&out->name);
    TRY(mem_string(&out->name, name));
    if (s->j->p.rank == 0) {
        TRY(fit_forget(s->j, name)); /* its place is taken */
        TRY(job_path(s->j, &folder, "codebooks"));
        TRY(file_make_folder(folder));
        TRY(codebook_save(out, folder));
    }
done:
    mem_free(&folder);
    return rc;
}

static int load_book(stages *s, const char *name, const char *frozen, char *feature, codebook *out)
{
    int rc = OK;
    char *path = NULL;
    if (out->k) goto done; /* just trained */
    if (*frozen) {
        TRY(load_frozen(s, name, frozen, feature, out));
    } else {
        TRY(job_path(s->j, &path, "codebooks/%s.h5", name));
        TRY(codebook_load(path, out));
    }
done:
    mem_free(&path);
    return rc;
}

/* Only a codebook that was trained here, or elsewhere by this program, can normalise what comes from a sensor. */
static int check_channels(const job *j, const codebook *book)
{
    int rc = OK;
    if (j->sensor.normalize == SENSOR_NORMALIZE_SAMPLE && book->n_channels != j->sensor.channels)
        FAIL(ERR_CONFIG,
             "the sensor codebook has mean and deviation of %lld channels; sensor.normalize: sample needs one that was "
             "trained with it, of %lld channels (sensor.channels)",
             (long long)book->n_channels, (long long)j->sensor.channels);
done:
    return rc;
}

static int load_books(stages *s)
{
    int rc = OK;
    const job *j = s->j;
    char *feature = NULL;
    for (int k = 0; k < N_MEDIA; k++) {
        coded_stream c = coded_stream_of(j, k);
        mem_free(&feature);
        if (!coded_is_there(j, corpus_index_totals(s->index), k) || !c.wants_book) continue;
        TRY(coded_feature_text(j, k, s->image_map, &feature));
        TRY(load_book(s, c.name, c.codebook->path, feature, &s->book[k]));
        if (k == MEDIA_SENSOR) TRY(check_channels(j, &s->book[k]));
    }
done:
    mem_free(&feature);
    return rc;
}

static void stream_options(const coded_stream *c, const codebook *book, int64_t width, shard_stream_options *o)
{
    o->used = 1;
    o->vectors = c->keep != KEEP_TOKENS;
    o->width = o->vectors ? width : 0;
    o->layer = core_model_layer(c->model);
    o->rate_hz = c->frame_hz;
    o->reduced = c->reduce;
    o->vocab_size = core_model_has_codes(c->model) ? encoder_codes(c->model->encoder) : book->k;
    if (c->model->encoder)
        snprintf(o->weights_sha256, sizeof o->weights_sha256, "%s", encoder_sha256(c->model->encoder));
    snprintf(o->encoder, sizeof o->encoder, "%s", c->encoder);
    snprintf(o->precision, sizeof o->precision, "%s", c->precision);
    snprintf(o->codebook_sha256, sizeof o->codebook_sha256, "%s", book->sha256);
}

/* Of the keys that the tokens depend on: those of sequences may change without a new shard. */
static int hash_config(const job *j, char hex[SHA256_HEX])
{
    int rc = OK;
    sha256 *sum = NULL;
    char *text = NULL;
    TRY(sha256_create(&sum));
    for (int scope = SCOPE_INDEX; scope <= SCOPE_TOKENS; scope++) {
        mem_free(&text);
        TRY(config_scope_text(j->config, scope, &text));
        sha256_add(sum, text, strlen(text));
    }
    sha256_hex(sum, hex);
done:
    sha256_free(&sum);
    mem_free(&text);
    return rc;
}

static int fill_shard_options(stages *s)
{
    int rc = OK;
    job *j = s->j;
    const corpus_totals *t = corpus_index_totals(s->index);
    const text_tokenizer *text = j->models.text;
    shard_options *o = &s->shard;
    *o = (shard_options){.deflate = j->output.compress ? (int)j->output.compress_level : 0,
                         .tokens_hash = s->tokens_hash};
    TRY(hash_config(j, o->config_sha256));
    if (t->text_rows > 0) {
        o->stream[STREAM_TEXT] =
            (shard_stream_options){.used = 1, .vocab_size = text_tokenizer_size(text), .layer = -1};
        snprintf(o->stream[STREAM_TEXT].encoder, sizeof o->stream[STREAM_TEXT].encoder, "%s",
                 text_tokenizer_name(text));
        snprintf(o->stream[STREAM_TEXT].weights_sha256, sizeof o->stream->weights_sha256, "%s",
                 text_tokenizer_sha256(text));
    }
    for (int k = 0; k < N_MEDIA; k++) {
        coded_stream c = coded_stream_of(j, k);
        if (coded_is_there(j, t, k)) stream_options(&c, &s->book[k], core_width(s->core, k), &o->stream[c.stream]);
    }
    vocabulary_make(&s->words, text_tokenizer_name(text), text_tokenizer_size(text), o->stream[STREAM_IMAGE].vocab_size,
                    o->stream[STREAM_AUDIO].vocab_size, o->stream[STREAM_SENSOR].vocab_size);
    snprintf(s->words.tokenizer_sha256, sizeof s->words.tokenizer_sha256, "%s", text_tokenizer_sha256(text));
done:
    return rc;
}

static int hash_tokens(stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *more = NULL, *models = NULL, map[33] = "";
    if (s->image_map) projection_hash(s->image_map, map);
    TRY(models_text(j, &models));
    TRY(mem_format(&more, "%s %s %s %s %s %s%s", corpus_index_hash(s->index), s->book[MEDIA_AUDIO].sha256,
                   s->book[MEDIA_IMAGE].sha256, s->book[MEDIA_SENSOR].sha256, map, TESSERA_VERSION, models));
    TRY(settings_hash(j, SCOPE_TOKENS, "", more, &s->tokens_hash));
done:
    mem_free(&models);
    mem_free(&more);
    return rc;
}

/* The dataset holds all that its tokens were made with. Rank 0. */
static int keep_projection(const stages *s)
{
    int rc = OK;
    char *path = NULL;
    TRY(job_path(s->j, &path, "codebooks"));
    TRY(file_make_folder(path));
    mem_free(&path);
    TRY(job_path(s->j, &path, "codebooks/image-projection.bin"));
    TRY(projection_save(s->image_map, path));
done:
    mem_free(&path);
    return rc;
}

/* Codebooks that earlier settings left behind and nothing uses now. Rank 0. */
static int remove_unused(const stages *s)
{
    int rc = OK;
    char *path = NULL;
    for (int k = 0; k < N_MEDIA; k++)
        for (int npy = 0; npy < 2 && !s->book[k].k; npy++) {
            mem_free(&path);
            TRY(job_path(s->j, &path, "codebooks/%s.%s", stream_name(core_stream(k)), npy ? "npy" : "h5"));
            TRY(file_remove(path));
        }
    if (s->image_map) goto done;
    mem_free(&path);
    TRY(job_path(s->j, &path, "codebooks/image-projection.bin"));
    TRY(file_remove(path));
done:
    mem_free(&path);
    return rc;
}

int stage_load_models(stages *s)
{
    int rc = OK;
    job *j = s->j;
    TRY(stage_load_projection(s));
    if (s->image_map && j->p.rank == 0) TRY(keep_projection(s));
    TRY(load_books(s));
    if (j->p.rank == 0) TRY(remove_unused(s));
    TRY(hash_tokens(s));
    core_settings settings = {.audio = &j->audio,
                              .image = &j->image,
                              .sensor =
                                  coded_is_there(j, corpus_index_totals(s->index), MEDIA_SENSOR) ? &j->sensor : NULL,
                              .text = j->models.text,
                              .keep_partial = j->corpus.partial == PARTIAL_KEEP,
                              .filter = &j->filter,
                              .models = &j->models.core,
                              .image_map = s->image_map};
    for (int k = 0; k < N_MEDIA; k++) settings.codebook[k] = s->book[k].k ? &s->book[k] : NULL;
    TRY(core_create(&s->core, &settings));
    TRY(fill_shard_options(s));
done:
    return rc;
}
