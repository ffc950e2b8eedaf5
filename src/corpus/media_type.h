/* What a file of a folder is, by the ending of its name: the decoders look at the content. Local. */
#pragma once

#include <stddef.h>

typedef enum media_type { TYPE_AUDIO, TYPE_IMAGE, TYPE_TEXT, TYPE_OTHER } media_type;

/* Type of the file with this name (n bytes), in any case of letters; *stem_n is the length of the name without a known
 * ending, without its last ending otherwise. */
media_type media_type_of(const char *name, size_t n, size_t *stem_n);
