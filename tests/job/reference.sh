# One serial run: the dataset that every other launch must equal, and its accounting.
. "$(dirname "$0")/job.sh"

make_corpus corpus
step "a serial run"
run 0 run "$CONFIG"
expect_exit 0
expect_accounting dataset corpus
[ "$(find dataset/shards -name '*.h5' | wc -l)" -ge 4 ] || fail "fewer than 4 shards"
expect_no_file dataset/state

step "every reject has an id, a stage and a reason"
"$PYTHON" - dataset/rejects.jsonl corpus/expect.json <<'PY' || fail "rejects.jsonl"
import json, sys
rejects = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
expected = json.load(open(sys.argv[2], encoding="utf-8"))["rejected"]
for r in rejects:
    assert all(r.get(k) for k in ("id", "stage", "reason", "message")), r
missing = {e for e in expected if e} - {r["id"] for r in rejects}
assert not missing, missing
PY

step "verify"
run 0 verify dataset
expect_exit 0

step "a second run does nothing and says so"
before=$(dataset_hash dataset)
run 2 run "$CONFIG"
expect_exit 0
expect_message "nothing to do|is complete"
expect_equal "$(dataset_hash dataset)" "$before" "hash after the second run"
