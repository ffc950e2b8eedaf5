#include "part_maker.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

part_writer *part_begin(part_set *p, int64_t piece_position, int64_t first, int64_t last)
{
    const part_header header = {.tokens_hash = 42,
                                .unit = (int64_t)p->n,
                                .piece_position = piece_position,
                                .piece_first = first,
                                .piece_last = last};
    part_writer *w = NULL;
    assert_true(p->n < MOST_PARTS);
    assert_int_equal(part_writer_create(&w, &header), OK);
    return w;
}

void part_end(part_set *p, const char *folder, part_writer **w)
{
    assert_int_equal(mem_format(&p->paths[p->n], "%s/unit-%zu.part", folder, p->n), OK);
    assert_int_equal(part_writer_commit(*w, p->paths[p->n]), OK);
    p->units[p->n] = (int64_t)p->n;
    p->n++;
    part_writer_free(w);
}

void part_set_make(part_set *p, const char *folder, int64_t n, int cuts, int reduced)
{
    example e = {0};
    memset(p, 0, sizeof *p);
    for (int c = 0; c < cuts; c++) {
        part_writer *w = part_begin(p, -1, 0, 0);
        for (int64_t i = n * c / cuts; i < n * (c + 1) / cuts; i++) {
            make_example(i, reduced, &e);
            assert_int_equal(part_writer_add(w, &e), OK);
        }
        part_end(p, folder, &w);
    }
    example_free(&e);
}

void part_set_free(part_set *p)
{
    for (size_t i = 0; i < p->n; i++) mem_free(&p->paths[i]);
    p->n = 0;
}

int make_folder(const char *name, char out[64])
{
    snprintf(out, 64, "%s/tessera-test-%s-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", name);
    return mkdtemp(out) != NULL;
}

char *read_text(const char *path, size_t *n)
{
    uint8_t *bytes = NULL;
    assert_int_equal(file_read(path, 1 << 26, &bytes, n), OK);
    return (char *)bytes;
}
