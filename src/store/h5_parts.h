/* What the files of this folder share about an open HDF5 file. Local. */
#pragma once

#include "store/h5.h"

#include <hdf5.h>

/* One dataset that was used: its handle stays open, with it the cache of decompressed chunks. */
typedef struct h5_set {
    char *path;
    hid_t id;
    h5_type type;
    int n_dims;
    int64_t dims[3];
    size_t row_bytes;
    int64_t next;       /* writing: the first row that is not written yet */
    int64_t chunk_rows; /* writing compressed: rows of a chunk; 0: contiguous */
    uint8_t *chunk;     /* writing compressed: (chunk_rows, row_bytes), the chunk that is being filled */
} h5_set;

struct h5_file {
    hid_t id;
    int writing;
    char *path, *temporary;
    const char *what;
    h5_set *sets;
    size_t n_sets, capacity;
};

/* HDF5 prints its errors unless told not to, thread by thread; every public function calls this first. */
void h5_quiet(void);

/* How files are opened and created; the caller closes it. < 0 on error. */
hid_t h5_access_list(void);

/* Status of the HDF5 call that failed last in this thread: that of the errno on its error stack if there is one, else
 * `otherwise`. `text` gets what HDF5 says. */
int h5_failure(int otherwise, char *text, size_t size);

/* Fail after an HDF5 call. */
#define H5_FAIL(otherwise, file, ...)                                                                                  \
    do {                                                                                                               \
        char h5_why[200], h5_what[200];                                                                                \
        int h5_code = h5_failure((otherwise), h5_why, sizeof h5_why);                                                  \
        snprintf(h5_what, sizeof h5_what, __VA_ARGS__);                                                                \
        FAIL(h5_code, "%s: %s: %s", (file)->path, h5_what, h5_why);                                                    \
    } while (0)

/* The type as it lies in files (little-endian) or in memory; the caller closes it. < 0 on error. */
hid_t h5_type_open(h5_type type, int in_memory);

/* Which of our types a type of a file is. Whether it is one. */
int h5_type_find(hid_t type, h5_type *out);

/* Forget a dataset handle, writing what it buffers. */
int h5_set_finish(h5_file *f, h5_set *s);
void h5_set_close(h5_set *s);
