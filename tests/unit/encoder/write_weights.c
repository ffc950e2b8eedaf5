#include "write_weights.h"

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

#include <cmocka.h>

void write_file(const char *folder, const char *name, const void *bytes, size_t n)
{
    char *path;
    assert_int_equal(file_join(&path, folder, name), OK);
    assert_int_equal(file_commit(path, bytes, n, "test"), OK);
    mem_free(&path);
}

void write_weights(const char *folder, const char *name, const char *header, const void *values, size_t n)
{
    size_t n_header = strlen(header);
    uint8_t *bytes;
    assert_int_equal(MEM_ALLOC(bytes, 8 + n_header + n), OK);
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)n_header >> (8 * i));
    memcpy(bytes + 8, header, n_header);
    if (n) memcpy(bytes + 8 + n_header, values, n);
    write_file(folder, name, bytes, 8 + n_header + n);
    mem_free(&bytes);
}
