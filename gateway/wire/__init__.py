"""The protocols that applications speak. Pure: JSON in, JSON out, no sockets; parsers decide nothing.

`calls` says what a call is, whatever its protocol; `chat`, `embeddings` and `responses` read and write OpenAI's, `messages`
Anthropic's; `answers`, `responses_items` and `blocks` say what of an answer passes, and `stream`, `responses_stream` and
`messages_stream` rewrite a streamed one as it comes; `sse` is the framing; `errors` renders our refusals and faults in the
client's own shape. May import `errors` only. Of a request, fields that we do not act on pass untouched once policy has seen
their names; of an answer, nothing passes that no
guard saw and that could be the model's words.
"""
