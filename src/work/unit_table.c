#include "work/unit_table.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

static const char magic[8] = "TSUNITS1";

typedef struct table_header {
    char magic[8];
    uint64_t hash, checksum; /* checksum: XXH3 of everything after the header */
    int64_t n_units, n_shards;
} table_header;

struct unit_table {
    file_mapping map;
    table_header header;
    const unit *units;
    const unit_shard *shards;
};

typedef struct builder {
    const unit_options *o;
    unit *units;
    size_t n_units, units_capacity;
    unit_shard *shards;
    size_t n_shards, shards_capacity;
    unit open;    /* the unit being filled; count 0: none */
    unit *pieces; /* of its rows */
    size_t n_pieces, pieces_capacity;
    int split;
    double shard_bytes;
} builder;

static int open_shard(builder *b, int split)
{
    int rc = OK;
    TRY(MEM_GROW(b->shards, &b->shards_capacity, b->n_shards + 1));
    b->shards[b->n_shards++] = (unit_shard){.first_unit = (int64_t)b->n_units, .split = split};
    b->shard_bytes = 0;
done:
    return rc;
}

static int append(builder *b, unit u)
{
    int rc = OK;
    TRY(MEM_GROW(b->units, &b->units_capacity, b->n_units + 1));
    u.shard = (int64_t)b->n_shards - 1;
    b->units[b->n_units++] = u;
    b->shards[b->n_shards - 1].n_units++;
    if (u.piece < 0) b->shards[b->n_shards - 1].rows += u.count;
done:
    return rc;
}

static int close_unit(builder *b)
{
    int rc = OK;
    if (!b->open.count) goto done;
    TRY(append(b, b->open));
    for (size_t i = 0; i < b->n_pieces; i++) TRY(append(b, b->pieces[i]));
    b->open = (unit){0};
    b->n_pieces = 0;
done:
    return rc;
}

static int add_pieces(builder *b, int64_t position, const unit_row *r)
{
    int rc = OK;
    for (int64_t p = 0; p < r->n_pieces; p++) {
        TRY(MEM_GROW(b->pieces, &b->pieces_capacity, b->n_pieces + 1));
        b->pieces[b->n_pieces++] =
            (unit){.first = position,
                   .count = 1,
                   .piece = p,
                   .window_first = p * r->piece_windows,
                   .window_last = p + 1 == r->n_pieces ? INT64_MAX : (p + 1) * r->piece_windows - 1,
                   .weight = r->piece_weight,
                   .seconds = r->piece_seconds};
    }
done:
    return rc;
}

static int add_row(builder *b, int64_t position, const unit_row *r)
{
    int rc = OK;
    int new_split = !b->n_shards || r->split != b->split;
    if (b->open.count && (new_split || (r->starts_group && b->open.weight >= b->o->unit_weight))) TRY(close_unit(b));
    if (!b->open.count) {
        if (new_split || b->shard_bytes >= b->o->shard_bytes) TRY(open_shard(b, r->split));
        b->split = r->split;
        b->open = (unit){.first = position, .piece = -1};
    }
    b->open.count++;
    b->open.weight += r->weight;
    b->open.seconds += r->seconds;
    b->open.images += r->images;
    b->open.rejects += r->rejected;
    b->shard_bytes += r->bytes;
    TRY(add_pieces(b, position, r));
done:
    return rc;
}

static void number_shards(builder *b)
{
    for (size_t i = 0; i < b->n_shards; i++) {
        size_t first = i, end = i;
        while (first > 0 && b->shards[first - 1].split == b->shards[i].split) first--;
        if (first == i) {
            while (end < b->n_shards && b->shards[end].split == b->shards[i].split) end++;
            for (size_t j = i; j < end; j++) {
                b->shards[j].number = (int64_t)(j - i);
                b->shards[j].of = (int64_t)(end - i);
            }
            i = end - 1;
        }
    }
}

static int commit(const builder *b, const char *path)
{
    int rc = OK;
    char *bytes = NULL;
    size_t units = b->n_units * sizeof *b->units, shards = b->n_shards * sizeof *b->shards;
    table_header h = {.hash = b->o->hash, .n_units = (int64_t)b->n_units, .n_shards = (int64_t)b->n_shards};
    memcpy(h.magic, magic, sizeof magic);
    TRY(mem_alloc((void **)&bytes, sizeof h + units + shards, 1));
    if (units) memcpy(bytes + sizeof h, b->units, units);
    if (shards) memcpy(bytes + sizeof h + units, b->shards, shards);
    h.checksum = hash64(bytes + sizeof h, units + shards, 0);
    memcpy(bytes, &h, sizeof h);
    TRY(file_commit(path, bytes, sizeof h + units + shards, "units"));
done:
    mem_free(&bytes);
    return rc;
}

int unit_table_make(const char *path, int64_t n_rows, const unit_options *o,
                    int (*row)(void *user, int64_t i, unit_row *out), void *user)
{
    int rc = OK;
    builder b = {.o = o};
    for (int64_t i = 0; i < n_rows; i++) {
        unit_row r = {0};
        TRY(row(user, i, &r));
        TRY(add_row(&b, i, &r));
    }
    TRY(close_unit(&b));
    number_shards(&b);
    TRY(commit(&b, path));
done:
    mem_free(&b.units);
    mem_free(&b.shards);
    mem_free(&b.pieces);
    return rc;
}

int unit_table_open(unit_table **out, const char *path, uint64_t hash)
{
    int rc = OK;
    unit_table *t = NULL;
    size_t units, shards, total;
    *out = NULL;
    TRY(MEM_ALLOC(t, 1));
    TRY(file_map(path, &t->map));
    if (t->map.n < sizeof t->header) FAIL(ERR_CORRUPT, "%s is too short", path);
    memcpy(&t->header, t->map.bytes, sizeof t->header);
    if (memcmp(t->header.magic, magic, sizeof magic) || t->header.n_units < 0 || t->header.n_shards < 0)
        FAIL(ERR_CORRUPT, "%s is not a table of units", path);
    TRY(size_mul((size_t)t->header.n_units, sizeof(unit), &units));
    TRY(size_mul((size_t)t->header.n_shards, sizeof(unit_shard), &shards));
    TRY(size_add(units, shards, &total));
    if (t->map.n - sizeof t->header != total ||
        t->header.checksum != hash64(t->map.bytes + sizeof t->header, t->map.n - sizeof t->header, 0))
        FAIL(ERR_CORRUPT, "%s is damaged", path);
    if (t->header.hash != hash) FAIL(ERR_MISSING, "%s belongs to other settings", path);
    t->units = (const unit *)(t->map.bytes + sizeof t->header);
    t->shards = (const unit_shard *)(t->map.bytes + sizeof t->header + units);
    *out = t;
    t = NULL;
done:
    unit_table_close(&t);
    return rc;
}

void unit_table_close(unit_table **pt)
{
    if (*pt) file_unmap(&(*pt)->map);
    mem_free(pt);
}

int64_t unit_table_units(const unit_table *t) { return t->header.n_units; }

int64_t unit_table_shards(const unit_table *t) { return t->header.n_shards; }

const unit *unit_table_unit(const unit_table *t, int64_t i) { return &t->units[i]; }

const unit_shard *unit_table_shard(const unit_table *t, int64_t i) { return &t->shards[i]; }
