#!/usr/bin/env python3
"""measure.py RESULT COMMAND...: runs a command and writes the resources that its process tree used, one KEY=VALUE a line.

CPU time is that of the tree as far as each process waited for its children; peak memory that of the largest process.
"""
import os
import sys
import time

began = time.time()
child = os.fork()
if child == 0:
    os.setsid()
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
ended = time.time()
with open(sys.argv[1], "w") as file:
    print(f"exit={os.waitstatus_to_exitcode(status)}", file=file)
    print(f"began={int(began * 1e6)}", file=file)
    print(f"ended={int(ended * 1e6)}", file=file)
    print(f"cpu={(usage.ru_utime + usage.ru_stime) * 1000}", file=file)
    print(f"peak={usage.ru_maxrss / 1024}", file=file)
