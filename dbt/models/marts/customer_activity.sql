{{ config(
    partition_by={'field': 'event_timestamp', 'data_type': 'timestamp', 'granularity': 'month'},
    cluster_by=['customer_id'],
) }}

with

clicks as (
    {{ first_sightings('user_events', primary_key='user_event_id') }}
),

order_lines as (
    {{ first_sightings('order_lines', primary_key='order_line_id') }}
),

events as (

    select
        user_id as customer_id,
        event_time as event_timestamp,
        cast(0 as numeric) as spend
    from clicks

    union all

    select
        customer_id,
        order_time as event_timestamp,
        if(kind = 'purchase', quantity * unit_price, 0) as spend
    from order_lines
    where customer_id is not null

),

instants as (

    select
        customer_id,
        event_timestamp,
        unix_seconds(timestamp_trunc(event_timestamp, minute)) as minute_start,
        count(*) as events,
        sum(spend) as spend
    from events
    group by customer_id, event_timestamp

)

select
    customer_id,
    event_timestamp,
    {{ sum_over_last('events', seconds=300) }} as events_5m,
    {{ sum_over_last('events', seconds=3600) }} as events_1h,
    {{ sum_over_last('events', seconds=86400) }} as events_24h,
    {{ sum_over_last('spend', seconds=300) }} as spend_5m,
    {{ sum_over_last('spend', seconds=3600) }} as spend_1h,
    {{ sum_over_last('spend', seconds=86400) }} as spend_24h
from instants
