#!/bin/sh
# quickstart-corpus.sh DIR: lay out the quick start's corpus in DIR, from two packages of Debian and Ubuntu:
#
#   DIR/stamps          pictures with captions in many languages, and the captions read aloud in up to 13 languages
#                       (tuxpaint-stamps-default, GPL-2)
#   DIR/prompts         telephone prompts with their text (asterisk-core-sounds-en-wav, CC-BY-SA-3.0)
#   DIR/broken          copies of these, cut short or with bytes flipped, as they occur in every large corpus
#   DIR/manifest.jsonl  one line per row; a picture and its spoken captions are a group
#
# Nothing is installed: the packages are downloaded and unpacked, so it needs no rights. Run again, it does nothing.
set -eu
export LC_ALL=C
[ $# -eq 1 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dir=$1
stamps=tuxpaint-stamps-default
prompts=asterisk-core-sounds-en-wav
texts=asterisk-core-sounds-en
[ ! -f "$dir/manifest.jsonl" ] || exit 0
rm -rf "$dir.making"
mkdir -p "$dir.making/packages"
cd "$dir.making"
here=$(pwd)

# Unpacked into packages/NAME. dpkg may have been told to leave out data on installation, so /usr is not looked at.
download() {
    sandbox=
    [ "$(id -u)" -ne 0 ] || sandbox='-o APT::Sandbox::User=root'
    # shellcheck disable=SC2086  # two words
    (cd packages && apt-get -q $sandbox download "$@") >apt.log 2>&1
}
if ! download $stamps $prompts $texts; then # package lists missing or old
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root='sudo -n'
    $as_root apt-get -q update >>apt.log 2>&1 || true
    download $stamps $prompts $texts || {
        cat apt.log >&2
        echo "quickstart: cannot download $stamps, $prompts, $texts" >&2
        exit 1
    }
fi
for p in $stamps $prompts $texts; do
    dpkg-deb -x packages/"$p"_*.deb "packages/$p"
done
mv packages/$stamps/usr/share/tuxpaint/stamps stamps
mv packages/$prompts/usr/share/asterisk/sounds/en_US_f_Allison prompts
gzip -dc packages/$texts/usr/share/doc/$texts/core-sounds-en.txt.gz >prompts.txt
rm -rf packages apt.log

# half FROM NAME: the first half alone; head_of FROM BYTES NAME: so many bytes; flip FROM OFFSET NAME: the top bit of
# eight bytes inverted.
mkdir broken
head_of() { head -c "$2" "$1" >"broken/$3"; }
half() { head_of "$1" $(($(wc -c <"$1") / 2)) "$2"; }
flip() {
    cp "$1" "broken/$3"
    dd if="$1" bs=1 skip="$2" count=8 status=none | tr '\000-\177\200-\377' '\200-\377\000-\177' |
        dd of="broken/$3" bs=1 seek="$2" conv=notrunc status=none
}
cats=stamps/animals/mammals/cats
half "$cats/lion.png" picture-cut.png
head_of "$cats/lion-2.png" 20 picture-cut-in-header.png
flip "$cats/lion.png" 8000 picture-flipped.png
flip "$cats/lion-2.png" 16 picture-flipped-in-header.png
head_of "$cats/lion_desc_fr.ogg" 1500 sound-cut-in-header.ogg
flip "$cats/lion_desc_es.ogg" 0 sound-flipped.ogg
head_of prompts/activated.wav 30 prompt-cut-in-header.wav
flip prompts/agent-pass.wav 8 prompt-flipped.wav
head_of prompts/beep.wav 0 prompt-empty.wav

# The manifest: first the names of all files, then the texts.
find stamps prompts broken -type f \( -name '*.png' -o -name '*.ogg' -o -name '*.wav' \) | sort >files.txt
find stamps -type f -name '*.txt' | sort | awk '
function quote(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    gsub(/[\001-\037]/, " ", s)
    return "\"" s "\""
}
# One row; the members that are empty are left out.
function row(id, picture, sound, text, lang, text_lang, group, order, license, source,    line) {
    line = "{\"id\": " quote(id)
    if (picture != "") line = line ", \"image_filepath\": " quote(picture)
    if (sound != "") line = line ", \"audio_filepath\": " quote(sound)
    if (text != "") line = line ", \"text\": " quote(text) ", \"text_lang\": " quote(text_lang)
    if (lang != "") line = line ", \"lang\": " quote(lang)
    if (group != "") line = line ", \"group\": " quote(group) ", \"order\": " order
    print line ", \"license\": " quote(license) ", \"source\": " quote(source) "}"
}
function tag(lang) { gsub(/_/, "-", lang); return lang } # pt_BR -> pt-BR

BEGIN {
    while ((getline name < "files.txt") > 0) have[name] = 1
    close("files.txt")
    while ((getline name < "files.txt") > 0) {
        # STEM_desc_LANG.ogg: the caption of STEM.txt read aloud; without LANG in English
        if (match(name, /_desc(_[A-Za-z]+(_[A-Za-z]+)?)?\.(ogg|wav)$/)) {
            stem = substr(name, 1, RSTART - 1)
            lang = substr(name, RSTART + 5)
            sub(/\.(ogg|wav)$/, "", lang)
            sub(/^_/, "", lang)
            if (lang == "") lang = "en"
            spoken[stem, lang] = name
            languages[stem] = languages[stem] " " lang
        }
    }

    # Prompts: "name: what is said"; what stands in brackets is no speech
    while ((getline line < "prompts.txt") > 0) {
        sub(/\r$/, "", line)
        colon = index(line, ": ")
        if (!colon || line ~ /^;/) continue
        name = substr(line, 1, colon - 1)
        text = substr(line, colon + 2)
        sound = "prompts/" name ".wav"
        if (!(sound in have)) continue
        if (text ~ /^[\[(<]/) text = ""
        row("prompts/" name, "", sound, text, text == "" ? "" : "en", "en", "", 0, "CC-BY-SA-3.0",
            "asterisk-core-sounds-en-wav")
    }
}

# Stamps: STEM.txt holds the English caption, then LANG.utf8=CAPTION lines. The row of the picture has the English
# caption and, where it was read, its sound; each other language read aloud is a row of the same group.
{
    txt = $0
    stem = txt
    sub(/\.txt$/, "", stem)
    split("", caption)
    n = 0
    while ((getline line < txt) > 0) {
        sub(/\r$/, "", line)
        if (n++ == 0) caption["en"] = line
        else if ((at = index(line, ".utf8=")) > 0) caption[substr(line, 1, at - 1)] = substr(line, at + 6)
    }
    close(txt)
    picture = (stem ".png") in have ? stem ".png" : ""
    english = (stem, "en") in spoken ? spoken[stem, "en"] : ""
    order = 0
    license = "GPL-2"
    source = "tuxpaint-stamps-default"
    if (picture != "" || english != "")
        row(stem, picture, english, caption["en"], english == "" ? "" : "en", "en", stem, order++, license, source)
    n = split(languages[stem], list, " ")
    for (i = 1; i <= n; i++)
        if (list[i] != "en")
            row(stem "." tag(list[i]), "", spoken[stem, list[i]], caption[list[i]], tag(list[i]), tag(list[i]), stem,
                order++, license, source)
}

END {
    close("files.txt")
    while ((getline name < "files.txt") > 0)
        if (name ~ /^broken\//) {
            license = name ~ /prompt/ ? "CC-BY-SA-3.0" : "GPL-2"
            if (name ~ /\.png$/) row(name, name, "", "", "", "", "", 0, license, "broken on purpose")
            else row(name, "", name, "", "", "", "", 0, license, "broken on purpose")
        }
}' >manifest.jsonl
rm -f files.txt prompts.txt
cd "$here/.."
rm -rf "$(basename "$dir")"
mv "$here" "$(basename "$dir")"
