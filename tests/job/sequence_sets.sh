# Several sets of sequences from the same shards: one stream of ids, vectors attended to from the side, both; any number
# of ranks, through a kill, and planted faults.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
both=(--set image.keep=both --set audio.keep=both)
unified=(--set sequence.name=unified --set 'sequence.row=["{image}{audio}{text}", "{text}{audio}{image}"]')
slots=(--set sequence.name=slots --set 'sequence.row=["{image:vectors}{audio}{text}"]' --set sequence.length=512)
cross=(--set sequence.name=cross --set 'sequence.row=["[{lang}] {image:cross}{audio:cross}{-}{text}<end>"]'
    --set 'sequence.specials=[end]' --set sequence.length=256)
hybrid=(--set sequence.name=hybrid --set 'sequence.row=["{image:cross}{text}{audio}"]' --set sequence.block=40
    --set 'sequence.weights={all: 2}')

step "the first set with the shards, three more one after the other"
run 2 run "$CONFIG" "${both[@]}" "${unified[@]}"
expect_exit 0
shards=$(cat dataset/shards/*.h5 | sha256sum)
ranks=3
for set in slots cross hybrid; do
    declare -n keys=$set
    run $ranks pack "$CONFIG" "${both[@]}" "${keys[@]}"
    expect_exit 0
    ranks=$((ranks == 3 ? 0 : 7))
done
expect_equal "$(json dataset/dataset.json sequences | grep -o '"length"' | wc -l)" 4 "sets"
expect_equal "$(cat dataset/shards/*.h5 | sha256sum)" "$shards" "shards"
run 0 verify dataset
expect_exit 0
cp -r dataset first

step "a set that is there takes no work"
run 2 pack "$CONFIG" "${both[@]}" "${cross[@]}"
expect_exit 0
expect_message "nothing to do"

step "the same bytes on other ranks, killed in between"
run 0 run "$CONFIG" "${both[@]}" "${unified[@]}" --output-dir again
expect_exit 0
run 2 pack "$CONFIG" "${both[@]}" "${slots[@]}" --output-dir again
expect_exit 0
run 3 pack "$CONFIG" "${both[@]}" "${cross[@]}" --output-dir again
expect_exit 0
faulty 'sequence.commit:2:kill' 0 pack "$CONFIG" "${both[@]}" "${hybrid[@]}" --output-dir again
[ "$RC" -ne 0 ] || fail "the kill did not happen"
run 2 pack "$CONFIG" "${both[@]}" "${hybrid[@]}" --output-dir again
expect_exit 0
expect_same_dataset again first

step "people can read a sequence"
run 0 show dataset cross/train/0
expect_exit 0
expect_output 'attended to from [0-9]+ to [0-9]+'
expect_output '<end>'
run 0 show dataset cross/train/99999
expect_exit 2

step "settings of one set change"
run 0 pack "$CONFIG" "${both[@]}" "${cross[@]}" --set sequence.seed=5
expect_exit 0
run 0 verify dataset
expect_exit 0
for set in unified slots hybrid; do
    for f in first/sequences/$set/*; do cmp "$f" "${f/first/dataset}" || fail "$set changed"; done
done

step "Python finds every id and every vector as often as it should be there"
"$PYTHON" -c 'import h5py, numpy' 2>/dev/null || skip "python3-h5py is not installed"
"$PYTHON" -B "$(dirname "$0")/sequence_sets.py" first "$SOURCE_DIR/README.md" unified slots cross hybrid:2 ||
    fail "sequence_sets.py"
"$PYTHON" -B "$(dirname "$0")/readme_snippets.py" --loop cross "$SOURCE_DIR/README.md" first || fail "cross"
"$PYTHON" -B "$(dirname "$0")/readme_snippets.py" --loop slots "$SOURCE_DIR/README.md" first || fail "slots"

step "a changed range is found"
"$PYTHON" - <<'PY'
import glob, h5py
with h5py.File(sorted(glob.glob("dataset/sequences/cross/train-*.h5"))[0], "r+") as f:
    f["vectors/end"][0] = f["vectors/end"][0] - 1
PY
run 0 verify dataset
expect_exit 4
expect_output 'sequences/cross/'
