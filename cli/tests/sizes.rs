//! Sizes of executables: below limits, and below those of the stock linker (docs/linker.md, Size).

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{go15, gort, library};

/// What `-ldflags` may ask for, by falling size.
const FORMS: [&[&str]; 3] = [&[], &["-w"], &["-s", "-w"]];

/// Bytes of the executable of an object, in each form.
fn sizes(object: &Path, dir: &Path, search: &[&str], library: &Path) -> [u64; 3] {
    FORMS.map(|form| {
        let exe = dir.join("gort");
        let files = ["-o", exe.to_str().unwrap(), object.to_str().unwrap()];
        let arguments = [&["link"], form, search, &files].concat();
        let done = gort(&arguments, &[("GORT_LIB", library)]);
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        size(&exe)
    })
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).unwrap().len()
}

/// A program that prints with `println` has what starts and ends a program, and little else.
#[test]
fn hello_is_small_in_every_form() {
    let Some(library) = library() else {
        eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let object = Path::new(env!("CARGO_MANIFEST_DIR")).join("../go-tests/hello/hello.o");
    let sizes = sizes(&object, dir.path(), &[], &library);
    let limits = [925_000, 395_000, 328_000];
    for (i, (size, limit)) in sizes.into_iter().zip(limits).enumerate() {
        assert!(size <= limit, "{:?}: {size} bytes of {limit}", FORMS[i]);
    }
    assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
}

/// Compiles a program; the object is in `dir`.
fn compile(go: &Path, source: &str, dir: &Path) -> PathBuf {
    let (file, object) = (dir.join("x.go"), dir.join("x.o"));
    std::fs::write(&file, source).unwrap();
    let mut command = Command::new(go.join("pkg/tool/linux_amd64/compile"));
    let done = command
        .env("GOROOT", go)
        .arg("-o")
        .args([&object, &file])
        .status();
    assert!(done.unwrap().success());
    object
}

#[test]
fn no_form_is_as_large_as_the_stock_linkers() {
    let (Some(go), Some(library)) = (go15(), library()) else {
        eprintln!("not run: needs Go 1.5 and libgort.a");
        return;
    };
    let programs = [
        "package main\nfunc main() { println(\"hello\") }\n",
        "package main\nimport \"fmt\"\nfunc main() { fmt.Println(\"hello\") }\n",
        "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":0\", nil) }\n",
    ];
    let packages = go.join("pkg/linux_amd64");
    let search = ["-L", packages.to_str().unwrap()];
    for source in programs {
        let dir = tempfile::tempdir().unwrap();
        let object = compile(&go, source, dir.path());
        let ours = sizes(&object, dir.path(), &search, &library);
        let stock = FORMS.map(|form| {
            let exe = dir.path().join("stock");
            let mut command = Command::new(go.join("pkg/tool/linux_amd64/link"));
            let done = command
                .env("GOROOT", &go)
                .args(form)
                .arg("-o")
                .args([&exe, &object])
                .status();
            assert!(done.unwrap().success());
            size(&exe)
        });
        let all = FORMS.iter().zip(ours).zip(stock);
        for ((form, ours), stock) in all {
            assert!(
                ours < stock,
                "{source}{form:?}: {ours} bytes, stock {stock}"
            );
        }
    }
}
