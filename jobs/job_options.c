#include "jobs/job_options.h"

static const char *const compress_names[] = {"none", "deflate", NULL};
static const char *const order_names[] = {"forward", "reverse", "random", NULL};
const char *const isa_names[] = {"auto", "plain", "avx2", "avx512", NULL};

#define OUTPUT(field) offsetof(output_options, field)
static const option output_table[] = {
    {"output.path", OPTION_TEXT, SCOPE_RUN, OUTPUT(path), "\"\"", 0, 0, NULL,
     "folder of the dataset; --output-dir sets it too"},
    {"output.shard_bytes", OPTION_BYTES, SCOPE_TOKENS, OUTPUT(shard_bytes), "1GiB", 1024, 0x1p44, NULL,
     "a shard is closed at about this size"},
    {"output.unit_min", OPTION_REAL, SCOPE_TOKENS, OUTPUT(unit_min), "60", 0.001, 1e6, NULL,
     "least weight of a unit of work; a second of sound weighs 1, a picture about 0.5"},
    {"output.unit_max", OPTION_REAL, SCOPE_TOKENS, OUTPUT(unit_max), "1800", 0.001, 1e6, NULL,
     "greatest weight of a unit of work"},
    {"output.compress", OPTION_ENUM, SCOPE_TOKENS, OUTPUT(compress), "none", 0, 0, compress_names,
     "compression of ids and texts in shards; deflate writes much slower"},
    {"output.compress_level", OPTION_INT, SCOPE_TOKENS, OUTPUT(compress_level), "4", 1, 9, NULL, "level of deflate"},
};
const option_table output_options_table = OPTION_TABLE(output_table);

#define RUN(field) offsetof(run_options, field)
static const option run_table[] = {
    {"run.time_limit", OPTION_SECONDS, SCOPE_RUN, RUN(time_limit), "0", 0, 1e9, NULL,
     "stop cleanly with exit code 75 after this time (0: no limit)"},
    {"run.max_reject_rate", OPTION_REAL, SCOPE_RUN, RUN(max_reject_rate), "0.05", 0, 1, NULL,
     "stop with exit code 3 when a greater share of the rows is rejected"},
    {"run.root_works_below", OPTION_INT, SCOPE_RUN, RUN(root_works_below), "64", 1, 1 << 20, NULL,
     "below this number of ranks rank 0 works too, above it only hands out"},
    {"run.prefetch", OPTION_BOOL, SCOPE_RUN, RUN(prefetch), "true", 0, 0, NULL,
     "read coming media in a thread of its own"},
    {"run.prefetch_bytes", OPTION_BYTES, SCOPE_RUN, RUN(prefetch_bytes), "64MiB", 65536, 0x1p40, NULL,
     "most bytes that wait; files above half of it are read in pieces"},
    {"run.unit_order", OPTION_ENUM, SCOPE_RUN, RUN(unit_order), "forward", 0, 0, order_names,
     "order in which units are handed out"},
    {"run.keep_state", OPTION_BOOL, SCOPE_RUN, RUN(keep_state), "false", 0, 0, NULL,
     "keep OUT/state when the dataset is complete"},
    {"run.row_timeout", OPTION_SECONDS, SCOPE_RUN, RUN(row_timeout), "30m", 1, 1e7, NULL,
     "longest time that a row which crashed an earlier life gets on its own"},
    {"run.canaries", OPTION_INT, SCOPE_RUN, RUN(canaries), "4", 0, 4, NULL,
     "rows that every node encodes at each start, to compare"},
    {"run.batch_seconds", OPTION_REAL, SCOPE_RUN, RUN(batch_seconds), "30", 0, 36000, NULL,
     "seconds of sound, of several rows, that an encoder computes together; more take more memory"},
    {"run.batch_pictures", OPTION_INT, SCOPE_RUN, RUN(batch_pictures), "16", 1, 4096, NULL,
     "pictures that an encoder computes together"},
    {"run.isa", OPTION_ENUM, SCOPE_RUN, RUN(isa), "auto", 0, 0, isa_names,
     "instruction set of the kernels; auto: the best of the processor; all give the same bits"},
};
const option_table run_options_table = OPTION_TABLE(run_table);
