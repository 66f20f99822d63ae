import { momentOf } from '../wire-values.ts';
import { COUNTRIES } from './catalogue.ts';
import { type Customer, ipAddress, newCustomer, phoneNumber } from './people.ts';
import { PLANTED_PII } from './planted.ts';
import { Random } from './random.ts';
import { Recording } from './recording.ts';
import {
  DAY,
  HOUR,
  MINUTE,
  type Order,
  type OrderLine,
  type Product,
  placeOrder,
  priceAt,
  SECOND,
  setStatus,
  stockProducts,
} from './shop.ts';

const SEED = 20_260_302;
const START = Date.UTC(2026, 2, 2, 6) * 1000;
/** Short on purpose: the lake has a folder for every hour, and a demo is watched. */
const END = START + 2 * DAY;
const CUSTOMERS = 2_000;
const PRODUCTS = 240;
const SESSIONS = 2_200;
/** Of all sessions; the others are of regulars. */
const OCCASIONAL = 0.85;
const GUEST_ORDERS = 130;
const RETURNS = 110;

/**
 * The committed recording, `data/mock-events.ndjson`: two busy days of a small shop and what follows from them, about 20,000 events over 2,000 customers, the same on every machine.
 *
 * It has what a pipeline must survive: updates of every kind, deleted lines, orders (their lines go with them) and customers, guests, returns without a purchase,
 * equal lines, clicks that arrive hours late, descriptions that are stored out of line, names in several scripts, and the personal values of `PLANTED_PII`.
 */
export function generateMockEvents(): string {
  const random = new Random(SEED);
  const recording = new Recording();
  const products = stockProducts(random, recording, START, END, PRODUCTS);
  const customers = registerCustomers(random, recording);
  const orders = browse(random, recording, customers, products);
  sellToGuests(random, recording, products, orders.length);
  takeReturns(random, recording, customers, orders);
  correctOrders(random, recording, orders);
  forgetCustomers(recording, customers, orders);
  return recording.toString();
}

/** Two in three are customers already when the recording starts; some change their data later. */
function registerCustomers(random: Random, recording: Recording): Customer[] {
  return Array.from({ length: CUSTOMERS }, (_, index) => {
    const early = index < (CUSTOMERS * 2) / 3;
    const since = early ? START + index * SECOND : START + HOUR + random.between(0, END - START - 6 * HOUR);
    const { customer, row } = newCustomer(random, 1_001 + index, since);
    recording.add(since, 'customers', 'insert', row);
    const at = since + HOUR + random.between(0, END - since - HOUR);
    const fate = random.next();
    const change = { customer_id: customer.id, updated_at: momentOf(at).text };
    if (customer.id === PLANTED_PII.customerId) {
      recording.add(at, 'customers', 'update', { ...change, email: PLANTED_PII.laterEmail });
    } else if (fate < 0.08) {
      recording.add(at, 'customers', 'update', { ...change, phone: phoneNumber(random), ip: ipAddress(random) });
    } else if (fate < 0.15) {
      recording.add(at, 'customers', 'update', { ...change, ip: ipAddress(random) });
    } else if (fate < 0.2) {
      customer.country = random.pick(COUNTRIES);
      recording.add(at, 'customers', 'update', { ...change, country: customer.country });
    }
    return customer;
  });
}

/** Customers look around in sessions; more than half of the sessions end with an order. */
function browse(
  random: Random,
  recording: Recording,
  customers: readonly Customer[],
  products: readonly Product[],
): Order[] {
  const orders: Order[] = [];
  let events = 0;
  for (let session = 1; session <= SESSIONS; session += 1) {
    const customer = random.chance(OCCASIONAL) ? random.pick(customers) : random.pickSkewed(customers);
    let at = customer.since + MINUTE + random.between(0, END - customer.since - HOUR);
    const click = (product: Product, behavior: string) => {
      // A phone without a network hands its clicks in later.
      const handedIn = random.chance(0.01) ? at + random.between(MINUTE, 2 * HOUR) : at;
      recording.add(handedIn, 'user_events', 'insert', {
        user_event_id: `e-${String(++events).padStart(5, '0')}`,
        user_id: customer.id,
        item_id: product.id,
        category_id: random.chance(0.95) ? product.category : null,
        behavior,
        session_id: random.chance(0.97) ? `s-${String(session).padStart(4, '0')}` : null,
        event_time: momentOf(at).text,
      });
      at += random.between(2 * SECOND, 90 * SECOND) + random.between(0, 999_999);
    };
    const basket: Product[] = [];
    for (let views = random.between(1, 3); views > 0; views -= 1) {
      const product = random.pickSkewed(products);
      click(product, 'pv');
      if (random.chance(0.1)) click(product, 'fav');
      if (random.chance(0.5)) basket.push(product);
    }
    if (basket.length === 0) continue;
    for (const product of basket) if (random.chance(0.3)) click(product, 'cart');
    click(basket[0]!, 'buy');
    orders.push(
      order(random, recording, `O-${String(orders.length + 1).padStart(5, '0')}`, customer, at, [
        ...basket,
        ...extras(random, products),
      ]),
    );
  }
  return orders;
}

function extras(random: Random, products: readonly Product[]): Product[] {
  return Array.from({ length: random.between(0, 3) }, () => random.pickSkewed(products));
}

function order(
  random: Random,
  recording: Recording,
  id: string,
  customer: Customer | null,
  at: number,
  basket: readonly Product[],
): Order {
  const lines: OrderLine[] = basket.map((product, index) => ({
    id: `${id}-${index + 1}`,
    product,
    quantity: random.chance(0.05) ? random.between(24, 480) : random.between(1, 8),
    pence: priceAt(product, at),
  }));
  // One in thirty has a line twice: two lines, not one.
  if (random.chance(1 / 30)) lines.push({ ...lines[0]!, id: `${id}-${lines.length + 1}` });
  const placed = { id, customer, at, lines };
  placeOrder(recording, 'purchase', placed, customer?.country ?? random.pickSkewed(COUNTRIES));
  if (random.chance(0.04)) {
    setStatus(recording, placed, at + random.between(10 * MINUTE, 5 * HOUR), 'cancelled');
  } else {
    const shipped = at + random.between(HOUR, 6 * HOUR);
    setStatus(recording, placed, shipped, 'shipped');
    if (random.chance(0.7)) setStatus(recording, placed, shipped + random.between(2 * HOUR, 8 * HOUR), 'delivered');
  }
  return placed;
}

function sellToGuests(random: Random, recording: Recording, products: readonly Product[], before: number): void {
  for (let index = 1; index <= GUEST_ORDERS; index += 1) {
    const at = START + HOUR + random.between(0, END - START - 2 * HOUR);
    order(random, recording, `O-${String(before + index).padStart(5, '0')}`, null, at, [
      random.pickSkewed(products),
      ...extras(random, products),
    ]);
  }
}

/** Most come back from an order of the recording; a few were bought before it, so some customers have returns only. */
function takeReturns(
  random: Random,
  recording: Recording,
  customers: readonly Customer[],
  orders: readonly Order[],
): void {
  const buyers = new Set(orders.map(({ customer }) => customer));
  const others = customers.filter((customer) => !buyers.has(customer) && customer.since < START + 12 * HOUR);
  for (let index = 1; index <= RETURNS; index += 1) {
    const bought = random.pick(orders);
    const stranger = index % 10 === 0;
    const customer = stranger ? random.pick(others) : bought.customer!;
    const id = `R-${String(index).padStart(4, '0')}`;
    const lines = bought.lines.slice(0, random.between(1, 2)).map((line, position) => ({
      ...line,
      id: `${id}-${position + 1}`,
      quantity: random.between(1, Math.min(line.quantity, 5)),
    }));
    const at = bought.at + random.between(8 * HOUR, 20 * HOUR);
    const returned = { id, customer, at, lines };
    placeOrder(recording, 'return', returned, customer.country);
    setStatus(recording, returned, at + random.between(2 * HOUR, 6 * HOUR), 'shipped');
  }
}

/** Staff change quantities, strike lines and remove whole orders. No order is left without lines, except where the customer's only one is. */
function correctOrders(random: Random, recording: Recording, orders: readonly Order[]): void {
  for (const [index, { id, at, lines, customer }] of orders.entries()) {
    const when = at + random.between(5 * MINUTE, 5 * HOUR);
    const line = random.pick(lines);
    if (index % 41 === 0) {
      const row = { order_line_id: line.id, quantity: line.quantity + random.between(1, 5) };
      recording.add(when, 'order_lines', 'update', row);
    } else if (index % 27 === 0 && lines.length > 1) {
      recording.add(when, 'order_lines', 'delete', { order_line_id: line.id });
    } else if (index % 53 === 0) {
      // After its last change of status, which is at most fourteen hours later.
      recording.add(at + 18 * HOUR, 'orders', 'delete', { order_id: id });
    } else if (
      lines.length === 1 &&
      orders.filter((other) => other.customer === customer).length === 1 &&
      index % 10 === 0
    ) {
      recording.add(when, 'order_lines', 'delete', { order_line_id: line.id });
    }
  }
}

/** One customer asks to be forgotten: orders first, then the customer. Three who never bought leave as well. */
function forgetCustomers(recording: Recording, customers: readonly Customer[], orders: readonly Order[]): void {
  const at = END + 30 * HOUR;
  const buyers = new Set(orders.map(({ customer }) => customer));
  const ordersOf = (customer: Customer | null) => orders.filter((order) => order.customer === customer);
  const forgotten = orders.find(({ customer }) => ordersOf(customer).length === 2)!.customer!;
  for (const { id } of ordersOf(forgotten)) recording.add(at, 'orders', 'delete', { order_id: id });
  const leaving = customers.filter((customer) => !buyers.has(customer) && customer.id !== PLANTED_PII.customerId);
  for (const { id } of [forgotten, ...leaving.slice(0, 3)])
    recording.add(at, 'customers', 'delete', { customer_id: id });
}
