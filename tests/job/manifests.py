#!/usr/bin/env python3
"""What tests/job/manifests.sh needs besides a shell.

usage: manifests.py make SOURCE           media/ from files of the reference corpus, and manifests of all kinds
       manifests.py same A B [--part]     the examples of dataset B are those of A (with --part: some of them)
       manifests.py extra DATASET KEY N D N examples have this key among their extra ones, with D different values
       manifests.py documents DATASET N   the translations and conversations that `make` wrote are N documents
"""
import argparse
import glob
import gzip
import json
import shutil
from pathlib import Path

WAV, PNG, TEXTS = 6, 5, ["one", "größer & <b>", "three words here", "four", "", "six"]


def media(source):
    """Sounds with and without texts, pictures with and without, and both under one stem; in two folders."""
    sounds = sorted(source.glob("sound/*.wav"))[:WAV]
    pictures = sorted(source.glob("picture/0-*.png"))[:PNG]
    assert len(sounds) == WAV and len(pictures) == PNG
    for i, path in enumerate(sounds):
        folder = Path("media") / ("a" if i % 2 else "b")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / f"sound.{i}.wav")
        if TEXTS[i]:
            (folder / f"sound.{i}.txt").write_text(TEXTS[i] + "\n", encoding="utf-8")
    for i, path in enumerate(pictures):
        shutil.copy(path, f"media/a/{'sound' if i == 1 else 'picture'}.{i}.png")
    Path("media/a/picture.0.txt").write_text("a picture\n", encoding="utf-8")


def rows():
    """The rows of the folder, as keys of JSONL."""
    stems = {}
    for path in sorted(Path("media").rglob("*.*")):
        name = str(path.relative_to("media"))
        row = stems.setdefault(name[:-4], {"id": name[:-4]})
        if name.endswith(".txt"):
            row["text"] = path.read_text(encoding="utf-8").strip()
        else:
            row["audio_filepath" if name.endswith(".wav") else "image_filepath"] = name
    return list(stems.values())


def lines(path, texts):
    Path(path).write_text("".join(t + "\n" for t in texts), encoding="utf-8")


def tsv(path, all_rows, columns):
    lines(path, ["\t".join(columns)] + ["\t".join(str(r.get(c, "")) for c in columns) for r in all_rows])


def kaldi(folder, sounds, segments):
    folder.mkdir()
    sounds = sorted(sounds, key=lambda r: r["id"].encode())
    if segments:
        lines(folder / "segments", [f"{r['id']} rec{i} 0 -1" for i, r in enumerate(sounds)])
    names = [f"rec{i}" if segments else r["id"] for i, r in enumerate(sounds)]
    lines(folder / "wav.scp", [f"{n} {r['audio_filepath']}" for n, r in zip(names, sounds)])
    lines(folder / "text", [f"{r['id']} {r['text']}" for r in sounds if "text" in r])
    lines(folder / "utt2spk", [f"{r['id']} speaker-{i}" for i, r in enumerate(sounds)])


def documents(all_rows):
    """Translations with source and target sound, and conversations with a picture: JSONL, and the former as TSV too."""
    sounds = [r["audio_filepath"] for r in all_rows if "audio_filepath" in r]
    pairs = []
    for i in range(3):
        for order, (role, lang) in enumerate([("source", "de"), ("target", "en")]):
            pairs.append({"id": f"pair{i}-{role}", "group": f"pair{i}", "order": order, "role": role, "lang": lang,
                          "audio_filepath": sounds[(2 * i + order) % len(sounds)], "text": f"{role} {i}",
                          "quality": f"q{i}"})
    pairs = pairs[::-1]  # the order is that of the key, not of the lines
    talks = [{"id": f"talk{i}", "topic": f"t{i}", "license": "CC0-1.0", "messages": [
        {"role": "user", "content": f"What is this? {i}", "image_filepath": "a/picture.0.png"},
        {"role": "assistant", "content": "A picture."},
        {"role": "user", "audio_filepath": sounds[i], "mood": "curious"},
        {"role": "assistant", "text": "A sound.", "audio_filepath": sounds[-1 - i]}]} for i in range(2)]
    lines("documents.jsonl", [json.dumps(r, ensure_ascii=False) for r in pairs + talks])
    lines("pairs.jsonl", [json.dumps(r, ensure_ascii=False) for r in pairs])
    tsv("pairs.tsv", pairs, ["quality", "role", "order", "group", "id", "audio_filepath", "lang", "text"])


def make(a):
    media(Path(a.source))
    all_rows = rows()
    sounds = [r for r in all_rows if "audio_filepath" in r and "image_filepath" not in r]
    extra = [dict(r, speaker=f"s{i}", **{"take two": "1.50"}) for i, r in enumerate(all_rows)]
    texts = [json.dumps(r, ensure_ascii=False) for r in extra]
    lines("m.jsonl", texts)
    with open("m.jsonl.gz", "wb") as f:  # two members
        for part in (texts[:3], texts[3:]):
            f.write(gzip.compress("".join(t + "\n" for t in part).encode(), 9, mtime=0))
    tsv("m.tsv", extra, ["id", "speaker", "audio_filepath", "image_filepath", "text", "take two"])
    with open("m.tsv", "rb") as f:
        Path("m.tsv.gz").write_bytes(gzip.compress(f.read(), 9, mtime=0))
    tsv("fairseq.tsv", [], [str(Path("media").resolve())])
    with open("fairseq.tsv", "a", encoding="utf-8") as f:
        f.writelines(f"{r['audio_filepath']}\t{16000 + i}\n" for i, r in enumerate(sounds))
    lines("fairseq.wrd", [r.get("text", "") for r in sounds])
    kaldi(Path("kaldi"), sounds, False)
    kaldi(Path("kaldi-segments"), sounds, True)
    lines("m.lst", [str(p.relative_to("media")) for p in sorted(Path("media").rglob("*.*"))])
    documents(all_rows)


def examples(dataset):
    """All examples of a dataset by id, in the order of the shards."""
    import h5py
    out = {}
    for path in sorted(glob.glob(f"{dataset}/shards/*.h5")):
        with h5py.File(path) as f:
            for i in range(f.attrs["n_examples"]):
                def text(name):
                    n = f"examples/{name}_offsets"
                    return f[f"examples/{name}"][f[n][i]:f[n][i + 1]].tobytes().decode()

                def coded(name):
                    n, c = f[f"examples/{name}_table_offsets"], f[f"examples/{name}"][i]
                    return f[f"examples/{name}_table"][n[c]:n[c + 1]].tobytes().decode()
                e = {name: text(name) for name in ("group", "role", "text", "extra", "text_lang")}
                e |= {name: coded(name) for name in ("lang", "license", "source")}
                e |= {"order": int(f["examples/order"][i]), "starts": int(f["examples/starts_group"][i])}
                for s in ("audio", "image", "text"):
                    if s in f:
                        first, end = f[f"{s}/offsets"][i:i + 2]
                        e["text_ids" if s == "text" else s] = f[f"{s}/ids"][first:end].tolist()
                        if f"{s}/xxh3" in f:
                            e[f"{s} hash"] = int(f[f"{s}/xxh3"][i])
                e["split"] = Path(path).name.split("-")[0]
                assert text("id") not in out
                out[text("id")] = e
    return out


def same(a):
    first, second = examples(a.first), examples(a.second)
    assert first and second and (set(second) <= set(first) if a.part else set(first) == set(second)), \
        (sorted(first), sorted(second))
    for name, e in second.items():
        for key, value in first[name].items():
            got = e.get(key, [] if isinstance(value, list) else 0 if key.endswith("hash") else "")
            assert key == "extra" or got == value, (name, key, got, value)
    tokens = [len(e["audio"]) for e in second.values() if e.get("audio")]
    assert tokens and min(tokens) > 5, tokens
    print(f"{a.second}: {len(second)} of {len(first)} examples, the same")


def extra(a):
    found = [json.loads(e["extra"])[a.key] for e in examples(a.dataset).values() if e["extra"] and
             a.key in json.loads(e["extra"])]
    assert len(found) == a.n and len(set(found)) == a.distinct, found
    print(f"{a.dataset}: {a.key} in {len(found)} examples")


def documents_check(a):
    found = examples(a.dataset)
    groups, started = {}, []
    for name, e in found.items():
        if e["starts"]:
            started.append(e["group"])
        assert started[-1] == e["group"], (name, "stands apart from its group")
        groups.setdefault(e["group"], []).append((e["order"], e["role"], name, e))
    assert len(started) == len(groups) == a.groups
    for i in range(3):
        (o, r, name, s), (p, q, other, t) = groups[f"pair{i}"]
        assert (o, r, name) == (0, "source", f"pair{i}-source") and (p, q, other) == (1, "target", f"pair{i}-target")
        assert (s["lang"], t["lang"]) == ("de", "en") and s["audio"] and t["audio"] and s["audio"] != t["audio"]
        assert s["text"] == f"source {i}" and bytes(t["text_ids"]) == f"target {i}".encode()
        assert json.loads(s["extra"]) == json.loads(t["extra"]) == {"quality": f"q{i}"} and s["split"] == t["split"]
    for i in range(a.groups - 3):
        talk = groups[f"talk{i}"]
        assert [(o, r) for o, r, _, _ in talk] == list(enumerate(["user", "assistant"] * 2)), talk
        assert [n for _, _, n, _ in talk] == [f"talk{i}/{k}" for k in range(4)]
        e = [t[3] for t in talk]
        assert e[0]["image"] and e[0]["text"] == f"What is this? {i}" and e[1]["text"] == "A picture."
        assert e[2]["audio"] and not e[2]["text"] and e[3]["audio"] and e[3]["text"] == "A sound."
        assert [json.loads(x["extra"] or "{}") for x in e] == [{"topic": f"t{i}"}, {}, {"mood": "curious"}, {}]
        assert all(x["license"] == "CC0-1.0" for x in e)
    print(f"{a.dataset}: {len(groups)} documents")


def main():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(required=True)

    def verb(name, do, *arguments):
        p = verbs.add_parser(name)
        for argument in arguments:
            p.add_argument(argument, type=int if argument in ("n", "distinct", "groups") else str)
        p.set_defaults(do=do)
        return p
    verb("make", make, "source")
    verb("same", same, "first", "second").add_argument("--part", action="store_true")
    verb("extra", extra, "dataset", "key", "n", "distinct")
    verb("documents", documents_check, "dataset", "groups")
    a = parser.parse_args()
    a.do(a)


main()
