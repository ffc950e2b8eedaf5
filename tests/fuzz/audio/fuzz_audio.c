/* Any bytes as a sound file: no crash, no hang, and the same samples or the same error however they are read. A file
 * without a header follows "raw", its format and its channels less 1, one byte each; 8 more in the latter say that
 * only the name speaks for it. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHANNELS = 8, MAX_SECONDS = 20, MAX_SAMPLES = 1 << 19 };
static const audio_limits limits = {.max_seconds = MAX_SECONDS, .max_channels = MAX_CHANNELS};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* libvorbis loses what it has of a header that is cut. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:vorbis_info_init\n"; }

typedef struct decoded {
    int rc;
    char message[256];
    audio_info info;
    float *samples;
    size_t n_frames;
} decoded;

static audio_hint hint_of(const uint8_t **bytes, size_t *n)
{
    audio_hint h = {.rate_hz = 16000, .channels = 1};
    if (*n < 5 || memcmp(*bytes, "raw", 3) != 0) return h;
    h.format = (audio_raw_format)((*bytes)[3] % AUDIO_RAW_AUTO);
    if (h.format < AUDIO_RAW_GSM) h.channels += (*bytes)[4] % MAX_CHANNELS;
    h.is_guess = (*bytes)[4] / MAX_CHANNELS % 2;
    *bytes += 5;
    *n -= 5;
    return h;
}

static void check(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* From frame `first` on, in blocks. */
static decoded decode(const uint8_t *bytes, size_t n, int64_t first, size_t block)
{
    int rc = OK;
    decoded d = {0};
    size_t got = block;
    audio_stream *s = NULL;
    audio_hint hint = hint_of(&bytes, &n);
    byte_source source = source_of_memory(bytes, n);
    check(MEM_ALLOC(d.samples, MAX_SAMPLES) == OK, "no memory");
    TRY(audio_open(&s, &source, &hint, &limits, &d.info));
    check(d.info.channels >= 1 && d.info.channels <= MAX_CHANNELS && d.info.rate_hz > 0, "limits do not hold");
    TRY(audio_seek(s, first));
    while (got == block && (d.n_frames + block) * (size_t)d.info.channels <= MAX_SAMPLES) {
        TRY(audio_read(s, d.samples + d.n_frames * (size_t)d.info.channels, block, &got));
        d.n_frames += got;
    }
done:
    d.rc = rc;
    if (rc != OK) snprintf(d.message, sizeof d.message, "%s", status_message());
    check(rc == OK || status_is_item(rc), "the bytes of a file can only be an item's fault");
    audio_close(&s);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    decoded a = decode(bytes, n, 0, 1000), b = decode(bytes, n, 0, 97);
    check(a.rc == b.rc && strcmp(a.message, b.message) == 0, "blocks change the outcome");
    size_t half = a.n_frames / 2, width = (size_t)a.info.channels * sizeof(float);
    /* A sound that is cut at the end of the buffer is cut at different frames. */
    size_t both = a.n_frames < b.n_frames ? a.n_frames : b.n_frames;
    check(a.rc != OK || memcmp(a.samples, b.samples, both * width) == 0, "blocks change the samples");
    check(a.rc != OK || a.n_frames == b.n_frames || a.n_frames * width > MAX_SAMPLES, "blocks change the length");
    if (a.rc == OK) {
        decoded c = decode(bytes, n, (int64_t)half, 1000);
        size_t rest = a.n_frames - half < c.n_frames ? a.n_frames - half : c.n_frames;
        /* Where the first run stopped at the end of the buffer this one goes on, and may meet damage there. */
        int stopped = (a.n_frames + 1000) * (size_t)a.info.channels > MAX_SAMPLES;
        check(c.rc == OK || stopped, "seeking makes an error");
        check(memcmp((char *)a.samples + half * width, c.samples, rest * width) == 0, "seeking changes the samples");
        mem_free(&c.samples);
    }
    mem_free(&a.samples);
    mem_free(&b.samples);
    return 0;
}
