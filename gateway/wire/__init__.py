"""The protocols that applications speak. Pure: JSON in, JSON out, no sockets; parsers decide nothing.

`calls` says what a call is, whatever its protocol; `chat` and `embeddings` read and write OpenAI's; `stream` rewrites a
streamed answer as it comes; `sse` is the framing; `errors` renders our refusals and faults in the client's own shape.
May import `errors` only. Fields that we do not act on pass through untouched.
"""
