#!/usr/bin/env bash
# The tasks of this project; `./do help` lists them.
set -euo pipefail

caller=$PWD
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
bin=.venv/bin

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Installs Debian packages where this user may; elsewhere says what is missing and goes on.
debian() {
  if command -v apt-get >/dev/null && [[ $EUID -eq 0 ]]; then
    say "installing $*"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    say "missing on this machine: $* (as root: apt-get install $*)"
  fi
}

# Makes .venv anew whenever the requirements, the project's metadata or the Python have changed.
setup() {
  local stamp
  stamp=$({ cat requirements/*.txt pyproject.toml; python3 --version; pwd; } | sha256sum)
  [[ -f .venv/stamp && $(<.venv/stamp) == "$stamp" ]] && return
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed; this is $(python3 --version)."
  say "setting up .venv"
  python3 -c 'import ensurepip' 2>/dev/null || debian python3-venv
  python3 -m venv --clear .venv
  $bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt
  # pyvips alone ships no wheel: it is built without pkg-config, so that no libvips of this machine
  # takes the place of the wheel's. Copies, not links: the cache may lie on another disk.
  local install=("$bin/uv" pip install --quiet --python $bin/python --link-mode copy --compile-bytecode
    --build-constraints requirements/dev.txt)
  PKG_CONFIG=false "${install[@]}" --require-hashes --only-binary :all: --no-binary pyvips -r requirements/dev.txt
  "${install[@]}" --no-deps --editable .
  # The servers that tests start pin other versions than the program.
  $bin/uv venv --quiet --python $bin/python .venv/servers
  $bin/uv pip install --quiet --python .venv/servers/bin/python --link-mode copy --compile-bytecode \
    --require-hashes --only-binary :all: -r requirements/servers.txt
  echo "$stamp" >.venv/stamp
}

lock() {
  setup
  local compile=("$bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes
    --no-emit-index-url --no-emit-find-links --custom-compile-command "./do lock" "$@")
  "${compile[@]}" requirements/uv.in --output-file requirements/uv.txt
  "${compile[@]}" requirements/servers.in --output-file requirements/servers.txt
  "${compile[@]}" pyproject.toml --extra heic --extra otel --extra s3 --output-file requirements/run.txt
  "${compile[@]}" pyproject.toml --extra heic --extra otel --extra s3 --group build --group demo --group dev \
    --constraint requirements/run.txt --output-file requirements/dev.txt
}

demo() {
  setup
  local paths=() path
  for path in "$@"; do paths+=("$(cd "$caller" && realpath -- "$path")"); done
  exec $bin/python -m tools.demo "${paths[@]}"
}

# Another decoder and color engine than ours, which also reads HEIC and AVIF.
imagemagick() { command -v magick >/dev/null || command -v convert-im6.q16 >/dev/null || debian imagemagick; }

# Debian keeps the server's programs off the PATH.
postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || debian postgresql; }

run_tests() {
  setup
  command -v chromium >/dev/null || debian chromium
  postgres
  imagemagick
  if (($#)); then exec $bin/pytest "$@"; fi
  $bin/pytest -n 2 -m "not crash"
  $bin/pytest -m crash
}

check() {
  setup
  $bin/ruff check .
  $bin/ruff format --check .
  $bin/mypy
  $bin/lint-imports
}

bench() {
  setup
  command -v npm >/dev/null || debian nodejs npm
  command -v gm >/dev/null && command -v convert >/dev/null || debian imagemagick graphicsmagick
  postgres
  exec $bin/python -m bench.run "$@"
}

docs() {
  setup
  local paths=() path
  for path in "$@"; do paths+=("$(cd "$caller" && realpath -- "$path")"); done
  exec $bin/python -m tools.docs "${paths[@]}"
}

help() {
  cat <<'TXT'
./do setup                  make .venv with everything, pinned by hash (the other tasks do it first)
./do demo [FILES|FOLDERS]   develop photographs, start the service, upload them, show the variants
./do test [PYTEST OPTIONS]  all tests, or those that the options name
./do check                  ruff, mypy and the import rules
./do docs [PHOTOGRAPH]      show every operation with pictures, in build/docs; write its table in docs/
./do bench [OPTIONS]        measure against the codecs and against peers (--help lists the options)
./do bench latency          what a photograph waits on an idle machine beside its own CPU time
./do bench queue            what a job costs with few and with 100,000 waiting; double claims
./do bench chaos            kill -9 at random moments while photographs arrive; what is lost
./do bench points           kill -9 at named points of a job; what is lost
./do bench alike            quality auto against quality 80 at six sizes: looks, bytes, CPU time
./do bench efforts          size and CPU time of the efforts of AVIF and WebP at equal looks
./do lock [--upgrade]       compile requirements/*.txt from pyproject.toml
TXT
}

task=${1:-help}
(($#)) && shift
case $task in
  setup | lock | demo | check | docs | bench) "$task" "$@" ;;
  test) run_tests "$@" ;;
  help | -h | --help) help ;;
  *) help >&2; exit 2 ;;
esac
