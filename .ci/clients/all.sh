#!/usr/bin/env bash
# Real clients against the `hello` example, and our clients against real servers.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/clients/lib.sh

start hello
hello=$pid
host=${url#http://}

# --- curl, HTTP/1.1
expect "curl GET" "Hello from Minato!" "$(curl -sS --http1.1 "$url/")"
reused=$(curl -sSv --http1.1 "$url/" "$url/" 2>&1 >/dev/null | grep -ciE 're-?using existing')
expect "curl keep-alive reuses the connection" 1 "$reused"
head -c 10485760 /dev/urandom >"$work/upload"
sum=$(sha256sum <"$work/upload")
expect "curl 10 MiB chunked upload comes back whole" "$sum" \
    "$(curl -sS --http1.1 -H 'Transfer-Encoding: chunked' -H 'Expect:' -T "$work/upload" "$url/echo" | sha256sum)"
expect "curl HEAD" "200 19" \
    "$(curl -sS --http1.1 -I "$url/" | tr -d '\r' | awk 'NR==1{s=$2} tolower($1)=="content-length:"{print s, $2}')"
continued=$(curl -sSv --http1.1 -H 'Expect: 100-continue' -T "$work/upload" "$url/echo" 2>&1 >"$work/echoed" |
    grep -c 'HTTP/1.1 100 Continue')
expect "curl Expect: 100-continue" "1 $sum" "$continued $(sha256sum <"$work/echoed")"
expect "curl unknown path" 404 "$(curl -sS -o /dev/null -w '%{http_code}' "$url/nowhere")"
expect "curl wrong method" 405 "$(curl -sS -o /dev/null -w '%{http_code}' -X DELETE "$url/")"

# --- curl, HTTP/2 with prior knowledge
expect "curl h2 GET" "Hello from Minato! 2" \
    "$(curl -sS --http2-prior-knowledge -w '%{http_version}' "$url/" | tr '\n' ' ')"
expect "curl h2 10 MiB upload comes back whole" "$sum" \
    "$(curl -sS --http2-prior-knowledge -T "$work/upload" "$url/echo" | sha256sum)"
expect "curl h2 HEAD" 200 "$(curl -sS --http2-prior-knowledge -I -o /dev/null -w '%{http_code}' "$url/")"

# --- nghttp, h2load, wrk
nghttp -nv "$url/" >"$work/nghttp" || fail "nghttp"
grep -q ':status: 200' "$work/nghttp" || { cat "$work/nghttp"; fail "nghttp saw no 200"; }
ok "nghttp"
for flags in "-c4 -m20" "--h1 -c16"; do
    # shellcheck disable=SC2086 # the flags are several words
    h2load -D1 $flags "$url/" >"$work/h2load" 2>&1 || fail "h2load $flags"
    grep -qE ' 0 failed, 0 errored, 0 timeout' "$work/h2load" || { cat "$work/h2load"; fail "h2load $flags"; }
    ok "h2load $flags: $(grep -oE '[0-9.]+ req/s' "$work/h2load" | head -n1), none failed"
done
wrk -t1 -c32 -d1s "$url/" >"$work/wrk" || fail "wrk"
grep -qE 'Socket errors|Non-2xx' "$work/wrk" && { cat "$work/wrk"; fail "wrk"; }
ok "wrk: $(grep -oE 'Requests/sec: +[0-9.]+' "$work/wrk"), none failed"

# --- malformed input, and the next connection is served
python3 .ci/clients/malformed.py "$host"

# --- Python grpcio, the four kinds and the rest
.ci/venv/bin/python -m grpc_tools.protoc -I examples/proto --python_out="$work" --grpc_python_out="$work" greeter.proto
PYTHONPATH="$work" .ci/venv/bin/python .ci/clients/greeter.py "$host"

# --- our clients
target/release/hello-client "$url" >"$work/hello-client" || { cat "$work/hello-client"; fail "hello-client"; }
expect "hello-client" 6 "$(grep -cE 'HTTP/1.1 200|HTTP/2.0 200|gRPC' "$work/hello-client")"
target/release/grpc-streaming >/dev/null || fail "grpc-streaming"
ok "grpc-streaming"
mkdir -p "$work/www/put"
cp "$work/upload" "$work/www/file"
(cd "$work/www" && exec python3 -u -m http.server --bind 127.0.0.1 0 >"$work/python.log" 2>&1) &
servers+=("$!")
for _ in $(seq 100); do grep -q 'port' "$work/python.log" 2>/dev/null && break || sleep 0.05; done
port=$(grep -oE 'port [0-9]+' "$work/python.log" | grep -oE '[0-9]+')
expect "http-client against python" "HTTP/1.0 200 OK, 10485760 bytes" \
    "$(target/release/http-client "http://127.0.0.1:$port/file" | sed 's/^[^ ]* //')"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/nginx.conf" <<N
daemon off; pid $work/nginx.pid; error_log $work/nginx.log; worker_processes 1;
events {}
http {
  access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
  uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server { listen 127.0.0.1:$port http2; root $work/www; }
  server {
    listen 127.0.0.1:$((port + 1)); listen unix:$work/nginx.sock; root $work/www;
    location = /moved { return 302 /file; }
    location = /json { default_type application/json; return 200 '{"from": "nginx"}'; }
    location = /login { add_header set-cookie "who=nami; path=/"; return 200 welcome; }
    location = /who { return 200 "\$http_cookie"; }
    location /put/ { client_max_body_size 20m; dav_methods PUT; create_full_put_path on; root $work/www; }
  }
}
N
chmod 755 "$work"
chmod 777 "$work/www/put"
nginx -c "$work/nginx.conf" 2>/dev/null &
servers+=("$!")
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$((port + 1))/file" && break || sleep 0.05; done
expect "http-client against nginx, HTTP/1.1" "HTTP/1.1 200 OK, 10485760 bytes" \
    "$(target/release/http-client "http://127.0.0.1:$((port + 1))/file" | sed 's/^[^ ]* //')"
expect "http-client against nginx, HTTP/2" "HTTP/2.0 200 OK, 10485760 bytes" \
    "$(target/release/http-client --h2 "http://127.0.0.1:$port/file" | sed 's/^[^ ]* //')"
nginx_url=http://127.0.0.1:$((port + 1))
expect "http-client follows nginx's redirects" "HTTP/1.1 200 OK, 10485760 bytes, from $nginx_url/file" \
    "$(target/release/http-client "$nginx_url/moved" | sed 's/^[^ ]* //')"
expect "http-client reads nginx's JSON" 'HTTP/1.1 200 OK, {"from":"nginx"}' \
    "$(target/release/http-client --json '{}' "$nginx_url/json" | sed 's/^[^ ]* //')"
target/release/http-client --cookies --output "$work/who" "$nginx_url/login" "$nginx_url/who" >/dev/null || fail "cookies"
expect "http-client sends nginx's cookies back" "who=nami" "$(cat "$work/who")"
target/release/http-client --upload "$work/upload" "$nginx_url/put/up" | grep -q " 201 Created" || fail "upload"
target/release/http-client --h2 --output "$work/down" "http://127.0.0.1:$port/put/up" >/dev/null || fail "download"
cmp "$work/upload" "$work/down" || fail "what went up to nginx came down different"
ok "http-client streams 10 MiB up to nginx, and down over HTTP/2"
expect "http-client over nginx's Unix socket" "HTTP/1.1 200 OK, 10485760 bytes" \
    "$(target/release/http-client --unix "$work/nginx.sock" "http://localhost/file" | sed 's/^[^ ]* //')"

# --- a browser
start websocket-chat
chat=$url
start reverse-proxy "$chat"
python3 .ci/clients/browser.py "$chat" "$url"

# --- SIGTERM under load loses no accepted request
python3 .ci/clients/drain.py "$host" "$hello"
echo "all client checks passed"
