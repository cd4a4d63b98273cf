#!/bin/sh
# Starts a workflow, follows it, and calls an integration flow: everything with curl alone.
#
#   FLOWGATE=http://localhost:3000 KEY=<your key> sh examples/curl.sh
#
# It fits the sandbox (npm run sandbox). For your own server, set DEFINITION, CONTEXT and FLOW as well.
set -eu

: "${FLOWGATE:?is the address of the server, such as http://localhost:3000}"
: "${KEY:?is your API key}"
: "${DEFINITION:=onboarding}"
[ -n "${CONTEXT:-}" ] || CONTEXT='{"employee":"Ada Lovelace","department":"Research"}'
: "${FLOW:=product-details}"

# The key goes in by a pipe, so that it shows in no list of processes.
# An error ends the script, and its answer says what to do about it.
flowgate() {
  if answer=$(printf 'header = "x-api-key: %s"\n' "$KEY" |
    curl --config - --silent --show-error --fail-with-body "$@"); then
    printf '%s' "$answer"
  else
    printf '%s\n' "$answer" >&2
    return 1
  fi
}

# The value of a text member of a JSON object.
member() {
  sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"
}

echo "Starting $DEFINITION"
# The same Idempotency-Key with the same request gives the first answer again, so this line may be repeated
# after a broken connection without starting a second workflow.
STARTED=$(flowgate -X POST -H 'content-type: application/json' -H "idempotency-key: ${RUN:-example-$$}" \
  --data "$CONTEXT" "$FLOWGATE/api/workflow/definitions/$DEFINITION/instances")
ID=$(printf '%s' "$STARTED" | member id)
echo "  instance $ID"

echo "Following it"
STATUS=$(flowgate "$FLOWGATE/api/workflow/instances/$ID" | member status)
echo "  status $STATUS"

echo "Its context"
flowgate "$FLOWGATE/api/workflow/instances/$ID/context"
echo

echo "The newest of its kind, of any status"
flowgate --get --data-urlencode "definitionId=$DEFINITION" --data-urlencode 'status=all' \
  --data-urlencode 'orderby=startedAt desc' --data-urlencode 'top=3' "$FLOWGATE/api/workflow/instances"
echo

echo "Calling the flow $FLOW"
flowgate -X POST -H 'content-type: application/json' --data '{"productIdentifier":"HT-2000"}' \
  "$FLOWGATE/api/integration/flows/$FLOW"
echo

echo "Cancelling the instance"
flowgate -X POST "$FLOWGATE/api/workflow/instances/$ID/cancel"
echo "  accepted; it takes effect a little later"
