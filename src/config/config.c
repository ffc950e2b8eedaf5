#include "config/config.h"

#include "base/memory.h"
#include "base/status.h"
#include "config/config_table.h"
#include "config/config_value.h"

int config_create(config **out, const config_section *sections, size_t n)
{
    int rc = OK;
    config_value v = {0};
    *out = NULL;
    TRY(MEM_ALLOC(*out, 1));
    TRY(config_table_build(*out, sections, n));
    for (size_t i = 0; i < (*out)->n; i++) {
        config_entry *e = &(*out)->entries[i];
        TRY(config_value_default(e->option, &v));
        config_value_store(e->option, e->options, &v);
    }
done:
    config_value_free(&v);
    if (rc != OK) config_free(out);
    return rc;
}

void config_free(config **c)
{
    if (!*c) return;
    for (size_t i = 0; i < (*c)->n; i++) {
        config_entry *e = &(*c)->entries[i];
        config_value none = {0};
        if (e->option->type == OPTION_TEXT || e->option->type == OPTION_LIST)
            config_value_store(e->option, e->options, &none);
    }
    mem_free(&(*c)->entries);
    mem_free(c);
}
