/* A linear map of vectors: y = W x + b, by packed panels, so its bits depend on nothing but W, b and x. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct projection projection;

/* W (outputs, inputs); b (outputs) or NULL. Copies. ERR_MEMORY. Caller: projection_free. */
int projection_create(projection **out, const float *w, const float *b, int64_t outputs, int64_t inputs);
void projection_free(projection **p);

/* From a .npy of shape (outputs, inputs), fp32 or fp16. `inputs` is what the patches have. ERR_CONFIG names the file
 * and the shape wanted. */
int projection_load(projection **out, const char *path, int64_t inputs);

/* From a principal component analysis: y = components (x - mean). ERR_MEMORY. */
int projection_from_pca(projection **out, const double *mean, const float *components, int64_t outputs, int64_t inputs);

int64_t projection_outputs(const projection *p);
int64_t projection_inputs(const projection *p);

/* Hash (32 hex digits and a zero byte) of W and b. */
void projection_hash(const projection *p, char hex[33]);

/* x (n, inputs) -> out (n, outputs). */
void projection_run(const projection *p, const float *x, int64_t n, float *out);

/* Commit to a file and read it back (state of a job). ERR_SPACE, ERR_IO, ERR_MISSING, ERR_CORRUPT. */
int projection_save(const projection *p, const char *path);
int projection_read(projection **out, const char *path);
