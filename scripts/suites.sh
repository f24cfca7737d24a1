# shellcheck shell=bash
# Running suites and counting: sourced by scripts/test and scripts/nightly after common.sh, with
# $logs set to the folder for the suites' output.

mkdir -p "${logs:?}"
passed=0 failed=0 skipped=0
report=()
# When the suite that runs began: $SECONDS.
began=0

# Under these values of GODEBUG every go-test must pass (docs/godebug.md).
# shellcheck disable=SC2034
modes=("gcverify=1,gcstress=10" "stackpoison=1,gcstress=50" "heapguard=1,gcstress=50" "gcstoptheworld=1" "gcshrinkstackoff=1" "preemptstress=50,gcverify=1" "schedrand=1" "schedrand=2,gcstress=50")

# Packages of the standard library whose tests ask most of a runtime, and take a minute or two
# together.
# shellcheck disable=SC2034
std_part=(bufio encoding/gob go/types io os os/exec os/signal reflect runtime/debug strings sync sync/atomic syscall text/template time)
# Packages that must pass again and again with tests that change GOMAXPROCS on the way.
# shellcheck disable=SC2034
std_again=(io net net/http net/rpc os os/exec os/signal sync sync/atomic syscall time)

# Adds the results of a suite to the totals: count NAME STATUS PASSED FAILED SKIPPED
count() {
    local name=$1 status=$2 p=$3 f=$4 s=$5
    # A suite that ends badly without naming a failed test has failed all the same.
    if ((status != 0 && f == 0)); then f=1; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    report+=("$(printf '%-50s %5d passed %5d failed %5d skipped %5d s' "$name" "$p" "$f" "$s" $((SECONDS - began)))")
}

# A suite that cannot run here counts as one test skipped: not_run NAME REASON
not_run() {
    printf '\n== %s\nnot run: %s\n' "$1" "$2"
    skipped=$((skipped + 1))
    report+=("$(printf '%-50s not run: %s' "$1" "$2")")
}

# Runs a command, shows and keeps its output, leaves its status in $status: run LOG COMMAND...
run() {
    local log=$logs/$1.log
    shift
    began=$SECONDS
    set +e
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
}

# A command that passes or fails as a whole: check NAME LOG COMMAND...
check() {
    local name=$1 log=$2
    shift 2
    printf '\n== %s\n' "$name"
    run "$log" "$@"
    if ((status == 0)); then count "$name" 0 1 0 0; else count "$name" "$status" 0 1 0; fi
}

# A suite that names its tests: suite NAME LOG COMMAND... `gort conform` and cargo's test programs
# each end with a line of totals; there may be many of the latter.
suite() {
    local name=$1 log=$2 totals
    shift 2
    printf '\n== %s\n' "$name"
    run "$log" "$@"
    totals=$(sed -nE \
        -e 's/^test result: [a-zA-Z]+\. ([0-9]+) passed; ([0-9]+) failed; ([0-9]+) ignored.*/\1 \2 \3/p' \
        -e 's/^conform [a-z]+: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped.*/\1 \2 \3/p' "$logs/$log.log" |
        awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
    # Three numbers on purpose.
    # shellcheck disable=SC2086
    count "$name" "$status" $totals
}

# Says beforehand how long it will take, and what this machine lacks: plan KIND MINUTES, for runs of
# a kind that take so long on two cores.
plan() {
    took=$logs/seconds-$1
    local lacks=() go=${GO15ROOT:-${GOROOT:-$HOME/sdk/go1.5.4}}
    printf '== plan\n'
    if [[ -f $took ]]; then
        printf 'The last run here took %d minutes.\n' $((($(<"$took") + 59) / 60))
    else
        printf 'This takes about %d minutes on two cores, and some more the first time: all is built then.\n' "$2"
    fi
    cargo fmt --version >/dev/null 2>&1 || lacks+=('rustfmt: formatting')
    cargo clippy --version >/dev/null 2>&1 || lacks+=('clippy: lint')
    command -v shellcheck >/dev/null || lacks+=('shellcheck: scripts')
    command -v gcc >/dev/null || lacks+=('gcc: programs of Go and C')
    command -v gdb >/dev/null || lacks+=('gdb: what it shows of programs')
    [[ -x $go/bin/go ]] || lacks+=("Go 1.5.4, looked for in $go (README.md): the suites of Go's own tests, and programs with the standard library")
    if ((${#lacks[@]} > 0)); then
        printf 'Not installed, and what will not run for it:\n'
        printf '  %s\n' "${lacks[@]}"
    fi
}

# The totals, and the status of the script: 0 if nothing failed.
summary() {
    if [[ ${took-} ]]; then printf '%d\n' "$SECONDS" >"$took"; fi
    printf '\n== summary\n'
    printf '%s\n' "${report[@]}"
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    ((failed == 0))
}
