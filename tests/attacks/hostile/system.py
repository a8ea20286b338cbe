"""Strategies that try to get out by what asks the system: calls, files, connections, processes."""

from tests.attacks.hostile.attack import attacks

attacks(
    "ctypes and system calls",
    ctypes_open="""
        import ctypes
        libc = ctypes.CDLL(None)
        fd = libc.open(b'CANARY', 0)
        b = ctypes.create_string_buffer(100)
        libc.read(fd, b, 100)
        raise Exception(b.raw)
    """,
    ctypes_system="import ctypes\nctypes.CDLL(None).system(b'touch OUTBOX/system')",
    ctypes_execve="import ctypes\nctypes.CDLL(None).execl(b'/bin/sh', b'sh', b'-c', b'touch OUTBOX/exec', None)",
    syscall_open="""
        import ctypes
        n = ctypes.CDLL(None).syscall(2, b'CANARY', 0, 0)
        raise Exception(n)
    """,
    syscall_openat2="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(437, -100, b'CANARY', 0, 0))",
    syscall_x32="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(0x40000002, b'CANARY', 0))",
    syscall_io_uring="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(200)))",
    syscall_ptrace_parent="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(101, 16, 1, 0, 0))",
    syscall_process_vm_readv="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(310, 1, 0, 0, 0, 0, 0))",
    syscall_socket="import ctypes\nraise Exception(ctypes.CDLL(None).socket(2, 1, 0))",
    syscall_prctl="import ctypes\nraise Exception(ctypes.CDLL(None).prctl(4, 1, 0, 0, 0))",
    syscall_setrlimit="import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    executable_memory="""
        import ctypes
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        p = libc.mmap(None, 4096, 7, 0x22, -1, 0)
        ctypes.memmove(p, bytes([0x31, 0xC0, 0xC3]), 3)
        raise Exception(ctypes.CFUNCTYPE(ctypes.c_int)(p)())
    """,
    executable_mprotect="""
        import ctypes
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        p = libc.mmap(None, 4096, 3, 0x22, -1, 0)
        libc.mprotect(ctypes.c_void_p(p), 4096, 5)
        raise Exception('executable')
    """,
    segfault="import ctypes\nctypes.string_at(1)",
    abort="import os\nos.abort()",
    wipe_interpreter="import ctypes\nctypes.memset(id(board), 255, 10 ** 6)",
    raw_loopback="""
        import socket
        s = socket.create_connection(('127.0.0.1', PORT))
        s.send(b'hello')
    """,
    udp_loopback="import socket\nsocket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT))",
    posix_open="import posix\nraise Exception(posix.read(posix.open('CANARY', 0), 100))",
    io_fileio="import _io\nraise Exception(_io.FileIO('CANARY').read())",
    dup_channel="import os\nraise Exception(os.dup(3))",
    stat_file="import os\nraise Exception(os.stat('CANARY').st_size)",
    mmap_file="import mmap\nmmap.mmap(3, 100)",
    proc_mem="import os\nraise Exception(os.pread(os.open('/proc/self/mem', 0), 8, 0))",
)

attacks(
    "forks, threads, signals",
    fork_bomb="import os\nwhile True: os.fork()",
    vfork_spawn="import os\nos.posix_spawn('/bin/true', ['true'], {})",
    thread_bomb="import _thread\nwhile True: _thread.start_new_thread(lambda: None, ())",
    thread_outlives="""
        import threading, time
        threading.Thread(target=lambda: time.sleep(100), daemon=True).start()
    """,
    multiprocessing="import multiprocessing\nmultiprocessing.Process(target=print).start()",
    kill_parent="import os\nos.kill(os.getppid(), 9)",
    kill_everyone="import os\nos.kill(-1, 9)",
    ignore_sigterm="import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass",
    catch_alarm="import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.alarm(1)",
    interval_timer="import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nwhile True: pass",
    stop_self="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    sleep_for_ever="import time\ntime.sleep(10 ** 6)",
    lock_for_ever="import _thread\nlock = _thread.allocate_lock()\nlock.acquire()\nlock.acquire()",
    select_for_ever="import select\nselect.select([], [], [])",
    setsid_daemon="import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass",
    exit_now="import os\nos._exit(0)",
    system_exit="raise SystemExit(0)",
    keyboard_interrupt="raise KeyboardInterrupt",
    swallow_everything="""
        while True:
            try:
                while True: pass
            except BaseException: pass
    """,
    atexit_hook="import atexit\natexit.register(lambda: open('OUTBOX/atexit', 'w'))",
    finalizer="""
        class D:
            def __del__(self):
                while True: pass
        d = D()
        del d
    """,
)
