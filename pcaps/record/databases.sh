# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: redis-server redis-tools postgresql postgresql-client mariadb-server mariadb-client
#
# Three databases, asked by their own clients.

servers() {
  chmod a+x "$lab"
  install -d -o redis -g redis "$lab/redis"
  serve dmz setpriv --reuid redis --regid redis --clear-groups \
    redis-server --bind 192.0.2.10 --protected-mode no --save '' --dir "$lab/redis"

  local bin
  bin=$(dirname "$(find /usr/lib/postgresql -name initdb | head -n 1)")
  install -d -o postgres -g postgres "$lab/postgres"
  setpriv --reuid postgres --regid postgres --clear-groups \
    "$bin/initdb" -D "$lab/postgres" -A trust -U alice --locale=C >>"$lab/servers.log" 2>&1
  echo 'host all all 0.0.0.0/0 trust' >>"$lab/postgres/pg_hba.conf"
  serve dmz setpriv --reuid postgres --regid postgres --clear-groups \
    "$bin/postgres" -D "$lab/postgres" -k "$lab/postgres" -c listen_addresses=192.0.2.10

  install -d -o mysql -g mysql "$lab/mysql"
  mariadb-install-db --no-defaults --user=mysql --datadir="$lab/mysql" --skip-test-db \
    --skip-name-resolve --auth-root-authentication-method=normal >>"$lab/servers.log" 2>&1
  cat >"$lab/grants.sql" <<'SQL'
CREATE USER alice@'%' IDENTIFIED BY 'only-for-the-lesson';
SQL
  chmod a+r "$lab/grants.sql"
  serve dmz mariadbd --no-defaults --user=mysql --datadir="$lab/mysql" --socket="$lab/mysql/socket" \
    --bind-address=192.0.2.10 --skip-name-resolve --init-file="$lab/grants.sql"
  await dmz tcp 6379
  await dmz tcp 5432
  await dmz tcp 3306
  sleep 1
}

record() {
  servers
  start_capture
  outside ip route replace default via 198.51.100.1 src 203.0.113.5
  may_fail outside redis-cli -h 192.0.2.10 set colour blue
  may_fail outside redis-cli -h 192.0.2.10 get colour
  may_fail outside psql 'host=192.0.2.10 user=alice dbname=postgres sslmode=disable gssencmode=disable' -Atc 'select 6 * 7'
  may_fail outside psql 'host=192.0.2.10 user=alice dbname=postgres sslmode=prefer gssencmode=disable' -Atc 'select 6 * 7'
  may_fail outside mariadb --no-defaults -h 192.0.2.10 -u alice -ponly-for-the-lesson --skip-ssl -e 'select 6 * 7'
  # A stranger reads MariaDB's greeting and leaves.
  may_fail outside talk --from 203.0.113.6:40001 --to 192.0.2.10:3306 recv sleep:0.1 reset
  stop_capture
}
