# Wrong settings of encoders: exit 2, at once, with one line that names the key.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
GOLDEN=$SOURCE_DIR/tests/golden
cat >encoder.yaml <<YAML
preset: $CONFIG
audio: {feature: encoder, encoder: {path: "$GOLDEN/hubert-base", layer: 2}}
image: {feature: encoder, encoder: {path: "$GOLDEN/vit"}, width: 224, height: 224}
YAML
refused() { # refused PATTERN ARGUMENT...
    local pattern=$1 start
    shift
    start=$(date +%s%N)
    run 0 run encoder.yaml "$@"
    expect_exit 2 "of $*"
    expect_equal "$(grep -c . err.txt)" 1 "lines of the message of $*"
    expect_message "$pattern"
    [ $(($(date +%s%N) - start)) -lt 3000000000 ] || fail "$* was refused only after seconds"
    expect_no_file dataset
}

step "paths and models"
refused 'audio.encoder.path is not set' --set audio.encoder.path='""'
refused 'audio.encoder.path: nowhere' --set audio.encoder.path=nowhere
refused 'audio.encoder.path: .*vit.* takes pictures' --set audio.encoder.path="$GOLDEN/vit"
refused 'image.encoder.path: .*hubert.* takes sound' --set image.encoder.path="$GOLDEN/hubert-base"
mkdir -p empty other broken nan
refused 'audio.encoder.path: empty has no config.json' --set audio.encoder.path=empty
echo '{"model_type": "bert"}' >other/config.json
refused 'audio.encoder .*model_type is bert' --set audio.encoder.path=other
echo '{"model_type": ' >broken/config.json
refused 'audio.encoder.path: broken/config.json:[0-9]' --set audio.encoder.path=broken
cp "$GOLDEN"/hubert-base/*.json broken
refused 'audio.encoder .path broken' --set audio.encoder.path=broken
head -c 100000 "$GOLDEN/hubert-base/model.safetensors" >broken/model.safetensors
refused 'audio.encoder .path broken' --set audio.encoder.path=broken

step "a weight that is no number is found before any work"
cp "$GOLDEN"/hubert-base/*.json nan
"$PYTHON" - "$GOLDEN/hubert-base/model.safetensors" nan/model.safetensors <<'PY'
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
size = struct.unpack("<Q", data[:8])[0]
entry = json.loads(data[8 : 8 + size])["encoder.layers.0.attention.k_proj.weight"]
at = 8 + size + entry["data_offsets"][0] + 400
data[at : at + 4] = struct.pack("<f", float("nan"))
open(sys.argv[2], "wb").write(data)
PY
for ranks in 0 2; do
    rm -rf dataset
    run $ranks run encoder.yaml --set audio.encoder.path=nan
    expect_exit 2
    expect_message 'audio.encoder.path: .*k_proj'
done
rm -rf dataset

step "layers"
refused 'audio.encoder.*layer 99.*the model has 3' --set audio.encoder.layer=99
refused 'audio.encoder.layer: "top"' --set audio.encoder.layer=top
refused 'audio.encoder.layer: "pooled"' --set audio.encoder.layer=pooled
refused 'audio.encoder.layer: "-1"' --set audio.encoder.layer=-1
refused 'audio.encoder.*codes' --set audio.encoder.layer=codes
refused 'image.encoder.layer: "codes"' --set image.encoder.layer=codes
refused 'image.encoder.*layer 4.*the model has 3' --set image.encoder.layer=4

step "keys that contradict each other"
codes=(--set audio.encoder.layer=codes --set audio.encoder.path="$GOLDEN/wav2vec2-quantizer")
refused 'audio.keep' "${codes[@]}" --set audio.keep=vectors
refused 'audio.reduce' "${codes[@]}" --set audio.reduce=true
refused 'audio.codebook.path' "${codes[@]}" --set audio.codebook.path=x.h5
refused 'audio.scale' --set audio.scale=true
refused 'audio.encoder.path is set, but audio.feature' --set audio.feature=mfcc
refused 'image.encoder.path is set, but image.feature' --set image.feature=patches
refused 'image.width is 64, but the model .* has 48' --set image.width=64
refused 'image.patch is 4, but the model .* has 8' --set image.patch=4
refused 'image.grey' --set image.grey=true
refused 'image.normalize' --set image.normalize=clip
refused 'image.projection' --set image.projection=pca:4
refused 'audio.encoder.precision.*fp32, bf16' --set audio.encoder.precision=fp8
refused 'audio.encoder.path: nowhere' --set audio.encoder.path=nowhere --set image.encoder.path=nowhere

step "a frozen codebook of another layer"
run 2 train encoder.yaml --set image.use=false --output-dir trained
expect_exit 0
run 0 run encoder.yaml --set audio.codebook.path=trained/codebooks/audio.h5 --set audio.encoder.layer=1 \
    --set image.use=false
expect_exit 2
expect_message "codebook .* other features"
rm -rf dataset
run 2 run encoder.yaml --set audio.codebook.path=trained/codebooks/audio.h5 --set image.use=false
expect_exit 0
