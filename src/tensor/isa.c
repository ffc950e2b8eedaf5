#include "tensor/isa.h"

#include "base/status.h"

#include <string.h>

static const char *const names[N_ISAS] = {"plain", "avx2", "avx512"};

static enum isa most = N_ISAS - 1; /* set by isa_force */

const char *isa_name(enum isa isa) { return names[isa]; }

#if defined(__x86_64__)
int isa_has(enum isa isa)
{
    if (isa >= ISA_AVX2 &&
        !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")))
        return 0;
    if (isa >= ISA_AVX512 && !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")))
        return 0;
    return 1;
}

int isa_vnni(void) { return isa_best() == ISA_AVX512 && __builtin_cpu_supports("avx512vnni"); }

int isa_bf16(void) { return isa_best() == ISA_AVX512 && __builtin_cpu_supports("avx512bf16"); }
#else
int isa_has(enum isa isa) { return isa == ISA_PLAIN; }

int isa_vnni(void) { return 0; }

int isa_bf16(void) { return 0; }
#endif

enum isa isa_best(void)
{
    enum isa best = most;
    while (!isa_has(best)) best--;
    return best;
}

int isa_force(const char *name)
{
    int rc = OK;
    enum isa wanted = ISA_PLAIN, has = N_ISAS - 1;
    while (!isa_has(has)) has--;
    if (!strcmp(name, "auto")) {
        most = N_ISAS - 1;
        goto done;
    }
    while (wanted < N_ISAS && strcmp(names[wanted], name) != 0) wanted++;
    if (wanted == N_ISAS) FAIL(ERR_CONFIG, "no instruction set \"%s\": auto, plain, avx2 or avx512", name);
    if (!isa_has(wanted)) FAIL(ERR_CONFIG, "this processor has no %s; the best that it has is %s", name, names[has]);
    most = wanted;
done:
    return rc;
}
