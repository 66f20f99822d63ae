{{ batch_staging('user_events') }}
