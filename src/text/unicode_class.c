#include "text/unicode_class.h"

#include "text/unicode_tables.h"

uint8_t unicode_class(uint32_t code) { return unicode_blocks[unicode_index[code >> 7]][code & 127]; }

const uint8_t *unicode_ascii(void) { return unicode_blocks[unicode_index[0]]; }
