/* Decode files with tessera's decoder and with libsndfile called directly, in turns: for audio_rates.py, which builds
 * it. usage: decode_rates ROUNDS < paths; a line per file: seconds of sound, median seconds of both (0: libsndfile has
 * no decoder), format. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_decode.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 8192, MAX_ROUNDS = 21, MAX_CHANNELS = 64 };
static float block[BLOCK * MAX_CHANNELS];
static audio_info info;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int has_ending(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && !strcmp(path + n - m, ending);
}

/* Frames, or -1. The file is in memory, as the prefetching thread has it. */
static int64_t decode_ours(const char *path, const uint8_t *bytes, size_t n)
{
    audio_stream *s;
    audio_limits limits = {.max_channels = MAX_CHANNELS};
    audio_hint hint = {.channels = 1};
    if (has_ending(path, ".gsm")) hint = (audio_hint){AUDIO_RAW_GSM, 8000, 1, 1};
    if (has_ending(path, ".g722")) hint = (audio_hint){AUDIO_RAW_G722, 16000, 1, 1};
    byte_source source = source_of_memory(bytes, n);
    size_t got = BLOCK;
    int64_t all = 0;
    if (audio_open(&s, &source, &hint, &limits, &info) != OK) return -1;
    for (; got == BLOCK; all += (int64_t)got)
        if (audio_read(s, block, BLOCK, &got) != OK) break;
    audio_close(&s);
    return all;
}

static int64_t decode_theirs(const char *path)
{
    SF_INFO f = {0};
    sf_count_t got, all = 0;
    if (has_ending(path, ".gsm"))
        f = (SF_INFO){.samplerate = 8000, .channels = 1, .format = SF_FORMAT_RAW | SF_FORMAT_GSM610};
    SNDFILE *file = sf_open(path, SFM_READ, &f);
    if (!file) return -1;
    while (f.channels <= MAX_CHANNELS && (got = sf_readf_float(file, block, BLOCK)) > 0) all += got;
    sf_close(file);
    return all;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run(const char *path, int rounds)
{
    double ours[MAX_ROUNDS], theirs[MAX_ROUNDS];
    uint8_t *bytes = NULL;
    size_t n;
    int64_t frames, known = decode_theirs(path);
    if (file_read(path, SIZE_MAX / 2, &bytes, &n) != OK || (frames = decode_ours(path, bytes, n)) < 0) goto done;
    for (int i = 0; i < rounds; i++) {
        double begun = now();
        decode_ours(path, bytes, n);
        double between = now();
        if (known >= 0) decode_theirs(path);
        ours[i] = between - begun;
        theirs[i] = known >= 0 ? now() - between : 0;
    }
    qsort(ours, (size_t)rounds, sizeof *ours, ascending);
    qsort(theirs, (size_t)rounds, sizeof *theirs, ascending);
    printf("%.6f %.9f %.9f %s\n", (double)frames / info.rate_hz, ours[rounds / 2], theirs[rounds / 2], info.format);
done:
    mem_free(&bytes);
}

int main(int argc, char **argv)
{
    char path[4096];
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    if (rounds < 1 || rounds > MAX_ROUNDS) return 2;
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        run(path, rounds);
    }
    return 0;
}
