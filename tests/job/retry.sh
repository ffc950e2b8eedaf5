# A file that cannot be read for a while: tried again, then a reject that is not the row's fault, then done after all.
. "$(dirname "$0")/job.sh"
copy_corpus

step "one failed read is tried again and leaves no trace"
faulty "errno-EIO=media.read:3" 0 run "$CONFIG"
expect_exit 0
expect_message "will be tried again"
expect_same_dataset dataset "$REFERENCE/dataset"

step "a read that fails each time is a reject of its own kind"
rm -rf dataset
frozen=(--set run.max_reject_rate=1 --set "audio.codebook.path=$REFERENCE/dataset/codebooks/audio.h5"
    --set "image.codebook.path=$REFERENCE/dataset/codebooks/image.h5")
faulty "errno-EIO=media.read:1+" 0 run "$CONFIG" "${frozen[@]}"
expect_exit 0
expect_equal "$(json dataset/dataset.json reproducible)" false reproducible
grep -q '"reason":"environment"' dataset/rejects.jsonl || fail "no reject says environment"

step "mended, and done again"
run 2 run "$CONFIG" --retry-environment "${frozen[@]}"
expect_exit 0
expect_equal "$(json dataset/dataset.json reproducible)" true reproducible
expect_accounting dataset corpus
run 0 verify dataset
expect_exit 0

step "only some rows fail: their shards and the sequences are made anew"
rm -rf dataset
faulty "errno-EIO=media.read:16+" 0 run "$CONFIG" "${frozen[@]}"
expect_exit 0
expect_equal "$(json dataset/dataset.json reproducible)" false reproducible
[ "$(json dataset/dataset.json accounting.examples)" -gt 5 ] || fail "nearly every row failed"
run 2 run "$CONFIG" --retry-environment "${frozen[@]}"
expect_exit 0
expect_accounting dataset corpus
run 0 verify dataset
expect_exit 0

step "a training sample with a row that could not be read"
rm -rf dataset
faulty "errno-EIO=media.read:20+" 0 train "$CONFIG"
expect_exit 0
run 0 run "$CONFIG"
expect_exit 0
expect_equal "$(json dataset/dataset.json reproducible)" false reproducible
