/* Any bytes as a recording of a sensor: no crash, no hang, an item error at most, and the same samples or the same
 * error however they are read. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 1 << 16, CHANNELS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

typedef struct decoded {
    int rc;
    char message[256];
    sensor_info info;
    float *values;
    int64_t n;
} decoded;

static void check(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static decoded decode(const uint8_t *bytes, size_t n, const sensor_read_options *o, int64_t skip, int64_t block)
{
    int rc = OK;
    decoded d = {0};
    int64_t got = block;
    sensor_stream *s = NULL;
    byte_source source = source_of_memory(bytes, n);
    check(MEM_ALLOC(d.values, MAX_VALUES) == OK, "no memory");
    TRY(sensor_open(&s, &source, o, &d.info));
    TRY(sensor_skip(s, skip));
    while (got == block && (d.n + block) * o->channels <= MAX_VALUES) {
        TRY(sensor_read(s, d.values + d.n * o->channels, block, &got));
        d.n += got;
    }
done:
    d.rc = rc;
    if (rc != OK) snprintf(d.message, sizeof d.message, "%s", status_message());
    check(rc == OK || status_is_item(rc), "the bytes of a file can only be an item's fault");
    sensor_close(&s);
    return d;
}

static void try_options(const uint8_t *bytes, size_t n, const sensor_read_options *o)
{
    decoded a = decode(bytes, n, o, 0, 100), b = decode(bytes, n, o, 0, 7);
    int64_t both = a.n < b.n ? a.n : b.n;
    check(a.rc == b.rc && strcmp(a.message, b.message) == 0, "blocks change the outcome");
    check(memcmp(a.values, b.values, (size_t)(both * o->channels) * sizeof *a.values) == 0, "blocks change the values");
    if (a.rc == OK && a.n > 1) {
        decoded c = decode(bytes, n, o, 1, 100);
        int64_t rest = a.n - 1 < c.n ? a.n - 1 : c.n;
        check(c.rc == OK, "passing over samples makes an error");
        check(memcmp(a.values + o->channels, c.values, (size_t)(rest * o->channels) * sizeof *a.values) == 0,
              "passing over samples changes the values");
        mem_free(&c.values);
    }
    mem_free(&a.values);
    mem_free(&b.values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    for (int separator = CSV_COMMA; separator <= CSV_SPACE; separator++) {
        sensor_read_options o = {.channels = CHANNELS, .dataset = "", .separator = separator};
        try_options(bytes, n, &o);
        sensor_format format;
        byte_source source = source_of_memory(bytes, n);
        if (sensor_format_of(&source, &format) != OK || format != SENSOR_CSV) break;
        o.skip_columns = 1;
        o.channels = 1;
        o.header = CSV_HEADER_NO;
        try_options(bytes, n, &o);
    }
    return 0;
}
