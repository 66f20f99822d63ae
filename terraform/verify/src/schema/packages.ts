/** A provider, and the npm package whose types were generated from that provider's own schema. */
export interface ProviderPackage {
  /** The provider's name below registry.terraform.io/hashicorp/. */
  readonly provider: string;
  /** Version of the provider that the package was generated from; the package's own manifest is checked against it. */
  readonly providerVersion: string;
  readonly package: string;
  readonly packageVersion: string;
  /** Subresource integrity of the package's archive as the npm registry publishes it (`npm view <package> dist.integrity`). */
  readonly integrity: string;
}

/** Every provider that our modules may ask for. One that is missing here cannot be verified offline: add its package. */
export const PROVIDER_PACKAGES: readonly ProviderPackage[] = [
  {
    provider: 'google',
    providerVersion: '6.50.0',
    package: '@cdktf/provider-google',
    packageVersion: '16.12.1',
    integrity: 'sha512-KqNA/5RiFT07r0PSZ6/07cJ2zESUgbj1JchVj21iBFBZVUbD+578xA/k8eq/r0cbyEgLmg9eYWeVslaYah4DCQ==',
  },
  {
    provider: 'google-beta',
    providerVersion: '6.50.0',
    package: '@cdktf/provider-google-beta',
    packageVersion: '16.12.1',
    integrity: 'sha512-ip0dXu0ZrsyMgcoGNfkJCYG8PFjNtfb2wkz4Sw7IU09rQMK/A6++SwkmFHl8wJ8KlwMvd2w4tNXfErIbWWWqag==',
  },
  {
    provider: 'helm',
    providerVersion: '3.0.2',
    package: '@cdktf/provider-helm',
    packageVersion: '12.0.1',
    integrity: 'sha512-CkdiFG3d0L8a3mreuPtOUUF2j5YrwPl7kDCLRS/1L0SXmnmieei6dlF1svhg0HRMXNPc3SEGEj5RZqCqLm1WHQ==',
  },
  {
    provider: 'kubernetes',
    providerVersion: '2.38.0',
    package: '@cdktf/provider-kubernetes',
    packageVersion: '12.1.0',
    integrity: 'sha512-GVFbQIPaMeGbzbGyvTWwBUgdc9kKOGWRQNmzvD5A1bFtDTAVk77kRfdfooVuj869TDHF77WXIn6LGp8uuHoJrQ==',
  },
  {
    provider: 'random',
    providerVersion: '3.7.2',
    package: '@cdktf/provider-random',
    packageVersion: '12.0.1',
    integrity: 'sha512-yE9fteVRxekOl6MhJeM6sac1VkljCwGFrZxozq0aE11zTBmB4oQBr3nk9Z1A2C5C3IB/0jKmabYDNPqgrZDfNw==',
  },
];
