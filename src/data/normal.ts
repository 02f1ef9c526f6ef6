/** 97.5 % quantile of the normal distribution: intervals are two-sided 95 %. */
export const z95 = 1.959963984540054;
