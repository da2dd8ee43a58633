#!/bin/sh
# Runs once, when the volume is empty: the three roles with their passwords, and the database in the owner's hands.
# What each role may do is granted after every migration (manage.py apply_database_roles, called by the job `migrate`).
set -eu
secret() { tr -d '\n' < "/run/secrets/$1"; }
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  -v owner="$(secret database_owner_password)" -v app="$(secret database_app_password)" -v reader="$(secret database_reader_password)" <<'SQL'
CREATE ROLE beacon_owner LOGIN PASSWORD :'owner';
CREATE ROLE beacon_app LOGIN PASSWORD :'app' CONNECTION LIMIT 150;
CREATE ROLE beacon_reader LOGIN PASSWORD :'reader' CONNECTION LIMIT 5;
ALTER ROLE beacon_reader SET default_transaction_read_only = on;
ALTER ROLE beacon_reader SET statement_timeout = '5min';
ALTER DATABASE beacon OWNER TO beacon_owner;
SQL
