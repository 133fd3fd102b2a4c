#!/usr/bin/env bash
# Makes the two secrets of compose.yaml, once: a second run keeps what is there (a new password would lock you out).
set -euo pipefail
umask 077
folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
if [[ -e $folder/database_password ]]; then
    echo "Déjà là, rien de changé · Already there, nothing changed: $folder" >&2
    exit 0
fi
# Letters and digits only, so that it needs no escaping inside the URL.
password=$(LC_ALL=C tr -dc 'A-Za-z0-9' < <(head -c 4096 /dev/urandom) | head -c 40)
printf '%s' "$password" > "$folder/database_password"
printf 'postgresql+psycopg://vigie:%s@postgres:5432/vigie' "$password" > "$folder/database_url"
# The containers read them as users 999 and 10001, through read-only mounts of files in a folder closed to others.
chmod 0444 "$folder/database_password" "$folder/database_url"
echo "Écrits · Written: $folder/database_password, $folder/database_url" >&2
