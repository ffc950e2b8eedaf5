/* Encoders against the reference: every tensor within a limit (largest difference / RMS), frame counts and edge cases;
 * the same bits alone and together and with every instruction set.
 *
 *     test_encoder_golden [LIMIT FOLDER...]     other folders of make-golden instead of the stored ones */
#include "golden.h"

#include "base/memory.h"
#include "base/status.h"
#include "encoder/encoder.h"
#include "tensor/isa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_OUTPUTS = 64, MAX_INPUTS = 8, LONG_CLIP = 1500 };

static const char *const stored[] = {
    GOLDEN_DIR "/hubert-base",   GOLDEN_DIR "/hubert-large",   GOLDEN_DIR "/hubert-batchnorm",
    GOLDEN_DIR "/wav2vec2-base", GOLDEN_DIR "/wav2vec2-large", GOLDEN_DIR "/wav2vec2-quantizer",
    GOLDEN_DIR "/vit",           GOLDEN_DIR "/vit-nopool"};
static const char *const *folders = stored;
static int n_folders = sizeof stored / sizeof *stored;
static double limit = 2e-5;

/* A reference and its model, which gives all states that the reference has. */
typedef struct model {
    const char *folder;
    golden *g;
    encoder *e;
    void *memory;
    int64_t outputs[MAX_OUTPUTS];
    int n_outputs, n_inputs;
    char inputs[MAX_INPUTS][32];
} model;

static void find_inputs(model *m)
{
    for (size_t i = 0; i < golden_count(m->g); i++) {
        const char *name = golden_at(m->g, i)->name, *slash = strchr(name, '/');
        int n = slash ? (int)(slash - name) : 0, known = 0;
        assert_true(n > 0 && n < 32);
        for (int k = 0; k < m->n_inputs; k++)
            known |= (int)strlen(m->inputs[k]) == n && !memcmp(m->inputs[k], name, (size_t)n);
        if (known) continue;
        assert_true(m->n_inputs < MAX_INPUTS);
        snprintf(m->inputs[m->n_inputs++], sizeof m->inputs[0], "%.*s", n, name);
    }
}

static const golden_tensor *tensor(const model *m, const char *input, const char *stage, int64_t index)
{
    char name[128];
    if (index < 0)
        snprintf(name, sizeof name, "%s/%s", input, stage);
    else
        snprintf(name, sizeof name, "%s/%s.%lld", input, stage, (long long)index);
    return golden_find(m->g, name);
}

static void open_model(model *m, const char *folder, encoder_precision precision)
{
    char path[4096];
    *m = (model){.folder = folder};
    snprintf(path, sizeof path, "%s/expect.safetensors", folder);
    m->g = golden_open(path);
    find_inputs(m);
    for (int64_t i = 0; i < MAX_OUTPUTS - 3; i++)
        if (tensor(m, m->inputs[0], "hidden", i)) m->outputs[m->n_outputs++] = i;
    m->outputs[m->n_outputs++] = ENCODER_LAST;
    if (tensor(m, m->inputs[0], "pooled", -1)) m->outputs[m->n_outputs++] = ENCODER_POOLED;
    if (tensor(m, m->inputs[0], "codes", -1)) m->outputs[m->n_outputs++] = ENCODER_CODES;
    encoder_options o = {folder, precision, WAVE_NORM_AUTO, m->outputs, m->n_outputs};
    if (encoder_open(&m->e, &o) != OK) fail_msg("%s: %s", folder, status_message());
    assert_int_equal(mem_alloc(&m->memory, encoder_bytes(m->e), 1), OK);
    for (int part = 1; part < 3; part++) { /* as the ranks of a node do it */
        encoder *other;
        assert_int_equal(encoder_open(&other, &o), OK);
        assert_int_equal(encoder_pack(other, m->memory, part, 3), OK);
        encoder_close(&other);
    }
    assert_int_equal(encoder_pack(m->e, m->memory, 0, 3), OK);
}

static void close_model(model *m)
{
    encoder_close(&m->e);
    golden_close(m->g);
    mem_free(&m->memory);
}

static void compare(const model *m, const char *input, const char *stage, int64_t index, const float *x, int64_t n,
                    int64_t width)
{
    const golden_tensor *t = tensor(m, input, stage, index);
    size_t count;
    if (!t) return;
    int is_conv = strcmp(stage, "conv") == 0; /* rows that no frame needs are not computed */
    if (is_conv ? (int64_t)t->n < n * width || (int64_t)t->n > (n + 8) * width : (int64_t)t->n != n * width)
        fail_msg("%s %s/%s.%lld: %lld x %lld", m->folder, input, stage, (long long)index, (long long)n,
                 (long long)width);
    const float *want = golden_f32(m->g, t->name, &count);
    count = (size_t)(n * width);
    double off = golden_max_difference(x, want, count) / golden_rms(want, count);
    if (getenv("TESSERA_VERBOSE")) printf("%s %s: %.2g\n", m->folder, t->name, off);
    if (!(off <= limit)) fail_msg("%s %s: off by %g of its RMS", m->folder, t->name, off);
}

/* What a probe compares. */
typedef struct seen {
    const model *m;
    const char *input;
    int n, whole; /* tensors; whether all convolutions come in one piece */
} seen;

static void see(void *user, const char *stage, int64_t index, const float *x, int64_t n, int64_t width)
{
    seen *s = user;
    int is_state = strcmp(stage, "hidden") == 0, is_conv = strcmp(stage, "conv") == 0;
    if (is_state || (is_conv && !s->whole && index < 3)) return;
    compare(s->m, s->input, stage, is_conv ? index : -1, x, n, width);
    s->n++;
}

static float *room_for(const model *m, int64_t frames, float **out)
{
    float *all = NULL;
    int64_t n = 0;
    for (int j = 0; j < m->n_outputs; j++) n += frames * encoder_width(m->e, m->outputs[j]);
    assert_int_equal(MEM_ALLOC(all, (size_t)n), OK);
    n = 0;
    for (int j = 0; j < m->n_outputs; j++) {
        out[j] = all + n;
        n += frames * encoder_width(m->e, m->outputs[j]);
    }
    return all;
}

static void compare_outputs(const model *m, const char *input, float *const *out, int64_t n)
{
    for (int j = 0; j < m->n_outputs; j++) {
        int64_t o = m->outputs[j], width = encoder_width(m->e, o);
        if (o >= 0) assert_true(tensor(m, input, "hidden", o) != NULL);
        if (o >= 0) compare(m, input, "hidden", o, out[j], n, width);
        if (o == ENCODER_LAST) compare(m, input, "last", -1, out[j], n, width);
        if (o == ENCODER_POOLED) compare(m, input, "pooled", -1, out[j], 1, width);
        if (o != ENCODER_CODES) continue;
        size_t count;
        char name[64];
        snprintf(name, sizeof name, "%s/codes", input);
        const int32_t *codes = golden_i32(m->g, name, &count);
        int64_t entries = encoder_codes(m->e) / width;
        assert_int_equal(count, n * width);
        for (size_t i = 0; i < count; i++)
            assert_int_equal((int64_t)out[j][i], codes[i] + (int64_t)(i % (size_t)width) * entries);
    }
}

/* One clip or picture in a room of just its size. Returns (all outputs), *n: its vectors. Caller: mem_free. */
static float *run_one(const model *m, const char *input, int64_t *n, float **out, int probe)
{
    encoder_room *r;
    char name[64];
    size_t count;
    snprintf(name, sizeof name, "%s/%s", input, encoder_takes(m->e) == ENCODER_SPEECH ? "wave" : "input");
    const golden_tensor *t = golden_get(m->g, name);
    const float *x = golden_f32(m->g, name, &count);
    seen s = {m, input, 0, count < LONG_CLIP};
    float *all, *patches = NULL;
    if (encoder_takes(m->e) == ENCODER_SPEECH) {
        int64_t length = (int64_t)count;
        *n = encoder_frames(m->e, length);
        all = room_for(m, *n, out);
        assert_int_equal(encoder_room_create(&r, m->e, 1, length), OK);
        if (probe) encoder_room_probe(r, &(encoder_probe){see, &s});
        assert_int_equal(encoder_run_speech(m->e, r, &x, &length, 1, out), OK);
        assert_true(!probe || s.n > 1);
    } else {
        int64_t p = encoder_picture_of(m->e)->patch, rows = t->shape[1] / p, columns = t->shape[2] / p;
        assert_int_equal(MEM_ALLOC(patches, (size_t)(rows * columns * 3 * p * p)), OK);
        for (int64_t i = 0; i < rows * columns * 3 * p * p; i++) {
            int64_t px = i % p, py = i / p % p, c = i / p / p % 3, column = i / (3 * p * p) % columns;
            int64_t row = i / (3 * p * p) / columns;
            patches[i] = x[(c * t->shape[1] + row * p + py) * t->shape[2] + column * p + px];
        }
        *n = 1 + rows * columns;
        all = room_for(m, *n, out);
        assert_int_equal(encoder_room_create(&r, m->e, 1, rows * columns), OK);
        assert_int_equal(encoder_run_pictures(m->e, r, (const float *const[]){patches}, 1, rows, columns, out), OK);
    }
    mem_free(&patches);
    encoder_room_free(&r);
    return all;
}

static void equal_the_reference(void **state)
{
    (void)state;
    for (int f = 0; f < n_folders; f++) {
        model m;
        open_model(&m, folders[f], ENCODER_FP32);
        for (int i = 0; i < m.n_inputs; i++) {
            float *out[MAX_OUTPUTS];
            int64_t n;
            float *all = run_one(&m, m.inputs[i], &n, out, 1);
            compare_outputs(&m, m.inputs[i], out, n);
            mem_free(&all);
        }
        close_model(&m);
    }
}

/* All clips of a reference in one batch, in a room that is too large, against each alone. */
static void check_together(const model *m)
{
    const float *x[MAX_INPUTS + 1] = {NULL};
    int64_t lengths[MAX_INPUTS + 1] = {0}, samples = 0, frames = 0;
    float *out[MAX_OUTPUTS];
    encoder_room *r;
    for (int i = 0; i < m->n_inputs; i++) {
        char name[64];
        size_t count;
        snprintf(name, sizeof name, "%s/wave", m->inputs[i]);
        x[i] = golden_f32(m->g, name, &count);
        lengths[i] = (int64_t)count;
        samples += lengths[i];
        frames += encoder_frames(m->e, lengths[i]);
    }
    float *all = room_for(m, frames, out);
    assert_int_equal(encoder_room_create(&r, m->e, MAX_INPUTS, samples + 777), OK);
    assert_int_equal(encoder_run_speech(m->e, r, x, lengths, m->n_inputs, out), OK);
    for (int i = 0, at = 0; i < m->n_inputs; i++) {
        float *alone[MAX_OUTPUTS];
        int64_t n;
        float *one = run_one(m, m->inputs[i], &n, alone, 0);
        for (int j = 0; j < m->n_outputs; j++) {
            int64_t width = encoder_width(m->e, m->outputs[j]);
            assert_memory_equal(alone[j], out[j] + at * width, (size_t)(n * width) * sizeof(float));
        }
        at += (int)n;
        mem_free(&one);
    }
    /* and one after the other in the same room */
    assert_int_equal(encoder_run_speech(m->e, r, x + 1, lengths + 1, 1, out), OK);
    assert_int_equal(encoder_run_speech(m->e, r, x, lengths, MAX_INPUTS + 1, out), ERR_LIMIT);
    encoder_room_free(&r);
    mem_free(&all);
}

static void clips_do_not_see_each_other(void **state)
{
    (void)state;
    for (int f = 0; f < n_folders; f++)
        for (int precision = ENCODER_FP32; precision <= ENCODER_BF16; precision++) {
            model m;
            open_model(&m, folders[f], (encoder_precision)precision);
            if (encoder_takes(m.e) == ENCODER_SPEECH) check_together(&m);
            close_model(&m);
        }
}

static void instruction_sets_agree(void **state)
{
    (void)state;
    for (int f = 0; f < n_folders; f++)
        for (int precision = ENCODER_FP32; precision <= ENCODER_BF16; precision++) {
            float *want = NULL;
            for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
                model m;
                float *out[MAX_OUTPUTS];
                int64_t n, values = 0;
                if (!isa_has(isa)) continue;
                assert_int_equal(isa_force(isa_name(isa)), OK);
                open_model(&m, folders[f], (encoder_precision)precision);
                float *all = run_one(&m, m.inputs[m.n_inputs - 1], &n, out, 0);
                for (int j = 0; j < m.n_outputs; j++) values += n * encoder_width(m.e, m.outputs[j]);
                if (want) assert_memory_equal(all, want, (size_t)values * sizeof *all);
                if (!want) want = all;
                if (want != all) mem_free(&all);
                close_model(&m);
            }
            mem_free(&want);
        }
    assert_int_equal(isa_force("auto"), OK);
}

/* bf16 keeps 8 bits: states stay within some percent. */
static void bf16_is_close(void **state)
{
    (void)state;
    for (int f = 0; f < n_folders; f++) {
        model whole, half;
        open_model(&whole, folders[f], ENCODER_FP32);
        open_model(&half, folders[f], ENCODER_BF16);
        for (int i = 0; i < whole.n_inputs; i++) {
            float *a[MAX_OUTPUTS], *b[MAX_OUTPUTS];
            int64_t n;
            float *x = run_one(&whole, whole.inputs[i], &n, a, 0), *y = run_one(&half, half.inputs[i], &n, b, 0);
            for (int j = 0; j < whole.n_outputs && whole.outputs[j] != ENCODER_CODES; j++) {
                int64_t width = encoder_width(whole.e, whole.outputs[j]);
                size_t values = (size_t)((whole.outputs[j] == ENCODER_POOLED ? 1 : n) * width);
                double rms = golden_rms(a[j], values), off = golden_max_difference(a[j], b[j], values) / rms;
                if (!(off < 0.15 && off > 0))
                    fail_msg("%s %s: output %d is off by %g", folders[f], whole.inputs[i], j, off);
            }
            mem_free(&x);
            mem_free(&y);
        }
        close_model(&whole);
        close_model(&half);
    }
}

static void what_is_too_short_is_said(void **state)
{
    (void)state;
    for (int f = 0; f < n_folders; f++) {
        model m;
        open_model(&m, folders[f], ENCODER_FP32);
        if (encoder_takes(m.e) == ENCODER_SPEECH) {
            int64_t least = encoder_samples(m.e, 1), length = least - 1, hop = encoder_hop(m.e);
            float *x = NULL;
            const float *clip;
            encoder_room *r;
            assert_int_equal(encoder_frames(m.e, length), 0);
            assert_int_equal(encoder_frames(m.e, least), 1);
            assert_int_equal(encoder_frames(m.e, least + hop - 1), 1);
            assert_int_equal(encoder_frames(m.e, least + hop), 2);
            assert_int_equal(encoder_samples(m.e, 2), least + hop);
            assert_int_equal(MEM_ALLOC(x, (size_t)length), OK);
            clip = x;
            assert_int_equal(encoder_room_create(&r, m.e, 1, 2000), OK);
            assert_int_equal(encoder_run_speech(m.e, r, &clip, &length, 1, NULL), ERR_EMPTY);
            encoder_room_free(&r);
            mem_free(&x);
        }
        close_model(&m);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_the_reference),       cmocka_unit_test(clips_do_not_see_each_other),
        cmocka_unit_test(instruction_sets_agree),    cmocka_unit_test(bf16_is_close),
        cmocka_unit_test(what_is_too_short_is_said),
    };
    if (argc > 2) {
        limit = atof(argv[1]);
        folders = (const char *const *)argv + 2;
        n_folders = argc - 2;
        return _cmocka_run_group_tests("reference", tests, 1, NULL, NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
