#include "sequence/cross_ranges.h"

void cross_ranges(const uint32_t *starts, size_t n, uint32_t end, uint32_t *ends)
{
    uint32_t e = end;
    for (size_t i = n; i-- > 0;) {
        uint32_t own = i + 1 < n ? starts[i + 1] : end;
        ends[i] = i + 1 < n && starts[i] + 1 == own ? e : own;
        e = ends[i];
    }
}
