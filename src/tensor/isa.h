/* Which instruction set the kernels of the program use: the one place that asks the processor, and the one setting of
 * this folder. All variants give the same bits, so the choice only matters for speed. Local. */
#pragma once

/* In ascending order: a processor that has one has those before it. */
enum isa {
    ISA_PLAIN,  /* C alone */
    ISA_AVX2,   /* AVX2, FMA, F16C */
    ISA_AVX512, /* AVX-512 F, BW, DQ, VL */
    N_ISAS
};

/* "plain", "avx2", "avx512". */
const char *isa_name(enum isa isa);

/* Whether the processor has it. */
int isa_has(enum isa isa);

/* The best that the processor has and isa_force allows: what the ..._best() of kernels go by. */
enum isa isa_best(void);

/* Whether isa_best() is ISA_AVX512 and the processor has VNNI (dot products of int8) or BF16 as well. */
int isa_vnni(void);
int isa_bf16(void);

/* For all that is created from here on: "plain", "avx2", "avx512", or "auto", the best that there is. To be called at
 * the start, before threads. ERR_CONFIG: no such name, or the processor lacks it; nothing has changed then. */
int isa_force(const char *name);
