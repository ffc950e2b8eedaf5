# How often a job asks the file system about a media file: metadata servers are what large corpora wear down.
. "$(dirname "$0")/job.sh"
command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
make_corpus corpus --clean --copies 4
"$PYTHON" - <<'PY' || fail "a manifest with durations"
import json, wave
with open("corpus/manifest.jsonl", encoding="utf-8") as f:  # long sounds are opened for each piece
    rows = [r for r in map(json.loads, f) if "long" not in r.get("audio_filepath", "")]
with open("corpus/all.jsonl", "w", encoding="utf-8") as f:
    f.writelines(json.dumps(row) + "\n" for row in rows)
with open("corpus/sounds.jsonl", "w", encoding="utf-8") as f:
    for row in rows:
        if "audio_filepath" in row and "image_filepath" not in row:
            with wave.open("corpus/" + row["audio_filepath"]) as w:
                row["duration"] = w.getnframes() / w.getframerate()
            f.write(json.dumps(row) + "\n")
PY
run 0 run "$CONFIG" --output-dir first
expect_exit 0

# calls NAME MANIFEST STAT OPEN: what the whole job does per file, beside the few rows that it keeps to check itself.
calls() {
    step "$1"
    strace -f -y -qq -o calls.txt -e trace=%file,%desc "$TESSERA" run "$CONFIG" --output-dir "$1" \
        --set corpus.path="$2" --set corpus.root=corpus --set audio.codebook.path=first/codebooks/audio.h5 \
        --set image.codebook.path=first/codebooks/image.h5 >out.txt 2>err.txt
    RC=$?
    expect_exit 0
    "$PYTHON" - calls.txt "$3" "$4" <<'PY' || fail "calls per file"
import collections, re, sys
names = {"stat": "stat", "newfstatat": "stat", "lstat": "stat", "statx": "stat", "access": "stat", "faccessat2": "stat",
         "open": "open", "openat": "open", "close": "close", "fstat": "fstat", "lseek": "lseek", "readlink": "stat"}
per_file = collections.defaultdict(collections.Counter)
for line in open(sys.argv[1], errors="replace"):
    found = re.match(r"\d+ +(\w+)\((.*)", line)
    media = found and re.search(r"corpus/((?:sound|picture)/[^\"> ]+\.(?:wav|png))", found[2])
    if not media or found[1] not in names:
        continue
    kind = names[found[1]]
    per_file[media[1]]["fstat" if kind == "stat" and '""' in found[2] else kind] += 1
assert len(per_file) > 20, len(per_file)
middle = len(per_file) // 2
common = {k: sorted(c[k] for c in per_file.values())[middle] for k in ("stat", "open", "fstat", "close", "lseek")}
again = sum(c["open"] - common["open"] for c in per_file.values())
print(f"{len(per_file)} files:", ", ".join(f"{v} {k}" for k, v in common.items()), f"a file; {again} opened once more")
n = int(sys.argv[3])
wanted = {"stat": int(sys.argv[2]), "open": n, "fstat": n, "close": n, "lseek": 0}
assert common == wanted, (common, wanted)
assert 0 <= again <= 16 and min(c["open"] for c in per_file.values()) >= common["open"]
PY
}
calls durations corpus/sounds.jsonl 1 1
calls probed corpus/all.jsonl 1 2
calls folder corpus/picture 2 2

step "a rank reads the tokenizer once; the first one copies it too"
cp "$SOURCE_DIR/tests/golden/text-qwen2/tokenizer.json" mine.json
printf '%s\n' '{"text": "one"}' '{"text": "two"}' >texts.jsonl
strace -f -qq -o calls.txt -e trace=openat "$MPIRUN" -n 2 "$TESSERA" run "$CONFIG" --output-dir texts \
    --set corpus.path=texts.jsonl --set text.tokenizer=auto --set text.path=mine.json >out.txt 2>err.txt
RC=$?
expect_exit 0
expect_equal "$(grep -c '"mine.json", O_RDONLY' calls.txt)" 3 "times that mine.json is opened"
