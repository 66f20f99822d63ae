{{ batch_staging('orders') }}
