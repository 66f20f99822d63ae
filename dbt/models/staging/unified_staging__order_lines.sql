{{ unified_staging('order_lines', primary_key='order_line_id', text_columns=['order_id', 'product_id', 'kind', 'country']) }}
