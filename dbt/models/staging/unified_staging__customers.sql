{{ unified_staging('customers', primary_key='customer_id', text_columns=['name', 'email', 'phone', 'ip', 'country']) }}
