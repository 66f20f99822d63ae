// Generated from contracts/*.odcs.yaml by `npm run contracts`; change those.

/** Customers of the shop, as of their last change. */
export interface CustomersRow {
  /** The shop's number of the customer. */
  readonly customer_id: number | string;
  /** Full name as the customer wrote it. */
  readonly name: string | null;
  /** E-mail address, the login. */
  readonly email: string | null;
  /** Phone number as the customer wrote it. */
  readonly phone: string | null;
  /** Address of the last login; its first two octets are kept, enough for a region. */
  readonly ip: string | null;
  /** Postal address. No feature needs it, so it is not carried. Never leaves the bridge. */
  readonly address?: string | null;
  /** Country the customer orders from, by its English name. */
  readonly country: string | null;
  /** When the customer registered or was first seen. */
  readonly created_at: string;
  /** When the row last changed. */
  readonly updated_at: string;
}

/** Lines of orders. */
export interface OrderLinesRow {
  /** The order's number and the line's ordinal in it. */
  readonly order_line_id: string;
  /** The order it belongs to. */
  readonly order_id: string;
  /** What was bought or returned. */
  readonly product_id: string;
  /** The order's customer; null for a guest. */
  readonly customer_id: number | string | null;
  /** The order's kind. */
  readonly kind: "purchase" | "return";
  /** Pieces; positive for returns too. */
  readonly quantity: number | string;
  /** Price paid for one piece, in the shop's currency; above zero, of which 0.0001 is the least the column holds. */
  readonly unit_price: string;
  /** The order's country. */
  readonly country: string | null;
  /** When the order was placed. */
  readonly order_time: string;
  /** The product's category when the line was placed; null where the product was not known then. */
  readonly product_category: string | null;
  /** The product's list price when the line was placed, which unit_price may differ from; null where the product was not known then. */
  readonly product_price: string | null;
}

/** Orders, as of their last status. */
export interface OrdersRow {
  /** The order's number; the invoice number where the source has invoices. */
  readonly order_id: string;
  /** Who ordered; null for a guest. */
  readonly customer_id: number | string | null;
  /** Whether goods went out or came back. */
  readonly kind: "purchase" | "return";
  /** How far the order has come. */
  readonly status: "placed" | "shipped" | "delivered" | "cancelled";
  /** Country it was ordered from, by its English name. */
  readonly country: string | null;
  /** When it was placed; it does not change with the status. */
  readonly order_time: string;
  /** When the row last changed. */
  readonly updated_at: string;
}

/** The catalogue, as of its last change. */
export interface ProductsRow {
  /** The product's code, in upper case. */
  readonly product_id: string;
  /** What the catalogue calls it. */
  readonly description: string | null;
  /** Department it is listed under. */
  readonly category: string | null;
  /** Price of one piece, in the shop's currency. */
  readonly unit_price: string;
  /** When the product was first listed or first seen. */
  readonly created_at: string;
  /** When the row last changed. */
  readonly updated_at: string;
}

/** The clickstream. */
export interface UserEventsRow {
  /** The event's id, given by its producer. */
  readonly user_event_id: string;
  /** Who; a customer_id. */
  readonly user_id: number | string;
  /** What; a product_id where the catalogue has it. */
  readonly item_id: string;
  /** The item's category at that time. */
  readonly category_id: string | null;
  /** What the person did: pv looked at, cart put into the cart, fav marked, buy bought. */
  readonly behavior: "pv" | "cart" | "fav" | "buy";
  /** The visit it was part of. */
  readonly session_id: string | null;
  /** When it happened. */
  readonly event_time: string;
}

/** The row of each stream. */
export interface StreamRows {
  readonly customers: CustomersRow;
  readonly order_lines: OrderLinesRow;
  readonly orders: OrdersRow;
  readonly products: ProductsRow;
  readonly user_events: UserEventsRow;
}

export const STREAM_NAMES = ['customers', 'order_lines', 'orders', 'products', 'user_events'] as const;

export type StreamName = (typeof STREAM_NAMES)[number];
