/* What custom triggers and validators written for FormComposer import from its packages. */

import { shapeFault } from "./values.js";

export function validateFieldValue(field, value, writeConsoleLog) {
  const fault = field ? shapeFault(field, value) : "has no field";
  if (fault && writeConsoleLog) console.error(`The value of ${field && field.name} ${fault}:`, value);
  return fault === null;
}
