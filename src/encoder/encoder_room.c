#include "base/memory.h"
#include "base/status.h"
#include "encoder/encoder_parts.h"

/* The room of the model, in memory that is measured (*memory NULL) or taken. */
static int lay_out(const encoder *e, encoder_room *r, arena *memory)
{
    int rc = e->kind->make_room(e, r, memory);
    if (rc == OK && memory->used == SIZE_MAX)
        rc = status_set(ERR_MEMORY, __FILE__, __LINE__, "no memory for an encoder's batch of %lld",
                        (long long)r->n_units);
    return rc;
}

size_t encoder_room_bytes(const encoder *e, int64_t n_items, int64_t n_units)
{
    encoder_room r = {.n_items = n_items, .n_units = n_units};
    arena memory = {0};
    if (mem_alloc(&r.room, 1, e->kind->room_bytes) != OK || lay_out(e, &r, &memory) != OK) memory.used = SIZE_MAX;
    mem_free(&r.room);
    return memory.used;
}

int encoder_room_create(encoder_room **out, const encoder *e, int64_t n_items, int64_t n_units)
{
    int rc = OK;
    encoder_room *r = NULL;
    arena memory = {0};
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    *r = (encoder_room){.e = e, .n_items = n_items, .n_units = n_units};
    TRY(mem_alloc(&r->room, 1, e->kind->room_bytes));
    TRY(lay_out(e, r, &memory));
    TRY(mem_reserve((void **)&r->memory, memory.used, 1));
    memory = (arena){.base = r->memory};
    TRY(lay_out(e, r, &memory));
    *out = r;
    r = NULL;
done:
    encoder_room_free(&r);
    return rc;
}

void encoder_room_free(encoder_room **r)
{
    if (!*r) return;
    if ((*r)->room) (*r)->e->kind->free_room((*r)->room);
    mem_free(&(*r)->room);
    mem_free(&(*r)->memory);
    mem_free(r);
}

void encoder_room_probe(encoder_room *r, const encoder_probe *probe) { r->probe = *probe; }

static int check_room(const encoder_room *r, int64_t n_items, int64_t n_units)
{
    if (n_items <= r->n_items && n_units <= r->n_units) return OK;
    return status_set(ERR_LIMIT, __FILE__, __LINE__,
                      "a batch of %lld with %lld samples or patches; room is for %lld and %lld", (long long)n_items,
                      (long long)n_units, (long long)r->n_items, (long long)r->n_units);
}

int encoder_run_speech(const encoder *e, encoder_room *r, const float *const *samples, const int64_t *lengths,
                       int64_t n_clips, float *const *out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_clips; i++) n += lengths[i];
    int rc = check_room(r, n_clips, n);
    return rc == OK ? speech_run(e, r, samples, lengths, n_clips, out) : rc;
}

int encoder_run_pictures(const encoder *e, encoder_room *r, const float *const *patches, int64_t n, int64_t rows,
                         int64_t columns, float *const *out)
{
    int rc = check_room(r, n, n * rows * columns);
    return rc == OK ? vit_run(e, r, patches, n, rows, columns, out) : rc;
}
