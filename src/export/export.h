/* The sequences of one split of a finished dataset, in the formats that others read. The same sequences give the same
 * bytes. All Local. */
#pragma once

#include "sequence/pack.h"

typedef struct export_split {
    const char *set, *name; /* of sequences; of the split. Everything is borrowed */
    sequence_set sources;
    char *const *index_paths; /* (n_index) its index files in order */
    size_t n_index;
    int64_t n_sequences; /* in all of them */
    int (*go_on)(void);  /* asked between batches: OK, or the status to end with; NULL: always OK */
} export_split;

typedef struct export_options {
    int64_t per_tar;              /* sequences of one tar file */
    const char *token[N_STREAMS]; /* media ids in text, with one %d; NULL: <img_17> and the like */
    int64_t batch_tokens;         /* held in memory at a time; no byte depends on it */
} export_options;
enum { EXPORT_PER_TAR = 1000, EXPORT_BATCH_TOKENS = 1 << 22 };

typedef struct export_counts {
    int64_t sequences, documents, tokens; /* documents and pieces of them; tokens without padding */
} export_counts;

typedef struct export_format {
    const char *name;
    int holds_vectors;
    /* Write the split's files into an existing folder, each committed by rename ("export"). ERR_CORRUPT, ERR_MISMATCH,
     * ERR_MISSING, ERR_UNSUPPORTED (text that cannot be read back), ERR_SPACE, ERR_IO, ERR_MEMORY, and what go_on says.
     */
    int (*write)(const export_split *s, const export_options *o, const char *folder, export_counts *counts);
} export_format;
enum { N_EXPORT_FORMATS = 4 };
extern const export_format export_formats[N_EXPORT_FORMATS];

/* Whether this format can hold the split. ERR_CONFIG, which names a format that can; ERR_MISSING, ERR_CORRUPT. */
int export_check(const export_format *f, const export_split *s);

/* The writers: SPLIT.bin and SPLIT.idx of Megatron-LM; SPLIT-000000.tar ...; SPLIT.jsonl; SPLIT.input_ids.npy and
 * three more. */
int export_megatron(const export_split *s, const export_options *o, const char *folder, export_counts *counts);
int export_webdataset(const export_split *s, const export_options *o, const char *folder, export_counts *counts);
int export_jsonl(const export_split *s, const export_options *o, const char *folder, export_counts *counts);
int export_npy(const export_split *s, const export_options *o, const char *folder, export_counts *counts);
