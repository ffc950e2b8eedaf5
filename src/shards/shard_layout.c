#include "shards/shard_layout.h"

#include "base/memory.h"

#include <stdio.h>

const char shard_format_name[] = "tessera-shard";

static const struct {
    const char *name;
    text_layout layout;
} texts[N_EXAMPLE_TEXTS] = {
    [EXAMPLE_ID] = {"id", TEXT_FLAT},
    [EXAMPLE_GROUP] = {"group", TEXT_FLAT},
    [EXAMPLE_ROLE] = {"role", TEXT_FLAT},
    [EXAMPLE_LANG] = {"lang", TEXT_CODED},
    [EXAMPLE_LICENSE] = {"license", TEXT_CODED},
    [EXAMPLE_SOURCE] = {"source", TEXT_CODED},
    [EXAMPLE_TEXT] = {"text", TEXT_FLAT},
    [EXAMPLE_TEXT_LANG] = {"text_lang", TEXT_FLAT},
    [EXAMPLE_EXTRA] = {"extra", TEXT_FLAT},
    [EXAMPLE_PATH] = {"path", TEXT_ABSENT},
};

text_layout shard_text_layout(example_text t) { return texts[t].layout; }

const char *shard_text_name(example_text t) { return texts[t].name; }

void shard_text_path(example_text t, const char *suffix, char path[SHARD_PATH])
{
    snprintf(path, SHARD_PATH, "/examples/%s%s", texts[t].name, suffix);
}

void shard_stream_path(stream_kind s, const char *name, char path[SHARD_PATH])
{
    snprintf(path, SHARD_PATH, "/%s/%s", stream_name(s), name);
}

h5_type shard_id_type(int64_t size) { return size <= 65536 ? H5_U16 : H5_U32; }

int shard_stream_has_grid(stream_kind s) { return s == STREAM_IMAGE; }

int shard_stream_has_media(stream_kind s) { return s != STREAM_TEXT; }

int shard_stream_has_seconds(stream_kind s) { return s == STREAM_AUDIO; }

int shard_name(char **out, const char *split, int64_t i, int64_t n)
{
    return mem_format(out, "%s-%05lld-of-%05lld.h5", split, (long long)i, (long long)n);
}
