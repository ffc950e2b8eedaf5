/* The table of verbs. */
#include "jobs/job.h"
#include "jobs/verbs.h"

static const verb verbs[] = {
    {"run", "CONFIG", "all of the below in order, skipping what is done", 1, verb_run},
    {"plan", "CONFIG", "what would be done: rows, hours, images, tokens, shards, bytes; writes nothing", 1, verb_plan},
    {"index", "CONFIG", "manifest to binary index", 1, verb_index},
    {"train", "CONFIG", "the codebooks", 1, verb_train},
    {"tokenize", "CONFIG", "parts and shards", 1, verb_tokenize},
    {"pack", "CONFIG", "sequences (--materialise: also shuffled joint ids)", 1, verb_pack},
    {"verify", "DATASET", "accounting, checksums, ranges (--corpus PATH: where the corpus is now)", 0, verb_verify},
    {"show", "DATASET ID", "one example, or sequence SET/SPLIT/N, token by token (--wav, --png FILE)", 0, verb_show},
    {"export", "DATASET", "sequences as megatron, webdataset, jsonl or npy (--format, --to, --sequences, --split)", 0,
     verb_export},
    {"status", "DATASET", "how far a job is, and why it stopped", 0, verb_status},
    {"encode", "CONFIG FILE...", "features or tokens of single files (--what features|tokens, --npy FILE)", 1,
     verb_encode},
    {"codebook", "ACTION FILE", "import, export (--to FILE, --feature TEXT), or show what is known of a codebook", 0,
     verb_codebook},
    {"assign", "CODEBOOK DATA", "nearest centroids of rows: --to OUT gives OUT.labels.npy and OUT.distances.npy", 0,
     verb_assign},
    {"bench", "NAME", "how fast parts of the program are here: kernel (--json)", 0, verb_bench},
    {"_row", "CONFIG POSITION", "one row in isolation", 0, verb_isolated_row},
    {"_probe", "FILE...", "headers of files in isolation", 0, verb_isolated_probe},
};

int main(int argc, char **argv) { return job_main(argc, argv, verbs, sizeof verbs / sizeof *verbs); }
