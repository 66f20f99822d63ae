{#- Labels of the BigQuery job of a node. BigQuery allows lower-case letters, digits, `-` and `_`, at most 63 of them; dbt sees to that. -#}
{% macro job_labels(node) -%}
    {%- set labels = {'app': 'tributary', 'stage': 'transform', 'component': 'dbt', 'run_id': env_var('DBT_RUN_ID', 'none')} -%}
    {%- if node is not none -%}
        {%- do labels.update({'node': node.name}) -%}
    {%- endif -%}
    {{ return(tojson(labels)) }}
{%- endmacro %}
