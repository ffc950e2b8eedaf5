# Rows that are segments of one file: it is read once for all of them, not once for each.
. "$(dirname "$0")/job.sh"
command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
mkdir corpus
"$PYTHON" - <<'PY' || fail "no corpus"
import array, json, random, wave
ROWS = 60
noise = random.Random(1)
with wave.open("corpus/talk.wav", "wb") as w:
    w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
    w.writeframes(noise.randbytes(2 * 8000 * ROWS))
values = array.array("f", (noise.random() for _ in range(2 * 1000 * ROWS)))
head = str({"descr": "<f4", "fortran_order": False, "shape": (1000 * ROWS, 2)}).ljust(117) + "\n"
with open("corpus/motion.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + values.tobytes())
with open("corpus/rows.jsonl", "w", encoding="utf-8") as f:
    for i in range(ROWS):
        print(json.dumps({"id": f"a{i:03}", "audio_filepath": "talk.wav", "offset": i, "duration": 1}), file=f)
        print(json.dumps({"id": f"b{i:03}", "sensor_filepath": "motion.npy", "offset": 10 * i, "duration": 10}), file=f)
        print(json.dumps({"id": f"a{i:03}.text", "text": "between two segments"}), file=f)
PY
cat >segments.yaml <<YAML
corpus: {path: corpus/rows.jsonl}
output: {path: traced, unit_min: 8, unit_max: 16}
audio: {window: 2s, codebook: {size: 16}}
image: {use: false}
sensor: {channels: 2, rate: 100, frame: 10, codebook: {size: 16}}
train: {iterations: 4, hours: 0.01, vectors_per_code: 64}
run: {canaries: 0}
YAML

# traced OUT KEY=VALUE: what a run of one rank reads. The training sample and the tokens each need a file whole: at once
# by the thread that computes and the one that reads ahead, or to hash it, and then its segments.
traced() {
    step "$1: what is read"
    strace -f -y -qq -e signal=none -e trace=read,pread64 -o reads.txt "$TESSERA" run segments.yaml --output-dir "$1" \
        --set "$2" >out.txt 2>err.txt </dev/null
    RC=$?
    expect_exit 0
    "$PYTHON" - reads.txt <<'PY' || fail "too much is read"
import collections, os, re, sys
read = collections.Counter()
for line in open(sys.argv[1], errors="replace"):
    found = re.search(r"corpus/(talk.wav|motion.npy)>.* = (\d+)$", line)
    if found:
        read[found[1]] += int(found[2])
for name in ("talk.wav", "motion.npy"):
    times = read[name] / os.path.getsize("corpus/" + name)
    print(f"   {name} is read {times:.2f} times")
    assert 1 <= times < 5, (name, times)
PY
}
traced memory run.prefetch_bytes=64MiB
traced opened run.prefetch_bytes=64KiB
expect_same_dataset memory opened
traced alone run.prefetch=false
expect_same_dataset memory alone

step "on three ranks: the same bytes"
run 3 run segments.yaml --output-dir again
expect_exit 0
expect_same_dataset memory again
expect_equal "$(json memory/dataset.json accounting.examples)" 180 examples

step "a file that changes between two of its rows is noticed"
hold part.before-rename:3 0 run segments.yaml --output-dir changed --set run.prefetch=false --set run.max_reject_rate=1
touch corpus/talk.wav
let_go
expect_exit 0
"$PYTHON" - <<'PY' || fail "rejects.jsonl"
import json
rejects = [json.loads(line) for line in open("changed/rejects.jsonl", encoding="utf-8")]
assert all(r["reason"] == "changed-file" and r["source"] == "talk.wav" for r in rejects), rejects[:3]
names = sorted(r["id"] for r in rejects)
assert 10 < len(names) < 60 and names == [f"a{i:03}" for i in range(60 - len(names), 60)], names
PY
