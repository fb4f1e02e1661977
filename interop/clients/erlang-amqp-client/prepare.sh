#!/usr/bin/env bash
# Takes the library out of the package of the server, which is not installed, and compiles.
set -euo pipefail
here=$PWD home=$1
cd "$home"
if [[ ! -e plugins ]]; then
  apt-get -q download rabbitmq-server
  dpkg-deb -x rabbitmq-server_*.deb .
  ln -sfn usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins plugins
fi
ERL_LIBS=$home/plugins erlc -Werror -o "$home" "$here"/*.erl
