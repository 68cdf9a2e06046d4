#!/bin/sh
# What PostgreSQL's image runs once, over an empty folder: two databases, of a role that row-level security binds.
# (The image's own role is a superuser, which it does not bind.)
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$PIPELINE_DB_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE lora LOGIN PASSWORD :'password';
CREATE DATABASE lora OWNER lora;
CREATE DATABASE dagster OWNER lora;
SQL
