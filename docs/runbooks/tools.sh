# The commands that the runbooks share, under one name for a laptop and for the cloud. Source it in bash, from anywhere:
#
#   . docs/runbooks/tools.sh local [instance]   the running instance; "up" unless `npm run status` names another
#   . docs/runbooks/tools.sh dev|prod           the project of .env.dev or .env.prod, with your own gcloud login; needs jq
#
#   sql 'SELECT …'            asks the warehouse; every query is capped at MAX_BYTES_BILLED
#   db 'SELECT …'             asks the application's database (in the cloud: PGHOST, PGUSER and PGPASSWORD are yours to set)
#   lake_ls PREFIX            names of the lake's objects, in order
#   lake_cat NAME             an object's content
#   lake_cp NAME NEW_NAME     copies an object within the lake
#   backlog TOPIC GROUP       messages that a group of consumers has not acknowledged
#   republish EVENT_ID        says a recorded chain event again; whoever has dealt with it ignores it
#   put_online VIEW,VIEW      makes views online equal to their marts, after the online store was lost; else the chain does it
#   push_mart VIEW            puts a pushed view's newest rows online from its mart, after the online store was lost; in the cloud
#                             FEAST_SERVER_URL is yours to set, and you need the right to write (OIDC_WRITERS)
#   cloud_logs COMPONENT      cloud only: the last hours' warnings and errors (locally: npm run logs -- COMPONENT)

TRIBUTARY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

case "${1:-}" in
  local)
    TRIBUTARY_STATE="${TRIBUTARY_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/tributary}/${2:-up}"
    if [ -r "$TRIBUTARY_STATE/secrets/environment.json" ]; then
      _local() { (cd "$TRIBUTARY_ROOT" && NODE_NO_WARNINGS=1 node_modules/.bin/node docs/runbooks/local.mjs "$TRIBUTARY_STATE" "$@"); }
      # Where a component listens: `curl -s "$(address bridge)/readyz"`.
      address() { _local address "$1"; }
      sql() { _local sql "$1"; }
      db() { _local db "$1"; }
      lake_ls() { _local lake_ls "$1"; }
      lake_cat() { _local lake_cat "$1"; }
      lake_cp() { _local lake_cp "$1" "$2"; }
      backlog() { _local backlog "$1" "$2"; }
      republish() { _local republish "$1"; }
      put_online() { _local put_online "$1"; }
      push_mart() { _local push_mart "$1"; }
    else
      echo "There is no instance in $TRIBUTARY_STATE. \"npm run status\" names those that run: . docs/runbooks/tools.sh local <instance>" >&2
    fi
    ;;
  dev | prod)
    set -a
    # shellcheck source=/dev/null
    . "$TRIBUTARY_ROOT/.env.$1"
    set +a
    sql() { bq --project_id="$PROJECT_ID" --location="$BIGQUERY_LOCATION" --format="${2:-pretty}" query --use_legacy_sql=false --maximum_bytes_billed="$MAX_BYTES_BILLED" "$1"; }
    db() { psql --dbname="$PGDATABASE" --command="$1"; }
    lake_ls() { gcloud storage ls "gs://$LAKE_BUCKET/$1**" | sed "s#^gs://$LAKE_BUCKET/##"; }
    lake_cat() { gcloud storage cat "gs://$LAKE_BUCKET/$1"; }
    lake_cp() { gcloud storage cp "gs://$LAKE_BUCKET/$1" "gs://$LAKE_BUCKET/$2"; }
    backlog() {
      # Where Pub/Sub pushes, a subscription has its deployable's name in place of the group's.
      local pushed="$2"
      [ "$2" = feature-push ] && pushed=feast-server-features
      curl -fsS -G "https://monitoring.googleapis.com/v3/projects/$PROJECT_ID/timeSeries" \
        -H "Authorization: Bearer $(gcloud auth print-access-token)" \
        --data-urlencode "filter=metric.type = one_of(\"pubsub.googleapis.com/subscription/num_undelivered_messages\", \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\") AND resource.labels.subscription_id = one_of(\"$TOPIC_PREFIX$1.$2\", \"$TOPIC_PREFIX$1.$pushed\")" \
        --data-urlencode "interval.startTime=$(date -u -d '-10 min' +%FT%TZ)" --data-urlencode "interval.endTime=$(date -u +%FT%TZ)" |
        jq -r '.timeSeries[]? | "\(.metric.type | split("/") | last) \(.points[0].value.int64Value)"'
    }
    republish() {
      local payload type
      payload="$(sql "SELECT payload FROM ops.events WHERE event_id = '$1' LIMIT 1" json | jq -er '.[0].payload')" || { echo "ops.events has no event $1" >&2; return 1; }
      type="$(jq -r .type <<<"$payload")"
      gcloud pubsub topics publish "${TOPIC_PREFIX}chain" --project="$PROJECT_ID" --message="$payload" \
        --ordering-key="$(jq -r .run_id <<<"$payload")" \
        --attribute="ce-specversion=1.0,ce-id=$1,ce-type=dev.tributary.$type.v1,ce-source=//tributary/chain,ce-subject=$(jq -r .run_id <<<"$payload"),ce-time=$(jq -r .time <<<"$payload")"
    }
    put_online() {
      local run="by-hand-$(date +%s)"
      gcloud run jobs execute feast --project="$PROJECT_ID" --region="$LOCATION" --wait \
        --args="^;^--views;$1;--manifest;$run;--attempt;1;--run-id;$run;--cause;$run"
    }
    push_mart() {
      local group key columns token
      group="$(jq -ec --arg view "$1" '.groups[] | select(.name == $view)' "$TRIBUTARY_ROOT/features/generated/features.json")" || { echo "$1 is not pushed" >&2; return 1; }
      key="$(jq -r .entity.joinKey <<<"$group")"
      # As a service account that may write: gcloud config set auth/impersonate_service_account … before.
      token="$(gcloud auth print-identity-token --audiences="$FEAST_SERVER_URL")" || return 1
      columns="$key, FORMAT_TIMESTAMP('%FT%H:%M:%E6SZ', event_timestamp) AS event_timestamp, $(jq -r '[.features[].name] | join(", ")' <<<"$group")"
      bq --project_id="$PROJECT_ID" --location="$BIGQUERY_LOCATION" --format=json query --use_legacy_sql=false --maximum_bytes_billed="$MAX_BYTES_BILLED" --max_rows=100000000 \
        "SELECT $columns FROM marts.$(jq -r .mart <<<"$group") AS mart WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY $key ORDER BY mart.event_timestamp DESC) = 1" |
        # bq writes each value as text; what is a number in the view becomes one again. One request a line.
        jq -c --argjson group "$group" '([$group.features[] | select(.type != "STRING") | .name] + [$group.entity | select(.type == "INT64") | .joinKey]) as $numbers
          | range(0; length; 1000) as $from | .[$from:$from + 1000] as $rows
          | def values($column): [$rows[][$column] | if . != null and IN($column; $numbers[]) then tonumber else . end];
            {push_source_name: $group.push_source, to: "online", df: (reduce ($rows[0] | keys_unsorted[]) as $column ({}; .[$column] = values($column)))}' |
        while read -r body; do
          curl -fsS "$FEAST_SERVER_URL/push" -H "Authorization: Bearer $token" -H 'content-type: application/json' -d @- <<<"$body" >/dev/null || return 1
        done
    }
    cloud_logs() {
      gcloud logging read "jsonPayload.component=\"$1\" AND severity>=WARNING" --project="$PROJECT_ID" --freshness=6h --limit="${2:-50}" \
        --format='table(timestamp.date("%T"), severity, jsonPayload.message, jsonPayload.code, jsonPayload.err.code, jsonPayload.err.message)'
    }
    ;;
  *) echo 'usage: . docs/runbooks/tools.sh local [instance] | dev | prod' >&2 ;;
esac
