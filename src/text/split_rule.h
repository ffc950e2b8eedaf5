/* Where text is cut into pieces before byte-pair encoding: the regular expressions of published tokenizers as
 * procedures. All Local. */
#pragma once

#include <stddef.h>

typedef enum split_rule {
    SPLIT_GPT2,
    SPLIT_LLAMA3, /* numbers in threes */
    SPLIT_QWEN,   /* the same with single numbers */
    SPLIT_CL100K, /* as Llama 3 but for white space at the end of a text */
    SPLIT_O200K,
    N_SPLIT_RULES
} split_rule;

/* The rule of this very pattern text, as `tokenizers` or `tiktoken` files have it; -1: none of them. */
int split_rule_of_pattern(const char *pattern);

/* The rule of a name ("gpt2", "llama3", "qwen", "cl100k", "o200k"); -1: none of them. */
int split_rule_of_name(const char *name);

/* Bytes of the first piece of n > 0 bytes of valid UTF-8. */
size_t split_rule_next(split_rule rule, const char *text, size_t n);
