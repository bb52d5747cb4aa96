#!/bin/sh
# Activates TinyTorch's environment, .venv at the root of the repository, and makes it first where
# it is missing, unfinished, moved from elsewhere or not what pyproject.toml and constraints.txt
# say. In bash or zsh:
#
#     source bin/activate-tinytorch.sh
#
# All the work is done by a child, this file again in a plain sh, so that no failure reaches the
# shell that you type in. That shell only evaluates the one line that the child prints, the one
# that activates. The early returns keep it from reading on, so its aliases can't garble the rest.

if [ -n "${BASH_VERSION-}" ] && [ "${BASH_SOURCE-}" != "$0" ]; then
    eval "$(\command sh "$BASH_SOURCE" --prepare || \echo false)"
    return
elif [ -n "${ZSH_VERSION-}" ] && [ "${ZSH_EVAL_CONTEXT##*:}" = file ]; then
    eval "$(emulate -R zsh && \command sh "${funcsourcetrace[1]%:*}" --prepare || \echo false)"
    return
elif [ "${1-}" != --prepare ]; then
    echo "Source this file from bash or zsh, so that it can change the shell that you are in:" >&2
    echo "    source bin/activate-tinytorch.sh" >&2
    return 1 2>/dev/null || exit 1
fi

set +e +C -u                # whatever the shell above had exported
unset PYTHONHOME PYTHONPATH # they lead to another Python's modules
export PIP_USER=0           # or pip refuses to install into an environment
exec </dev/null             # nothing here asks questions
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd -P) && cd "$root" || exit
newline='
'
venv=$root/.venv
log=$venv/tinytorch.log
stamp=$venv/tinytorch.stamp # what the environment was made from, written once it is finished

say() { printf 'TinyTorch: %s\n' "$1" >&2; }
fail() {
    say "$1"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Tells which Python runs it and where that is installed; fails on one that is too old.
probe='import sys
if sys.version_info < (3, 11): sys.exit(1)
print(sys.implementation.cache_tag, sys._base_executable)'

# Locks file 9 until this script and any installer that it started are gone, even by kill -9.
lock='import fcntl
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("TinyTorch: another shell is at work on .venv; waiting for it", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)'

# What the environment is made from, its Python first; fails if it does not work in this folder.
contents() {
    [ "$(set +u && . "$venv/bin/activate" && printf %s "$VIRTUAL_ENV")" = "$venv" ] &&
        "$venv/bin/python" -I -S -c "$probe" && cat pyproject.toml constraints.txt
} 2>/dev/null

ready() { now=$(contents) && [ "$now" = "$(cat "$stamp" 2>/dev/null)" ]; }

# Sets `python`. A command of the right name may be a pyenv shim with nothing behind it: try each.
find_python() {
    seen=
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        python=$("$name" -I -S -c "$probe" 2>/dev/null) && python=${python#* } && return
        have "$name" && seen="$seen, $name ($("$name" -V 2>/dev/null || echo 'which does not run'))"
    done
    if have uv; then
        uv python find --system '>=3.11' >/dev/null 2>&1 ||
            UV_PYTHON_INSTALL_BIN=0 uv python install 3.13 >&2
        python=$(uv python find --system '>=3.11') && return
    fi
    fail "no Python 3.11 or later here${seen:+; only ${seen#, }}. Get one, then source this again:
    macOS           brew install python
    Debian, Ubuntu  sudo apt install python3.11 python3.11-venv
    anywhere        https://docs.astral.sh/uv, which brings a Python by itself,
                    or https://www.python.org/downloads"
}

create() {
    find "$venv/" -mindepth 1 -maxdepth 1 ! -name 'tinytorch.*' -exec rm -rf {} + || return
    have uv && uv venv --allow-existing --prompt tinytorch --python "$python" "$venv" ||
        "$python" -I -m venv --prompt tinytorch "$venv"
} >>"$log" 2>&1

# What `--group dev` stands for, which neither an older pip nor an older uv knows.
group='import sys, tomllib
print(*tomllib.load(sys.stdin.buffer)["dependency-groups"]["dev"], sep="\n")'

install() {
    "$venv/bin/python" -I -c "$group" <pyproject.toml >"$venv/tinytorch.dev" || return
    set -- -e . -r "$venv/tinytorch.dev" -c constraints.txt
    have uv && uv pip install --python "$venv/bin/python" "$@" && return
    "$venv/bin/python" -I -m ensurepip --default-pip # an environment made by uv may have no pip yet
    "$venv/bin/python" -I -m pip install --quiet --no-input "$@"
} >>"$log" 2>&1

# An empty stamp means that work is under way. If a later call finds one, that work was cut off and
# the environment is made anew. One that someone made by hand has no stamp: it is installed into.
build() {
    : >"$log"
    before=$(cat "$stamp" 2>/dev/null)
    if now=$(contents) &&
        { [ ! -e "$stamp" ] || [ "${before%%"$newline"*}" = "${now%%"$newline"*}" ]; }; then
        say "updating .venv to match pyproject.toml and constraints.txt"
        : >"$stamp"
    else
        say "making .venv with $python; this takes about half a minute, once"
        before=
        : >"$stamp" && create && now=$(contents) || give_up
    fi
    install && printf '%s\n' "$now" >"$stamp.new" && mv -f "$stamp.new" "$stamp" || give_up
}

give_up() {
    printf %s "$before" >"$stamp"
    noise='^ *$|subprocess|exit code|See above|end of output|Retry\(total=[1-9]'
    fail "could not install into .venv. The end of $log:
$(grep -Ev "$noise" "$log" | tail -n 8 | sed 's/^ */    /')
If that speaks of connections or missing packages, check the network. Then source this again."
}

if ! ready; then
    [ -f pyproject.toml ] || fail "there is no pyproject.toml in $root"
    mkdir -p "$venv" && [ -w "$venv" ] || fail "can't write to $venv"
    trap 'fail "stopped; source this again to start over"' INT TERM HUP
    find_python
    exec 9>>"$venv/tinytorch.lock"
    "$python" -I -c "$lock" >&2 2>/dev/null # some network file systems can't lock: go on without
    ready || build
fi
quoted=$(printf %s "$venv" | sed "s/'/'\\\\''/g")
printf '%s\n' ". '$quoted/bin/activate' || [ \"\${VIRTUAL_ENV-}\" = '$quoted' ]"
