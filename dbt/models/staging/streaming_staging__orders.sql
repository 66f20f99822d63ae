{{ streaming_staging('orders') }}
