import type { Reject } from '../../rejects.ts';
import { isPositive, isStorable, readDecimal, readInteger, readMoment } from '../../wire-values.ts';

/** The columns of the data set; every file names them in its first line, in any order. */
export const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;
export type Column = (typeof COLUMNS)[number];

/** An accepted line of an invoice. */
export interface InvoiceLine {
  readonly kind: 'purchase' | 'return';
  readonly productId: string;
  readonly description: string | null;
  /** Above zero, for returns too. */
  readonly quantity: number | string;
  readonly unitPrice: string;
  readonly customerId: number | string | null;
  readonly country: string | null;
  /** Wire text; as the six digits are fixed, texts compare as times do. */
  readonly time: string;
  readonly micros: number;
}

type Refusal = Pick<Reject, 'reason' | 'detail'>;

const PRODUCT = /^\d{5}[A-Z]{0,2}$/;

/**
 * Reads one line of the data set, or says the first reason against it, in this order: BAD_VALUE, NON_PRODUCT, NON_POSITIVE_PRICE, NON_POSITIVE_QUANTITY.
 *
 * Texts are taken as they stand; only numbers and dates may have blanks around them. A return is an invoice whose number starts with a capital C; its quantity
 * is stored positive whatever its sign, and one of zero is NON_POSITIVE_QUANTITY, for it cannot be. A stock code that is empty is a NON_PRODUCT.
 */
export function readInvoiceLine(cells: Readonly<Record<Column, string>>): InvoiceLine | Refusal {
  const quantity = readInteger(cells.Quantity);
  const moment = readMoment(cells.InvoiceDate);
  const unitPrice = readDecimal(cells.UnitPrice);
  const customerId = cells.CustomerID.trim() === '' ? null : readInteger(cells.CustomerID);

  if (cells.InvoiceNo.trim() === '') return badValue('InvoiceNo is empty');
  const unstorable = COLUMNS.find((column) => !isStorable(cells[column]));
  if (unstorable) return badValue(`${unstorable} has characters that no text has`);
  if (quantity === null) return badValue('Quantity is not a whole number');
  if (moment === null) return badValue('InvoiceDate is not a time such as 2010-12-01 08:26:00');
  if (unitPrice === null)
    return badValue('UnitPrice is not a decimal of at most 14 digits before and 4 after the point');
  if (cells.CustomerID.trim() !== '' && customerId === null) return badValue('CustomerID is not a whole number');

  const productId = cells.StockCode.toUpperCase();
  if (!PRODUCT.test(productId)) {
    return { reason: 'NON_PRODUCT', detail: 'StockCode is not five digits and up to two letters' };
  }
  if (!isPositive(unitPrice)) return { reason: 'NON_POSITIVE_PRICE', detail: 'UnitPrice is not above zero' };
  const kind = cells.InvoiceNo.startsWith('C') ? 'return' : 'purchase';
  const stored = kind === 'return' ? magnitude(quantity) : quantity;
  if (BigInt(stored) <= 0n) return { reason: 'NON_POSITIVE_QUANTITY', detail: 'Quantity is not above zero' };

  return {
    kind,
    productId,
    description: orNull(cells.Description),
    quantity: stored,
    unitPrice,
    customerId,
    country: orNull(cells.Country),
    time: moment.text,
    micros: moment.micros,
  };
}

function badValue(detail: string): Refusal {
  return { reason: 'BAD_VALUE', detail };
}

function magnitude(integer: number | string): number | string {
  return typeof integer === 'number' ? Math.abs(integer) : integer.replace('-', '');
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text;
}
