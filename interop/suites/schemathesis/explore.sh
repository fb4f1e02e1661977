# explore.sh PHASES ARGUMENT...: schemathesis against the OpenAPI document of the broker on
# localhost, or at API. No 500, and no answer that the document does not describe; a line of TAP for
# each check.
set -uo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
api=${API:-http://localhost:15672/api}
user=the-one-who-asks
phases=$1
shift

# as USER:PASSWORD ARGUMENT...
as() { curl --silent --fail --header 'content-type: application/json' --user "$@"; }

number=0
# check NAME COMMAND...: whether the command ends well.
check() {
  local name=$1 result=ok
  shift
  "$@" || result='not ok'
  number=$((number + 1))
  printf '%s %d - %s\n' "$result" "$number" "$name"
}

as guest:guest --request PUT --data '{"password":"p","tags":"administrator"}' "$api/users/$user"
as guest:guest --request PUT --data '{}' "$api/vhosts/v"
for vhost in v %2F; do
  as guest:guest --request PUT --data '{"configure":".*","write":".*","read":".*"}' \
    "$api/permissions/$vhost/$user"
done
for thing in queues/v/q exchanges/v/x exchanges/v/y; do
  as "$user:p" --request PUT --data '{}' "$api/$thing"
done
for pair in x/q/q x/e/y; do
  as "$user:p" --data '{"routing_key":"k"}' "$api/bindings/v/e/$pair"
done

as guest:guest "$api/openapi.json" >document.json
check 'the document is valid' venv/bin/python -c '
import json, openapi_spec_validator
openapi_spec_validator.validate(json.load(open("document.json")))
'

cp "$home/schemathesis.toml" "$home/hooks.py" .
checks=(
  not_a_server_error
  status_code_conformance
  content_type_conformance
  response_headers_conformance
  response_schema_conformance
  unsupported_method
)
# Answers without an end are left out.
explore() {
  PYTHONPATH=. venv/bin/schemathesis run document.json --url "$api" --auth "$user:p" \
    --exclude-path /leveret/events --exclude-path /leveret/live --exclude-path /leveret/log/stream \
    --phases "$phases" --checks "$(IFS=,; echo "${checks[*]}")" --continue-on-failure --no-color \
    "$@" 2>&1 | sed 's/^/# /'
}
check "every answer is described: $phases" explore "$@"
# A run that could not log in would find nothing.
check 'the user is still there' as "$user:p" --output /dev/null "$api/whoami"
