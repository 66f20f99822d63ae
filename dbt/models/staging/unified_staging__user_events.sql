{{ unified_staging('user_events', primary_key='user_event_id', text_columns=['item_id', 'category_id', 'behavior', 'session_id']) }}
