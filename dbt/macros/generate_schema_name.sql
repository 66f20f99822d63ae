{#- A model's schema is the dataset itself: docs/interfaces.md fixes `staging` and `marts`, without dbt's usual prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
