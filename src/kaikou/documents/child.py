"""The process in which a document is read: a question on standard input, the answer on standard output."""

import sys

from kaikou.documents.isolated import serve

if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(serve(sys.stdin.buffer.read()))
    except MemoryError:
        sys.exit(1)
