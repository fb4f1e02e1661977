#!/bin/bash
set -e

(
  rabbitmqctl wait --timeout 60 "$RABBITMQ_PID_FILE"
  users=(later)
  for user in "${users[@]}"; do
    rabbitmqctl add_user "$user" secret 2>/dev/null || true
    rabbitmqctl set_user_tags "$user" monitoring
    rabbitmqctl set_permissions -p / "$user" ".*" ".*" ".*"
  done
) &

exec docker-entrypoint.sh rabbitmq-server "$@"
