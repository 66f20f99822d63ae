{{ streaming_staging('customers') }}
