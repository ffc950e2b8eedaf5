/* Sensor recordings: arrays (samples, channels) of .npy, HDF5, CSV, and of sound files with a channel per column, read
 * forward from a byte source. Which of these a file is, its first bytes say. Values become fp32. Local.
 *
 * What is wrong with the bytes is an item error whose message depends on the bytes and options alone. */
#pragma once

#include "base/source.h"

typedef enum sensor_format { SENSOR_NPY, SENSOR_HDF5, SENSOR_SOUND, SENSOR_CSV } sensor_format;

typedef enum csv_separator { CSV_COMMA, CSV_SEMICOLON, CSV_TAB, CSV_SPACE } csv_separator;
extern const char *const csv_separator_names[]; /* "comma", "semicolon", "tab", "space"; ends with NULL */

typedef enum csv_header { CSV_HEADER_AUTO, CSV_HEADER_YES, CSV_HEADER_NO } csv_header;
extern const char *const csv_header_names[]; /* "auto", "true", "false"; ends with NULL */

/* Most bytes of a chunk of an HDF5 dataset, of a line of CSV, and of an HDF5 file, which is held in memory. */
enum { SENSOR_CHUNK_LIMIT = 1 << 26, SENSOR_LINE_LIMIT = 1 << 18, SENSOR_HDF5_LIMIT = 1 << 30 };

typedef struct sensor_read_options {
    int64_t channels;     /* that there must be, at least 1 */
    const char *dataset;  /* path in an HDF5 file; "": the only one of 1 or 2 dimensions with numbers */
    int separator;        /* csv_separator; space: a run of blanks and tabs */
    int header;           /* csv_header; auto: a first line with no number in it is passed over */
    int64_t skip_columns; /* of CSV: that many columns on the left are not read */
} sensor_read_options;

typedef struct sensor_info {
    sensor_format format;
    double rate_hz;    /* that the file declares; 0: it does not */
    int64_t n_samples; /* -1: not known before the end */
} sensor_info;

typedef struct sensor_stream sensor_stream;

/* What the bytes begin like: what is none of the others may be CSV. ERR_ENVIRONMENT. */
int sensor_format_of(const byte_source *source, sensor_format *format);

/* Open; *info is filled. `source` and what `o` points to must outlive the stream. ERR_FORMAT, ERR_UNSUPPORTED,
 * ERR_LIMIT, ERR_EMPTY (no bytes), ERR_INVALID (another number of channels, no such dataset), ERR_ENVIRONMENT,
 * ERR_CHANGED, ERR_MEMORY. Caller: sensor_close. */
int sensor_open(sensor_stream **out, const byte_source *source, const sensor_read_options *o, sensor_info *info);
void sensor_close(sensor_stream **s);

/* Pass over the next n samples, or those that are left. Errors as sensor_read. */
int sensor_skip(sensor_stream *s, int64_t n);

/* The next samples (*n, channels); *n < capacity only at the end. ERR_FORMAT when the data are damaged or cut off,
 * ERR_INVALID when a value is not finite as fp32 or a field of CSV not a number, ERR_LIMIT, ERR_ENVIRONMENT,
 * ERR_CHANGED, ERR_MEMORY. */
int sensor_read(sensor_stream *s, float *values, int64_t capacity, int64_t *n);
