/* Files that are not pictures of ours: say what they are. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* From the first n bytes: ERR_UNSUPPORTED with the name of a known picture format and what to do, else ERR_FORMAT.
 * Never OK. */
int image_magic_refuse(const uint8_t *head, size_t n);
