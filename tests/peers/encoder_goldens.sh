#!/bin/bash
# Encoders against reference tensors that nobody tuned for.
#
#   encoder_goldens.sh TEST LIMIT FOLDER...
#
# TEST is build/tests/unit/encoder/test_encoder_golden; each FOLDER is a model hub folder with config.json, weights and
# expect.safetensors: INPUT/wave (samples) or INPUT/input (3, height, width), INPUT/hidden.K, INPUT/last, fp32, computed
# by the reference (transformers in fp64 on the same weights). Prints each tensor's largest difference / RMS and fails
# above LIMIT.
set -euo pipefail
test=$1 limit=$2
shift 2
TESSERA_VERBOSE=1 "$test" "$limit" "$@"
