/* Sums in two levels against par_sum, and blocks that a node shares, on real and pretended nodes and without sharing.
 */
#include "base/memory.h"
#include "base/status.h"
#include "par/par_node.h"

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

enum { WINDOW = PAR_NODE_WINDOW / sizeof(int64_t), LONGEST = 3 * WINDOW + 17 };

/* Any 64 bits, the same for the same arguments. */
static uint64_t mixed(uint64_t rank, uint64_t i, uint64_t seed)
{
    uint64_t x = rank * 0x9e3779b97f4a7c15u + i * 0xbf58476d1ce4e5b9u + seed * 0x94d049bb133111ebu;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Kind 0: small, both signs; 1: all of the range, so that sums wrap; 2: its two ends. */
static int64_t value(int kind, int rank, size_t i)
{
    uint64_t x = mixed((uint64_t)rank, i, (uint64_t)kind);
    if (kind == 0) return (int64_t)(x % 2001) - 1000;
    if (kind == 1) return (int64_t)x;
    return x % 3 ? INT64_MAX - (int64_t)(x % 5) : INT64_MIN + (int64_t)(x % 7);
}

static void one_sum(par *p, par_node *n, int kind, size_t length, int64_t *flat, int64_t *two)
{
    for (size_t i = 0; i < length; i++) flat[i] = two[i] = value(kind, p->rank, i);
    two[length] = 4711 + p->rank;
    par_sum(p, flat, length);
    par_node_sum(n, two, length);
    EXPECT(!memcmp(flat, two, length * sizeof *flat));
    EXPECT(two[length] == 4711 + p->rank); /* nothing is written beyond the end */
    for (size_t i = 0; i < length; i += 997) {
        uint64_t sum = 0;
        for (int r = 0; r < p->size; r++) sum += (uint64_t)value(kind, r, i);
        EXPECT((uint64_t)two[i] == sum);
    }
}

static void sums_are_those_of_par_sum(par *p, par_node *n)
{
    static const size_t lengths[] = {0, 1, 5, 8, 1000, WINDOW - 1, WINDOW, WINDOW + 1, LONGEST, 3};
    int64_t *flat = NULL, *two = NULL;
    EXPECT(par_agree(p, MEM_ALLOC(flat, LONGEST + 1)) == OK);
    EXPECT(par_agree(p, MEM_ALLOC(two, LONGEST + 1)) == OK);
    for (int kind = 0; kind < 3; kind++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) one_sum(p, n, kind, lengths[k], flat, two);
    for (int again = 0; again < 50; again++) one_sum(p, n, again % 3, (size_t)(again * 37 % 101), flat, two);
    mem_free(&flat);
    mem_free(&two);
}

/* Each rank of the node writes a slice; all of them read all of it. `mark` tells nodes apart. */
static void fill_and_read(par *p, par_node *n, int64_t *block, size_t length, int64_t mark)
{
    size_t size = (size_t)par_node_size(n), rank = (size_t)par_node_rank(n);
    for (size_t i = length * rank / size; i < length * (rank + 1) / size; i++) block[i] = mark + (int64_t)i;
    par_node_barrier(n);
    int wrong = 0;
    for (size_t i = 0; i < length; i++) wrong += block[i] != mark + (int64_t)i;
    EXPECT(!wrong);
    par_node_barrier(n); /* the next one may write */
}

static void blocks_are_seen_by_the_node(par *p, par_node *n)
{
    enum { LENGTH = 100003 };
    void *first = NULL, *second = NULL, *empty = NULL;
    /* the first rank of the node, in the job's numbers: what the pretended layout is must not matter here */
    int64_t node = p->rank - par_node_rank(n);
    EXPECT(par_node_alloc(n, LENGTH * sizeof(int64_t), &first) == OK);
    EXPECT(par_node_alloc(n, 7 * sizeof(int64_t), &second) == OK);
    EXPECT(par_node_alloc(n, 0, &empty) == OK);
    EXPECT(first && second && empty && first != second);
    if (!first || !second) return; /* on all ranks: a status of one is that of all */
    EXPECT((uintptr_t)first % 64 == 0 && (uintptr_t)second % 64 == 0);
    int dirty = 0;
    for (size_t i = 0; i < LENGTH; i++) dirty += ((int64_t *)first)[i] != 0;
    EXPECT(!dirty);
    par_node_barrier(n);
    for (int turn = 0; turn < 3; turn++) {
        fill_and_read(p, n, first, LENGTH, node * 1000000 + turn);
        fill_and_read(p, n, second, 7, node * 1000 - turn);
        int64_t sum = 1;
        par_node_sum(n, &sum, 1); /* leaves the blocks as they are */
        EXPECT(sum == p->size && ((int64_t *)second)[6] == node * 1000 - turn + 6);
    }
    par_node_barrier(n);
    par_node_release(n, &first); /* not the last one taken */
    EXPECT(!first);
    par_node_release(n, &first);
    fill_and_read(p, n, second, 7, node);
    par_node_release(n, &empty);
    par_node_release(n, &second);
}

static void too_large_a_block_is_an_error(par *p, par_node *n)
{
    void *block = &block;
    /* a size that no sum of bytes may reach, and one that a machine does not have */
    EXPECT(par_node_alloc(n, SIZE_MAX - 10, &block) == ERR_MEMORY && !block);
    block = &block;
    size_t bytes = par_node_shares(n) ? (size_t)1 << 60 : SIZE_MAX;
    EXPECT(par_node_alloc(n, bytes, &block) == ERR_MEMORY && !block);
    EXPECT(par_node_alloc(n, 64, &block) == OK && block);
    par_node_release(n, &block);
}

static void with_layout(par *p, int ranks_per_node, int share)
{
    par_node *n = NULL;
    EXPECT(par_node_create_as(&n, p, ranks_per_node, share) == OK);
    int shares = share && p->size > 1 && ranks_per_node != 1;
    EXPECT(par_node_shares(n) == shares);
    int first = ranks_per_node ? p->rank / ranks_per_node * ranks_per_node : 0;
    int size = ranks_per_node && p->size - first > ranks_per_node ? ranks_per_node : p->size - first;
    EXPECT(par_node_rank(n) == (shares ? p->rank - first : 0));
    EXPECT(par_node_size(n) == (shares ? size : 1));
    sums_are_those_of_par_sum(p, n);
    blocks_are_seen_by_the_node(p, n);
    too_large_a_block_is_an_error(p, n);
    par_node_free(&n);
    EXPECT(!n);
    par_node_free(&n);
}

int main(int argc, char **argv)
{
    par p_, *p = &p_;
    par_start(p, &argc, &argv);
    for (int ranks_per_node = 0; ranks_per_node <= 3; ranks_per_node++) with_layout(p, ranks_per_node, 1);
    with_layout(p, 0, 0);
    with_layout(p, 2, 0);
    par_node *n = NULL;
    EXPECT(par_node_create(&n, p) == OK);
    EXPECT(par_node_size(n) == (par_node_shares(n) ? p->size : 1));
    par_node_free(&n);
    int64_t all = par_sum_one(p, failures);
    return par_finish(p, all != 0);
}
