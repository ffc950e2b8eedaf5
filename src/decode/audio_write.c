#include "decode/audio_write.h"

#include "base/file.h"
#include "base/status.h"

#include <string.h>

static uint8_t *put(uint8_t *p, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) *p++ = (uint8_t)(value >> (8 * i));
    return p;
}

static uint8_t *tag(uint8_t *p, const char *text)
{
    memcpy(p, text, 4);
    return p + 4;
}

int audio_write_wav(const char *path, const float *samples, size_t n, int32_t rate_hz)
{
    int rc = OK;
    uint8_t header[44], *p = header;
    file_writer *w = NULL;
    if (n > (UINT32_MAX - sizeof header) / sizeof *samples)
        FAIL(ERR_LIMIT, "%s: %zu samples are too many for a WAV file", path, n);
    uint32_t size = (uint32_t)(n * sizeof *samples);
    p = put(tag(p, "RIFF"), size + 36, 4);
    p = put(tag(tag(p, "WAVE"), "fmt "), 16, 4);
    p = put(put(p, 3, 2), 1, 2); /* IEEE float, one channel */
    p = put(put(p, (uint32_t)rate_hz, 4), (uint32_t)rate_hz * 4, 4);
    p = put(put(p, 4, 2), 32, 2);
    put(tag(p, "data"), size, 4);
    TRY(file_writer_open(&w, path, "wav"));
    TRY(file_writer_add(w, header, sizeof header));
    TRY(file_writer_add(w, samples, size));
    TRY(file_writer_commit(&w));
done:
    file_writer_abandon(&w);
    return rc;
}
