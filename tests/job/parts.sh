# Parts that are lost, doubled, changed or of another kind between two lives: they are made again, and nothing shows.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
large=(--set output.shard_bytes=1MiB) # one shard a split, so that parts wait for it

step "a dataset that nobody disturbed"
run 0 run "$CONFIG" "${large[@]}" --output-dir whole
expect_exit 0

stop_with_parts() {
    faulty "usr1=part.after-rename:8" 0 run "$CONFIG" "${large[@]}" "$@"
    expect_exit 75
    mapfile -t parts < <(find dataset/state/parts -name '*.part' | sort)
    [ "${#parts[@]}" -ge 8 ] || fail "only ${#parts[@]} parts to play with"
}

step "lost, doubled, changed, cut"
stop_with_parts
rm "${parts[0]}"
cp "${parts[1]}" "${parts[2]}"
"$PYTHON" -c '
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(-9, 2)
    byte = f.read(1)
    f.seek(-9, 2)
    f.write(bytes([byte[0] ^ 1]))' "${parts[3]}"
truncate -s -1 "${parts[4]}"
run 3 run "$CONFIG" "${large[@]}"
expect_exit 0
expect_message "tokenize: [1-9][0-9]* of [0-9]+ units and gathers are there"
expect_message "made anew"
expect_same_dataset dataset whole

step "of other settings"
rm -rf dataset
stop_with_parts --set train.seed=5 --set audio.codebook.seed=5
cp -r dataset/state/parts other
rm -rf dataset
stop_with_parts
for part in $(cd other && find . -name "*.part" | sort | head -n 3); do
    cp "other/$part" "dataset/state/parts/$part"
done
run 2 run "$CONFIG" "${large[@]}"
expect_exit 0
expect_message "belongs to other settings"
expect_same_dataset dataset whole
