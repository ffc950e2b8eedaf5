# What encoders give in a job: the tensors of the references, a quantizer's own codes, kept vectors, windows with
# context; and the configs that users start from, with small random models.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
GOLDEN=$SOURCE_DIR/tests/golden
tensors() { "$PYTHON" "$SOURCE_DIR/tests/support/tensor_files.py" "$@" || fail "tensor_files.py $*"; }
cat >encoder.yaml <<YAML
preset: $CONFIG
audio:
  feature: encoder
  encoder: {path: "$GOLDEN/hubert-base"}
image:
  feature: encoder
  encoder: {path: "$GOLDEN/vit"}
  width: 224
  height: 224
YAML
CONFIG=$PWD/encoder.yaml
encode() { # encode FILE ARGUMENT...: out.npy
    local file=$1
    shift
    run 0 encode "$CONFIG" "$file" --npy out.npy "$@"
    expect_exit 0
}

step "the vectors of the reference"
for model in hubert-base hubert-large hubert-batchnorm wav2vec2-base wav2vec2-large; do
    tensors wav "$GOLDEN/$model/expect.safetensors" speech/wave speech.wav
    for layer in 0 2 last; do
        encode speech.wav --set audio.encoder.path="$GOLDEN/$model" --set audio.encoder.layer="$layer"
        [ "$layer" = last ] && name=last || name=hidden.$layer
        tensors close out.npy "$GOLDEN/$model/expect.safetensors" "speech/$name"
    done
done
tensors png "$GOLDEN/vit/expect.safetensors" square/image square.png
for layer in 0 2 last; do
    [ "$layer" = last ] && name=last || name=hidden.$layer
    encode square.png --set image.encoder.layer="$layer"
    tensors close out.npy "$GOLDEN/vit/expect.safetensors" "square/$name" --skip 1
    encode square.png --set image.encoder.layer="$layer" --set image.encoder.class_token=true
    tensors close out.npy "$GOLDEN/vit/expect.safetensors" "square/$name"
done
encode square.png --set image.encoder.layer=pooled
tensors close out.npy "$GOLDEN/vit/expect.safetensors" square/pooled

step "codes of wav2vec 2.0's own quantizer"
q=(--set audio.encoder.path="$GOLDEN/wav2vec2-quantizer" --set audio.encoder.layer=codes --set image.use=false)
tensors wav "$GOLDEN/wav2vec2-quantizer/expect.safetensors" speech/wave speech.wav
run 0 encode "$CONFIG" speech.wav --what tokens "${q[@]}"
expect_exit 0
tensors codes "$GOLDEN/wav2vec2-quantizer/expect.safetensors" speech/codes 20 >codes.txt
cmp out.txt codes.txt || fail "ids are not those of the reference"
run 2 run "$CONFIG" --output-dir codes "${q[@]}"
expect_exit 0
expect_no_file codes/codebooks/audio.h5
grep -q "iteration" err.txt && fail "a codebook was trained"
expect_equal "$(json codes/dataset.json streams.audio.vocab_size)" 40 "size of the vocabulary"
expect_equal "$(json codes/dataset.json streams.audio.rate_hz)" 50.0
expect_equal "$(json codes/dataset.json streams.audio.encoder)" wav2vec2
run 1 run "$CONFIG" --output-dir codes-2 "${q[@]}" --set run.batch_seconds=0
expect_exit 0
expect_same_dataset codes-2 codes
run 0 verify codes
expect_exit 0
run 0 show codes 0-sound5
expect_output "audio  228 tokens"

step "vectors kept, with and without ids"
for keep in vectors both; do
    run 2 run "$CONFIG" --output-dir "$keep" --set audio.keep=$keep --set image.keep=$keep \
        --set image.encoder.class_token=true
    expect_exit 0
    run 0 verify "$keep"
    expect_exit 0
    expect_equal "$(json "$keep/dataset.json" streams.audio.width)" 64 "width of audio vectors"
    expect_equal "$(json "$keep/dataset.json" streams.image.width)" 48 "width of image vectors"
done
expect_no_file vectors/codebooks
run 2 run "$CONFIG" --output-dir pooled --set image.encoder.layer=pooled --set image.keep=vectors --set audio.use=false
expect_exit 0
run 0 verify pooled
expect_exit 0

step "frames of recordings that end in each way a window can"
w=(--set audio.window=1s --set audio.encoder.layer=1)
for samples in 400 16000 31999 32000 32079 32080 32719 32720 48079 48080 100000; do
    tensors tone tone.wav "$samples"
    for context in 0s 0.3s 1s 7s; do
        encode tone.wav "${w[@]}" --set audio.encoder.context=$context
        expect_equal "$(tensors shape out.npy)" "$(((samples - 400) / 320 + 1)) 64" "frames of $samples samples"
    done
done

step "windows whose context covers all that a frame depends on give the vectors of the whole"
# layer 0 of a model without group norm: convolutions alone, which reach 64 frames (1.28 s) to each side
far=(--set audio.encoder.path="$GOLDEN/hubert-large" --set audio.encoder.layer=0 --set audio.encoder.norm=none)
tensors tone tone.wav 100123
encode tone.wav "${far[@]}" --set audio.window=1h
mv out.npy whole.npy
for window in 1s 1.5s 2.4s; do
    encode tone.wav "${far[@]}" --set audio.window=$window --set audio.encoder.context=1.3s
    cmp out.npy whole.npy || fail "windows of $window differ from the whole"
done
encode tone.wav "${far[@]}" --set audio.window=1s --set audio.encoder.context=0.5s
cmp -s out.npy whole.npy && fail "context makes no difference: this test sees nothing"

step "the configs that users start from"
mkdir -p media
cp "$REFERENCE"/corpus/sound/0-sound[0-4].wav "$REFERENCE"/corpus/picture/0-picture*.png media
small=(--set train.hours=1 --set train.vectors_per_code=20)
run 2 run "$SOURCE_DIR/configs/hubert-base-l9.yaml" "${small[@]}" --set audio.encoder.path="$GOLDEN/hubert-base" \
    --set audio.encoder.layer=3 --set audio.codebook.size=20
expect_exit 0
run 0 verify hubert-units
expect_exit 0
run 2 run "$SOURCE_DIR/configs/wav2vec2.yaml" --set audio.encoder.path="$GOLDEN/wav2vec2-quantizer"
expect_exit 0
run 0 verify wav2vec2-codes
expect_exit 0
run 2 run "$SOURCE_DIR/configs/vit-b16.yaml" "${small[@]}" --set image.encoder.path="$GOLDEN/vit" \
    --set image.codebook.size=20
expect_exit 0
run 0 verify vit-vectors
expect_exit 0
