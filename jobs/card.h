/* The dataset card: README.md with YAML front matter as model hubs read it. Local. */
#pragma once

#include <jansson.h>

/* From dataset.json without "files". No dates, hosts or times. Caller: mem_free. */
int card_make(const json_t *d, char **text);
