# A changed setting redoes the stages that depend on it, or is refused where tokens would be thrown away.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
fresh() { # fresh DATASET ARGUMENT...: what a run with these settings makes from nothing
    run 0 run "$CONFIG" --output-dir "$@"
    expect_exit 0
}
times() { find dataset/"$1" -type f -printf '%p %T@\n' | sort; }

step "sequences alone"
cp -rp "$REFERENCE/dataset" dataset
shards=$(times shards)
run 2 run "$CONFIG" --set sequence.length=128
expect_exit 0
expect_equal "$(times shards)" "$shards" "shards after a change of sequence.length"
fresh other --set sequence.length=128
expect_same_dataset dataset other

step "settings of the run change nothing"
before=$(find dataset -type f ! -path '*/logs/*' -printf '%p %T@\n' | sort)
run 2 run "$CONFIG" --set sequence.length=128 --set run.prefetch=false --set run.unit_order=random
expect_exit 0
expect_message "nothing to do|is complete"
expect_equal "$(find dataset -type f ! -path '*/logs/*' -printf '%p %T@\n' | sort)" "$before" "files of the dataset"

step "tokens are not thrown away unasked"
before=$(dataset_hash dataset)
for change in audio.codebook.size=17 image.patch=8 corpus.splits='{train: 0.5, valid: 0.5}' train.seed=2; do
    run 2 run "$CONFIG" --set sequence.length=128 --set "$change"
    expect_exit 2
    expect_message "${change%%=*}"
    expect_equal "$(dataset_hash dataset)" "$before" "hash after a refused change"
done
run 2 run "$CONFIG" --set audio.codebook.size=17 --overwrite
expect_exit 0
rm -rf other
fresh other --set audio.codebook.size=17
expect_same_dataset dataset other

step "a corpus that changed"
rm -rf dataset corpus
cp -rp "$REFERENCE/dataset" dataset
copy_corpus
echo '{"id": "new", "text": "one more"}' >>corpus/manifest.jsonl
run 0 run "$CONFIG"
expect_exit 2
expect_message "corpus|manifest"

step "before there are tokens, a change redoes what depends on it"
rm -rf dataset corpus other
ln -s "$REFERENCE/corpus" corpus
faulty "usr1=checkpoint.after-rename" 2 run "$CONFIG"
expect_exit 75
run 2 run "$CONFIG" --set train.iterations=2
expect_exit 0
fresh other --set train.iterations=2
expect_same_dataset dataset other

step "a frozen codebook skips the training"
rm -rf dataset
cp other/codebooks/*.h5 .
ls ./*.h5
run 2 run "$CONFIG" --set audio.codebook.path=audio.h5 --set image.codebook.path=image.h5
expect_exit 0
grep -q "iteration" err.txt && fail "trained although both codebooks are given"
run 0 verify dataset
expect_exit 0

step "a trained codebook after a frozen one, or in place of it"
rm -rf dataset
run 2 train "$CONFIG"
expect_exit 0
run 0 train "$CONFIG" --set audio.codebook.path=audio.h5 --set image.use=false
expect_exit 0
run 2 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"

step "a model that is not used any more leaves the dataset"
rm -rf dataset other
run 2 train "$CONFIG"
run 2 run "$CONFIG" --set image.keep=vectors
expect_exit 0
fresh other --set image.keep=vectors
expect_same_dataset dataset other

step "sequences made anew, and the job dies before the end"
rm -rf dataset other
cp -rp "$REFERENCE/dataset" dataset
shards=$(times shards)
for point in withdrawal.after-rename sequence.after-rename dataset-text.after-rename:2 dataset.before-rename; do
    faulty "kill=$point" 0 run "$CONFIG" --set sequence.length=128
    expect_exit 137 "at $point"
done
run 2 run "$CONFIG" --set sequence.length=128
expect_exit 0
expect_equal "$(times shards)" "$shards" "shards after repacking in several lives"
fresh other --set sequence.length=128
expect_same_dataset dataset other

step "--overwrite that did not come to its end"
rm dataset/dataset.json dataset/README.md
mkdir -p dataset/state
echo begun >dataset/state/wipe
echo stale >dataset/shards/train-00000-of-00099.h5
run 2 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"
