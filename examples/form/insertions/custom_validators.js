/* A validator gets the field as the form has it, its value, and what the form gives as argument.
 * It returns null, or what the worker is told. */
export function noLinks(field, value, isOn) {
  if (!isOn || !/https?:\/\//i.test(value)) return null;
  return "Please leave out web addresses.";
}
