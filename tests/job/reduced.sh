# Runs of equal ids as one token: in a set of a dataset that stores them all ({audio:reduced}) and in the dataset itself
# (audio.reduce) are the same tokens; also of sound that is longer than a sequence, and on any number of ranks.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
template=(--set 'sequence.row=["{text}{audio:reduced}{image}", "{audio:reduced}{text}"]' --set sequence.length=48)

step "a set with reduced runs beside one without"
run 2 run "$CONFIG"
expect_exit 0
cp -r dataset plain
run 3 pack "$CONFIG" "${template[@]}" --set sequence.name=runs
expect_exit 0
run 0 verify dataset
expect_exit 0
whole=$(json dataset/dataset.json sequences.default.tokens)
reduced=$(json dataset/dataset.json sequences.runs.tokens)
[ "$reduced" -lt "$whole" ] || fail "$reduced tokens with runs reduced, $whole without"
run 0 show dataset runs/train/0
expect_exit 0
expect_output 'aud_.*runs of [0-9]+ ids'

step "a dataset that stores reduced ids, its sound in the same templates and in plain ones"
run 2 run "$CONFIG" --set audio.reduce=true --output-dir stored "${template[@]}" --set sequence.name=runs
expect_exit 0
run 2 pack "$CONFIG" --set audio.reduce=true --output-dir stored --set sequence.length=48 --set sequence.name=plain \
    --set 'sequence.row=["{text}{audio}{image}", "{audio}{text}"]'
expect_exit 0
for set in dataset:runs stored:runs stored:plain; do
    run 0 export "${set%:*}" --sequences "${set#*:}" --format npy --to "npy-${set/:/-}"
    expect_exit 0
done
for file in npy-dataset-runs/*.npy; do
    for other in stored-runs stored-plain; do
        cmp "$file" "npy-$other/${file##*/}" || fail "$file and $other differ"
    done
done

step "the same bytes on one rank and on seven"
for ranks in 0 7; do
    rm -rf again
    cp -r plain again
    run $ranks pack "$CONFIG" "${template[@]}" --set sequence.name=runs --output-dir again
    expect_exit 0
    expect_same_dataset again dataset
done

step "the reader of the README, against the materialised tokens"
if "$PYTHON" -c 'import h5py, numpy' 2>/dev/null; then
    run 2 pack "$CONFIG" "${template[@]}" --set sequence.name=runs --materialise
    expect_exit 0
    "$PYTHON" -B "$(dirname "$0")/readme_snippets.py" --loop runs "$SOURCE_DIR/README.md" dataset >out.txt ||
        fail "another sequence"
    expect_output 'as materialised'
fi

step "options that do not go together are refused"
run 0 plan "$CONFIG" --set 'sequence.row=["{audio:reduced,vectors}"]' --output-dir none
expect_exit 2
run 0 plan "$CONFIG" --set 'sequence.row=["{image:reduced}"]' --output-dir none
expect_exit 2
expect_message 'reduced \(audio, sensor\)'
