{{ unified_staging('products', primary_key='product_id', text_columns=['description', 'category']) }}
