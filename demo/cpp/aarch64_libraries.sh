#!/usr/bin/env bash
# Fetch what a cross-build for 64-bit ARM needs into a folder: TVM's runtime from its wheels, and
# the image libraries from the packages of this Debian. Nothing is installed on this machine.
#
#   aarch64_libraries.sh DIR     PYTHON=… picks the Python whose pip is used
set -euo pipefail

python=${PYTHON:-python3}
constraints=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/requirements/constraints.txt
target=${1:?usage: aarch64_libraries.sh DIR}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m pip download --quiet --no-input --no-deps --only-binary :all: \
    --platform manylinux_2_28_aarch64 --dest "$work" -c "$constraints" apache-tvm apache-tvm-ffi
for wheel in "$work"/*.whl; do
    "$python" -m zipfile -e "$wheel" "$work/wheels"
done

# An index of packages of its own, since this machine's does not list those of another processor.
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages"
options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache")
apt-get "${options[@]}" update
(cd "$work/packages" && apt-get "${options[@]}" download \
    libturbojpeg0-dev libpng-dev zlib1g-dev)
for package in "$work"/packages/*.deb; do
    dpkg -x "$package" "$work/debian"
done

# The folder is either complete or absent.
mkdir -p "$work/ready/tvm/lib" "$work/ready/tvm_ffi/lib" "$(dirname "$target")"
cp "$work"/wheels/tvm/lib/libtvm_runtime.so "$work"/wheels/tvm/lib/libtvm_runtime_extra.so \
    "$work/ready/tvm/lib"
cp "$work/wheels/tvm_ffi/lib/libtvm_ffi.so" "$work/ready/tvm_ffi/lib"
cp -r "$work/wheels/tvm_ffi/include" "$work/ready/tvm_ffi"
cp -r "$work/debian/usr" "$work/ready"
rm -rf "$target"
mv "$work/ready" "$target"
