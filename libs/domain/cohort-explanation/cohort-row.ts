/** Devices of a cohort that agree in everything. */
export interface CohortRow {
  /** Name → value, as `bank` → `bank-a`. A value that is missing, '' or `unknown` is not known. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly failed: boolean;
  /** Distinct devices; a row without a positive whole number is not counted. */
  readonly devices: number;
}

export interface AttributeValue {
  readonly attribute: string;
  readonly value: string;
}

/** So many devices, so many of them failed. */
export interface Tally {
  readonly devices: number;
  readonly failed: number;
}
