{{ streaming_staging('user_events') }}
