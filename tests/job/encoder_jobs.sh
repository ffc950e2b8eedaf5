# Whole jobs with encoders (small models with random weights): the same bytes for any ranks, batches, kills and kernels;
# every row accounted for; canary rows and single files agree.
. "$(dirname "$0")/job.sh"
cp -rp "$REFERENCE/corpus" corpus
tensors() { "$PYTHON" "$SOURCE_DIR/tests/support/tensor_files.py" "$@" || fail "tensor_files.py $*"; }

# Rows for the border of one frame, and recordings that end in each way a window can.
n=0
for samples in 399 400 719 720 31999 32400 48399 48400 72000 90123; do
    tensors tone "corpus/sound/tone$n.wav" "$samples" "$n"
    echo "{\"id\": \"tone-$samples\", \"audio_filepath\": \"sound/tone$n.wav\"}" >>corpus/manifest.jsonl
    n=$((n + 1))
done
# One that breaks off when windows of it wait already, in the middle of a batch.
head -c 140000 corpus/sound/tone9.wav >corpus/sound/cut.wav
echo '{"id": "cut", "audio_filepath": "sound/cut.wav"}' >>corpus/manifest.jsonl
for i in 0 1 2; do
    tensors tone "corpus/sound/more$i.wav" $((20000 + 9000 * i)) "$i"
    echo "{\"id\": \"more-$i\", \"audio_filepath\": \"sound/more$i.wav\"}" >>corpus/manifest.jsonl
done
cat >encoder.yaml <<YAML
preset: $CONFIG
audio:
  feature: encoder
  encoder: {path: "$SOURCE_DIR/tests/golden/hubert-base", layer: 2, context: 0.5s}
image:
  feature: encoder
  encoder: {path: "$SOURCE_DIR/tests/golden/vit"}
  width: 48
  height: 48
  patch: 8
YAML
CONFIG=$PWD/encoder.yaml

step "a serial run"
run 0 run "$CONFIG" --output-dir serial
expect_exit 0
rows=$(($(json corpus/expect.json rows) + 14))
expect_equal "$(json serial/dataset.json accounting.rows)" "$rows" rows
expect_equal "$(json serial/dataset.json accounting.rejects)" $(($(json corpus/expect.json rejects) + 2)) rejects
grep '"cut"' serial/rejects.jsonl | grep -q '"damaged"' || fail "the cut recording is not rejected as damaged"
grep '"tone-399"' serial/rejects.jsonl | grep -q '"empty"' || fail "399 samples are no reject for want of a frame"
expect_equal "$(json serial/dataset.json streams.audio.encoder)" hubert
expect_equal "$(json serial/dataset.json streams.audio.layer)" 2
expect_equal "$(json serial/dataset.json streams.audio.precision)" fp32
expect_equal "$(json serial/dataset.json streams.audio.rate_hz)" 50.0
expect_equal "$(json serial/dataset.json streams.image.encoder)" vit
sha=$(sha256sum <"$SOURCE_DIR/tests/golden/hubert-base/model.safetensors" | cut -c 1-64)
expect_equal "$(json serial/dataset.json streams.audio.weights_sha256)" "$sha" "SHA-256 of the weights"
grep -q "hubert, layer 2, fp32" serial/README.md || fail "the dataset card does not name the encoder"
run 2 verify serial
expect_exit 0
expect_message "4 canary rows"
mkdir elsewhere
(cd elsewhere && run 0 verify ../serial && expect_exit 0 && expect_message "4 canary rows") ||
    fail "verify from elsewhere"

same() {
    local name=$1
    shift
    step "$name"
    rm -rf dataset
    run "$@"
    expect_exit 0
    expect_same_dataset dataset serial
}
same "2 ranks, one row at a time" 2 run "$CONFIG" --set run.batch_seconds=0 --set run.batch_pictures=1
same "4 ranks, small batches" 4 run "$CONFIG" --set run.batch_seconds=3 --set run.batch_pictures=2
same "3 ranks, no prefetch, plain C" 3 run "$CONFIG" --set run.prefetch=false --isa plain
same "units in random order, a large batch" 2 run "$CONFIG" --set run.unit_order=random --set run.batch_seconds=600
same "features of the sample computed again" 2 run "$CONFIG" --set train.recompute=true
cp -r "$SOURCE_DIR/tests/golden/hubert-base" moved
same "weights in another place" 1 run "$CONFIG" --set audio.encoder.path=moved

step "killed again and again"
rm -rf dataset
for at in 2:kill=feature.after-rename:3 3:killall=feature.before-rename:5 2:kill=checkpoint.after-rename \
    1:kill=part.before-rename:4 2:kill=part.after-rename:6 4:killall=part.before-rename:3 2:kill=shard.mid-gather; do
    faulty "${at#*:}" "${at%%:*}" run "$CONFIG" --set "run.batch_seconds=${at%%:*}"
    [ "$RC" -ne 0 ] || fail "the launch that was to die at ${at#*:} ended well"
done
run 3 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset serial

step "a row that crashes its decoder"
rm -rf dataset
for life in 1 2 3; do
    faulty "crash=decode.row.tone-720" 2 run "$CONFIG"
    [ "$RC" -ne 0 ] || break
done
expect_exit 0 "in life $life"
[ "$life" -gt 1 ] || fail "no life died"
grep '"tone-720"' dataset/rejects.jsonl | grep -q crashed || fail "tone-720 is not a crashed reject"
expect_equal "$(json dataset/dataset.json accounting.rejects)" $(($(json corpus/expect.json rejects) + 3)) rejects

step "single files give the tokens of the dataset"
for id in 0-long:sound/0-long.wav tone-90123:sound/tone9.wav tone-72000:sound/tone8.wav; do
    run 0 encode "$CONFIG" "corpus/${id#*:}" --what tokens --output-dir serial
    expect_exit 0
    tr ' ' '\n' <out.txt >encoded.txt
    run 0 show serial "${id%%:*}"
    expect_exit 0
    grep -o '<aud_[0-9]*>' out.txt | tr -dc '0-9\n' >shown.txt
    cmp encoded.txt shown.txt || fail "${id%%:*}: encode and the dataset differ"
done
run 0 show serial 0-long --png never.png
expect_exit 2
run 0 show serial 0-both --png both.png --wav both.wav
expect_exit 0

step "the vectors of a codebook depend on the windows"
rm -rf dataset other
run 2 train "$CONFIG"
expect_exit 0
run 2 run "$CONFIG" --set audio.window=3s
expect_exit 0
run 1 run "$CONFIG" --set audio.window=3s --output-dir other
expect_exit 0
expect_same_dataset dataset other

step "bf16 is another dataset, and says so"
run 2 run "$CONFIG" --output-dir half --set audio.encoder.precision=bf16 --set image.encoder.precision=bf16
expect_exit 0
expect_equal "$(json half/dataset.json streams.audio.precision)" bf16
run 1 run "$CONFIG" --output-dir half-2 --set audio.encoder.precision=bf16 --set image.encoder.precision=bf16 \
    --set run.batch_seconds=0
expect_exit 0
expect_same_dataset half-2 half
run 1 run "$CONFIG" --output-dir half
expect_exit 2
expect_message "audio.encoder.precision"

step "other weights are refused once there are tokens"
"$PYTHON" - moved/model.safetensors <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(-2, 2)
    last = f.read(1)
    f.seek(-2, 2)
    f.write(bytes([last[0] ^ 1]))
PY
run 2 run "$CONFIG" --output-dir serial --set audio.encoder.path=moved
expect_exit 2
expect_message "audio encoder"
