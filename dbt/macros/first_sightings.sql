{#-
  Rows of a stream as they were first seen, one per source row: its creation, or the snapshot's reading of it.
  Later changes, deletions and a second snapshot change nothing: an event that happened has happened.
-#}
{% macro first_sightings(stream, primary_key) %}
    select *
    from {{ ref('streaming_staging__' ~ stream) }}
    where _op in ('c', 'r')
    qualify row_number() over (partition by {{ primary_key }} order by _lsn, _op, _event_id) = 1
{%- endmacro %}
