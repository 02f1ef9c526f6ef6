/** Where code that is pasted expects `bettertogether serve`. */
export const servePort = 8123;
