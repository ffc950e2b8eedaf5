# No space: exit code 5, one clear message; with more space the same command goes on to the same bytes.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

for point in index.write feature.write part.write shard.write sequence.write dataset.write; do
    step "no space at $point"
    rm -rf dataset
    faulty "errno-ENOSPC=$point" 2 run "$CONFIG"
    expect_exit 5
    expect_equal "$(grep -c ' ERROR ' err.txt)" 1 "error lines"
    expect_message "[Nn]o space"
    run 3 run "$CONFIG"
    expect_exit 0
    expect_same_dataset dataset "$REFERENCE/dataset"
done
