/* The small files of a model's folder: which kind of model it is, and what identifies its settings. Local. */
#pragma once

#include "encoder/encoder.h"

/* A quick look before weights are opened: the folder is there, and its model takes what it is to be given. `section` is
 * that of the config, for the message. ERR_CONFIG, ERR_MEMORY. */
int model_files_check(const char *folder, const char *section, encoder_input takes);

/* SHA-256 (hex) of config.json and preprocessor_config.json as values: the order of keys, the layout, and remarks about
 * where a file comes from do not count. ERR_CONFIG, ERR_MEMORY. */
int model_files_hash(const char *folder, char hex[65]);
