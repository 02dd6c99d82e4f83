#!/bin/sh
# A server and clients in three languages; none of them is told of a CA.
exec certforge run -- python3 server.py "python3 client.py" "node client.mjs" "java Client.java"
