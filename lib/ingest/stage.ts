/** Of the API: the last part of its invoke URL. */
export const STAGE = 'prod';
