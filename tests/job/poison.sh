# A row that crashes its decoder costs one reject, not the job.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus
fault="crash=decode.row.0-sound2;crash=decode.row.0-group3"

step "the first lives die"
for life in 1 2 3; do
    faulty "$fault" 2 run "$CONFIG"
    [ "$RC" -ne 0 ] || break
done
expect_exit 0
[ "$life" -gt 1 ] || fail "no life died"
for id in 0-sound2 0-group3; do
    grep "\"$id\"" dataset/rejects.jsonl | grep -q crashed || fail "$id is not a crashed reject"
done
expect_equal "$(json dataset/dataset.json accounting.rejects)" $(($(json corpus/expect.json rejects) + 2)) rejects
run 0 verify dataset
expect_exit 0
