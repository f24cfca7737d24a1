# shellcheck shell=bash
# What the scripts share: sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Cargo's folder of outputs; both names are for the scripts that source this file.
target=${CARGO_TARGET_DIR:-$root/target}
# shellcheck disable=SC2034
gort=$target/release/gort

# Stops with a message.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Builds the runtime library and the command.
build_gort() {
    command -v cargo >/dev/null ||
        die "cargo is not in PATH; install Rust from https://rustup.rs (or set PATH to where it is)"
    command -v "${CC:-cc}" >/dev/null ||
        die "${CC:-cc} is not in PATH; the assembly needs a C compiler (on Debian: apt-get install gcc libc6-dev)"
    cargo build --manifest-path "$root/Cargo.toml" --release -p gort -p gort-cli "$@"
}
