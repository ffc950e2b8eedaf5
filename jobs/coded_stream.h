/* The streams that codebooks make tokens of: what the stages do with sound, pictures and the recordings of sensors
 * alike goes over media_kind and asks here what is particular. Local. */
#pragma once

#include "codebook/codebook.h"
#include "core/projection.h"
#include "jobs/job.h"

typedef struct coded_stream {
    const char *name; /* "audio", "image", "sensor": of its keys, its codebook and its dataset */
    stream_kind stream;
    int use; /* the config wants it */
    int keep, reduce;
    int wants_book; /* its ids come from a codebook */
    const codebook_options *codebook;
    const core_model *model; /* its encoder, if it has one */
    const char *encoder, *precision;
    double frame_hz; /* vectors a second; 0 where there is no such thing */
} coded_stream;

/* The views live as long as the job. */
coded_stream coded_stream_of(const job *j, media_kind kind);

/* Whether rows of the index have the stream, and the config wants it. */
int coded_is_there(const job *j, const corpus_totals *t, media_kind kind);

/* What fixes the features of its codebook; `map`: the projection of patches, or NULL. Caller: mem_free. ERR_MEMORY. */
int coded_feature_text(const job *j, media_kind kind, const projection *map, char **text);

/* Keys that follow from a frozen codebook: sensor.channels, where it is not set. ERR_CONFIG. */
int coded_complete(job *j);

/* ERR_CONFIG where the index has recordings of sensors but sensor.channels is not set. */
int coded_check_index(const job *j, const corpus_totals *t);
