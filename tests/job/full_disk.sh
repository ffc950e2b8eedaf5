# A file system that is really full, time and again, with a little more room each time: no launch loses what is there.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

mkdir small
mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || skip "no right to mount a tmpfs"
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
