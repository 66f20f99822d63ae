export const GIB = 2 ** 30;
export const TIB = 2 ** 40;
/** A month of Google's price calculator: 365 days / 12. */
export const HOURS_PER_MONTH = 730;
export const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;
export const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;
