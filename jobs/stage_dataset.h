/* Pieces of dataset.json that several stages need. Local. */
#pragma once

#include "jobs/stages.h"

#include <jansson.h>

/* {"shards": [...]} of a dataset in the making (from the committed counts), or the whole of a finished one's
 * dataset.json. Caller: json_decref. */
int stage_dataset_shards(const stages *s, json_t **out);

/* The member "streams" of dataset.json, of a dataset in the making. Caller: json_decref. */
json_t *stage_dataset_streams(const stages *s);

/* The joint vocabulary: of the models that are loaded, or of a finished dataset. */
int stage_dataset_words(const stages *s, vocabulary *out);

/* The member "sequences" of dataset.json: the set of the job from its committed blocks, and of a repack the others. `d`
 * as from stage_dataset_shards. Caller: json_decref. */
int stage_sequence_files(const stages *s, const json_t *d, json_t **out);
