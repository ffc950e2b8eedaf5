/* The ceiling of the kernels, for benchmarks: how fast this processor multiplies and adds at best. Local. */
#pragma once

#include <stdint.h>

/* Run `turns` turns of a loop that does nothing but independent fp32 multiply-adds, in the widest vectors that the
 * processor has (whatever isa_force says). Returns the floating-point operations done, two for each multiply-add. */
double fma_peak_run(int64_t turns);
