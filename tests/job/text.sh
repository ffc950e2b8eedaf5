# Jobs with a text tokenizer: ids, what the dataset says of it, and the files that a trainer loads.
. "$(dirname "$0")/job.sh"
golden=$SOURCE_DIR/tests/golden

"$PYTHON" - "$golden/text-strings/strings.json" >rows.jsonl <<'PY' || fail "cannot make rows"
import json, sys
for i, text in enumerate(json.load(open(sys.argv[1], encoding="utf-8"))):
    if text and "\0" not in text:
        print(json.dumps({"id": f"s{i}", "text": text}))
PY
printf '%s\n' 'corpus: {path: rows.jsonl}' 'output: {path: dataset}' >text.yaml
cp "$golden/text-qwen2/tokenizer.json" mine.json
with=(--set text.tokenizer=auto --set text.special_tokens=parse)

step "ids are those of the reference"
run 2 run text.yaml "${with[@]}" --set text.path=mine.json
expect_exit 0
"$PYTHON" - "$golden/text-qwen2/expect.json" <<'PY' || fail "ids, attributes or files"
import glob, hashlib, json, sys
import h5py
expect = json.load(open(sys.argv[1], encoding="utf-8"))
sha = hashlib.sha256(open("mine.json", "rb").read()).hexdigest()
n = 0
for path in glob.glob("dataset/shards/*.h5"):
    with h5py.File(path) as f:
        attributes = f["text"].attrs
        assert attributes["vocab_size"] == 906 and attributes["encoder"] in ("bpe", b"bpe"), dict(attributes)
        assert attributes["weights_sha256"] in (sha, sha.encode()), dict(attributes)
        names, starts = f["examples/id"][:].tobytes().decode(), f["examples/id_offsets"][:]
        offsets = f["text/offsets"][:]
        for i in range(len(starts) - 1):
            row = int(names[starts[i]:starts[i + 1]][1:])
            assert f["text/ids"][offsets[i]:offsets[i + 1]].tolist() == expect[row]["ids"], row
            n += 1
assert n > 230, n
words = json.load(open("dataset/vocabulary.json"))
assert words["tokenizer"] == "bpe" and words["tokenizer_sha256"] == sha, words
assert words["ranges"][0]["size"] == 906 and words["special"]["<bos>"] == 906, words
assert words["new_rows"] == [[906, 970]], words
added = json.load(open("dataset/tokenizer/added_tokens.json"))
assert list(added.values()) == list(range(906, 970)) and added["<mm_boi>"] == words["special"]["<boi>"], added
roles = json.load(open("dataset/tokenizer/special_tokens_map.json"))
assert roles["bos_token"] == "<mm_bos>" and "<mm_boa>" in roles["additional_special_tokens"], roles
assert open("dataset/tokenizer/tokenizer.json", "rb").read() == open("mine.json", "rb").read()
files = {f["file"] for f in json.load(open("dataset/dataset.json"))["files"]}
assert {"tokenizer/tokenizer.json", "tokenizer/added_tokens.json"} <= files, files
PY

step "verify encodes rows again with the dataset's own copy"
rm -f other.json && mv mine.json other.json
run 0 verify dataset
expect_exit 0
expect_message "canary rows were encoded again"

step "show prints pieces"
run 0 show dataset s27
expect_exit 0
expect_output '"hello"|"he"|"h"'

step "the name of the file says nothing, its content counts"
run 0 run text.yaml "${with[@]}" --set text.path=other.json
expect_exit 0
expect_message "nothing to do|is complete"
run 0 run text.yaml "${with[@]}" --set text.path="$golden/text-gpt2/tokenizer.json"
expect_exit 2
expect_message "text tokenizer: bpe [0-9a-f]+ -> bpe"
run 0 run text.yaml --set text.tokenizer=auto --set text.path=other.json
expect_exit 2
expect_message "text.special_tokens"

step "a changed copy is found"
cp -rp dataset damaged
sed -i 's/"<mm_boi>"/"<mm_bol>"/' damaged/tokenizer/added_tokens.json
run 0 verify damaged
expect_exit 4
expect_anywhere "tokenizer/added_tokens.json"

step "our names are others only where the tokenizer has one of them: here <image>"
sed 's/"<image>"/"<picture>"/' other.json >plain.json
run 0 run text.yaml "${with[@]}" --set text.path=plain.json --output-dir plain
expect_exit 0
"$PYTHON" -c '
import json
added = json.load(open("plain/tokenizer/added_tokens.json"))
assert "<boi>" in added and "<mm_boi>" not in added, added
assert "<bos>" == json.load(open("plain/tokenizer/special_tokens_map.json"))["bos_token"]' || fail "names"

step "tiktoken ranks, and text that is not UTF-8"
"$PYTHON" -c '
import json, sys
json.dump(json.load(open(sys.argv[1]))["special"], open("specials.json", "w"))
open("bad.jsonl", "wb").write(b"{\"id\": \"a\", \"text\": \"caf\xe9\"}\n{\"id\": \"b\", \"text\": \"x\"}\n")' \
    "$golden/text-tiktoken/pattern.json"
ranks=(--set text.tokenizer=tiktoken --set text.path="$golden/text-tiktoken/ranks.tiktoken"
    --set text.specials=specials.json)
run 0 run text.yaml "${ranks[@]}" --set text.pattern=llama3 --set corpus.path=bad.jsonl --output-dir ranks \
    --set corpus.invalid_utf8=replace --set run.max_reject_rate=1
expect_exit 0
expect_message "2 rows = 2 examples"
cmp specials.json ranks/tokenizer/specials.json || fail "specials.json"
run 0 verify ranks
expect_exit 0
run 0 run text.yaml "${ranks[@]}" --set text.pattern=llama3 --set corpus.path=bad.jsonl --output-dir rejected \
    --set run.max_reject_rate=1
expect_exit 0
expect_message "2 rows = 1 examples"

step "what is wrong is said at once"
run 0 run text.yaml "${ranks[@]}" --output-dir none
expect_exit 2
expect_message "text.pattern is not set"
run 0 run text.yaml --set text.tokenizer=bpe --set text.path=none.json --output-dir none
expect_exit 2
expect_message "text.path: none.json does not exist"
expect_no_file none

step "a SentencePiece model, and its copy for literals of templates"
run 2 run text.yaml --set text.tokenizer=auto --output-dir pieces \
    --set text.path="$golden/text-spm-bpe/tokenizer.model" \
    --set 'sequence.row=["said: {text}"]'
expect_exit 0
cmp "$golden/text-spm-bpe/tokenizer.model" pieces/tokenizer/tokenizer.model || fail "tokenizer.model"
expect_equal "$(json pieces/vocabulary.json tokenizer)" sentencepiece tokenizer
run 0 verify pieces
expect_exit 0
run 0 show pieces s27
expect_output 'text  [0-9]+ tokens'
run 0 show pieces default/train/0
expect_exit 0

step "texts that are cut by the ends of sequences: the parts of an export, one after the other, are the text"
"$PYTHON" - <<'PY' || fail "no texts"
import json
words = "the quick brown fox jumps over a lazy dog while seven wizards quietly mix 12 grey potions 中 🚲 of ice".split()
with open("long.jsonl", "w", encoding="utf-8") as f:
    for i in range(12):
        text = " ".join(words[(i * 5 + k * 7) % len(words)] for k in range(60 + i))
        print(json.dumps({"id": f"t{i}", "text": text}, ensure_ascii=False), file=f)
PY
for kind in spm-unigram/tokenizer.model spm-bpe/tokenizer.model gpt2/tokenizer.json; do
    name=long-${kind%%/*}
    run 0 run text.yaml --set corpus.path=long.jsonl --set text.tokenizer=auto --set text.path="$golden/text-$kind" \
        --set sequence.length=32 --set 'sequence.row=["{text}"]' --output-dir "$name"
    expect_exit 0
    run 0 export "$name" --format jsonl --to "$name.jsonl" --sequences default
    expect_exit 0
    "$PYTHON" - "$name.jsonl" <<'PY' || fail "$name: the texts"
import glob, json, sys
wanted = {r["id"]: r["text"].encode() for r in map(json.loads, open("long.jsonl", encoding="utf-8"))}
parts = {}
for path in glob.glob(sys.argv[1] + "/*.jsonl"):
    for line in open(path, encoding="utf-8"):
        for s in json.loads(line)["segments"]:
            if "example" in s and "text" in s:
                text = bytes.fromhex(s["hex"]) if "hex" in s else s["text"].encode()
                parts.setdefault(s["example"], []).append((s.get("from", 0), text))
assert parts.keys() == wanted.keys() and max(map(len, parts.values())) > 3, {k: len(v) for k, v in parts.items()}
for name, text in wanted.items():
    joined = b"".join(t for _, t in sorted(parts[name]))
    assert joined == text, (name, joined, text)
PY
done
