#!/bin/bash
# demo.sh DIR: compiles gzip_file.c against what is installed in DIR/prefix, makes a file of 12 MB,
# compresses it through a simulated device, and has gzip say whether it is right.
set -eu -o pipefail
dir=$1
here=$(dirname "$0")
export PKG_CONFIG_PATH=$dir/prefix/lib/pkgconfig
command -v pkg-config >/dev/null && command -v gzip >/dev/null || "$here"/../tests/tools.sh

# shellcheck disable=SC2046
${CC:-cc} -O2 -Wall -o "$dir/gzip_file" "$here/gzip_file.c" \
	$(pkg-config --cflags --libs warpdrive) "-Wl,-rpath,$dir/prefix/lib"

# The sources of this repository, and lines with numbers in them, so that it is not one text over
# and over. Always the same for the same sources.
cat "$here"/../src/*.rs "$here"/../src/*/*.rs "$here"/../docs/*.md >"$dir/sources"
for i in {1..1000}; do
	seq -f "line %.0f of part $i" $((i * 7919)) $((i * 7919 + 200))
	cat "$dir/sources"
done 2>/dev/null | head -c 12582912 >"$dir/input" || true

start=$(date +%s%N)
WD_SIM=hisi_zip "$dir/gzip_file" "$dir/input" "$dir/input.gz"
stop=$(date +%s%N)
gzip -dc "$dir/input.gz" | cmp - "$dir/input"

size=$(stat -c %s "$dir/input")
packed=$(stat -c %s "$dir/input.gz")
echo "gzip accepts $dir/input.gz, and cmp finds the original"
echo "$size bytes -> $packed bytes, $((size * 1000 / (stop - start))) MB/s, by a simulated device: no hardware was used"
