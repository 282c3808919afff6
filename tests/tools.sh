#!/bin/bash
# What the tests use besides cargo, a C compiler and make. What is missing is installed where that
# can be done without asking (Debian, as root); tests that need the rest say that they are skipped.
set -u
declare -A package=([g++]=g++ [gzip]=gzip [objdump]=binutils [pkg-config]=pkg-config
	[python3]=python3 [readelf]=binutils [valgrind]=valgrind)

wanted() {
	for tool in "${!package[@]}"; do
		command -v "$tool" >/dev/null || echo "${package[$tool]}"
	done | sort -u
}

packages=$(wanted)
if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing:" $packages
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	{ apt-get -q update && apt-get -qy install --no-install-recommends $packages; } >/dev/null 2>&1
fi
packages=$(wanted)
[ -z "$packages" ] || echo "not here, some tests will be skipped:" $packages
