/* Decode files with libsndfile alone, as a program that knows nothing else would: for audio_rates.py, which builds it.
 * usage: sndfile_rates ROUNDS < paths; prints per path the median seconds, channels, frames, rate and name of format.
 */
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 8192, MAX_ROUNDS = 21, MAX_CHANNELS = 64 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Frames, or -1. Bare GSM is told by its name, as with tessera. */
static sf_count_t decode(const char *path, SF_INFO *info)
{
    static float block[BLOCK * MAX_CHANNELS];
    size_t n = strlen(path);
    sf_count_t got, all = 0;
    memset(info, 0, sizeof *info);
    if (n > 4 && !strcmp(path + n - 4, ".gsm"))
        *info = (SF_INFO){.samplerate = 8000, .channels = 1, .format = SF_FORMAT_RAW | SF_FORMAT_GSM610};
    SNDFILE *f = sf_open(path, SFM_READ, info);
    if (!f || info->channels > MAX_CHANNELS) return -1;
    while ((got = sf_readf_float(f, block, BLOCK)) > 0) all += got;
    sf_close(f);
    return all;
}

int main(int argc, char **argv)
{
    char path[4096];
    double turns[MAX_ROUNDS];
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    if (rounds < 1 || rounds > MAX_ROUNDS) return 2;
    while (fgets(path, sizeof path, stdin)) {
        SF_INFO info;
        path[strcspn(path, "\n")] = 0;
        if (decode(path, &info) < 0) continue;
        sf_count_t frames = 0;
        for (int i = 0; i < rounds; i++) {
            double begun = now();
            frames = decode(path, &info);
            turns[i] = now() - begun;
        }
        qsort(turns, (size_t)rounds, sizeof *turns, ascending);
        printf("%.9f %d %lld %d %x\n", turns[rounds / 2], info.channels, (long long)frames, info.samplerate,
               (unsigned)info.format);
    }
    return 0;
}
