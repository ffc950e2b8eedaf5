# Wrong input: the documented exit code, one clear message, and nothing that is committed is lost.
. "$(dirname "$0")/job.sh"

refused() { # refused CODE MESSAGE ARGUMENT...: alone and on two ranks
    local code=$1 message=$2 n
    shift 2
    step "$message"
    for n in 0 2; do
        run "$n" "$@"
        expect_exit "$code" "(ranks: $n)"
        expect_message "$message"
        expect_equal "$(grep -c ' ERROR ' err.txt)" 1 "error lines"
    done
}

ln -s "$REFERENCE/corpus" corpus
run 0 --help
expect_exit 0
expect_output "usage: tessera"
refused 2 "no verb"
refused 2 "unknown verb .nonsense." nonsense
refused 2 "unknown or incomplete option --nonsense" run "$CONFIG" --nonsense
refused 2 "needs CONFIG" run
refused 2 "missing.yaml" run missing.yaml

printf 'corpus:\n  path: corpus/manifest.jsonl\n  pth: x\n' >wrong.yaml
refused 2 "wrong.yaml:3:3.*corpus.pth" run wrong.yaml --output-dir dataset
printf 'corpus:\n  path: corpus/manifest.jsonl\naudio:\n  codebook:\n    size: many\n' >wrong.yaml
refused 2 "wrong.yaml:5:.*audio.codebook.size" run wrong.yaml --output-dir dataset
refused 2 "train.held_out" run "$CONFIG" --set train.held_out=7
refused 2 "output.path" run "$CONFIG" --set output.path=
refused 2 "nowhere" run "$CONFIG" --set corpus.path=nowhere/manifest.jsonl
expect_no_file dataset/dataset.json

mkdir empty
refused 2 "empty" run "$CONFIG" --set corpus.path=empty
: >empty/manifest.jsonl
refused 2 "manifest.jsonl" run "$CONFIG" --set corpus.path=empty/manifest.jsonl
: >a-file
refused 2 "output.path a-file cannot be used" run "$CONFIG" --output-dir a-file
refused 2 "output.path a-file/dataset cannot be used" run "$CONFIG" --output-dir a-file/dataset
refused 2 "nowhere" verify nowhere
refused 2 "nowhere.wav" encode "$CONFIG" nowhere.wav
refused 2 "bad/cut.png" encode "$CONFIG" corpus/bad/cut.png
refused 2 "train it" encode "$CONFIG" corpus/bad/cut.png --set image.projection=pca:4

step "a folder that cannot be read"
if [ "$(id -u)" -ne 0 ]; then
    mkdir closed
    chmod 0 closed
    refused 2 "closed" run "$CONFIG" --set corpus.path=closed
elif command -v setpriv >/dev/null; then
    open=$(mktemp -d)
    mkdir -p "$open/closed"
    chmod 755 "$open"
    chmod 700 "$open/closed"
    cp "$TESSERA" "$CONFIG" "$open"
    (cd "$open" && setpriv --reuid=65534 --regid=65534 --clear-groups ./tessera run tiny.yaml \
        --set corpus.path=closed --output-dir "$open/out") >out.txt 2>err.txt
    RC=$?
    expect_exit 2
    expect_message "closed"
    rm -rf "$open"
else
    echo "left out: no setpriv to drop the rights of root"
fi

step "every row is bad"
make_corpus bad --bad-only
run 2 run "$CONFIG" --set corpus.path=bad/manifest.jsonl
expect_exit 3
expect_message "reject"
rm -rf dataset

step "more rejects than allowed; then allowed"
run 2 run "$CONFIG" --set run.max_reject_rate=0.1
expect_exit 3
expect_message "reject"
expect_no_file dataset/dataset.json
run 3 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"

step "files that change between index and read"
rm -rf dataset corpus
copy_corpus
run 2 index "$CONFIG"
expect_exit 0
truncate -s 1000 corpus/sound/0-sound3.wav
rm corpus/picture/0-picture2.png
touch -d '2001-01-01' corpus/picture/0-picture3.png
run 2 run "$CONFIG"
expect_exit 0
for id in 0-sound3 0-picture2 0-picture3; do
    grep -q "\"$id\"" dataset/rejects.jsonl || fail "$id is not among the rejects"
done
grep '"0-sound3"' dataset/rejects.jsonl | grep -q changed || fail "the shrunken file is not called changed"
run 0 verify dataset
expect_exit 0

step "--dry-run and plan write nothing"
rm -rf dataset
run 2 run "$CONFIG" --dry-run
expect_exit 0
expect_no_file dataset
run 0 plan "$CONFIG"
expect_exit 0
expect_no_file dataset

step "--limit"
run 2 run "$CONFIG" --limit 10
expect_exit 0
expect_equal "$(json dataset/dataset.json accounting.rows)" 10 rows
