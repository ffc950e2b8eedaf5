/* Protobuf's wire format: a message as a run of numbered fields. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct spm_wire {
    const uint8_t *at, *end;
} spm_wire;

typedef enum spm_wire_type { SPM_VARINT = 0, SPM_FIXED64 = 1, SPM_BYTES = 2, SPM_FIXED32 = 5 } spm_wire_type;

typedef struct spm_field {
    uint32_t number;
    int type;             /* spm_wire_type */
    uint64_t value;       /* of a number */
    const uint8_t *bytes; /* of SPM_BYTES, within the message */
    size_t n;
} spm_field;

/* The next field of a message: 1 when there was one, 0 at the end, -1 when the bytes are no message (or hold groups,
 * which no model has). */
int spm_wire_next(spm_wire *w, spm_field *f);
