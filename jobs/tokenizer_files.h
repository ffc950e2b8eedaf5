/* The folder tokenizer/ of a dataset: the tokenizer's own files, and what a trainer adds to it.
 *
 *   tokenizer.json | ranks.tiktoken | tokenizer.model, specials.json    copies, unless text is bytes
 *   added_tokens.json         {"<boi>": id, "<aud_17>": id, ...}: all joint ids that are not text
 *   special_tokens_map.json   which of them begin, end, fill and part */
#pragma once

#include "jobs/job.h"
#include "tokens/vocabulary.h"

/* Names of the files above, from the folder of the dataset; ends with NULL. */
extern const char *const tokenizer_file_names[];

/* Write them. Where the text tokenizer has a token of the same name as one of ours, ours are called "<mm_boi>" and so
 * on. ERR_CONFIG (a file of the tokenizer changed since the job began), ERR_SPACE, ERR_IO, ERR_MEMORY. Local. */
int tokenizer_files_write(const job *j, const vocabulary *v);

/* Let text options name the copies in a dataset, if it has any. ERR_MEMORY. Local. */
int tokenizer_files_use(const char *dataset, text_options *o);
