import type { Relation } from './model.ts';

/**
 * Arguments that go or do not go together: ExactlyOneOf, AtLeastOneOf and ConflictsWith of the providers, as their pages
 * (https://registry.terraform.io/providers/hashicorp/google/6.50.0/docs) describe them, and unions of the APIs below, for the resources that our modules use.
 */
export const RELATIONS: Readonly<Record<string, readonly Relation[]>> = {
  google_pubsub_subscription: [
    // https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions: none of them is a pull subscription
    { in: '', kind: 'at-most-one', of: ['push_config', 'bigquery_config', 'cloud_storage_config'] },
  ],
  google_secret_manager_secret: [{ in: 'replication', kind: 'exactly-one', of: ['auto', 'user_managed'] }],
  google_secret_manager_secret_version: [{ in: '', kind: 'exactly-one', of: ['secret_data', 'secret_data_wo'] }],
  google_cloud_scheduler_job: [
    { in: '', kind: 'exactly-one', of: ['pubsub_target', 'http_target', 'app_engine_http_target'] },
    { in: 'http_target', kind: 'at-most-one', of: ['oauth_token', 'oidc_token'] },
  ],
  google_cloud_run_v2_service: [
    { in: 'template.containers.env', kind: 'at-most-one', of: ['value', 'value_source'] },
    { in: 'template.containers.startup_probe', kind: 'at-most-one', of: ['http_get', 'tcp_socket', 'grpc'] },
    { in: 'template.containers.liveness_probe', kind: 'at-most-one', of: ['http_get', 'tcp_socket', 'grpc'] },
    { in: 'template.volumes', kind: 'at-most-one', of: ['secret', 'cloud_sql_instance', 'empty_dir', 'gcs', 'nfs'] },
    { in: 'template.vpc_access', kind: 'at-most-one', of: ['connector', 'network_interfaces'] },
    { in: 'binary_authorization', kind: 'at-most-one', of: ['use_default', 'policy'] },
  ],
  google_cloud_run_v2_job: [
    { in: 'template.template.containers.env', kind: 'at-most-one', of: ['value', 'value_source'] },
    {
      in: 'template.template.volumes',
      kind: 'at-most-one',
      of: ['secret', 'cloud_sql_instance', 'empty_dir', 'gcs', 'nfs'],
    },
    { in: 'template.template.vpc_access', kind: 'at-most-one', of: ['connector', 'network_interfaces'] },
    { in: 'binary_authorization', kind: 'at-most-one', of: ['use_default', 'policy'] },
  ],
  google_bigquery_table: [{ in: '', kind: 'at-most-one', of: ['time_partitioning', 'range_partitioning'] }],
  google_storage_bucket_object: [{ in: '', kind: 'exactly-one', of: ['content', 'source'] }],
  google_billing_budget: [{ in: 'amount', kind: 'exactly-one', of: ['specified_amount', 'last_period_amount'] }],
  google_monitoring_uptime_check_config: [
    { in: '', kind: 'exactly-one', of: ['http_check', 'tcp_check', 'synthetic_monitor'] },
    { in: '', kind: 'exactly-one', of: ['monitored_resource', 'resource_group', 'synthetic_monitor'] },
  ],
  google_monitoring_alert_policy: [
    // https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Condition: a union
    {
      in: 'conditions',
      kind: 'exactly-one',
      of: [
        'condition_threshold',
        'condition_absent',
        'condition_matched_log',
        'condition_monitoring_query_language',
        'condition_prometheus_query_language',
        'condition_sql',
      ],
    },
  ],
  google_compute_firewall: [{ in: '', kind: 'exactly-one', of: ['allow', 'deny'] }],
  google_eventarc_trigger: [
    {
      in: 'destination',
      kind: 'exactly-one',
      of: ['cloud_run_service', 'gke', 'workflow', 'http_endpoint'],
    },
  ],
};
