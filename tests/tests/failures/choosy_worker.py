"""A worker that works with the configuration it met first, and ends with 78 when it is given another one."""
import json
import sys
import urllib.request

handshake = json.loads(sys.stdin.readline())
server, token = handshake["server_url"], handshake["token"]


def call(path, body):
    request = urllib.request.Request(server + "/api/v1/worker" + path, json.dumps(body).encode(), method="POST")
    request.add_header("Authorization", "Bearer " + token)
    request.add_header("Connix-Worker-Protocol", "1")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


session = call("/sessions", {"nonce": "choosy", "worker_version": "0.0.0", "slots": 1})
revision, seen = session["config_revision"], 0
while True:
    beat = {"seq": 1, "hold_ms": 2000, "state": "idle", "applied_revision": revision, "directive_version_seen": seen, "tasks": []}
    directives = call("/sessions/%s/heartbeat" % session["session_id"], beat)
    seen = directives["directive_version"]
    if directives["config_revision"] != revision:
        sys.exit(78)
