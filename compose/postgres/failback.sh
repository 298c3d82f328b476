#!/bin/sh
# Runs once, when the database is made: a role without administrator's rights and its database. Tables are migrations.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/database_failback)" --username postgres --dbname postgres << 'END'
CREATE ROLE failback LOGIN PASSWORD :'password';
CREATE DATABASE failback OWNER failback;
REVOKE ALL ON DATABASE failback FROM PUBLIC;
END
