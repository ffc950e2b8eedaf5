/* What the files of the pickle reader share: the machine that a stream drives, and its values. Local. */
#pragma once

#include "encoder/pickle.h"

enum {
    PICKLE_STREAM_LIMIT = 64 << 20,
    PICKLE_VALUES_LIMIT = 1 << 21, /* of each kind of memory: stack, memo, items of tuples, entries of dictionaries */
    PICKLE_TENSORS_LIMIT = 1 << 17
};

typedef enum pickle_kind {
    PICKLE_PLAIN, /* None, a number with a fraction, bytes, a list: nobody looks into it */
    PICKLE_MARK,
    PICKLE_INT, /* also a bool */
    PICKLE_TEXT,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,
    PICKLE_GLOBAL,
    PICKLE_STORAGE,
    PICKLE_TENSOR
} pickle_kind;

typedef struct pickle_value {
    pickle_kind kind;
    uint32_t n; /* bytes of a text, items of a tuple */
    union {
        int64_t number;
        const char *text; /* in the stream, no zero byte */
        size_t index;     /* first of the items; which dictionary, function, storage or tensor */
    };
} pickle_value;

typedef struct pickle_entry {
    pickle_value key, value;
    size_t next; /* 0: the last, else 1 + number of the next entry */
} pickle_entry;

typedef struct pickle_dict {
    size_t first, last; /* 1 + number of an entry; 0: none */
} pickle_dict;

typedef struct pickle_storage {
    size_t type; /* which function of the table */
    pickle_value key;
    int64_t n;
} pickle_storage;

typedef struct pickle_view {
    size_t storage;
    int64_t offset;
    pickle_value shape, strides; /* tuples of whole numbers, of the same length */
} pickle_view;

typedef struct pickle_machine {
    const char *path;
    const uint8_t *at, *end; /* what is left of the stream */
    pickle_value *stack, *memo, *items;
    size_t n_stack, n_memo, n_items, stack_capacity, memo_capacity, items_capacity;
    pickle_entry *entries;
    pickle_dict *dicts;
    pickle_storage *storages;
    pickle_view *views;
    size_t n_entries, n_dicts, n_storages, n_views;
    size_t entries_capacity, dicts_capacity, storages_capacity, views_capacity;
} pickle_machine;

/* Read and run one opcode; the last one, '.', is for the caller. */
int pickle_step(pickle_machine *m);

/* What opcodes carry behind them: a number, a line without its end, values. `width`: bytes of the number, or of the
 * length of what follows. */
int pickle_read_number(pickle_machine *m, int n_bytes, uint64_t *number);
int pickle_read_line(pickle_machine *m, const char **line, size_t *n);
int pickle_push_plain(pickle_machine *m);
int pickle_push_unsigned(pickle_machine *m, int width);
int pickle_push_int32(pickle_machine *m);
int pickle_push_long(pickle_machine *m, int width);
int pickle_push_float(pickle_machine *m);
int pickle_push_text(pickle_machine *m, int width);
int pickle_push_bytes(pickle_machine *m, int width);

/* The stack; popping more than there is, or past a mark, is ERR_CONFIG. */
int pickle_push(pickle_machine *m, pickle_value v);
int pickle_pop(pickle_machine *m, pickle_value *v);

/* Values above the topmost mark: *first is the lowest, n_stack the end. pickle_drop removes them with the mark. */
int pickle_marked(pickle_machine *m, size_t *first);
void pickle_drop(pickle_machine *m, size_t first);

int pickle_memo_put(pickle_machine *m, uint64_t slot);
int pickle_memo_get(pickle_machine *m, uint64_t slot);

/* A tuple of n values that are copied; a new dictionary; one more entry of a dictionary. */
int pickle_tuple(pickle_machine *m, const pickle_value *values, size_t n, pickle_value *out);
int pickle_new_dict(pickle_machine *m, pickle_value *out);
int pickle_dict_add(pickle_machine *m, pickle_value dict, pickle_value key, pickle_value value);

/* Whether a value is this text. */
int pickle_is_text(pickle_value v, const char *text);

/* The function or class that a stream names: a known one, or ERR_CONFIG with its name. */
int pickle_global(pickle_machine *m, const char *module, size_t n_module, const char *name, size_t n_name,
                  pickle_value *out);

/* Call a known function, and resolve a persistent id: a storage. */
int pickle_call(pickle_machine *m, pickle_value function, pickle_value arguments, pickle_value *out);
int pickle_persistent(pickle_machine *m, pickle_value id, pickle_value *out);

/* Types of a storage. */
weight_type pickle_storage_type(const pickle_storage *s, const char **name, size_t *element_size);

/* The tensors that are reached from the dictionary `top`. */
int pickle_flatten(pickle_machine *m, pickle_value top, pickle_list *out);

void pickle_machine_free(pickle_machine *m);
