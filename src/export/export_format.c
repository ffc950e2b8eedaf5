#include "base/status.h"
#include "export/export.h"
#include "sequence/span_file.h"

const export_format export_formats[N_EXPORT_FORMATS] = {
    {"megatron", 0, export_megatron},
    {"webdataset", 1, export_webdataset},
    {"jsonl", 1, export_jsonl},
    {"npy", 0, export_npy},
};

int export_check(const export_format *f, const export_split *s)
{
    int rc = OK;
    span_reader *r = NULL;
    for (size_t i = 0; i < s->n_index && !f->holds_vectors; i++) {
        TRY(span_reader_open(&r, s->index_paths[i]));
        if (span_reader_vectors(r))
            FAIL(ERR_CONFIG,
                 "the sequences of set %s have vectors, which --format %s cannot hold: webdataset has them, "
                 "jsonl says where they stand",
                 s->set, f->name);
        span_reader_close(&r);
    }
done:
    span_reader_close(&r);
    return rc;
}
