/** Characters of what a trainer says that are kept. */
export const messageLength = 2000;
