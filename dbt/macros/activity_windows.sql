{#-
  Sum of `measure` over the last `seconds` seconds, whole minutes of them, up to and including the instant at hand.

  The value at time t covers [floor((t - W) / hop) * hop, t] with a hop of one minute (docs/interfaces.md, Window rule in the design).
  W is whole minutes, so that is: all events of the W before t's minute, and those of t's minute up to t. The first part is a range over the
  minutes' starts, the second a running sum inside the minute. Rows must be one per (customer, instant).
-#}
{% macro sum_over_last(measure, seconds) -%}
    coalesce(
        sum({{ measure }}) over (
            partition by customer_id order by minute_start
            range between {{ seconds }} preceding and 1 preceding
        ), 0
    ) + sum({{ measure }}) over (
        partition by customer_id, minute_start order by event_timestamp
        rows between unbounded preceding and current row
    )
{%- endmacro %}
