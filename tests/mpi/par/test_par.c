/* Agreement, sharing, sums and prefixes on any number of ranks. */
#include "base/memory.h"
#include "base/status.h"
#include "par/par.h"

#include <stdio.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: rank %d: %s\n", __FILE__, __LINE__, p->rank, #condition);                          \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

static void worst_status_wins_with_its_message(par *p)
{
    EXPECT(par_agree(p, OK) == OK);
    int last = p->rank == p->size - 1;
    int mine = last ? status_set(ERR_SPACE, "there.c", 7, "disk of rank %d is full", p->rank) : OK;
    char expected[64];
    snprintf(expected, sizeof expected, "disk of rank %d is full", p->size - 1);
    EXPECT(par_agree(p, mine) == ERR_SPACE);
    EXPECT(!strcmp(status_message(), expected));
    mine =
        p->rank == 0 ? status_set(ERR_INTERNAL, "here.c", 1, "worst") : status_set(ERR_STOPPED, "here.c", 1, "stopped");
    EXPECT(par_agree(p, mine) == ERR_INTERNAL);
    EXPECT(!strcmp(status_message(), "worst"));
}

static void rank_zero_shares_a_block(par *p)
{
    char *text = NULL;
    size_t n = 0;
    if (p->rank == 0) {
        EXPECT(mem_string(&text, "the config") == OK);
        n = strlen(text);
    }
    EXPECT(par_share(p, &text, &n) == OK);
    EXPECT(n == 10 && text && !strcmp(text, "the config"));
    mem_free(&text);
}

static void sums_and_prefixes(par *p)
{
    int64_t values[3] = {p->rank, 1, INT64_C(1) << 60};
    values[2] = p->rank == 0 ? values[2] : -(INT64_C(1) << 59);
    par_sum(p, values, 3);
    EXPECT(values[0] == (int64_t)p->size * (p->size - 1) / 2);
    EXPECT(values[1] == p->size);
    EXPECT(values[2] == (INT64_C(1) << 60) - (p->size - 1) * (INT64_C(1) << 59));
    EXPECT(par_prefix(p, p->rank + 1) == (int64_t)p->rank * (p->rank + 1) / 2);
    EXPECT(par_max_one(p, -p->rank) == 0);
    double most = p->rank;
    par_max(p, &most, 1);
    EXPECT(most == p->size - 1);
    int all[64], mine = 10 * p->rank;
    par_gather_all(p, &mine, sizeof mine, all);
    for (int r = 0; r < p->size; r++) EXPECT(all[r] == 10 * r);
}

int main(int argc, char **argv)
{
    par p_, *p = &p_;
    par_start(p, &argc, &argv);
    worst_status_wins_with_its_message(p);
    rank_zero_shares_a_block(p);
    sums_and_prefixes(p);
    int64_t all = par_sum_one(p, failures);
    return par_finish(p, all != 0);
}
