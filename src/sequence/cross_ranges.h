/* Where pictures (or sounds) that stand beside the text are attended to: ranges of tokens as in the sparse
 * cross_attention_mask of Llama 3.2 Vision (transformers, processing_mllama.py), ended at the end of the document.
 * Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* starts: (n) positions of the markers, ascending; end: of the document. ends (n): the first token that does not
 * attend. A marker's range goes to the next marker; markers side by side share the range of the last of them. */
void cross_ranges(const uint32_t *starts, size_t n, uint32_t end, uint32_t *ends);
