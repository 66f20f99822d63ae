{#-
  Changes of a stream that came from the source database, each once: delivery is at least once, and a replay has the same event id.
  All of a change's copies carry the same values; the first to be ingested stays.
-#}
{% macro streaming_staging(stream) %}
select *
from {{ source('staging', stream) }}
where _origin = 'stream'
qualify row_number() over (partition by _event_id order by _ingested_at) = 1
{% endmacro %}
