#!/bin/bash
# demo.sh DIR: compiles gzip_file.c against what is installed in DIR/prefix, makes a file of 64 MB,
# compresses it through a simulated device, has gzip say whether it is right, and compares the time
# with that of DIR/gzip_alone, which has the deflate crate and no device.
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
rm -f "$dir/alone" "$dir/device"
for i in {1..1000}; do
	seq -f "line %.0f of part $i" $((i * 7919)) $((i * 7919 + 200))
	cat "$dir/sources"
done 2>/dev/null | head -c 64000000 >"$dir/input" || true

# In turns, so that what else the machine does hits both; the median says more than the mean.
export WD_SIM=hisi_zip,engines=2
once() { # PROGRAM OUT: runs it, and answers the nanoseconds it took
	local start
	start=$(date +%s%N)
	"$dir/$1" "$dir/input" "$2" >"$dir/said"
	echo $(($(date +%s%N) - start))
}
median() { sort -n | sed -n 4p; }
for i in {1..7}; do
	once gzip_alone "$dir/alone.gz" >>"$dir/alone"
	once gzip_file "$dir/input.gz" >>"$dir/device"
done
cat "$dir/said"
gzip -dc "$dir/input.gz" | cmp - "$dir/input"
echo "gzip accepts $dir/input.gz, and cmp finds the original"

size=$(stat -c %s "$dir/input")
alone=$(median <"$dir/alone")
device=$(median <"$dir/device")
echo "$size bytes -> $(stat -c %s "$dir/input.gz") bytes by a simulated device with two engines: no hardware was used"
echo "$((size * 1000 / device)) MB/s; the deflate crate alone, on one core: $((size * 1000 / alone)) MB/s;" \
	"ratio $((alone / device)).$(printf %02d $((alone * 100 / device % 100))) (file to file, medians of 7)"
