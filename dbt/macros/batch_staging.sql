{#-
  Rows of a stream that came from files in the landing bucket, each line once.

  A file that was overwritten replaces its rows: only lines of its newest generation stay. A line's event id is a function of file,
  generation and line, so a line that was processed twice is one row.
-#}
{% macro batch_staging(stream) %}
select *
from {{ source('staging', stream) }}
where _origin = 'batch'
qualify
    _batch_generation = max(_batch_generation) over (partition by _batch_uri)
    and row_number() over (partition by _event_id order by _ingested_at) = 1
{% endmacro %}
