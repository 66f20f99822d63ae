import type { Row } from '../operation.ts';
import { momentOf } from '../wire-values.ts';
import { COUNTRIES, FIRST_NAMES, LAST_NAMES, MAIL_DOMAINS, NETWORKS, STREETS, TOWNS } from './catalogue.ts';
import { PLANTED_PII } from './planted.ts';
import type { Random } from './random.ts';

/** A registered customer; `country` follows what the recording says. */
export interface Customer {
  readonly id: number;
  readonly since: number;
  country: string;
}

/** Numbers that Ofcom keeps for drama (07700 900000 to 900999), the planted one excepted. */
export function phoneNumber(random: Random): string {
  const number = random.between(0, 998);
  return `+44 7700 900${String(number < 734 ? number : number + 1).padStart(3, '0')}`;
}

/** An address of the documentation networks, the planted one excepted. */
export function ipAddress(random: Random): string {
  const host = random.between(1, 253);
  return `${random.pick(NETWORKS)}.${host < 217 ? host : host + 1}`;
}

/** The row of a new customer. Some leave fields empty, as people do. */
export function newCustomer(random: Random, id: number, since: number): { customer: Customer; row: Row } {
  const customer = { id, since, country: random.pickSkewed(COUNTRIES) };
  const first = random.pick(FIRST_NAMES);
  const last = random.pick(LAST_NAMES);
  const domain = random.pick(MAIL_DOMAINS);
  const time = momentOf(since).text;
  const row = {
    customer_id: id,
    name: random.chance(0.97) ? `${first} ${last}` : null,
    email: random.chance(0.97) ? `${mailbox(first, last)}${id}@${domain}` : null,
    phone: random.chance(0.8) ? phoneNumber(random) : null,
    ip: random.chance(0.95) ? ipAddress(random) : null,
    address: random.chance(0.9) ? `${random.between(1, 180)} ${random.pick(STREETS)}, ${random.pick(TOWNS)}` : null,
    country: customer.country,
    created_at: time,
    updated_at: time,
  };
  if (id !== PLANTED_PII.customerId) return { customer, row };
  const { name, email, phone, ip, address } = PLANTED_PII;
  return { customer, row: { ...row, name, email, phone, ip, address } };
}

/** ASCII only, for mail systems that know no more; names in other scripts give none. */
function mailbox(first: string, last: string): string {
  const plain = `${first}.${last}.`.normalize('NFD').replace(/[^A-Za-z.]/g, '');
  return plain.replace(/^\.+/, '').toLowerCase();
}
