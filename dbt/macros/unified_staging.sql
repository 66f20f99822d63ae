{#-
  The rows of a table as its latest changes left them: one row per primary key, deleted rows left out.

  Latest is by position, never by arrival. Stream beats batch; stream rows go by `_lsn`, compared as numbers; batch rows by
  `_batch_generation`, then `_batch_line`. At one position a change beats a deletion, which beats a snapshot read, and then the event id
  decides: a key changes twice at one position only where a snapshot meets the stream, but the choice must be the same every time.

  A truncate removes stream rows before it by position, and batch rows from before it by time (files have no position).

  A field named in `_absent` (unchanged TOAST) keeps the newest value that was present. Only text can be absent: `text_columns`.
  The older value is looked up for just the keys that need it, so it costs next to nothing where there are none.
-#}
{% macro unified_staging(stream, primary_key, text_columns) %}
{%- set position -%}
_origin = 'stream' desc, _lsn desc, _batch_generation desc, _batch_line desc, _op = 'r', _op = 'd', _event_id desc
{%- endset %}
with

stream_changes as (

    select * from {{ ref('streaming_staging__' ~ stream) }}

),

batch_rows as (

    select * from {{ ref('batch_staging__' ~ stream) }}

),

last_truncate as (

    select
        max(_lsn) as _lsn,
        max(_source_time) as _source_time
    from stream_changes
    where _op = 't'

),

changes as (

    select stream_changes.*
    from stream_changes
    cross join last_truncate
    where
        stream_changes._op != 't'
        and (last_truncate._lsn is null or stream_changes._lsn > last_truncate._lsn)

    union all

    select batch_rows.*
    from batch_rows
    cross join last_truncate
    where last_truncate._source_time is null or batch_rows._source_time > last_truncate._source_time

),

latest as (

    select *
    from changes
    where true
    qualify row_number() over (partition by {{ primary_key }} order by {{ position }}) = 1

),

current_rows as (

    select * from latest
    where _op != 'd'

)
{%- if not text_columns %}

select * from current_rows
{%- else %},

absent_values as (

    select
        {{ primary_key }},
        {%- for column in text_columns %}
        array_agg(
            if({{ is_absent(column) }}, null, struct({{ column }} as value)) ignore nulls
            order by {{ position }}
        )[safe_offset(0)].value as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from changes
    where {{ primary_key }} in (select {{ primary_key }} from current_rows where _absent is not null)
    group by {{ primary_key }}

)

select
    current_rows.* replace (
        {%- for column in text_columns %}
        if({{ is_absent(column) }}, absent_values.{{ column }}, current_rows.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
from current_rows
left join absent_values on current_rows.{{ primary_key }} = absent_values.{{ primary_key }}
{%- endif %}
{% endmacro %}


{#- Whether a change left a column out because it was unchanged. -#}
{% macro is_absent(column) -%}
'{{ column }}' in unnest(split(_absent, ','))
{%- endmacro %}
