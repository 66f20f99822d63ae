{{ batch_staging('products') }}
