{{ batch_staging('customers') }}
