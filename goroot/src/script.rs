//! The script that is a goroot's go command.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{GO, Marker};
use gort_link::golang::GoInstall;

/// The tree's go command.
pub(super) fn go(marker: &Marker) -> Vec<u8> {
    let mut script =
        b"#!/bin/sh\n# Made by `gort goroot`: the go command for this tree.\nGOROOT=".to_vec();
    script.extend(quoted(&marker.dir));
    script.extend(b"\nexport GOROOT\ngo=");
    script.extend(quoted(&marker.go.join(GO)));
    if marker.checked.is_empty() {
        script.extend(b"\nCGO_ENABLED=${CGO_ENABLED:-0}\nexport CGO_ENABLED");
    } else {
        script.extend(b"\ngort=");
        script.extend(quoted(&marker.linker));
        script.extend(b"\ntools=$GOROOT/");
        script.extend(GoInstall::tools_folder().as_os_str().as_bytes());
        script.extend(
            CHECKS
                .replace("COMMANDS", &marker.checked.join("|"))
                .bytes(),
        );
    }
    script.extend(b"\nexec \"$go\" \"$@\"\n");
    script
}

/// The part of the go command that asks gort first. The go command cuts `CC` at blanks, so in a
/// folder with one the compilers are found by PATH.
const CHECKS: &str = r#"
c=
case $1 in
COMMANDS|list) c=$("$gort" go-check "$go" "$@") || exit ;;
esac
case $c in
cgo*)
    case $tools in
    *[[:space:]]*) PATH=$tools:$PATH tools= ;;
    *) tools=$tools/ ;;
    esac
    case ${CC-} in *gort-cc) ;; ?*) export GORT_CC="$CC" ;; esac
    case ${CXX-} in *gort-c++) ;; ?*) export GORT_CXX="$CXX" ;; esac
    CGO_ENABLED=1 CC=${tools}gort-cc CXX=${tools}gort-c++
    export CGO_ENABLED CC CXX PATH
    c=${c#cgo} c=${c# }
    case $c in
    pie=*)
        # The real go command does not know that mode.
        export GORT_BUILDMODE=pie
        pie=${c%% *} i=0 n=$#
        c=${c#"$pie"} c=${c# } pie=${pie#pie=}
        while [ "$i" -lt "$n" ]; do
            arg=$1
            if [ "$i" = "$pie" ]; then
                case $arg in
                *=*) arg=-buildmode=exe ;;
                *) arg=exe ;;
                esac
            fi
            shift
            set -- "$@" "$arg"
            i=$((i + 1))
        done ;;
    esac
    if [ -n "$c" ]; then
        command=$1
        shift
        # No word of these has a blank in it.
        # shellcheck disable=SC2086
        set -- "$command" $c "$@"
    fi
    exec "$go" "$@" ;;
esac
CGO_ENABLED=${CGO_ENABLED:-0}
export CGO_ENABLED
case $1 in
run)
    # Becomes the go command, which passes the program's status on: nothing can be said later.
    ;;
COMMANDS)
    "$go" "$@" && exit
    status=$?
    "$gort" go-failed "$go" "$@"
    exit $status ;;
esac"#;

/// A path as one word of a shell script.
fn quoted(path: &Path) -> Vec<u8> {
    let mut word = vec![b'\''];
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'\'' => word.extend(b"'\\''"),
            _ => word.push(byte),
        }
    }
    word.push(b'\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_script_survives_strange_paths() {
        let marker = Marker {
            gort: String::new(),
            go: "/it's go".into(),
            go_version: String::new(),
            linker: PathBuf::new(),
            dir: "/a b$c".into(),
            checked: vec!["build".into(), "test".into()],
            complete: true,
        };
        let script = String::from_utf8(go(&marker)).unwrap();
        assert!(script.contains("GOROOT='/a b$c'\n"), "{script}");
        assert!(script.contains("go='/it'\\''s go/bin/go'\n"), "{script}");
        assert!(script.contains("\nbuild|test)\n"), "{script}");
    }
}
