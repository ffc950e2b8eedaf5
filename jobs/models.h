/* The encoders and the text tokenizer of a job: opened on every rank as soon as the config is known, so that what is
 * wrong with them is said at once; weights packed when they are first needed, once per node, by all its ranks. */
#pragma once

#include "core/core_model.h"
#include "par/par_node.h"
#include "text/tokenizer.h"

struct job;

typedef struct models {
    core_models core;
    text_tokenizer *text;
    par_node *node;  /* NULL: not shared, or not loaded */
    void *packed[2]; /* of sound, of pictures; of the node, or of this process alone */
    int is_loaded;
} models;

/* Open what the config asks for. ERR_CONFIG, ERR_MEMORY; the same status on all ranks. Collective. */
int models_open(struct job *j);

/* Pack the weights, unless that is done. Collective. */
int models_load(struct job *j);

/* The same for one process that works without the others, from the config that it has. ERR_CONFIG. Local. */
int models_open_alone(struct job *j);
int models_load_alone(struct job *j);

/* After all that uses them is gone. Collective after models_load, else Local. NULL-safe. */
void models_close(struct job *j);

/* What identifies all of them, "" without encoders and with text as bytes, for hashes. Caller: mem_free. ERR_MEMORY.
 * Local. */
int models_text(const struct job *j, char **text);

/* What identifies the text tokenizer: its name, and the SHA-256 of its files unless text is bytes. Caller: mem_free.
 * ERR_MEMORY. Local. */
int models_tokenizer_text(const struct job *j, char **text);

/* Bytes of packed weights on a node. Local. */
size_t models_bytes(const struct job *j);
