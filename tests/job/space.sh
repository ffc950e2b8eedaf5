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

step "a full file system"
mkdir small
mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || skip "the rest: no right to mount a tmpfs"
trap 'umount -l "$WORK_DIR/small"' EXIT
size=64
for round in $(seq 20); do
    run 2 run "$CONFIG" --output-dir small/dataset
    [ "$RC" -ne 0 ] || break
    expect_exit 5
    size=$((size * 3 / 2))
    mount -o "remount,size=${size}k" small
done
expect_exit 0
[ "$round" -gt 2 ] || fail "the file system was never full"
expect_same_dataset small/dataset "$REFERENCE/dataset"
