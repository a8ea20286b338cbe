"""Strategies that try to get out by what imports lead to, lazily loaded ones too."""

from tests.attacks.hostile.attack import attacks

attacks(
    "module leaks",
    os_import="import os\nraise Exception(os.listdir('/'))",
    sys_modules="import sys\nraise Exception(sys.modules['os'].popen('cat CANARY').read())",
    random_os="import random\nraise Exception(random._os.popen('cat CANARY').read())",
    random_urandom="import random\nraise Exception(random.SystemRandom().random())",
    collections_abc_sys="import collections.abc\nraise Exception(collections.abc.sys.modules)",
    heapq_doc_module="import heapq\nraise Exception(heapq.__spec__.loader.get_data('CANARY'))",
    statistics_sys="import statistics\nraise Exception(statistics.sys.modules['posix'].listdir('/'))",
    dataclasses_builtins="import dataclasses\nraise Exception(dataclasses.builtins.open('CANARY').read())",
    enum_builtins="import enum\nraise Exception(enum.bltns.open('CANARY').read())",
    json_codecs="import json\nraise Exception(json.codecs.open('CANARY').read())",
    json_load_opener="import json\nraise Exception(json.decoder.scanner.re.copyreg)",
    re_copyreg="import re\nraise Exception(re.copyreg.sys.modules['os'].getcwd())",
    typing_sys="import typing\nraise Exception(typing.sys.modules['builtins'].open('CANARY').read())",
    importlib="import importlib\nraise Exception(importlib.import_module('os').getcwd())",
    subprocess="import subprocess\nraise Exception(subprocess.check_output(['cat', 'CANARY']))",
    pathlib_read="import pathlib\nraise Exception(pathlib.Path('CANARY').read_text())",
    arcade_itself="import grpo_arcade.games\nraise Exception(grpo_arcade.games.make('2048'))",
    unguarded_numpy="import numpy as np\nraise Exception(np.fromfile('CANARY', dtype='u1'))",
    guarded_os="""
        try:
            import os
            raise Exception(os.popen('cat CANARY').read())
        except ImportError:
            pass
    """,
    open_plain="raise Exception(open('CANARY').read())",
    open_write="open('OUTBOX/plain', 'w').write('x')",
    exec_plain="exec('import os; os.system(\"touch OUTBOX/exec\")')",
    eval_getattr="raise Exception(eval('op' + 'en')('CANARY').read())",
    input_read="raise Exception(input())",
    help_pager="help('modules')",
    unicode_identifier="raise Exception(ｏｐｅｎ('CANARY').read())",
)

attacks(
    "codecs and lazy imports",
    codecs_open="import codecs\nraise Exception(codecs.open('CANARY').read())",
    idna_codec="raise Exception('x'.encode('idna'))",
    punycode_codec="raise Exception('é'.encode('punycode'))",
    unknown_codec="raise Exception(b'x'.decode('../../OUTBOX'))",
    zip_codec="raise Exception(b'x'.decode('zlib_codec'))",
    mbcs_and_big5="raise Exception('x'.encode('big5'))",
    decimal_locale="return format(3.14, 'n')",
    string_case_tables="return 'ß'.casefold().center(10 ** 6).title()[:1]",
    memory_warning="import warnings\nwarnings.warn('x')\nwarnings.showwarning('a', UserWarning, 'OUTBOX/w', 1)",
    lazy_linecache="import linecache\nraise Exception(linecache.getline('CANARY', 1))",
    site_import="import site\nraise Exception(site.getusersitepackages())",
    zipimport="import zipimport\nzipimport.zipimporter('CANARY')",
    missing_module="""
        try:
            import surely_not_installed
        except ImportError:
            raise Exception('fine')
    """,
)
