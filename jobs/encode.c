/* Features or tokens of single files, for debugging and reference tensors: text on stdout, or a .npy file. */
#include "jobs/stages.h"
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/picture.h"
#include "core/sound.h"
#include "store/npy.h"

#include <string.h>

typedef struct encoding {
    job *j;
    sound *sound;
    picture *picture;
    projection *map;
    float *x; /* vectors of all files, one width */
    size_t n, capacity;
    int64_t d;
    int is_image;
} encoding;

static int take_vectors(void *user, const float *x, int64_t first, int64_t n)
{
    int rc = OK;
    encoding *e = user;
    (void)first;
    TRY(MEM_GROW(e->x, &e->capacity, (e->n + (size_t)n) * (size_t)e->d));
    memcpy(e->x + e->n * (size_t)e->d, x, (size_t)(n * e->d) * sizeof *x);
    e->n += (size_t)n;
done:
    return rc;
}

static int load_book(const job *j, const char *name, const char *frozen, int64_t d, assigner **out)
{
    int rc = OK;
    char *path = NULL;
    codebook book = {0};
    TRY(*frozen ? mem_string(&path, frozen) : job_path(j, &path, "codebooks/%s.h5", name));
    if (codebook_load(path, &book) != OK)
        FAIL(ERR_CONFIG, "tokens need a codebook: %s; train it (tessera train), or set %s.codebook.path",
             status_message(), name);
    if (book.d != d)
        FAIL(ERR_CONFIG, "codebook %s has %lld dimensions, the features have %lld", path, (long long)book.d,
             (long long)d);
    if (book.metric == KMEANS_COSINE)
        FAIL(ERR_CONFIG, "codebook %s compares by cosine; tokens are made with the metrics l2 and inner", path);
    TRY(assigner_create(out, book.centroids, book.k, book.d));
done:
    codebook_free(&book);
    mem_free(&path);
    return rc;
}

static int describe_file(const char *path, corpus_row *row)
{
    int rc = OK;
    *row = (corpus_row){.duration_s = -1};
    for (int k = 0; k < N_MEDIA; k++) row->media[k] = (row_media){-1, 0, -1};
    row->field[FIELD_AUDIO_PATH] = row->field[FIELD_IMAGE_PATH] = (text_view){path, strlen(path)};
    TRY(file_stat(path, &row->media[MEDIA_AUDIO].size, NULL));
    row->media[MEDIA_IMAGE] = row->media[MEDIA_AUDIO];
done:
    return rc;
}

static int load_map(encoding *e)
{
    int rc = OK;
    const job *j = e->j;
    char *path = NULL;
    int64_t components;
    if (!*j->image.projection) goto done;
    TRY(image_pca_components(&j->image, &components));
    if (components) {
        TRY(job_path(j, &path, "codebooks/image-projection.bin"));
        if (projection_read(&e->map, path) != OK)
            FAIL(ERR_CONFIG, "pictures need their projection: %s; train it (tessera train)", status_message());
    } else {
        TRY(projection_load(&e->map, j->image.projection, (j->image.grey ? 1 : 3) * j->image.patch * j->image.patch));
    }
done:
    mem_free(&path);
    return rc;
}

static int encode_picture(encoding *e, const media *m)
{
    int rc = OK;
    const vector_sink sink = {take_vectors, NULL, e};
    if (!e->picture) {
        TRY(load_map(e));
        TRY(picture_create(&e->picture, &e->j->image, &e->j->models.core.image, e->map));
    }
    if (e->n && (!e->is_image || e->d != picture_width(e->picture)))
        FAIL(ERR_USAGE, "give sound and pictures in separate calls");
    e->is_image = 1;
    e->d = picture_width(e->picture);
    TRY(picture_run(e->picture, &m->source, 0, &sink));
    TRY(picture_finish(e->picture));
done:
    return rc;
}

static int encode_sound(encoding *e, const corpus_row *row, const media *m)
{
    int rc = OK;
    int64_t frames;
    double seconds;
    const vector_sink sink = {take_vectors, NULL, e};
    if (!e->sound) TRY(sound_create(&e->sound, &e->j->audio, &e->j->models.core.audio));
    if (e->n && e->is_image) FAIL(ERR_USAGE, "give sound and pictures in separate calls");
    e->d = sound_width(e->sound);
    TRY(sound_run(e->sound, row, &m->source, 0, INT64_MAX - 1, &sink, &frames, &seconds));
    TRY(sound_finish(e->sound));
done:
    return rc;
}

static int encode_file(encoding *e, const char *path)
{
    int rc = OK;
    corpus_row row;
    media m = {.fd = -1};
    image_info info;
    TRY(describe_file(path, &row));
    TRY(media_open(".", &row, MEDIA_AUDIO, INT64_MAX, &m));
    if (m.status != OK) FAIL(m.status, "%s", m.message);
    rc = image_probe(&m.source, &info) == OK ? encode_picture(e, &m) : encode_sound(e, &row, &m);
done:
    /* a file named on the command line is no row that could be rejected */
    if (status_is_item(rc) || status_is_environment(rc))
        rc = strncmp(status_message(), path, strlen(path))
                 ? status_set(ERR_USAGE, __FILE__, __LINE__, "%s: %s", path, status_message())
                 : ERR_USAGE;
    media_close(&m);
    return rc;
}

/* The vectors are an encoder's own codes. */
static int is_codes(const encoding *e) { return !e->is_image && core_model_has_codes(&e->j->models.core.audio); }

static int write_result(encoding *e, int tokens)
{
    int rc = OK;
    const job *j = e->j;
    uint32_t *ids = NULL;
    assigner *a = NULL;
    const char *name = e->is_image ? "image" : "audio";
    if (tokens && is_codes(e)) {
        TRY(MEM_ALLOC(ids, e->n * (size_t)e->d));
        for (size_t i = 0; i < e->n * (size_t)e->d; i++) ids[i] = (uint32_t)e->x[i];
        e->n *= (size_t)e->d;
    } else if (tokens) {
        TRY(load_book(j, name, e->is_image ? j->image.codebook.path : j->audio.codebook.path, e->d, &a));
        TRY(MEM_ALLOC(ids, e->n));
        TRY(assigner_run(a, e->x, (int64_t)e->n, ids, NULL));
    }
    int64_t dims[2] = {(int64_t)e->n, e->d};
    if (j->npy) {
        TRY(npy_write(j->npy, tokens ? "<u4" : "<f4", tokens ? 1 : 2, dims,
                      tokens ? (const void *)ids : (const void *)e->x, "encode"));
        goto done;
    }
    for (size_t i = 0; i < e->n; i++) {
        if (tokens) printf("%u%c", ids[i], i + 1 < e->n ? ' ' : '\n');
        for (int64_t k = 0; !tokens && k < e->d; k++)
            printf("%.9g%c", (double)e->x[i * (size_t)e->d + (size_t)k], k + 1 < e->d ? ' ' : '\n');
    }
done:
    mem_free(&ids);
    assigner_free(&a);
    return rc;
}

int verb_encode(job *j)
{
    int rc = OK;
    encoding e = {.j = j};
    int tokens = j->what && !strcmp(j->what, "tokens");
    TRY(models_load(j));
    if (j->p.rank != 0) return OK;
    if (j->what && !tokens && strcmp(j->what, "features"))
        FAIL(ERR_USAGE, "--what is features or tokens, not \"%s\"", j->what);
    if (!j->n_args) FAIL(ERR_USAGE, "tessera encode needs a config and at least one file");
    for (int i = 0; i < j->n_args; i++) TRY(encode_file(&e, j->args[i]));
    TRY(write_result(&e, tokens));
done:
    sound_free(&e.sound);
    picture_free(&e.picture);
    projection_free(&e.map);
    mem_free(&e.x);
    return rc;
}
