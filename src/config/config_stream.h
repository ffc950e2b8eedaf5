/* A stream into memory: fprintf to `file`, then close for the text. All Local. */
#pragma once

#include <stddef.h>
#include <stdio.h>

typedef struct text_stream {
    FILE *file;
    char *text;
    size_t n;
} text_stream;

/* ERR_MEMORY. */
int config_stream_open(text_stream *s);

/* Gives the text (caller: mem_free), or ERR_MEMORY if this or any write before it failed. */
int config_stream_close(text_stream *s, char **out);
