# Filters as named rules, exact duplicates of decoded content among them: who is left out and why, the same for any
# number of ranks and any restart, with sound in pieces; and verify sees when lists and counts do not fit.
. "$(dirname "$0")/job.sh"
"$PYTHON" "$SOURCE_DIR/tests/job/filter_corpus.py" corpus || fail "filter_corpus.py"

rules=(--set "filter.languages=[en, de, und]" --set "filter.exclude_licenses=[proprietary*]" --set filter.min_chars=3
    --set filter.max_chars=40 --set filter.min_seconds=0.3 --set filter.max_seconds=12 --set filter.min_side=12
    --set filter.min_pixels=200 --set filter.max_pixels=10000 --set filter.max_aspect=4 --set filter.silence_dbfs=-60
    --set filter.clipping=0.2 --set filter.blank_deviation=0.5)
all=("${rules[@]}" --set filter.duplicates=all)

# expect_filtered DATASET KIND: filtered.jsonl says what expect.json does; KIND: none, media or all duplicates
expect_filtered() {
    "$PYTHON" - "$@" <<'PY' || fail "filtered.jsonl of $1"
import collections, json, sys
dataset, kind = sys.argv[1:]
expect = json.load(open("corpus/expect.json", encoding="utf-8"))
rules, firsts = expect["rules"], expect["firsts"]
if kind == "none":
    rules = {i: r for i, r in rules.items() if r != "duplicate"}
if kind == "media":  # whatever the text: so other-text too, but no texts alone
    rules.pop("duplicate.text")
    for name in ("long", "short"):
        rules[f"other-text.{name}"], firsts[f"other-text.{name}"] = "duplicate", f"first.{name}"
lines = [json.loads(line) for line in open(f"{dataset}/filtered.jsonl", encoding="utf-8")]
found = {l["id"]: l["rule"] for l in lines}
assert len(found) == len(lines)
assert found == rules, found.items() ^ rules.items()
for l in lines:
    assert list(l) == ["id", "row", "source", "rule", "message"] and l["message"], l
    if l["rule"] == "duplicate":
        assert l["message"] == "duplicate-of: " + firsts[l["id"]], l
d = json.load(open(f"{dataset}/dataset.json", encoding="utf-8"))
a = d["accounting"]
assert a["rows"] == expect["rows"] == a["examples"] + a["rejects"] + a["filtered"], a
assert a["rejects"] == 2 and a["filtered"] == len(rules), a
assert a["filtered_by_rule"] == collections.Counter(rules.values()), a
sums = collections.Counter()
for s in d["shards"]:
    assert s["filtered"] == sum(s["filtered_by_rule"].values()) and s["rejects"] == sum(s["reasons"].values()), s
    sums.update(s["filtered_by_rule"])
assert sums == a["filtered_by_rule"], sums
PY
}

step "all rules in one run"
run 0 run "$CONFIG" "${all[@]}" --output-dir whole
expect_exit 0
expect_filtered whole all
run 0 verify whole
expect_exit 0
grep -q '^| max-aspect | 1 |$' whole/README.md || fail "the card does not tell the rules"
run 0 status whole
expect_output "filtered +[0-9]+ duplicate"

step "any number of ranks"
for n in 1 2 3; do
    rm -rf dataset
    run $n run "$CONFIG" "${all[@]}" --set run.unit_order=$([ $n -eq 2 ] && echo random || echo reverse)
    expect_exit 0
    expect_same_dataset dataset whole
done

step "what is known before decoding is not decoded, and the plan tells"
run 0 plan "$CONFIG" "${all[@]}"
expect_exit 0
for rule in language license min-chars max-chars min-seconds max-seconds min-side min-pixels max-pixels max-aspect; do
    expect_output "^filtered +[1-9][0-9]* by $rule$"
done
expect_output "^sound +4[0-9] rows"

step "what is not known before decoding gives the same rows, and sound in one piece the same as in several"
run 2 run "$CONFIG" "${all[@]}" --set index.probe=never --output-dir unprobed
expect_exit 0
sort whole/filtered.jsonl >sorted-1
sort unprobed/filtered.jsonl >sorted-2
cmp sorted-1 sorted-2 || fail "filtered.jsonl depends on probing"

step "duplicates: none, media"
run 2 run "$CONFIG" "${rules[@]}" --output-dir none
expect_exit 0
expect_filtered none none
run 3 run "$CONFIG" "${rules[@]}" --set filter.duplicates=media --output-dir media
expect_exit 0
expect_filtered media media

# Sound and picture of a row are sampled apart: each without what its own rules leave out.
step "no filtered row is in the training sample"
sample=(--set train.vectors_per_code=100000 --set train.held_out=0)
"$PYTHON" - <<'PY' || fail "rest.jsonl"
import json
rules = json.load(open("corpus/expect.json"))["rules"]
with open("corpus/rest.jsonl", "w", encoding="utf-8") as f:
    for line in open("corpus/manifest.jsonl", encoding="utf-8"):
        row = json.loads(line)
        if row.get("audio_filepath") == "silence.short.wav" and "image_filepath" in row:
            del row["audio_filepath"]
        elif rules.get(row["id"], "duplicate") != "duplicate":
            continue
        f.write(json.dumps(row) + "\n")
PY
vectors() { "$PYTHON" -c 'import json, sys
print([b["training_vectors"] for b in json.load(open(sys.argv[1] + "/dataset.json"))["codebooks"]])' "$1"; }
run 2 run "$CONFIG" "${rules[@]}" "${sample[@]}" --output-dir with-rules
expect_exit 0
run 0 run "$CONFIG" "${sample[@]}" --set corpus.path=corpus/rest.jsonl --output-dir rest
expect_exit 0
expect_equal "$(vectors with-rules)" "$(vectors rest)" "training vectors"
run 2 run "$CONFIG" "${rules[@]}" "${sample[@]}" --set train.recompute=true --output-dir recomputed
expect_exit 0
expect_same_dataset with-rules recomputed

step "a row of which a part is kept meets the filters with that part"
run 0 run "$CONFIG" "${all[@]}" --set corpus.partial=keep --output-dir partial
expect_exit 0
grep -q '"id":"bad.with-silence".*"rule":"silence"' partial/filtered.jsonl || fail "bad.with-silence is kept"
expect_equal "$(json partial/dataset.json accounting.rejects)" 1 rejects

step "killed before, in and after the search for duplicates"
rm -rf dataset
i=0
for fault in kill=part.after-rename:9 killall=index.before-rename:3 kill=index.after-rename:2 \
    killall=duplicates.before-rename killall=duplicates.after-rename kill=filtered.before-rename:1 \
    killall=filtered.after-rename:2 kill=shard.mid-gather:1 kill=shard.mid-removal:1 kill=filtered-all.before-rename; do
    point=${fault#*=}
    rm -f killed.log
    case $point in index.*) [ -e dataset/state/parts ] || fail "the index is killed, not the runs" ;; esac
    TESSERA_FAULT_LOG=$PWD/killed.log faulty "$fault" $((1 + i++ % 3)) run "$CONFIG" "${all[@]}"
    grep -qx "${point%:*}" killed.log || fail "the launch that was to die at $point did not come there"
    [ "$RC" -ne 0 ] || fail "the launch that was to die at $point ended well"
done
run 2 run "$CONFIG" "${all[@]}"
expect_exit 0
expect_same_dataset dataset whole
expect_no_file dataset/state
find dataset -name '*.tmp-*' | grep -q . && fail "temporary files are left"

step "stopped between gathers, with shards and the map there; then the map is lost"
rm -rf dataset
faulty "usr1=shard.after-rename:2" 0 run "$CONFIG" "${all[@]}"
expect_exit 75
expect_file dataset/state/duplicates.map
expect_no_file dataset/state/duplicates
run 0 status dataset
expect_output "rows in them = "
rm dataset/state/duplicates.map
run 3 run "$CONFIG" "${all[@]}"
expect_exit 0
expect_same_dataset dataset whole

step "rows that could not be read come late: what was found of duplicates is found anew"
rm -rf dataset
frozen=(--set run.max_reject_rate=1 --set audio.codebook.path=whole/codebooks/audio.h5
    --set image.codebook.path=whole/codebooks/image.h5)
run 0 run "$CONFIG" "${all[@]}" "${frozen[@]}" --output-dir frozen
expect_exit 0
faulty "errno-EIO=media.read:12+" 0 run "$CONFIG" "${all[@]}" "${frozen[@]}"
expect_exit 0
expect_equal "$(json dataset/dataset.json reproducible)" false reproducible
run 2 run "$CONFIG" "${all[@]}" "${frozen[@]}" --retry-environment
expect_exit 0
expect_filtered dataset all
(cd dataset && sha256sum shards/* filtered.jsonl) >sums-1.txt
(cd frozen && sha256sum shards/* filtered.jsonl) >sums-2.txt
cmp sums-1.txt sums-2.txt || fail "the dataset that was retried differs"

step "with encoders, whose rows wait in batches and whose windows have contexts"
cat >encoder.yaml <<YAML
preset: $CONFIG
audio:
  feature: encoder
  encoder: {path: "$SOURCE_DIR/tests/golden/hubert-base", layer: 2, context: 0.5s}
image:
  feature: encoder
  encoder: {path: "$SOURCE_DIR/tests/golden/vit"}
  width: 48
  height: 48
  patch: 8
YAML
run 0 run encoder.yaml "${all[@]}" --output-dir encoded
expect_exit 0
expect_filtered encoded all
sort encoded/filtered.jsonl >sorted-2
cmp sorted-1 sorted-2 || fail "filtered.jsonl depends on the features"
run 3 run encoder.yaml "${all[@]}" --set train.recompute=true --set run.batch_seconds=3 --set run.batch_pictures=3 \
    --output-dir encoded-again
expect_exit 0
expect_same_dataset encoded encoded-again

step "a filter that changes is another dataset"
run 0 run "$CONFIG" "${all[@]}" --set filter.min_chars=4 --output-dir whole
expect_exit 2
expect_message "filter.min_chars"
run 0 run "$CONFIG" --set filter.min_seconds=5 --set filter.max_seconds=1 --output-dir other
expect_exit 2
expect_message "filter.min_seconds"

# planted MESSAGE PYTHON: on a copy; lines and d (dataset.json) may be changed, checksums are made to fit
planted() {
    step "verify: $2"
    rm -rf dataset
    cp -r whole dataset
    "$PYTHON" - "$2" <<'PY' || fail "cannot plant the damage"
import hashlib, json, sys
d = json.load(open("dataset/dataset.json", encoding="utf-8"))
lines = open("dataset/filtered.jsonl", encoding="utf-8").read().splitlines(True)
a, shards = d["accounting"], [s for s in d["shards"] if s["filtered"]]
exec(sys.argv[1])
data = "".join(lines).encode()
open("dataset/filtered.jsonl", "wb").write(data)
entry = next(f for f in d["files"] if f["file"] == "filtered.jsonl")
entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
json.dump(d, open("dataset/dataset.json", "w", encoding="utf-8"), indent=2)
PY
    run 2 verify dataset
    expect_exit 4
    expect_anywhere "$1"
}
planted "filtered.jsonl: lines of filtered.jsonl" 'lines[0] = lines[0].replace(json.loads(lines[0])["rule"], "novelty")'
planted "filtered.jsonl: [0-9]+ lines, dataset.json has" 'del lines[1]'
planted "is there twice" 'lines[2] = lines[1]'
planted "filtered.jsonl: lines of" 'a["filtered_by_rule"]["silence"] += 1'
planted "accounting: filtered" 'a["filtered"] += 1'
planted "shards/.*: lines of" 'for s in shards[:2]: s["filtered_by_rule"] = {"silence": 1}'
planted "rows are not" 'shards[0]["filtered"] += 1; a["filtered"] += 1'
planted "accounting: rows" 'a["rows"] += 1'
rm -rf dataset
cp -r whole dataset
sed -i '1s/"message":"/"message":"not /' dataset/filtered.jsonl
run 0 verify dataset
expect_exit 4
expect_anywhere "filtered.jsonl"
