"""Fits one family's jobs, one after the other, for Slipway.

    python -I -B driver.py FAMILY MEMORY_BYTES

Each line on standard input is a JSON object {"job": path, "answer": path, "secondsMax": number}; each line on standard output is
{"ok": true} or {"ok": false, "kind": "memory" | "error", "message": text}. Files are frames (frames.py). Whatever libraries print
goes to standard error. The process ends when standard input does.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def limit_memory(limit):
    """The address space of this process; not every system can be told (macOS and Windows cannot)."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


def limit_seconds(seconds):
    """Processor time from now on: a process that nobody watches any more ends by itself."""
    try:
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime + seconds) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ImportError, ValueError, OSError):
        pass


def is_out_of_memory(error):
    text = str(error).lower()
    return isinstance(error, MemoryError) or "bad_alloc" in text or "bad allocation" in text or "cannot allocate" in text


def main():
    family, memory = sys.argv[1], int(sys.argv[2])
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    limit_memory(memory)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            limit_seconds(order["secondsMax"])
            from fits import run_job

            run_job(family, order["job"], order["answer"])
            reply = {"ok": True}
        except BaseException as error:  # what a library raises is its own business; the reply names it
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            kind = "memory" if is_out_of_memory(error) else "error"
            message = "%s: %s" % (type(error).__name__, str(error).strip()[:2000])
            reply = {"ok": False, "kind": kind, "message": message}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
