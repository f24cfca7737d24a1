# shellcheck shell=bash
# What the scripts share: sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Cargo's folder of outputs; both names are for the scripts that source this file.
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target == /* ]] || target=$PWD/$target
# shellcheck disable=SC2034
gort=$target/release/gort

# Stops with a message.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Stops with a message where something is missing that a build needs.
can_build() {
    command -v cargo >/dev/null ||
        die "cargo is not in PATH; install Rust from https://rustup.rs (or set PATH to where it is)"
    command -v "${CC:-cc}" >/dev/null ||
        die "${CC:-cc} is not in PATH; the assembly needs a C compiler (on Debian: apt-get install gcc libc6-dev)"
}

# Cargo, in this project's folder: its settings (.cargo/config.toml) are those of the folder that it
# runs in.
in_root() {
    (cd "$root" && CARGO_TARGET_DIR=$target cargo "$@")
}

# The runtime library for shared objects (-buildmode=c-shared): gort finds it there, or as
# libgort-shared.a beside libgort.a. The name is for the scripts that source this file.
# shellcheck disable=SC2034
shared_library=$target/shared/libgort.a

# Builds it.
build_shared_library() {
    can_build
    in_root build --profile shared --features shared -p gort "$@"
}

# Builds the runtime library of either kind and the command.
build_gort() {
    can_build
    in_root build --release -p gort -p gort-cli "$@"
    build_shared_library "$@"
    # Links that are not for a goroot of gort name it to gdb.
    cp "$root/scripts/gort-gdb.py" "$target/release/gort-gdb.py"
}

# The library and a linker that is built soon (Cargo.toml); the name is for the scripts that source
# this file.
# shellcheck disable=SC2034
hello=$target/hello

# Builds them.
build_hello() {
    can_build
    in_root build --profile hello -p gort -p gort-link --lib --bin gort-link
}

# The runtime library with hooks for tests, never what programs are linked with; the name is for the
# scripts that source this file.
# shellcheck disable=SC2034
test_library=$target/test-hooks/libgort.a

# Builds it.
build_test_library() {
    can_build
    in_root build --profile test-hooks --features test-hooks -p gort "$@"
    # Now it is the newer one of the two libraries, even if there was nothing to do: the command
    # refuses an old one.
    touch "$test_library"
}

# The runtime library that checks itself as it runs; the name is for the scripts that source this
# file.
# shellcheck disable=SC2034
checked_library=$target/checked/libgort.a

# Builds it.
build_checked_library() {
    can_build
    in_root build --profile checked --features checked -p gort "$@"
}

# Says what a sanitizer needs and this machine lacks; false if that is nothing: sanitizer_lacks KIND
sanitizer_lacks() {
    if ! cargo +nightly --version >/dev/null 2>&1; then
        printf 'no nightly Rust (rustup toolchain install nightly)\n'
    elif [[ $1 == thread &&
        ! -d $(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library ]]; then
        printf 'no rust-src of nightly (rustup component add --toolchain nightly rust-src)\n'
    else
        return 1
    fi
}
