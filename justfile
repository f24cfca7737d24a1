# The verbs of daily work: `just` lists them. Each calls a script that also runs without just.

_list:
    @just --list --unsorted

# libgort.a and the gort command, in target/release
build *ARGS:
    scripts/build {{ ARGS }}

# Every test that this machine can run
test:
    scripts/test

# The same without the suites that take minutes
quick:
    scripts/test --quick

# The law of rooms, with its figures
law:
    scripts/law

# What runs on goroutine stacks fits there: the library for programs
prove *LIBRARY:
    scripts/prove {{ LIBRARY }}

# The library that checks itself: build, proof, go-tests
checked *ARGS:
    scripts/checked {{ ARGS }}

# Unit tests of the runtime's data structures under miri
miri *FILTER:
    scripts/miri {{ FILTER }}

# Unit tests of the runtime under a sanitizer, address or thread
sanitize KIND *FILTER:
    scripts/sanitize {{ KIND }} {{ FILTER }}

# Fuzz targets, each for this many minutes
fuzz MINUTES="1":
    scripts/fuzz {{ MINUTES }}

# Benchmarks, on gort and on the stock runtime
bench *ARGS:
    scripts/bench {{ ARGS }}

# Benchmarks against the library of another commit
measure COMMIT="HEAD" *ARGS:
    scripts/measure {{ COMMIT }} {{ ARGS }}

# Pages of all items, private ones too, with warnings denied
doc:
    scripts/doc

# Licences, advisories and sources of other people's code
deny:
    cargo deny --workspace check

# Spelling
spelling:
    typos
