/** The names of this function's commits begin so: one listing tells whether any has something to do. */
export const LANDING_COMMITS = 'landing-';
