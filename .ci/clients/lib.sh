# What the client checks share: starting servers, and saying what failed.

work=$(mktemp -d)
servers=()
cleanup() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

ok() { echo "ok: $*"; }

# start NAME ARGUMENT...: starts an example on a free port; sets `pid` and `url`.
start() {
    local name=$1 log="$work/$1.log"
    shift
    MINATO_LOG=warn "target/release/$name" 127.0.0.1:0 "$@" >"$log" 2>&1 &
    pid=$!
    servers+=("$pid")
    for _ in $(seq 100); do
        url=$(grep -oE 'listening on (http://)?[0-9.:]+' "$log" | head -n1 | sed 's/listening on //' || true)
        [ -n "$url" ] && return
        kill -0 "$pid" 2>/dev/null || { cat "$log"; fail "$name ended at once"; }
        sleep 0.05
    done
    cat "$log"
    fail "$name does not listen"
}

# expect WHAT WANTED GOT
expect() {
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
    ok "$1"
}
