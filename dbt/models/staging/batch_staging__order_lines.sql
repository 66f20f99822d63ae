{{ batch_staging('order_lines') }}
