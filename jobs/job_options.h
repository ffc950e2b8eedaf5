/* Options of the job itself: the output folder and how the job runs. */
#pragma once

#include "config/options.h"

typedef struct output_options {
    char *path;                /* folder of the dataset */
    int64_t shard_bytes;       /* close a shard at about this size */
    double unit_min, unit_max; /* weight of a unit: estimated seconds of work on sound-second scale */
    int compress;              /* none | deflate */
    int64_t compress_level;
} output_options;

typedef enum unit_order { ORDER_FORWARD, ORDER_REVERSE, ORDER_RANDOM } unit_order;

typedef struct run_options {
    double time_limit;
    double max_reject_rate;
    int64_t root_works_below;
    int prefetch;
    int64_t prefetch_bytes;
    int unit_order;
    int keep_state;
    double row_timeout;
    int64_t canaries;
    double batch_seconds;   /* sound that an encoder computes together */
    int64_t batch_pictures; /* pictures that an encoder computes together */
    int isa;                /* index into isa_names */
} run_options;

/* The values of run.isa, as isa_force takes them; NULL behind the last. */
extern const char *const isa_names[];

extern const option_table output_options_table, run_options_table;
