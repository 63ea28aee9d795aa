#!/usr/bin/env bash
# Builds the smallest program with an executor and timers on this runtime and on tokio, and prints their stripped
# sizes. Fails if ours has the code of a monitor or of worker threads in it, or starts a thread.
set -euo pipefail
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}/small"
build() {
    CARGO_TARGET_DIR="$target" CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=fat \
        CARGO_PROFILE_RELEASE_DEBUG=false cargo build --quiet --release -p "$1"
}
build minato-benches-small
build minato-benches-small-tokio

if nm --demangle "$target/release/small_minato" | grep -E 'minato_runtime::(scheduler::monitor|blocking::work|blocking::Pool::submit)'; then
    echo "small_minato holds what only threads need" >&2
    exit 1
fi
if command -v strace >/dev/null; then
    clones=$(strace -f -e trace=clone,clone3 "$target/release/small_minato" 2>&1 | grep -c '^clone' || true)
    [ "$clones" -eq 0 ] || { echo "small_minato starts $clones threads" >&2; exit 1; }
fi
echo "| program | stripped size, opt-level s |"
echo "|---|---:|"
for program in small_minato small_tokio; do
    strip -o "$target/$program" "$target/release/$program"
    echo "| $program | $(stat -c %s "$target/$program") |"
done
