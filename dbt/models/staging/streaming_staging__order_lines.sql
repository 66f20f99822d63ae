{{ streaming_staging('order_lines') }}
