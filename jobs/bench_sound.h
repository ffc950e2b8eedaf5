/* Sound files stage by stage, for `tessera bench audio`. Local. */
#pragma once

#include "jobs/bench_paths.h"

#include <stdint.h>

enum { SOUND_DECODE, SOUND_MONO, SOUND_RESAMPLE, SOUND_FEATURES, SOUND_CODES, N_SOUND_STAGES };
enum { SOUND_CODES_K = 500, MAX_SOUND_FORMATS = 32 };

/* Each stage with all before it. */
extern const char *const sound_stage_names[N_SOUND_STAGES];

typedef struct sound_times {
    char format[32]; /* "all" in the first */
    int64_t n_files;
    double audio_seconds;           /* of the sound */
    double seconds[N_SOUND_STAGES]; /* medians of the time that it took */
} sound_times;

typedef struct sound_report {
    sound_times all, format[MAX_SOUND_FORMATS];
    int n_formats;
    int64_t n_refused; /* files that are no sound, or damaged */
} sound_report;

/* Run MFCC-39 and K = 500 centroids (frames of the files) over the files, which are read first. ERR_CONFIG when none
 * can be decoded, ERR_MEMORY, ERR_IO. */
int bench_sound_files(const bench_paths *files, sound_report *out);
