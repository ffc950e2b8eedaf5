/* The encoders of a job: opened from the folders that the config names, and checked against the other keys. Local. */
#pragma once

#include "core/core_options.h"
#include "encoder/encoder.h"

typedef struct core_model {
    encoder *encoder;       /* NULL: the stream has none */
    int64_t output;         /* a layer, ENCODER_LAST, ENCODER_POOLED or ENCODER_CODES */
    char config_sha256[65]; /* of what config.json and preprocessor_config.json say */
    int64_t batch;          /* samples, or pictures, that may be computed together; changes no bit */
} core_model;

typedef struct core_models {
    core_model audio, image;
} core_models;

/* Open what the options ask for; *out is cleared where they ask for no encoder. ERR_CONFIG names the key: no folder, a
 * model of the wrong kind, a layer that it does not have, keys that contradict each other. ERR_MEMORY. Caller:
 * core_model_close. */
int core_model_open_audio(core_model *out, const audio_options *o);
int core_model_open_image(core_model *out, const image_options *o);
void core_model_close(core_model *m);

/* The ids are the encoder's own, and no codebook is used. */
int core_model_has_codes(const core_model *m);

/* "hubert weights=SHA config=SHA" in new memory, "none" without an encoder: what identifies the model. ERR_MEMORY. */
int core_model_text(const core_model *m, char **text);

/* Number of the layer for the records; -1: codes. */
int64_t core_model_layer(const core_model *m);
