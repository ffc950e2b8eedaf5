#include "core/core_options.h"

#include "codebook/codebook.h"
#include "core/core_feature.h"
#include "decode/audio_raw.h"
#include "decode/sensor_read.h"
#include "encoder/encoder.h"

static const char *const keep_names[] = {"tokens", "vectors", "both", NULL};
static const char *const length_names[] = {"reject", "keep", NULL};
static const char *const alpha_names[] = {"drop", "white", NULL};

#define AUDIO(field) offsetof(audio_options, field)
static const option audio_table[] = {
    {"audio.use", OPTION_BOOL, SCOPE_INDEX, AUDIO(use), "true", 0, 0, NULL, "tokenise the sound of rows"},
    {"audio.feature", OPTION_ENUM, SCOPE_CODEBOOK, AUDIO(feature), "mfcc", 0, 0, audio_feature_names,
     "what sound becomes before it is quantised: mfcc is MFCC-39 as in HuBERT's first iteration; encoder: a layer of "
     "the model of audio.encoder.path"},
    {"audio.mels", OPTION_INT, SCOPE_CODEBOOK, AUDIO(mels), "80", 1, 256, NULL, "mel bands of logmel"},
    {"audio.scale", OPTION_BOOL, SCOPE_CODEBOOK, AUDIO(scale), "false", 0, 0, NULL,
     "multiply samples by 32768 before the mel filters, as classic Kaldi does"},
    {"audio.raw.format", OPTION_ENUM, SCOPE_INDEX, AUDIO(raw.format), "auto", 0, 0, audio_raw_names,
     "what files without a header hold, those named in audio.raw.endings; auto: .gsm is GSM 06.10 and .g722 is G.722, "
     "and nothing else; none: not even these. A file with a header is read as what its header says"},
    {"audio.raw.rate", OPTION_INT, SCOPE_INDEX, AUDIO(raw.rate_hz), "0", 0, 1000000, NULL,
     "their sample rate, Hz (0: 8000 of gsm, 16000 of g722; the others need one)"},
    {"audio.raw.channels", OPTION_INT, SCOPE_INDEX, AUDIO(raw.channels), "1", 1, 1024, NULL,
     "their channels, whose samples take turns; gsm and g722 have one"},
    {"audio.raw.endings", OPTION_LIST, SCOPE_INDEX, AUDIO(raw.endings), "[]", 0, 0, NULL,
     "endings of names that audio.raw.format is for, in any case of letters; empty: gsm, g722, or raw and pcm"},
    {"audio.channels", OPTION_TEXT, SCOPE_CODEBOOK, AUDIO(channels), "mean", 0, 0, NULL,
     "how several channels become one: mean, left, right, or the number of a channel, from 0; a file without it is "
     "rejected"},
    {"audio.length_tolerance", OPTION_REAL, SCOPE_CODEBOOK, AUDIO(length_tolerance), "0.01", 0, 1, NULL,
     "share of the length that header or manifest declare which may be missing, beside 0.1 s"},
    {"audio.length_policy", OPTION_ENUM, SCOPE_CODEBOOK, AUDIO(length_policy), "reject", 0, 0, length_names,
     "what becomes of sound that is shorter than that: rejected, or kept as far as it goes"},
    {"audio.max_seconds", OPTION_SECONDS, SCOPE_CODEBOOK, AUDIO(max_seconds), "24h", 0, 1e7, NULL,
     "longest recording; longer ones are rejected (0: no limit)"},
    {"audio.max_channels", OPTION_INT, SCOPE_CODEBOOK, AUDIO(max_channels), "32", 0, 1024, NULL,
     "most channels of a file (0: no limit)"},
    {"audio.window", OPTION_SECONDS, SCOPE_TOKENS, AUDIO(window_s), "30s", 1, 3600, NULL,
     "sound is computed in windows of this length"},
    {"audio.piece_windows", OPTION_INT, SCOPE_TOKENS, AUDIO(piece_windows), "20", 1, 100000, NULL,
     "a recording of more windows than this is shared out in pieces of this many"},
    {"audio.reduce", OPTION_BOOL, SCOPE_TOKENS, AUDIO(reduce), "false", 0, 0, NULL,
     "keep one id per run of equal ids, with durations"},
    {"audio.keep", OPTION_ENUM, SCOPE_TOKENS, AUDIO(keep), "tokens", 0, 0, keep_names,
     "what is written: ids, fp16 vectors, or both"},
    {"audio.encoder.path", OPTION_TEXT, SCOPE_RUN, AUDIO(encoder.path), "\"\"", 0, 0, NULL,
     "folder of a HuBERT or wav2vec 2.0 model as a model hub has it (config.json, weights, preprocessor_config.json); "
     "its content, not its path, counts"},
    {"audio.encoder.layer", OPTION_TEXT, SCOPE_CODEBOOK, AUDIO(encoder.layer), "last", 0, 0, NULL,
     "whose vectors: 0 is what enters the first layer, K what leaves layer K, last: the end of the model; codes: "
     "wav2vec 2.0's own product quantizer gives the ids, and no codebook is trained"},
    {"audio.encoder.precision", OPTION_ENUM, SCOPE_CODEBOOK, AUDIO(encoder.precision), "fp32", 0, 0,
     encoder_precision_names, "precision of matrix products in the encoder; bf16 is faster and gives other vectors"},
    {"audio.encoder.norm", OPTION_ENUM, SCOPE_CODEBOOK, AUDIO(encoder.norm), "auto", 0, 0, wave_norm_names,
     "what is done to the mean and variance of a clip first; auto: what preprocessor_config.json says; hf, fairseq: "
     "made 0 and 1 with their epsilon of 1e-7 or 1e-5"},
    {"audio.encoder.context", OPTION_SECONDS, SCOPE_CODEBOOK, AUDIO(encoder.context_s), "1s", 0, 600, NULL,
     "sound on each side of a window that is computed with it and whose vectors are thrown away"},
    {"audio.codebook.size", OPTION_INT, SCOPE_CODEBOOK, AUDIO(codebook.size), "500", 1, 1 << 24, NULL,
     "number of codes (K)"},
    {"audio.codebook.seed", OPTION_INT, SCOPE_CODEBOOK, AUDIO(codebook.seed), "1", 0, 0x1p53, NULL,
     "seed of the training"},
    {"audio.codebook.path", OPTION_TEXT, SCOPE_RUN, AUDIO(codebook.path), "\"\"", 0, 0, NULL,
     "a frozen codebook (.h5 or .npy): nothing is trained; its content, not its path, counts"},
};
const option_table audio_options_table = OPTION_TABLE(audio_table);

#define IMAGE(field) offsetof(image_options, field)
static const option image_table[] = {
    {"image.use", OPTION_BOOL, SCOPE_INDEX, IMAGE(use), "true", 0, 0, NULL, "tokenise the pictures of rows"},
    {"image.feature", OPTION_ENUM, SCOPE_CODEBOOK, IMAGE(feature), "patches", 0, 0, image_feature_names,
     "what a picture becomes before it is quantised: its patches, or a layer of the model of image.encoder.path, which "
     "also says how pictures are resized and scaled"},
    {"image.patch", OPTION_INT, SCOPE_CODEBOOK, IMAGE(patch), "16", 1, 1024, NULL, "side of a patch, pixels"},
    {"image.grey", OPTION_BOOL, SCOPE_CODEBOOK, IMAGE(grey), "false", 0, 0, NULL,
     "one grey value per pixel, not three colours"},
    {"image.width", OPTION_INT, SCOPE_CODEBOOK, IMAGE(width), "224", 1, 16384, NULL, "width after resizing, pixels"},
    {"image.height", OPTION_INT, SCOPE_CODEBOOK, IMAGE(height), "224", 1, 16384, NULL, "height after resizing, pixels"},
    {"image.fit", OPTION_ENUM, SCOPE_CODEBOOK, IMAGE(fit), "squash", 0, 0, image_fit_names,
     "squash: to the exact size; crop: shortest edge to the size, then the centre"},
    {"image.filter", OPTION_ENUM, SCOPE_CODEBOOK, IMAGE(filter), "bicubic", 0, 0, image_filter_names,
     "resampling filter, equal to Pillow's"},
    {"image.alpha", OPTION_ENUM, SCOPE_CODEBOOK, IMAGE(alpha), "white", 0, 0, alpha_names,
     "transparent pixels: on white, or with the hidden colours that they have"},
    {"image.normalize", OPTION_ENUM, SCOPE_CODEBOOK, IMAGE(normalize), "none", 0, 0, image_normalize_names,
     "after v / 255: mean and deviation subtracted and divided (half: 0.5)"},
    {"image.max_pixels", OPTION_INT, SCOPE_CODEBOOK, IMAGE(max_pixels), "178956970", 0, 0x1p40, NULL,
     "most pixels of a picture; larger ones are rejected unread (0: no limit)"},
    {"image.scale_on_decode", OPTION_BOOL, SCOPE_CODEBOOK, IMAGE(scale_on_decode), "false", 0, 0, NULL,
     "JPEG is decoded at 1/2, 1/4 or 1/8 of its size, the smallest that both sides of the resized picture fit into; "
     "faster and of little memory, with slightly other pixels"},
    {"image.projection", OPTION_TEXT, SCOPE_CODEBOOK, IMAGE(projection), "\"\"", 0, 0, NULL,
     "linear map of each patch: a matrix FILE.npy (outputs, inputs), or pca:D, trained from the sample"},
    {"image.keep", OPTION_ENUM, SCOPE_TOKENS, IMAGE(keep), "tokens", 0, 0, keep_names,
     "what is written: ids, fp16 vectors, or both"},
    {"image.encoder.path", OPTION_TEXT, SCOPE_RUN, IMAGE(encoder.path), "\"\"", 0, 0, NULL,
     "folder of a ViT model as a model hub has it; its content, not its path, counts"},
    {"image.encoder.layer", OPTION_TEXT, SCOPE_CODEBOOK, IMAGE(encoder.layer), "last", 0, 0, NULL,
     "whose vectors: 0 is what enters the first layer, K what leaves layer K, last: the end of the model; pooled: one "
     "vector a picture"},
    {"image.encoder.precision", OPTION_ENUM, SCOPE_CODEBOOK, IMAGE(encoder.precision), "fp32", 0, 0,
     encoder_precision_names, "precision of matrix products in the encoder; bf16 is faster and gives other vectors"},
    {"image.encoder.class_token", OPTION_BOOL, SCOPE_CODEBOOK, IMAGE(encoder.class_token), "false", 0, 0, NULL,
     "keep the vector of the class token, before those of the patches; the grid is then one row"},
    {"image.codebook.size", OPTION_INT, SCOPE_CODEBOOK, IMAGE(codebook.size), "1024", 1, 1 << 24, NULL,
     "number of codes (K)"},
    {"image.codebook.seed", OPTION_INT, SCOPE_CODEBOOK, IMAGE(codebook.seed), "1", 0, 0x1p53, NULL,
     "seed of the training"},
    {"image.codebook.path", OPTION_TEXT, SCOPE_RUN, IMAGE(codebook.path), "\"\"", 0, 0, NULL,
     "a frozen codebook (.h5 or .npy): nothing is trained; its content, not its path, counts"},
};
const option_table image_options_table = OPTION_TABLE(image_table);

#define SENSOR(field) offsetof(sensor_options, field)
static const option sensor_table[] = {
    {"sensor.use", OPTION_BOOL, SCOPE_INDEX, SENSOR(use), "true", 0, 0, NULL, "tokenise the sensor recordings of rows"},
    {"sensor.channels", OPTION_INT, SCOPE_CODEBOOK, SENSOR(channels), "0", 0, 1024, NULL,
     "channels that every recording has; to be set where rows have recordings (0: as the frozen codebook has them)"},
    {"sensor.rate", OPTION_REAL, SCOPE_CODEBOOK, SENSOR(rate_hz), "0", 0, 1e9, NULL,
     "samples a second to which recordings are brought, from the rate_hz of the row or of a sound file's header; what "
     "has neither is taken to be at it already (0: all are taken as they are)"},
    {"sensor.frame", OPTION_INT, SCOPE_CODEBOOK, SENSOR(frame), "16", 1, 65536, NULL,
     "samples of a frame; all channels of a frame are one vector, and become one token"},
    {"sensor.hop", OPTION_INT, SCOPE_CODEBOOK, SENSOR(hop), "0", 0, 65536, NULL,
     "samples from one frame to the next (0: as sensor.frame)"},
    {"sensor.normalize", OPTION_ENUM, SCOPE_CODEBOOK, SENSOR(normalize), "row", 0, 0, sensor_normalize_names,
     "mean and deviation that each channel is brought to 0 and 1 by: row: those of the row, sample: those of the "
     "training sample, which the codebook keeps"},
    {"sensor.max_seconds", OPTION_SECONDS, SCOPE_CODEBOOK, SENSOR(max_seconds), "1h", 0, 1e9, NULL,
     "longest recording, or segment of one, whose rate is known; longer ones are rejected (0: no limit)"},
    {"sensor.max_values", OPTION_INT, SCOPE_CODEBOOK, SENSOR(max_values), "67108864", 1, 0x1p36, NULL,
     "most values (samples times channels) of a recording; a rank holds one recording at a time, 4 bytes a value"},
    {"sensor.dataset", OPTION_TEXT, SCOPE_CODEBOOK, SENSOR(dataset), "\"\"", 0, 0, NULL,
     "dataset of HDF5 files that holds the samples; empty: the only one with numbers in one or two dimensions"},
    {"sensor.csv.separator", OPTION_ENUM, SCOPE_CODEBOOK, SENSOR(csv_separator), "comma", 0, 0, csv_separator_names,
     "what stands between the fields of a line; space: blanks and tabs, however many"},
    {"sensor.csv.header", OPTION_ENUM, SCOPE_CODEBOOK, SENSOR(csv_header), "auto", 0, 0, csv_header_names,
     "whether the first line names the columns; auto: when no number is in it"},
    {"sensor.csv.skip_columns", OPTION_INT, SCOPE_CODEBOOK, SENSOR(csv_skip_columns), "0", 0, 1024, NULL,
     "columns on the left that are no channels, such as a time"},
    {"sensor.reduce", OPTION_BOOL, SCOPE_TOKENS, SENSOR(reduce), "false", 0, 0, NULL,
     "keep one id per run of equal ids, with durations"},
    {"sensor.keep", OPTION_ENUM, SCOPE_TOKENS, SENSOR(keep), "tokens", 0, 0, keep_names,
     "what is written: ids, fp16 vectors, or both"},
    {"sensor.codebook.size", OPTION_INT, SCOPE_CODEBOOK, SENSOR(codebook.size), "256", 1, 1 << 24, NULL,
     "number of codes (K)"},
    {"sensor.codebook.seed", OPTION_INT, SCOPE_CODEBOOK, SENSOR(codebook.seed), "1", 0, 0x1p53, NULL,
     "seed of the training"},
    {"sensor.codebook.path", OPTION_TEXT, SCOPE_RUN, SENSOR(codebook.path), "\"\"", 0, 0, NULL,
     "a frozen codebook (.h5 or .npy): nothing is trained; its content, not its path, counts"},
};
const option_table sensor_options_table = OPTION_TABLE(sensor_table);

#define TRAIN(field) offsetof(train_options, field)
static const option train_table[] = {
    {"train.seed", OPTION_INT, SCOPE_CODEBOOK, TRAIN(seed), "1", 0, 0x1p53, NULL,
     "seed of the choice of rows and vectors"},
    {"train.hours", OPTION_REAL, SCOPE_CODEBOOK, TRAIN(hours), "100", 0, 1e7, NULL,
     "hours of sound in the training sample, taken by hash"},
    {"train.images", OPTION_INT, SCOPE_CODEBOOK, TRAIN(images), "100000", 0, 0x1p40, NULL,
     "pictures in the training sample, taken by hash"},
    {"train.sensors", OPTION_INT, SCOPE_CODEBOOK, TRAIN(sensors), "100000", 0, 0x1p40, NULL,
     "sensor recordings in the training sample, taken by hash"},
    {"train.vectors_per_code", OPTION_INT, SCOPE_CODEBOOK, TRAIN(vectors_per_code), "512", 1, 1000000, NULL,
     "frames or patches of the sample that are kept, per code"},
    {"train.iterations", OPTION_INT, SCOPE_CODEBOOK, TRAIN(iterations), "25", 0, 100000, NULL, "most Lloyd iterations"},
    {"train.tolerance", OPTION_REAL, SCOPE_CODEBOOK, TRAIN(tolerance), "1e-4", 0, 1, NULL,
     "stop when fewer vectors than this share change code, or the inertia falls by less"},
    {"train.held_out", OPTION_REAL, SCOPE_CODEBOOK, TRAIN(held_out), "0.01", 0, 0.5, NULL,
     "share of the sample that only measures quality"},
    {"train.seed_vectors", OPTION_INT, SCOPE_CODEBOOK, TRAIN(seed_vectors), "20", 1, 1000, NULL,
     "vectors per code among which k-means++ chooses the first centroids"},
    {"train.seedings", OPTION_INT, SCOPE_CODEBOOK, TRAIN(seedings), "1", 1, 100, NULL,
     "choices of first centroids that are tried; the best on held-out vectors is used"},
    {"train.memory", OPTION_BYTES, SCOPE_RUN, TRAIN(memory), "0", 0, 0x1p44, NULL,
     "memory of a rank for what only makes it faster (0: no limit)"},
    {"train.recompute", OPTION_BOOL, SCOPE_RUN, TRAIN(recompute), "false", 0, 0, NULL,
     "store no features of the sample but compute them again in each pass: the same codebooks, no disk, much slower; a "
     "rank keeps at most 64MiB of them, or train.memory"},
    {"train.data", OPTION_TEXT, SCOPE_RUN, TRAIN(data), "\"\"", 0, 0, NULL,
     "`tessera train` alone: a matrix of vectors, FILE.npy, FILE.h5, FILE.h5:/DATASET or a folder of such files, fp16 "
     "or fp32; a codebook is trained from it and not from a corpus; its content counts"},
    {"train.size", OPTION_INT, SCOPE_CODEBOOK, TRAIN(size), "1000", 1, 1 << 24, NULL,
     "number of codes (K) of the codebook of train.data"},
    {"train.name", OPTION_TEXT, SCOPE_CODEBOOK, TRAIN(name), "matrix", 0, 0, NULL,
     "its name: codebooks/NAME.h5; letters, digits, - and _"},
    {"train.metric", OPTION_ENUM, SCOPE_CODEBOOK, TRAIN(metric), "l2", 0, 0, kmeans_metric_names,
     "what is nearest to a vector of train.data: the centroid of the least distance, of the largest cosine, or of the "
     "largest inner product (centroids of length 1)"},
    {"train.start", OPTION_TEXT, SCOPE_RUN, TRAIN(start), "\"\"", 0, 0, NULL,
     "its first centroids, a matrix or a codebook; their content counts; empty: k-means++ chooses them"},
};
const option_table train_options_table = OPTION_TABLE(train_table);
