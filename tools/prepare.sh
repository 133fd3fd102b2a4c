#!/usr/bin/env bash
# Prépare l'environnement Python des cibles du Makefile · Sets up the Python environment of the Makefile's targets.
#
#   tools/prepare.sh run     what `make demo` and `make serve` need
#   tools/prepare.sh dev     the same, and what tests and checks need
#
# Packages come from the locks in requirements/, every one checked by its hash, from whatever index pip is set up for.
# A stamp named after the locks' content makes a second run immediate; a changed lock makes it run again.
set -euo pipefail
cd "$(dirname "$0")/.."

kind="${1:?run or dev}"
venv="${VENV:-.venv}"

say() { printf '\033[1m▸ %s\033[0m\n' "$*" >&2; }

stamp_of() {  # the name of the stamp for `run` or `dev`: changes when a lock or the project file does
    local files=(requirements/build.txt requirements/runtime.txt pyproject.toml)
    [[ $1 == dev ]] && files+=(requirements/dev.txt)
    printf '%s/.ready-%s-%s' "$venv" "$1" "$(cat "${files[@]}" | cksum | tr -s ' ' -)"
}

# The environment for `dev` serves `run` as well.
if [[ -e $(stamp_of "$kind") || -e $(stamp_of dev) ]]; then exit 0; fi

new_enough() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [[ ! -x $venv/bin/python ]]; then
    found=
    for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
        if new_enough "$candidate"; then found=$candidate; break; fi
    done
    if [[ -z $found ]]; then
        say "Il faut Python 3.11 ou plus récent, avec le module venv (Debian : apt install python3-venv)."
        say "Python 3.11 or newer is needed, with its venv module. If it is elsewhere: make … PYTHON=/path/to/python3"
        exit 1
    fi
    say "Environnement Python dans $venv · Python environment in $venv ($("$found" --version))"
    "$found" -m venv "$venv"
fi

files=(requirements/build.txt requirements/runtime.txt)
[[ $kind == dev ]] && files=(requirements/dev.txt)
total=$(cat "${files[@]}" | grep -cE '^[A-Za-z0-9].*==')

say "Installation des paquets, empreintes vérifiées (1 à 3 minutes) · Installing packages, hashes checked (1 to 3 minutes)"
"$venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --no-compile --require-hashes --only-binary :all: "${files[@]/#/--requirement=}" 2>&1 |
    awk -v total="$total" -v log_file="$venv/install.log" '
        { print > log_file }
        /^Collecting / { n++; if (n % 20 == 0) { printf "  … %d/%d paquets · packages\n", n, total; fflush() } }
        /^Installing collected/ { print "  … écriture sur le disque · writing to disk"; fflush() }
        /^(ERROR|error)/ || /THESE PACKAGES DO NOT MATCH/ { print; fflush() }' >&2 || {
        say "Échec; le journal complet est dans $venv/install.log · Failed; the whole log is in $venv/install.log"
        exit 1
    }
"$venv/bin/python" -m pip install --disable-pip-version-check --no-input --quiet \
    --no-deps --no-build-isolation --no-index --editable .

rm -f "$venv"/.ready-*
touch "$(stamp_of "$kind")"
say "Prêt · Ready"
