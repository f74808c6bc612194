#!/usr/bin/env bash
# Records pushes on their whole way: curl → HTTP/2 API → courier → three simulated devices (TLV, packed, iOS 4), each with its
# acknowledgement; then one push to a token that nobody has, and one with a priority that does not fit. The emulator writes
# the capture, secrets inside.
# Run: bash captures/delivery/record.sh   (needs curl with HTTP/2)
set -euo pipefail
cd "$(dirname "$0")/../.."
lab=$(mktemp -d)
run() { npx tsx src/main.ts "$@" 2>/dev/null; }
run emulator --port 0 --ready-json --state-dir "$lab" --capture captures/delivery/delivery.pcapng >"$lab/ready.json" &
until [ -s "$lab/ready.json" ]; do sleep 0.2; done
value() { node -e 'const j = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")); console.log(process.argv[2].split(".").reduce((v, k) => v[k], j))' "$lab/ready.json" "$1"; }
http2=$(value ports.http2) courier=$(value ports.courier) pid=$(value pid)
cert=$(run emulator credentials --state-dir "$lab" --json | node -e 'let s = ""; process.stdin.on("data", (d) => (s += d)).on("end", () => console.log(JSON.parse(s).singleTopicCertificate))')
push() { curl -s -o /dev/null -w '%{http_code}\n' --http2 --cacert "$lab/ca.pem" --cert "$cert" "https://localhost:$http2/3/device/$1" -H "apns-topic: com.example.app" -H "apns-push-type: $2" -H "apns-priority: $3" -d "$4"; }
for dialect in tlv packed ios4; do
  run device --port "$courier" --state-dir "$lab" --dialect "$dialect" --count 1 --timeout 30 >"$lab/$dialect.txt" &
  until grep -q connected "$lab/$dialect.txt"; do sleep 0.2; done
  sleep 1
  push "$(grep -oE '[0-9a-f]{64}' "$lab/$dialect.txt" | head -n 1)" alert 10 "{\"aps\":{\"alert\":\"for the $dialect device\"}}"
  until ! jobs %% 2>/dev/null | grep -q Running; do sleep 0.2; done
done
push "$(printf 'ab%.0s' {1..32})" alert 10 '{"aps":{"alert":"nobody"}}'
push "$(grep -oE '[0-9a-f]{64}' "$lab/tlv.txt" | head -n 1)" background 10 '{"aps":{"content-available":1}}'
kill -INT "$pid"
wait || true
rm -rf "$lab"
