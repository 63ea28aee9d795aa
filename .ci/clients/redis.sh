#!/usr/bin/env bash
# Debian's redis-tools against the `mini-redis` example, with Debian's redis-server as the judge of every answer.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/clients/lib.sh

start mini-redis
mini=$pid
port=${url##*:}
redis_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" >"$work/redis.log" &
servers+=("$!")
for _ in $(seq 100); do redis-cli -p "$redis_port" ping >/dev/null 2>&1 && break || sleep 0.05; done

# --- every command, one connection each, in both versions of the protocol
grep -v '^#' .ci/clients/redis-commands.txt >"$work/commands"
# transcript PORT FLAG: each command and its answer, the lines of which are sorted: sets have no order.
transcript() {
    local command
    while IFS= read -r command; do
        echo "> $command"
        redis-cli "$2" -p "$1" <<<"$command" | sort
    done <"$work/commands"
}
for version in -2 -3; do
    transcript "$port" "$version" >"$work/ours"
    transcript "$redis_port" "$version" >"$work/theirs"
    diff -a -u "$work/theirs" "$work/ours" || fail "answers differ from those of Redis, redis-cli $version"
    ok "redis-cli $version: $(wc -l <"$work/commands") commands answered as by Redis"
done

# --- one connection for all of them, and what needs one connection
printf '%s\n' MULTI 'SET t 1' 'INCR t' 'INCR u v' 'GET t' EXEC >"$work/script"
cat >>"$work/script" <<'S'
MULTI
SET t 1
INCR t
LPUSH t x
GET t
EXEC
WATCH t
MULTI
GET t
EXEC
WATCH t
SET t 9
MULTI
GET t
EXEC
MULTI
DISCARD
SELECT 2
SET in-two 1
DBSIZE
CLIENT SETNAME me
CLIENT GETNAME
RESET
GET in-two
HELLO 9
S
for version in -2 -3; do
    for target in "$port" "$redis_port"; do
        redis-cli "$version" -p "$target" flushall >/dev/null
        redis-cli "$version" -p "$target" <"$work/script" >"$work/script.$target" 2>&1
    done
    diff -a -u "$work/script.$redis_port" "$work/script.$port" || fail "a script, redis-cli $version"
    ok "redis-cli $version: transactions, databases and names as with Redis"
done
redis-cli -p "$port" --csv subscribe news >"$work/subscriber" &
servers+=("$!")
for _ in $(seq 100); do
    [ "$(redis-cli -p "$port" publish news ahoy)" = 1 ] && break || sleep 0.05
done
for _ in $(seq 100); do grep -q ahoy "$work/subscriber" && break || sleep 0.05; done
expect "redis-cli subscribe" '"message","news","ahoy"' "$(tail -n1 "$work/subscriber")"
expect "redis-cli info" 1 "$(redis-cli -p "$port" info | grep -c '^redis_version:')"

# --- redis-benchmark, alone and in pipelines; it ends at once when an answer is an error
for pipeline in 1 16; do
    redis-benchmark -p "$port" -q -n 10000 -P "$pipeline" >"$work/benchmark" 2>&1 || fail "redis-benchmark -P $pipeline"
    if grep -qiE 'error|warning' "$work/benchmark"; then cat "$work/benchmark"; fail "redis-benchmark -P $pipeline"; fi
    lines=$(tr '\r' '\n' <"$work/benchmark" | grep -c 'requests per second')
    expect "redis-benchmark -P $pipeline without errors" 20 "$lines"
done
redis-benchmark -p "$port" -q -3 -n 10000 -c 200 -d 20000 -t set,get >"$work/benchmark" 2>&1 ||
    fail "redis-benchmark with long values"
if grep -qiE 'error|warning' "$work/benchmark"; then cat "$work/benchmark"; fail "redis-benchmark with long values"; fi
ok "redis-benchmark with long values and 200 clients, version 3"

# --- asked to end, it ends well
kill -TERM "$mini"
wait "$mini" || fail "mini-redis did not end well"
ok "mini-redis ended: $(tail -n1 "$work/mini-redis.log")"
