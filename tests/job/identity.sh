# The same bytes for any number of ranks, order of units and prefetching.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

same() {
    local name=$1
    shift
    step "$name"
    rm -rf dataset
    run "$@"
    expect_exit 0
    expect_same_dataset dataset "$REFERENCE/dataset"
}
for n in 1 2 3 4 7; do same "$n ranks" "$n" run "$CONFIG"; done
same "units in another order" 3 run "$CONFIG" --set run.unit_order=reverse
same "units in random order" 2 run "$CONFIG" --set run.unit_order=random
same "no prefetch" 2 run "$CONFIG" --set run.prefetch=false
same "rank 0 only hands out" 3 run "$CONFIG" --set run.root_works_below=1

step "verb by verb"
rm -rf dataset
for verb in index train tokenize pack; do
    run 2 "$verb" "$CONFIG"
    expect_exit 0
done
expect_same_dataset dataset "$REFERENCE/dataset"

step "a corpus in another place"
cp -r "$REFERENCE/corpus" elsewhere
same "another folder" 2 run "$CONFIG" --set corpus.path=elsewhere/manifest.jsonl
