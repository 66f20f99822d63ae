{{ streaming_staging('products') }}
