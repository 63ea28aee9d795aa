#!/usr/bin/env bash
# CPU time per request of servers that redis-benchmark talks to, in turns, so that what else the machine does hits all.
#
#   cargo build --release -p minato-examples --bin mini-redis
#   benches/redis/cpu.sh [ROUNDS] [REQUESTS]
#
# TOKIO_MINI_REDIS may name a program that serves tokio's mini-redis on the port that is its argument (the crate of that
# name on crates.io, whose `server::run` is called without a subscriber for its logs).
#
# Prints microseconds of user and system time of the server per request: the least of all rounds.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
requests=${2:-100000}

work=$(mktemp -d)
declare -A pid_of port_of best
cleanup() {
    kill "${pid_of[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# serve NAME PORT COMMAND...
serve() {
    local name=$1 port=$2
    shift 2
    "$@" >"$work/$name.log" 2>&1 &
    pid_of[$name]=$!
    port_of[$name]=$port
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        sleep 0.05
    done
    cat "$work/$name.log"
    exit 1
}

port=$(free_port)
serve minato "$port" target/release/mini-redis "127.0.0.1:$port"
if command -v redis-server >/dev/null; then
    port=$(free_port)
    serve redis "$port" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work"
fi
if [ -n "${TOKIO_MINI_REDIS:-}" ]; then
    port=$(free_port)
    serve tokio "$port" "$TOKIO_MINI_REDIS" "$port"
fi

# cpu PID: nanoseconds on a processor, all threads together.
cpu() {
    local sum=0 nanoseconds
    while read -r nanoseconds _; do sum=$((sum + nanoseconds)); done < <(cat "/proc/$1"/task/*/schedstat)
    echo "$sum"
}

cases=("get 1" "get 16" "set 1" "set 16")
for _ in $(seq "$rounds"); do
    for case in "${cases[@]}"; do
        read -r command pipeline <<<"$case"
        for name in "${!pid_of[@]}"; do
            before=$(cpu "${pid_of[$name]}")
            redis-benchmark -p "${port_of[$name]}" -q -t "$command" -n "$requests" -c 50 -r 10000 -P "$pipeline" >/dev/null 2>&1
            spent=$((($(cpu "${pid_of[$name]}") - before) / requests))
            key="$case $name"
            [ -n "${best[$key]:-}" ] && [ "${best[$key]}" -le "$spent" ] || best[$key]=$spent
        done
    done
done

printf '%-10s' "us/request"
printf '%10s' "${!pid_of[@]}"
echo
for case in "${cases[@]}"; do
    printf '%-10s' "$case"
    for name in "${!pid_of[@]}"; do
        awk -v ns="${best[$case $name]}" 'BEGIN {printf "%10.2f", ns / 1000}'
    done
    echo
done
