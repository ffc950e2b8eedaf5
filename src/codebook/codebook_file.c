#include "codebook/codebook.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5.h"
#include "store/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char format_name[] = "tessera codebook";
enum { FORMAT_VERSION = 1, MAX_VALUES_PER_CENTROID = 1 << 24 };

/* Numbers of codebook_quality that become attributes. */
static const struct {
    const char *name;
    size_t offset;
    int is_real;
} numbers[] = {
    {"n_train", offsetof(codebook_quality, n_train), 0},
    {"n_held_out", offsetof(codebook_quality, n_held_out), 0},
    {"inertia", offsetof(codebook_quality, inertia), 1},
    {"inertia_held_out", offsetof(codebook_quality, inertia_held_out), 1},
    {"variance", offsetof(codebook_quality, variance), 1},
    {"perplexity", offsetof(codebook_quality, perplexity), 1},
    {"codes_used", offsetof(codebook_quality, codes_used), 0},
    {"iterations", offsetof(codebook_quality, iterations), 0},
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

/* What follows from the rest, for those who read the file without us. */
static int save_derived(h5_file *f, const codebook *c)
{
    int rc = OK;
    const codebook_quality *q = &c->quality;
    codebook_spread s;
    if (q->n_train < 1) return OK;
    TRY(codebook_spread_of(c, &s));
    TRY(h5_put_real(f, "/", "inertia_per_vector", q->inertia / (double)q->n_train));
    if (q->n_held_out)
        TRY(h5_put_real(f, "/", "inertia_held_out_per_vector", q->inertia_held_out / (double)q->n_held_out));
    if (q->variance > 0) TRY(h5_put_real(f, "/", "variance_explained", 1 - q->inertia / q->variance));
    TRY(h5_put_real(f, "/", "entropy_bits", s.entropy_bits));
    TRY(h5_put_real(f, "/", "entropy_share", s.entropy_share));
    TRY(h5_put_real(f, "/", "imbalance", s.imbalance));
    TRY(h5_put_int(f, "/", "count_min", s.least));
    TRY(h5_put_real(f, "/", "count_median", s.median));
    TRY(h5_put_int(f, "/", "count_max", s.most));
    TRY(h5_put_int(f, "/", "dead_codes", s.dead));
done:
    return rc;
}

static int save_quality(h5_file *f, const codebook_quality *q)
{
    int rc = OK;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        const char *field = (const char *)q + numbers[i].offset;
        if (numbers[i].is_real)
            TRY(h5_put_real(f, "/", numbers[i].name, *(const double *)field));
        else
            TRY(h5_put_int(f, "/", numbers[i].name, *(const int64_t *)field));
    }
    TRY(h5_put_text(f, "/", "stop", q->stop));
    if (*q->start) TRY(h5_put_text(f, "/", "start", q->start));
done:
    return rc;
}

static int save_h5(const codebook *c, const char *path, const char *hash)
{
    int rc = OK;
    h5_file *f = NULL;
    const int64_t dims[] = {c->k, c->d};
    TRY(h5_create(&f, path, "codebook"));
    TRY(h5_put_text(f, "/", "format", format_name));
    TRY(h5_put_int(f, "/", "format_version", FORMAT_VERSION));
    TRY(h5_put_text(f, "/", "created_by", "tessera " TESSERA_VERSION));
    TRY(h5_put_text(f, "/", "name", c->name));
    TRY(h5_put_text(f, "/", "encoder", c->encoder ? c->encoder : ""));
    TRY(h5_put_int(f, "/", "layer", c->layer));
    TRY(h5_put_text(f, "/", "feature", c->feature ? c->feature : ""));
    TRY(h5_put_text(f, "/", "metric", kmeans_metric_names[c->metric]));
    TRY(h5_put_text(f, "/", "sha256", hash));
    TRY(h5_put_int(f, "/", "seed", c->seed));
    TRY(save_quality(f, &c->quality));
    TRY(save_derived(f, c));
    TRY(h5_dataset(f, "/centroids", H5_F32, 2, dims, 0));
    TRY(h5_write(f, "/centroids", 0, c->k, c->centroids));
    TRY(h5_put(f, "/counts", H5_I64, c->k, c->counts));
    TRY(h5_put(f, "/history", H5_F64, c->n_history, c->history));
    if (c->changed) TRY(h5_put(f, "/history_changed", H5_F64, c->n_history, c->changed));
    if (c->filled) TRY(h5_put(f, "/history_filled", H5_I64, c->n_history, c->filled));
    if (c->n_channels) {
        TRY(h5_put(f, "/channel_mean", H5_F64, c->n_channels, c->channel_mean));
        TRY(h5_put(f, "/channel_deviation", H5_F64, c->n_channels, c->channel_deviation));
    }
    TRY(h5_commit(&f));
done:
    h5_abandon(&f);
    return rc;
}

int codebook_save(const codebook *c, const char *folder)
{
    int rc = OK;
    char *npy = NULL, *h5 = NULL;
    codebook hashed = *c;
    const int64_t dims[] = {c->k, c->d};
    if (!c->name || !*c->name || strchr(c->name, '/')) FAIL(ERR_INVALID, "a codebook needs a name without slashes");
    if (!c->counts) FAIL(ERR_INVALID, "codebook %s has no counts", c->name);
    TRY(codebook_hash(&hashed));
    TRY(mem_format(&npy, "%s/%s.npy", folder, c->name));
    TRY(mem_format(&h5, "%s/%s.h5", folder, c->name));
    TRY(npy_write(npy, "<f4", 2, dims, c->centroids, "codebook"));
    TRY(save_h5(c, h5, hashed.sha256));
done:
    mem_free(&npy);
    mem_free(&h5);
    return rc;
}

/* Sizes from a file of `bytes` bytes, before anything of that size is allocated. */
static int check_sizes(const char *path, int64_t k, int64_t d, int64_t bytes_each, int64_t bytes)
{
    int rc = OK;
    if (k < 1 || d < 1 || k > UINT32_MAX || d > MAX_VALUES_PER_CENTROID || k > bytes / bytes_each / d)
        FAIL(ERR_CORRUPT, "%s: a codebook of %lld x %lld values", path, (long long)k, (long long)d);
done:
    return rc;
}

static int check_values(const char *path, const codebook *c)
{
    int rc = OK;
    for (int64_t i = 0; i < c->k * c->d; i++)
        if (!isfinite(c->centroids[i]))
            FAIL(ERR_CORRUPT, "%s: centroid %lld is not finite", path, (long long)(i / c->d));
    for (int64_t i = 0; i < c->n_channels; i++)
        if (!isfinite(c->channel_mean[i]) || !(c->channel_deviation[i] >= 0 && isfinite(c->channel_deviation[i])))
            FAIL(ERR_CORRUPT, "%s: mean or deviation of channel %lld cannot be", path, (long long)i);
    for (int64_t j = 0; j < c->k; j++)
        if (c->counts[j] < 0) FAIL(ERR_CORRUPT, "%s: count of centroid %lld below zero", path, (long long)j);
done:
    return rc;
}

/* Codebooks of before there were metrics do not name theirs. */
static int load_metric(h5_file *f, const char *path, kmeans_metric *out)
{
    int rc = OK;
    char *name = NULL;
    int i = 0;
    *out = KMEANS_L2;
    rc = h5_get_text(f, "/", "metric", &name);
    if (rc == ERR_MISSING) return OK;
    TRY(rc);
    while (kmeans_metric_names[i] && strcmp(kmeans_metric_names[i], name)) i++;
    if (!kmeans_metric_names[i]) FAIL(ERR_CORRUPT, "%s: metric \"%s\"", path, name);
    *out = (kmeans_metric)i;
done:
    mem_free(&name);
    return rc;
}

/* Codebooks of before this was recorded have none. */
static int load_start(h5_file *f, codebook_quality *q)
{
    int rc = OK;
    char *text = NULL;
    rc = h5_get_text(f, "/", "start", &text);
    if (rc == ERR_MISSING) return OK;
    TRY(rc);
    snprintf(q->start, sizeof q->start, "%s", text);
done:
    mem_free(&text);
    return rc;
}

static int load_attributes(h5_file *f, const char *path, codebook *out, char **hash)
{
    int rc = OK;
    char *format = NULL, *stop = NULL;
    int64_t version;
    TRY(h5_get_text(f, "/", "format", &format));
    TRY(h5_get_int(f, "/", "format_version", &version));
    if (strcmp(format, format_name) != 0 || version != FORMAT_VERSION)
        FAIL(ERR_CORRUPT, "%s: format \"%s\" version %lld, not \"%s\" version %d", path, format, (long long)version,
             format_name, FORMAT_VERSION);
    TRY(h5_get_text(f, "/", "name", &out->name));
    TRY(h5_get_text(f, "/", "encoder", &out->encoder));
    TRY(h5_get_int(f, "/", "layer", &out->layer));
    TRY(h5_get_text(f, "/", "feature", &out->feature));
    TRY(load_metric(f, path, &out->metric));
    TRY(h5_get_text(f, "/", "sha256", hash));
    TRY(h5_get_int(f, "/", "seed", &out->seed));
    for (size_t i = 0; i < N_NUMBERS; i++) {
        char *field = (char *)&out->quality + numbers[i].offset;
        if (numbers[i].is_real)
            TRY(h5_get_real(f, "/", numbers[i].name, (double *)field));
        else
            TRY(h5_get_int(f, "/", numbers[i].name, (int64_t *)field));
    }
    TRY(h5_get_text(f, "/", "stop", &stop));
    snprintf(out->quality.stop, sizeof out->quality.stop, "%s", stop);
    TRY(load_start(f, &out->quality));
done:
    mem_free(&format);
    mem_free(&stop);
    return rc;
}

/* A dataset of one dimension with n values, or any number up to what the file can hold when *n is -1. */
static int load_array(h5_file *f, const char *path, const char *name, h5_type type, int64_t *n, int64_t bytes,
                      void **out)
{
    int rc = OK, n_dims;
    int64_t dims[3];
    h5_type stored;
    TRY(h5_shape(f, name, &stored, &n_dims, dims));
    if (n_dims != 1 || stored != type || dims[0] < 0 || dims[0] > bytes / (int64_t)h5_type_size(type) ||
        (*n >= 0 && dims[0] != *n))
        FAIL(ERR_CORRUPT, "%s: %s has another shape or type", path, name);
    *n = dims[0];
    TRY(mem_alloc(out, (size_t)*n, h5_type_size(type)));
    if (*n) TRY(h5_read(f, name, type, 0, *n, *out));
done:
    return rc;
}

/* Only codebooks of normalised sensor data have these. */
static int load_channels(h5_file *f, const char *path, int64_t bytes, codebook *out)
{
    int rc = OK;
    int64_t n = -1;
    if (!h5_has(f, "/channel_mean")) goto done;
    TRY(load_array(f, path, "/channel_mean", H5_F64, &n, bytes, (void **)&out->channel_mean));
    TRY(load_array(f, path, "/channel_deviation", H5_F64, &n, bytes, (void **)&out->channel_deviation));
    out->n_channels = n;
done:
    return rc;
}

static int load_h5(const char *path, codebook *out)
{
    int rc = OK, n_dims;
    int64_t bytes, dims[3];
    h5_file *f = NULL;
    h5_type type;
    char *hash = NULL;
    TRY(file_stat(path, &bytes, NULL));
    TRY(h5_open(&f, path));
    TRY(load_attributes(f, path, out, &hash));
    TRY(h5_shape(f, "/centroids", &type, &n_dims, dims));
    if (n_dims != 2 || type != H5_F32) FAIL(ERR_CORRUPT, "%s: /centroids has another shape or type", path);
    TRY(check_sizes(path, dims[0], dims[1], sizeof(float), bytes));
    out->k = dims[0];
    out->d = dims[1];
    out->n_history = -1;
    TRY(MEM_ALLOC(out->centroids, (size_t)(out->k * out->d)));
    TRY(h5_read(f, "/centroids", H5_F32, 0, out->k, out->centroids));
    TRY(load_array(f, path, "/counts", H5_I64, &out->k, bytes, (void **)&out->counts));
    TRY(load_array(f, path, "/history", H5_F64, &out->n_history, bytes, (void **)&out->history));
    if (h5_has(f, "/history_changed"))
        TRY(load_array(f, path, "/history_changed", H5_F64, &out->n_history, bytes, (void **)&out->changed));
    if (h5_has(f, "/history_filled"))
        TRY(load_array(f, path, "/history_filled", H5_I64, &out->n_history, bytes, (void **)&out->filled));
    TRY(load_channels(f, path, bytes, out));
    TRY(codebook_hash(out));
    if (strcmp(hash, out->sha256) != 0) FAIL(ERR_CORRUPT, "%s: the centroids do not have the recorded hash", path);
done:
    if (f && rc == ERR_MISSING) rc = ERR_CORRUPT; /* something in the file, not the file */
    h5_close(&f);
    mem_free(&hash);
    return rc;
}

int codebook_load(const char *path, codebook *out)
{
    int rc = OK;
    size_t n = strlen(path);
    if (n > 4 && strcmp(path + n - 4, ".npy") == 0) return codebook_load_matrix(path, out);
    *out = (codebook){.layer = -1};
    TRY(load_h5(path, out));
    TRY(check_values(path, out));
    TRY(codebook_hash(out));
done:
    if (rc != OK) codebook_free(out);
    return rc;
}

int codebook_is_ours(const char *path)
{
    h5_file *f = NULL;
    int ours = h5_open(&f, path) == OK && h5_has(f, "/centroids") && (h5_has(f, "/counts") || h5_has(f, "/history"));
    h5_close(&f);
    return ours;
}
