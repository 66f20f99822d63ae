/**
 * One customer of the committed recording whose personal values occur nowhere else, in the recording or in the repository. A search for any of them in lake,
 * topics, warehouse, Redis and logs must find nothing.
 */
export const PLANTED_PII = {
  customerId: 1777,
  name: 'Zephyrine Quillfeather-Okonjo',
  email: 'zephyrine.quillfeather@planted.example',
  phone: '+44 7700 900734 ext 5519',
  ip: '203.0.113.217',
  address: '77 Xanthoria Terrace, Planted Hill, PL4 7ED',
  /** The e-mail she changes to later: an update carries both, in `before` and `after`. */
  laterEmail: 'zq.moved@planted.example',
} as const;
