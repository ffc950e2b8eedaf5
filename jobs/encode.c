/* Features or tokens of single files, for debugging and reference tensors: text on stdout, or a .npy file. */
#include "jobs/stages.h"
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/picture.h"
#include "core/sensor.h"
#include "core/sound.h"
#include "decode/sensor_read.h"
#include "store/npy.h"

#include <string.h>

typedef struct encoding {
    job *j;
    sound *sound;
    picture *picture;
    sensor *sensor;
    codebook book; /* of the kind of the files, where it is needed */
    projection *map;
    float *x; /* vectors of all files, one width */
    size_t n, capacity;
    int64_t d;
    media_kind kind; /* of all files */
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

static int load_book(encoding *e)
{
    int rc = OK;
    const job *j = e->j;
    coded_stream c = coded_stream_of(j, e->kind);
    char *path = NULL;
    if (e->book.k) goto done;
    TRY(*c.codebook->path ? mem_string(&path, c.codebook->path) : job_path(j, &path, "codebooks/%s.h5", c.name));
    if (codebook_load(path, &e->book) != OK)
        FAIL(ERR_CONFIG, "a codebook is needed: %s; train it (tessera train), or set %s.codebook.path",
             status_message(), c.name);
    if (e->book.d != e->d)
        FAIL(ERR_CONFIG, "codebook %s has %lld dimensions, the features have %lld", path, (long long)e->book.d,
             (long long)e->d);
    if (e->book.metric == KMEANS_COSINE)
        FAIL(ERR_CONFIG, "codebook %s compares by cosine; tokens are made with the metrics l2 and inner", path);
done:
    mem_free(&path);
    return rc;
}

static int describe_file(const char *path, corpus_row *row)
{
    int rc = OK;
    static const row_field fields[N_MEDIA] = {FIELD_AUDIO_PATH, FIELD_IMAGE_PATH, FIELD_SENSOR_PATH};
    int64_t size;
    *row = (corpus_row){.duration_s = -1};
    TRY(file_stat(path, &size, NULL));
    for (int k = 0; k < N_MEDIA; k++) {
        row->field[fields[k]] = (text_view){path, strlen(path)};
        row->media[k] = (row_media){size, 0, -1};
    }
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
    e->d = sound_width(e->sound);
    TRY(sound_run(e->sound, row, &m->source, 0, INT64_MAX - 1, &sink, &frames, &seconds));
    TRY(sound_finish(e->sound));
done:
    return rc;
}

static int encode_sensor(encoding *e, const corpus_row *row, const media *m)
{
    int rc = OK;
    int64_t n;
    const vector_sink sink = {take_vectors, NULL, e};
    const sensor_options *o = &e->j->sensor;
    e->d = o->channels * o->frame;
    if (o->normalize == SENSOR_NORMALIZE_SAMPLE) TRY(load_book(e));
    const sensor_scale scale = {e->book.n_channels, e->book.channel_mean, e->book.channel_deviation};
    if (!e->sensor) TRY(sensor_create(&e->sensor, o, &scale));
    TRY(sensor_run(e->sensor, row, &m->source, &sink, &n));
done:
    return rc;
}

/* Text as CSV is: no control characters in its beginning. */
static int is_text(const byte_source *source)
{
    unsigned char head[256];
    size_t n;
    if (source_read(source, 0, head, sizeof head, &n) != OK || !n) return 0;
    for (size_t i = 0; i < n; i++)
        if (head[i] < 32 && !strchr("\t\r\n", head[i])) return 0;
    return 1;
}

/* A sound file is taken for sound, unless the config has audio.use: false. */
static int kind_of_file(const job *j, const byte_source *source, media_kind *kind)
{
    int rc = OK;
    image_info info;
    sensor_format format;
    *kind = MEDIA_IMAGE;
    if (image_probe(source, &info) == OK) goto done;
    TRY(sensor_format_of(source, &format));
    int array = format == SENSOR_NPY || format == SENSOR_HDF5 || (format == SENSOR_CSV && is_text(source));
    *kind = array || (!j->audio.use && j->sensor.use && j->sensor.channels) ? MEDIA_SENSOR : MEDIA_AUDIO;
done:
    return rc;
}

static int encode_file(encoding *e, const char *path)
{
    int rc = OK;
    corpus_row row;
    media m = {.fd = -1};
    media_kind kind;
    TRY(describe_file(path, &row));
    TRY(media_open(".", &row, MEDIA_AUDIO, INT64_MAX, NULL, &m));
    if (m.status != OK) FAIL(m.status, "%s", m.message);
    TRY(kind_of_file(e->j, &m.source, &kind));
    if (e->n && kind != e->kind) FAIL(ERR_USAGE, "give sound, pictures and recordings of sensors in separate calls");
    e->kind = kind;
    TRY(kind == MEDIA_IMAGE   ? encode_picture(e, &m)
        : kind == MEDIA_AUDIO ? encode_sound(e, &row, &m)
                              : encode_sensor(e, &row, &m));
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
static int is_codes(const encoding *e) { return core_model_has_codes(coded_stream_of(e->j, e->kind).model); }

static int write_result(encoding *e, int tokens)
{
    int rc = OK;
    const job *j = e->j;
    uint32_t *ids = NULL;
    assigner *a = NULL;
    if (tokens && is_codes(e)) {
        TRY(MEM_ALLOC(ids, e->n * (size_t)e->d));
        for (size_t i = 0; i < e->n * (size_t)e->d; i++) ids[i] = (uint32_t)e->x[i];
        e->n *= (size_t)e->d;
    } else if (tokens) {
        TRY(load_book(e));
        TRY(assigner_create(&a, e->book.centroids, e->book.k, e->book.d));
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
    sensor_free(&e.sensor);
    codebook_free(&e.book);
    projection_free(&e.map);
    mem_free(&e.x);
    return rc;
}
