#include "sound_file.h"

#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory_file {
    uint8_t *bytes;
    size_t n, at, capacity;
} memory_file;

static sf_count_t size_of(void *user) { return (sf_count_t)((memory_file *)user)->n; }

static sf_count_t tell(void *user) { return (sf_count_t)((memory_file *)user)->at; }

static sf_count_t seek(sf_count_t offset, int whence, void *user)
{
    memory_file *m = user;
    m->at = (size_t)((whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (sf_count_t)m->at : (sf_count_t)m->n) + offset);
    return (sf_count_t)m->at;
}

static sf_count_t give(void *out, sf_count_t n, void *user)
{
    memory_file *m = user;
    size_t left = m->at < m->n ? m->n - m->at : 0, got = (size_t)n < left ? (size_t)n : left;
    memcpy(out, m->bytes + m->at, got);
    m->at += got;
    return (sf_count_t)got;
}

static sf_count_t take(const void *bytes, sf_count_t n, void *user)
{
    memory_file *m = user;
    size_t end = m->at + (size_t)n;
    if (end > m->capacity) {
        m->capacity = 2 * end;
        m->bytes = realloc(m->bytes, m->capacity);
        if (!m->bytes) exit(1);
    }
    memcpy(m->bytes + m->at, bytes, (size_t)n);
    m->at = end;
    if (m->n < end) m->n = end;
    return n;
}

void sound_file_make(int format, int rate_hz, int channels, size_t n_frames, uint8_t **bytes, size_t *n_bytes)
{
    SF_VIRTUAL_IO calls = {size_of, seek, give, take, tell};
    SF_INFO info = {.samplerate = rate_hz, .channels = channels, .format = format};
    memory_file m = {0};
    SNDFILE *file = sf_open_virtual(&calls, SFM_WRITE, &info, &m);
    float frame[16];
    if (!file) {
        fprintf(stderr, "format %x: %s\n", format, sf_strerror(NULL));
        exit(1);
    }
    for (size_t t = 0; t < n_frames; t++) {
        for (int c = 0; c < channels; c++)
            frame[c] = (float)(0.7 * sin(1e-5 * (double)t * (double)t + 0.05 * (double)t + c));
        if (sf_writef_float(file, frame, 1) != 1) exit(1);
    }
    sf_close(file);
    *bytes = m.bytes;
    *n_bytes = m.n;
}
