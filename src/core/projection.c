#include "core/projection.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/npy.h"
#include "tensor/half.h"
#include "tensor/panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct projection {
    int64_t outputs, inputs;
    float *w, *b;
    panel *packed;
};

typedef struct file_header {
    char magic[8];
    int64_t outputs, inputs;
    uint64_t checksum;
} file_header;

static const char magic[8] = "TSPROJ01";

int projection_create(projection **out, const float *w, const float *b, int64_t outputs, int64_t inputs)
{
    int rc = OK;
    projection *p = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    p->outputs = outputs;
    p->inputs = inputs;
    TRY(MEM_ALLOC(p->w, (size_t)outputs * (size_t)inputs));
    TRY(MEM_ALLOC(p->b, (size_t)outputs));
    memcpy(p->w, w, (size_t)outputs * (size_t)inputs * sizeof *w);
    if (b) memcpy(p->b, b, (size_t)outputs * sizeof *b);
    TRY(panel_create(&p->packed, p->w, outputs, inputs));
    *out = p;
    p = NULL;
done:
    projection_free(&p);
    return rc;
}

void projection_free(projection **pp)
{
    projection *p = *pp;
    if (!p) return;
    panel_free(&p->packed);
    mem_free(&p->w);
    mem_free(&p->b);
    mem_free(pp);
}

int projection_load(projection **out, const char *path, int64_t inputs)
{
    int rc = OK;
    file_mapping map = {0};
    npy_array a;
    float *w = NULL;
    *out = NULL;
    if (file_map(path, &map) != OK) FAIL(ERR_CONFIG, "image.projection: %s", status_message());
    if (npy_parse(map.bytes, map.n, &a) != OK) FAIL(ERR_CONFIG, "image.projection: %s: %s", path, status_message());
    int half = !strcmp(a.type, "<f2");
    if (a.n_dims != 2 || a.dims[1] != inputs || a.dims[0] < 1 || a.dims[0] > 65536 || (!half && strcmp(a.type, "<f4")))
        FAIL(ERR_CONFIG, "image.projection: %s must hold a matrix (outputs, %lld) of type <f4 or <f2", path,
             (long long)inputs);
    size_t n = (size_t)(a.dims[0] * a.dims[1]);
    TRY(MEM_ALLOC(w, n));
    if (half)
        half_to_floats((const uint16_t *)(const void *)a.data, n, w);
    else
        memcpy(w, a.data, n * sizeof *w);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(w[i])) FAIL(ERR_CONFIG, "image.projection: %s holds a value that is not finite", path);
    TRY(projection_create(out, w, NULL, a.dims[0], a.dims[1]));
done:
    mem_free(&w);
    file_unmap(&map);
    return rc;
}

int projection_from_pca(projection **out, const double *mean, const float *components, int64_t outputs, int64_t inputs)
{
    int rc = OK;
    float *b = NULL;
    TRY(MEM_ALLOC(b, (size_t)outputs));
    for (int64_t o = 0; o < outputs; o++) {
        double sum = 0;
        for (int64_t i = 0; i < inputs; i++) sum += mean[i] * (double)components[o * inputs + i];
        b[o] = (float)-sum;
    }
    TRY(projection_create(out, components, b, outputs, inputs));
done:
    mem_free(&b);
    return rc;
}

int64_t projection_outputs(const projection *p) { return p->outputs; }

int64_t projection_inputs(const projection *p) { return p->inputs; }

void projection_hash(const projection *p, char hex[33])
{
    hash128 w = hash128_of(p->w, (size_t)(p->outputs * p->inputs) * sizeof *p->w);
    uint64_t b = hash64(p->b, (size_t)p->outputs * sizeof *p->b, (uint64_t)p->inputs);
    snprintf(hex, 33, "%016llx%016llx", (unsigned long long)(w.high ^ b), (unsigned long long)w.low);
}

void projection_run(const projection *p, const float *x, int64_t n, float *out)
{
    panel_multiply(p->packed, x, n, out);
    for (int64_t i = 0; i < n; i++)
        for (int64_t o = 0; o < p->outputs; o++) out[i * p->outputs + o] += p->b[o];
}

int projection_save(const projection *p, const char *path)
{
    int rc = OK;
    file_writer *f = NULL;
    size_t w = (size_t)(p->outputs * p->inputs) * sizeof *p->w, b = (size_t)p->outputs * sizeof *p->b;
    file_header h = {.outputs = p->outputs, .inputs = p->inputs};
    memcpy(h.magic, magic, sizeof magic);
    h.checksum = hash64(p->w, w, hash64(p->b, b, 0));
    TRY(file_writer_open(&f, path, "projection"));
    TRY(file_writer_add(f, &h, sizeof h));
    TRY(file_writer_add(f, p->b, b));
    TRY(file_writer_add(f, p->w, w));
    TRY(file_writer_commit(&f));
done:
    file_writer_abandon(&f);
    return rc;
}

int projection_read(projection **out, const char *path)
{
    int rc = OK;
    file_mapping map = {0};
    file_header h;
    size_t w, b;
    *out = NULL;
    TRY(file_map(path, &map));
    if (map.n < sizeof h) FAIL(ERR_CORRUPT, "%s is too short", path);
    memcpy(&h, map.bytes, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic) || h.outputs < 1 || h.inputs < 1 || h.outputs > 1 << 24 ||
        h.inputs > 1 << 24)
        FAIL(ERR_CORRUPT, "%s is not a projection", path);
    b = (size_t)h.outputs * sizeof(float);
    TRY(size_mul(b, (size_t)h.inputs, &w));
    if (map.n - sizeof h != w + b ||
        h.checksum != hash64(map.bytes + sizeof h + b, w, hash64(map.bytes + sizeof h, b, 0)))
        FAIL(ERR_CORRUPT, "%s is damaged", path);
    const float *values = (const float *)(const void *)(map.bytes + sizeof h);
    TRY(projection_create(out, values + h.outputs, values, h.outputs, h.inputs));
done:
    file_unmap(&map);
    return rc;
}
