{{ unified_staging('orders', primary_key='order_id', text_columns=['kind', 'status', 'country']) }}
