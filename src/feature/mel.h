/* Kaldi's bank of mel filters over the bins of audio_spectrum: triangles on the mel scale from 20 Hz to 8 kHz, peak 1,
 * and the natural logarithm of what they pass. Local. Source: pytorch/audio src/torchaudio/compliance/kaldi.py,
 * get_mel_banks. */
#pragma once

#include "feature/audio_spectrum.h"

/* Power arrays are read up to here; what lies behind SPECTRUM_BINS must be finite. */
enum { MEL_POWER_SIZE = SPECTRUM_BINS + 7 };

typedef struct mel_bank mel_bank;

/* ERR_MEMORY. Caller: mel_free. */
int mel_create(mel_bank **out, int64_t n_filters);
void mel_free(mel_bank **m);

/* log_energy[b] = ln(max(energy of filter b, 2^-23)), n_filters of them. */
void mel_apply(const mel_bank *m, const double *power, double *log_energy);
