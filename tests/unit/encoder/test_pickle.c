/* Streams by hand: the limits, and damage that torch.save does not write. */
#include "base/memory.h"
#include "base/status.h"
#include "encoder/pickle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Text, in a stream, of one byte of length. */
#define TEXT(length, text) "X" length "\0\0\0" text
#define STORAGE(n) "(" TEXT("\7", "storage") "ctorch\nFloatStorage\n" TEXT("\1", "0") TEXT("\3", "cpu") "K" n "tQ"
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"
#define TENSOR(n, offset, shape, strides) REBUILD "(" STORAGE(n) offset shape strides "\x89}tR"
#define IN_DICT(value) "\x80\x02}" TEXT("\1", "a") value "s."

typedef struct stream {
    const char *bytes;
    size_t n;
    const char *message; /* NULL: one tensor */
} stream;

#define STREAM(text, message)                                                                                          \
    {                                                                                                                  \
        text, sizeof(text) - 1, message                                                                                \
    }

static const stream streams[] = {
    STREAM(IN_DICT(TENSOR("\6", "K\0", "K\2K\3\x86", "K\3K\1\x86")), NULL),
    STREAM(IN_DICT(TENSOR("\6", "K\5", "K\1\x85", "K\1\x85")), NULL),
    STREAM(IN_DICT(TENSOR("\6", "K\6", "K\0\x85", "K\1\x85")), NULL),
    STREAM(IN_DICT(TENSOR("\6", "K\1", "K\2K\3\x86", "K\3K\1\x86")), "does not lie within its storage"),
    STREAM(IN_DICT(TENSOR("\6", "K\0", "K\2K\3\x86", "K\4K\1\x86")), "does not lie within its storage"),
    STREAM(IN_DICT(TENSOR("\6", "K\7", "K\0\x85", "K\1\x85")), "does not lie within its storage"),
    STREAM(IN_DICT(TENSOR("\6", "J\xFF\xFF\xFF\xFF", "K\1\x85", "K\1\x85")), "does not lie within its storage"),
    STREAM(IN_DICT(TENSOR("\6", "K\5", "K\2\x85", "J\xFF\xFF\xFF\xFF\x85")), "a stride is negative"),
    STREAM(IN_DICT(TENSOR("\6", "K\0", "J\xFF\xFF\xFF\xFF\x85", "K\1\x85")), "the shape is negative"),
    STREAM(IN_DICT(TENSOR("\6", "K\0", "\x8A\x8\0\0\0\0\0\0\0\x40K\2\x86", "K\0K\0\x86")), "too large"),
    STREAM(IN_DICT(TENSOR("\6", "K\0", "\x8A\x8\0\0\0\0\0\0\0\x40\x85", "K\4\x85")), "strides are too large"),
    STREAM(IN_DICT(TENSOR("\6", "K\0", "K\2K\3\x86", "K\1\x85")), "not the parts of a tensor"),
    STREAM(IN_DICT(TENSOR("\6", "K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t")),
           "more than 8 dimensions"),
    STREAM(IN_DICT(REBUILD "(K\1K\0K\1\x85K\1\x85\x89}tR"), "not the parts of a tensor"),
    STREAM(IN_DICT("(" TEXT("\7", "storage") "K\1K\1K\1K\1tQ"), "not the parts of a storage"),
    STREAM("\x80\x02}Q.", "not the parts of a storage"),
    STREAM("\x80\x02" REBUILD ")R.", "not the parts of a tensor"),
    STREAM(IN_DICT("cposix\nsystem\n(" TEXT("\4", "true") "tR"), "x holds code (posix.system): only tensors"),
    STREAM("\x80\x04"
           "\x8C\5posix\x8C\6system\x93.",
           "holds code (posix.system)"),
    STREAM("\x80\x02"
           "ctorch\nFloatStorage\n)R.",
           "in a way that is not known"),
    STREAM("\x80\x02"
           "K\1)R.",
           "a call of what is no function"),
    STREAM("\x80\x02"
           "ctorch\nFloatStorage\n)\x81.",
           "opcode 0x81"),
    STREAM("\x80\x02"
           "(iposix\nsystem\n.",
           "opcode 0x69"),
    STREAM("\x80\x05}.", "pickle protocol 5"),
    STREAM("\x80\x02.", "a value is missing"),
    STREAM("\x80\x02t.", "a mark is missing"),
    STREAM("\x80\x02(.", "a value is missing"),
    STREAM("\x80\x02}", "cut off"),
    STREAM("\x80\x02X\xFF\xFF\xFF\xFF.", "cut off"),
    STREAM("\x80\x04\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF.", "cut off"),
    STREAM("\x80\x02h\1.", "nothing is remembered"),
    STREAM("\x80\x02}r\xFF\xFF\xFF\xFF.", "more than 2097152 values"),
    STREAM("\x80\x02}(K\1u.", "no pairs"),
    STREAM("\x80\x02(K\1K\2u.", "no pairs"),
    STREAM("\x80\x02K\1(K\1K\2u.", "no dictionary"),
    STREAM("\x80\x02K\1.", "not a dictionary of tensors"),
    STREAM("\x80\x02}q\0" TEXT("\1", "a") "h\0s.", "more than 32 deep"),
    STREAM("}.", "no pickle stream"),
    STREAM("", "no pickle stream"),
};

static void streams_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        const stream *s = &streams[i];
        pickle_list l;
        uint8_t *bytes;
        assert_int_equal(MEM_ALLOC(bytes, s->n), OK);
        memcpy(bytes, s->bytes, s->n);
        int rc = pickle_read(bytes, s->n, "x", &l);
        if (s->message ? rc != ERR_CONFIG || !strstr(status_message(), s->message) : rc != OK || l.n != 1)
            fail_msg("stream %zu: %d, %s", i, rc, status_message());
        pickle_list_free(&l);
        mem_free(&bytes);
    }
}

/* Thirty dictionaries, each of which holds the one before it twice: 2^30 paths, should anybody walk them. */
static void doubling_dictionaries_end(void **state)
{
    (void)state;
    uint8_t bytes[1024] = {0x80, 2, '}', 'q', 0};
    size_t n = 5;
    pickle_list l;
    for (uint8_t i = 1; i <= 30; i++) {
        const uint8_t more[] = {'0',
                                '}',
                                'q',
                                i,
                                '(',
                                'X',
                                1,
                                0,
                                0,
                                0,
                                'a',
                                'h',
                                (uint8_t)(i - 1),
                                'X',
                                1,
                                0,
                                0,
                                0,
                                'b',
                                'h',
                                (uint8_t)(i - 1),
                                'u'};
        memcpy(bytes + n, more, sizeof more);
        n += sizeof more;
    }
    bytes[n++] = '.';
    assert_int_equal(pickle_read(bytes, n, "x", &l), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "more than 2097152 values"));
}

static void a_long_stack_is_refused(void **state)
{
    (void)state;
    enum { N = 4 << 20 };
    pickle_list l;
    uint8_t *bytes;
    assert_int_equal(MEM_ALLOC(bytes, N), OK);
    for (int kind = 0; kind < 4; kind++) {
        memset(bytes, "(N}]"[kind], N);
        bytes[0] = 0x80;
        bytes[1] = 2;
        assert_int_equal(pickle_read(bytes, N, "x", &l), ERR_CONFIG);
        assert_non_null(strstr(status_message(), "more than 2097152 values"));
    }
    mem_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_by_hand),
        cmocka_unit_test(doubling_dictionaries_end),
        cmocka_unit_test(a_long_stack_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
