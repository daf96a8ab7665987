"""An MCP server over standard input and output, for tests: plain JSON-RPC as the specification writes it.

argv: the folder in which it notes what happens, and how it behaves: well | garbage | silent | refuses | dies | paged
"""
import json
import os
import sys

NOTES, MODE = sys.argv[1], sys.argv[2]
TOOLS = [
    {"name": "echo", "description": "Says what it is told", "annotations": {"readOnlyHint": True},
     "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
    {"name": "add", "description": "Adds", "annotations": {"idempotentHint": True},
     "inputSchema": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}},
    {"name": "surroundings", "description": "Where it runs", "inputSchema": {"type": "object"}},
    {"name": "wait", "description": "Never answers", "inputSchema": {"type": "object"}},
    {"name": "crash", "description": "Ends", "inputSchema": {"type": "object"}},
    {"name": "huge", "description": "Says far too much", "inputSchema": {"type": "object"}},
    {"name": "long", "description": "Says much", "inputSchema": {"type": "object"}},
    {"name": "fail", "description": "Fails", "inputSchema": {"type": "object"}},
    {"name": "refuse", "description": "Answers with an error", "inputSchema": {"type": "object"}},
    {"name": "picture", "description": "Shows", "inputSchema": {"type": "object"}},
    {"name": "grow", "description": "Brings a tool more", "inputSchema": {"type": "object"}},
]


def note(what, line):
    with open(os.path.join(NOTES, what), "a") as file:
        file.write(f"{line}\n")


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def text(said, **more):
    return {"content": [{"type": "text", "text": said}], **more}


def call(name, arguments):
    if name == "echo":
        return text(arguments["text"])
    if name == "add":
        total = arguments["a"] + arguments["b"]
        return text(json.dumps({"sum": total}), structuredContent={"sum": total})
    if name == "surroundings":
        found = {"folder": os.getcwd(), "home": os.environ["HOME"], "variables": dict(os.environ)}
        return text(json.dumps(found), structuredContent=found)
    if name == "huge":
        return text("x" * (5 << 20))
    if name == "long":
        return text("first" + "x" * 300_000 + "last")
    if name == "fail":
        return text("it cannot be done", isError=True)
    if name == "picture":
        return {"content": [{"type": "text", "text": "a cat"},
                            {"type": "image", "mimeType": "image/png", "data": "QUJD"}]}
    if name == "grow":
        TOOLS.append({"name": "grown", "description": "New", "inputSchema": {"type": "object"}})
        send({"method": "notifications/tools/list_changed"})
        return text("grown")
    if name == "grown":
        return text("I am new")
    return None


def answer(request):
    method, params = request["method"], request.get("params") or {}
    if method == "initialize":
        if MODE == "refuses":
            return {"error": {"code": -32000, "message": "no licence"}}
        return {"result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {"listChanged": True}},
                           "serverInfo": {"name": "for tests", "version": "1"}}}
    if method == "tools/list":
        if MODE != "paged":
            return {"result": {"tools": TOOLS}}
        start = int(params.get("cursor") or 0)
        more = {"nextCursor": str(start + 2)} if start + 2 < len(TOOLS) else {}
        return {"result": {"tools": TOOLS[start:start + 2], **more}}
    if method == "tools/call":
        if params["name"] == "wait":
            note("waiting", request["id"])
            return None
        if params["name"] == "crash":
            print("out of ideas", file=sys.stderr, flush=True)
            os._exit(3)
        result = call(params["name"], params.get("arguments") or {})
        return {"result": result} if result else {"error": {"code": -32602, "message": "cannot do that"}}
    return {"error": {"code": -32601, "message": "unknown method"}}


note("started", os.getpid())
if MODE == "dies":
    print("no configuration", file=sys.stderr)
    sys.exit(7)
if MODE == "garbage":
    print("Welcome to the server!\nListening.", flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "notifications/cancelled":
        note("cancelled", message["params"]["requestId"])
    elif "id" in message and MODE not in ("garbage", "silent"):
        said = answer(message)
        if said:
            send({"id": message["id"], **said})
