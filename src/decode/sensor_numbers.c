/* Numbers of any type as fp32. */
#include "decode/sensor_format.h"
#include "tensor/half.h"

#include <string.h>

#define CONVERT(type)                                                                                                  \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        type value;                                                                                                    \
        memcpy(&value, bytes + i * sizeof value, sizeof value);                                                        \
        out[i] = (float)value;                                                                                         \
    }

void sensor_to_floats(const char *type, const uint8_t *bytes, size_t n, float *out)
{
    switch (type[1] << 8 | type[2]) {
    case 'f' << 8 | '2': half_to_floats((const uint16_t *)(const void *)bytes, n, out); break;
    case 'f' << 8 | '4': memcpy(out, bytes, n * sizeof *out); break;
    case 'f' << 8 | '8': CONVERT(double); break;
    case 'i' << 8 | '1': CONVERT(int8_t); break;
    case 'i' << 8 | '2': CONVERT(int16_t); break;
    case 'i' << 8 | '4': CONVERT(int32_t); break;
    case 'i' << 8 | '8': CONVERT(int64_t); break;
    case 'u' << 8 | '2': CONVERT(uint16_t); break;
    case 'u' << 8 | '4': CONVERT(uint32_t); break;
    case 'u' << 8 | '8': CONVERT(uint64_t); break;
    default: CONVERT(uint8_t); break; /* u1, b1 */
    }
}
