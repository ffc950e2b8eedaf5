#include "encoder/speech.h"

#include "base/status.h"

#include <string.h>

enum { MOST = 1 << 16, RATE_HZ = 16000 };

static const char *const conv_norms[] = {"group", "layer", NULL};
static const char *const activations[] = {"gelu", NULL};
static const enum activation activation_of[] = {ACTIVATION_GELU};

static int configure_convs(speech_settings *s, const model_config *c)
{
    static const int64_t kernel[] = {10, 3, 3, 3, 3, 2, 2}, stride[] = {5, 2, 2, 2, 2, 2, 2};
    int rc = OK, activation;
    int64_t n[3] = {SPEECH_MAX_CONVS, SPEECH_MAX_CONVS, SPEECH_MAX_CONVS};
    memcpy(s->kernel, kernel, sizeof kernel);
    memcpy(s->stride, stride, sizeof stride);
    for (int i = 0; i < SPEECH_MAX_CONVS; i++) s->channels[i] = 512;
    if (!model_config_has(c, "conv_dim")) n[0] = 7;
    if (!model_config_has(c, "conv_kernel")) n[1] = 7;
    if (!model_config_has(c, "conv_stride")) n[2] = 7;
    TRY(model_config_ints(c, "conv_dim", 1, MOST, &n[0], s->channels));
    TRY(model_config_ints(c, "conv_kernel", 1, 1024, &n[1], s->kernel));
    TRY(model_config_ints(c, "conv_stride", 1, 1024, &n[2], s->stride));
    if (n[0] != n[1] || n[0] != n[2])
        TRY(model_config_refuse(c,
                                "conv_dim, conv_kernel and conv_stride have %lld, %lld and %lld entries, which must "
                                "be as many",
                                (long long)n[0], (long long)n[1], (long long)n[2]));
    for (int64_t i = 0; i < n[0]; i++)
        if (s->kernel[i] < s->stride[i])
            TRY(model_config_refuse(c, "convolution %lld leaves samples out: kernel %lld, stride %lld", (long long)i,
                                    (long long)s->kernel[i], (long long)s->stride[i]));
    s->n_convs = n[0];
    TRY(model_config_bool(c, "conv_bias", 0, &s->conv_bias));
    TRY(model_config_choice(c, "feat_extract_norm", conv_norms, 0, &s->norm_each));
    TRY(model_config_choice(c, "feat_extract_activation", activations, 0, &activation));
    s->conv_activation = activation_of[activation];
done:
    return rc;
}

static int configure_layers(speech_settings *s, const model_config *c)
{
    int rc = OK, activation;
    double epsilon;
    block_shape *b = &s->block;
    TRY(model_config_int(c, "hidden_size", 768, 1, MOST, &b->width));
    TRY(model_config_int(c, "num_hidden_layers", 12, 1, 1024, &s->layers));
    TRY(model_config_int(c, "num_attention_heads", 12, 1, MOST, &b->heads));
    TRY(model_config_int(c, "intermediate_size", 3072, 1, 1 << 20, &b->inner));
    TRY(model_config_choice(c, "hidden_act", activations, 0, &activation));
    TRY(model_config_real(c, "layer_norm_eps", 1e-5, &epsilon));
    TRY(model_config_bool(c, "do_stable_layer_norm", 0, &b->norm_first));
    b->activation = activation_of[activation];
    b->epsilon = (float)epsilon;
    if (b->width % b->heads)
        TRY(model_config_refuse(c, "hidden_size %lld is no multiple of num_attention_heads %lld", (long long)b->width,
                                (long long)b->heads));
    if (model_config_has(c, "adapter_attn_dim"))
        TRY(model_config_refuse(c, "adapter_attn_dim: adapters are not supported"));
done:
    return rc;
}

static int configure_position(speech_settings *s, const model_config *c)
{
    int rc = OK;
    TRY(model_config_int(c, "num_conv_pos_embeddings", 128, 1, 1024, &s->position_kernel));
    TRY(model_config_int(c, "num_conv_pos_embedding_groups", 16, 1, MOST, &s->position_groups));
    TRY(model_config_bool(c, "conv_pos_batch_norm", 0, &s->position_batch_norm));
    if (s->block.width % s->position_groups)
        TRY(model_config_refuse(c, "hidden_size %lld is no multiple of num_conv_pos_embedding_groups %lld",
                                (long long)s->block.width, (long long)s->position_groups));
done:
    return rc;
}

int speech_configure(speech_settings *s, int has_quantizer, const model_config *config,
                     const model_config *preprocessor)
{
    int rc = OK;
    int64_t rate;
    TRY(configure_convs(s, config));
    TRY(configure_layers(s, config));
    TRY(configure_position(s, config));
    TRY(model_config_bool(config, "feat_proj_layer_norm", 1, &s->projection_norm));
    if (has_quantizer) {
        s->projection_norm = 1;
        TRY(model_config_int(config, "num_codevector_groups", 2, 1, 64, &s->groups));
        TRY(model_config_int(config, "num_codevectors_per_group", 320, 1, MOST, &s->entries));
    }
    TRY(model_config_bool(preprocessor, "do_normalize", 1, &s->normalize));
    TRY(model_config_int(preprocessor, "sampling_rate", RATE_HZ, RATE_HZ, RATE_HZ, &rate));
done:
    return rc;
}

int64_t speech_rows(const speech_settings *s, int64_t last, int64_t n)
{
    for (int64_t i = 0; i <= last; i++) n = n < s->kernel[i] ? 0 : (n - s->kernel[i]) / s->stride[i] + 1;
    return n;
}

int64_t speech_span(const speech_settings *s, int64_t first, int64_t last, int64_t n)
{
    for (int64_t i = last; i >= first; i--) n = n < 1 ? 0 : (n - 1) * s->stride[i] + s->kernel[i];
    return n;
}
