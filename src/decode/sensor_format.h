/* The table of formats behind decode/sensor_read.h. Local. */
#pragma once

#include "decode/sensor_read.h"

typedef struct sensor_kind {
    /* Fills rate_hz and n_samples of *info; *state is freed by `close` also after an error. */
    int (*open)(void **state, const byte_source *source, const sensor_read_options *o, sensor_info *info);
    /* Pass over n samples, which are there; NULL: they must be read. */
    int (*skip)(void *state, int64_t n);
    int (*read)(void *state, float *values, int64_t capacity, int64_t *n);
    void (*close)(void **state);
} sensor_kind;

extern const sensor_kind sensor_kind_npy, sensor_kind_hdf5, sensor_kind_sound, sensor_kind_csv;

/* Values as NumPy's astype("float32") makes them; `type` is one of store/npy.h. `bytes` lie as memory that is allocated
 * does. */
void sensor_to_floats(const char *type, const uint8_t *bytes, size_t n, float *out);

/* Check the shape of an array of n_dims dimensions: (samples) of one channel, or (samples, channels). ERR_INVALID,
 * ERR_UNSUPPORTED. */
int sensor_check_shape(int n_dims, const int64_t *dims, int64_t channels);
